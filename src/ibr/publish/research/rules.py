"""What may be asked for, and how records are made alike; pure."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from ibr.errors import NotUnderstood
from ibr.publish.research.model import (
    COLUMNS,
    COULD_TELL,
    FEWEST_ALIKE,
    FORMS,
    LONGEST_DAYS,
    MOST_MONTHS,
    Person,
    Wanted,
)

_WORDS: Final = 500
_LARGEST: Final = 8


def wanted_from(
    *,
    columns: Sequence[str],
    programmes: Sequence[str],
    first: str,
    last: str,
    form: str,
    purpose: str,
    legal_basis: str,
    days: str,
) -> Wanted:
    """An extract in order; NotUnderstood, with the field, says what is not."""
    chosen = tuple(each for each in COLUMNS if each in columns)
    if not chosen:
        raise NotUnderstood("extract.columns", "Choose at least one column.", field="columns")
    if not programmes:
        raise NotUnderstood(
            "extract.programmes", "Choose at least one programme.", field="programmes"
        )
    begins, ends = _month(first, "first"), _month(last, "last")
    months = (ends.year - begins.year) * 12 + ends.month - begins.month + 1
    if not 1 <= months <= MOST_MONTHS:
        raise NotUnderstood(
            "extract.months", f"Choose 1 to {MOST_MONTHS} months in their order.", field="last"
        )
    if form not in FORMS:
        raise NotUnderstood("extract.form", "Choose CSV or Parquet.", field="form")
    for field, text in (("purpose", purpose), ("legal_basis", legal_basis)):
        if not 1 <= len(text.strip()) <= _WORDS:
            raise NotUnderstood(
                "extract.words", "Say it in up to 500 characters. Name nobody.", field=field
            )
    if not (days.isascii() and days.isdigit() and 1 <= int(days) <= LONGEST_DAYS):
        raise NotUnderstood("extract.days", f"Give 1 to {LONGEST_DAYS} days.", field="days")
    return Wanted(
        columns=chosen,
        programmes=tuple(sorted(set(programmes))),
        first_month=begins,
        last_month=ends,
        form=form,  # type: ignore[arg-type]  # one of FORMS
        purpose=purpose.strip(),
        legal_basis=legal_basis.strip(),
        days=int(days),
    )


def _month(written: str, field: str) -> date:
    try:
        return date.fromisoformat(f"{written.strip()}-01")
    except ValueError:
        raise NotUnderstood("extract.month", "Write a month as 2026-10.", field=field) from None


def pseudonym(key: bytes, record_id: int) -> str:
    """What a record is called in one extract, and in no other."""
    return hmac.digest(key, record_id.to_bytes(8, "big"), hashlib.sha256)[:12].hex()


def household_size(size: int | None) -> str:
    """The size as it goes out: very large households are few."""
    return "" if size is None else str(min(size, _LARGEST))


def _region_only(person: Person) -> None:
    if "area" in person.values:
        person.values["area"] = person.region


def _no_area(person: Person) -> None:
    if "area" in person.values:
        person.values["area"] = ""


def _years_of(width: int) -> Callable[[Person], None]:
    def widen(person: Person) -> None:
        year = person.values.get("birth_year", "")[:4]
        if year:
            begins = int(year) // width * width
            person.values["birth_year"] = f"{begins}-{begins + width - 1}"

    return widen


def _hardly_anything(person: Person) -> None:
    for name in ("birth_year", "household_size", "enrolled_year"):
        if name in person.values:
            person.values[name] = ""


# One after the other, until enough are alike; each takes away what the one before left.
_COARSER: Final = (_region_only, _years_of(5), _no_area, _years_of(10), _hardly_anything)


def make_alike(people: Sequence[Person], fewest: int = FEWEST_ALIKE) -> tuple[list[Person], int]:
    """Who goes out, and how many of them were made coarser; who stays alone is left out.

    Only those are made coarser of whom fewer than `fewest` are alike. Whom that leads into a group
    that is large already only makes it larger.
    """
    small = list(people)
    large: Counter[tuple[str, ...]] = Counter()
    out: list[Person] = []
    coarsened = 0
    for step in range(len(_COARSER) + 1):
        counts = Counter(_key(each) for each in small)
        left = []
        for each in small:
            if counts[_key(each)] + large[_key(each)] >= fewest:
                out.append(each)
                coarsened += step > 0
            else:
                left.append(each)
        for each in out[len(out) - (len(small) - len(left)) :]:
            large[_key(each)] += 1
        small = left
        if step < len(_COARSER):
            for each in small:
                _COARSER[step](each)
    return out, coarsened


def _key(person: Person) -> tuple[str, ...]:
    return tuple(person.values.get(name, "") for name in COULD_TELL)
