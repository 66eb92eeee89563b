"""What makes a finding the same again, and a run the same as another; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import Final

import msgspec

from ibr.errors import NotUnderstood
from ibr.overlaps.checks.model import Found, Period
from ibr.periods import month_of, read_month

MONTHS_LOOKED_AT: Final = 12
_encoder = msgspec.json.Encoder(order="deterministic")


def same_as(check_code: str, subject: str) -> bytes:
    """16 bytes that are equal for the same check and subject, whenever it is found."""
    return hashlib.sha256(f"{check_code}\x1f{subject}".encode()).digest()[:16]


def once(found: Iterable[Found]) -> list[Found]:
    """Each subject once, in order: of several findings about one the most severe."""
    kept: dict[str, Found] = {}
    for each in sorted(found, key=lambda found: (found.subject, -found.severity, _written(found))):
        kept.setdefault(each.subject, each)
    return list(kept.values())


def digest(found: Iterable[Found]) -> bytes:
    """SHA-256 of all that was found: the same findings give the same, in whatever order."""
    sum_of_all = hashlib.sha256()
    for each in sorted(map(_written, found)):
        sum_of_all.update(len(each).to_bytes(4, "big") + each)
    return sum_of_all.digest()


def _written(found: Found) -> bytes:
    return _encoder.encode(found)


def usual_period(as_known_on: date) -> Period:
    """The year up to the snapshot's day: this month and the eleven before it."""
    return Period(month_of(as_known_on).plus(1 - MONTHS_LOOKED_AT).first, as_known_on)


def read_period(text: str, as_known_on: date) -> Period:
    """`2026-07..2026-09`, or one month; never beyond the day of the snapshot."""
    first, _, last = text.partition("..")
    begin, end = read_month(first.strip()), read_month((last or first).strip())
    if end < begin or begin.first > as_known_on:
        raise NotUnderstood(
            "period.invalid",
            "The period ends before it begins, or lies after the snapshot; write it as "
            "2026-07..2026-09.",
        )
    day_after = end.plus(1).first
    return Period(begin.first, min(date.fromordinal(day_after.toordinal() - 1), as_known_on))
