"""Months and deliveries of the small country in people_web."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ibr.periods import Month

Row = tuple[Any, ...]


def benefit_months(benefits: Sequence[Row]) -> list[Row]:
    """The table benefit_month for these rows of benefit."""
    sums: dict[Row, list[int]] = {}
    for row in benefits:
        key = (row[3], row[1].date().replace(day=1), row[4], row[6] or "")
        counted = sums.setdefault(key, [0, 0])
        counted[0] += 1
        counted[1] += row[5] or 0
    return [(*key, *counted) for key, counted in sums.items()]


def deliveries(
    programmes: Mapping[str, int], late: str, last: Month, rng: random.Random
) -> tuple[list[Row], list[Row]]:
    """Eight months of deliveries and their refused records; the late programme lacks two."""
    found: list[Row] = []
    refused: list[Row] = []
    for code, programme in programmes.items():
        for back in reversed(range(2 if code == late else 0, 8)):
            month, number = last.plus(-back), len(found) + 1
            came = month.plus(1).start + timedelta(days=rng.randint(1, 12), hours=8)
            bad = rng.choice([0, 0, 3, 7]) if back else 4
            found.append(_delivery(number, programme, month, came, bad, rng=rng))
            refused += [_refused(number, item, code, programme, month) for item in range(bad)]
    return found, refused


def _delivery(
    number: int, programme: int, month: Month, came: datetime, refused: int, *, rng: random.Random
) -> Row:
    records, warned = rng.randint(80, 900), rng.randint(0, 20)
    digest = hashlib.sha256(str(number).encode()).digest()
    sent = (number, 1, [programme], f"m{number}".encode(), "message", str(month), 1, "delta", came)
    read = (digest, records * 830, "key-1", records, "done", records, records - refused - 5, 5)
    warnings = json.dumps({"birth_date.partial": warned}) if warned else "{}"
    score = round((records - refused - warned) / records, 4)
    return (*sent, *read, refused, warned, warnings, score, came, came + timedelta(seconds=2))


def _refused(number: int, item: int, code: str, programme: int, month: Month) -> Row:
    reason = "enrollment_date is missing. Send the day the person was enrolled, as 2026-10-31."
    reference = f"{code}-{month}-{item:04d}"
    where = ("enrollment_date", "enrolment_date.missing")
    return (number, item * 7, reference, programme, *where, reason)
