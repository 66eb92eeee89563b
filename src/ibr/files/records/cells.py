"""One cell as a value of a record; a cell that cannot be read names its column and how to mend it.

Reasons never repeat what stands in the cell.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

import msgspec

from ibr.errors import NotUnderstood
from ibr.files.mapping.dates import read_written
from ibr.files.mapping.model import Column
from ibr.files.mapping.numbers import (
    Amount,
    identifier_text,
    lost_digits,
    read_amount,
    read_count,
)
from ibr.files.mapping.targets import Aim
from ibr.files.mapping.words import code_of, truth_of
from ibr.protection.blind_index import canonical_value
from ibr.reported.facts import moment_of, unreadable

# In minor units. More is a mistake, and sums of it would not fit a total; the same as in messages.
MOST_VALUE: Final = 10**12
# Code lists in which a word that nobody knows is kept as it is, as in messages.
KEPT_AS_WRITTEN: Final = frozenset(
    ("marital_status", "education_level", "employment_status", "occupation", "relationship")
)
_ERRORS: Final = ("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#NV")
# What lists write where they have nothing to say.
_NOTHING: Final = frozenset(("-", "–", "—", "n/a", "na", "null", "none", "nan", "nil", "."))
_SEVERAL: Final = re.compile(r"[;,/|]+")


class Place(msgspec.Struct, frozen=True):
    """One column that is read: where it stands, its name, what it is."""

    at: int
    title: str
    aim: Aim
    column: Column


def said(cell: str, title: str) -> str:
    """What a cell says; empty where it says that there is nothing."""
    if cell.startswith("#") and cell in _ERRORS:
        raise unreadable(
            title, f"{title} holds an error of the table program; mend its formula, or empty it."
        )
    return "" if len(cell) < 5 and cell.casefold() in _NOTHING else cell


def identifier_of(cell: str, title: str) -> str:
    """An identifier as it was entered, also where a table program took it for a number."""
    if lost_digits(cell):
        raise unreadable(
            title,
            f"{title} was rounded by a table program and its last digits are lost. Format the "
            "column as text and enter the number again.",
        )
    text = identifier_text(cell)
    try:
        canonical_value(text)
    except NotUnderstood:
        raise unreadable(
            title,
            f"{title} may hold the letters A-Z, digits and . / _ : + -, at most 64 of them.",
        ) from None
    return text


def day_of(cell: str, place: Place) -> str:
    """A day of birth or death as the standard writes it: a day, a month or a year."""
    found = read_written(cell, place.column.dates, birth=True)
    if found is None:
        raise unreadable(
            place.title,
            f"{place.title} is no date. Write it as 1995-09-21 or 21/09/1995 with four digits of "
            "the year, or only the year.",
        )
    return found.text


def moment_in(cell: str, place: Place, as_of: datetime) -> datetime:
    """A moment, at midnight in UTC where only a day is given."""
    found = read_written(cell, place.column.dates, birth=False)
    if found is None or not found.day:
        raise unreadable(
            place.title, f"{place.title} is no date. Write it as 2026-10-05 or 05/10/2026."
        )
    return moment_of(found.text, place.title, as_of)


def amount_of(cell: str, place: Place) -> Amount:
    """An amount and the currency beside it."""
    found = read_amount(cell, place.column.decimal)
    if found is None:
        sense = " and not below zero" if cell.startswith("-") else ""
        raise unreadable(
            place.title, f"{place.title} must be an amount{sense}, such as 1500.00 or KES 1,500."
        )
    return found


def count_of(cell: str, place: Place) -> int:
    """A whole number."""
    found = read_count(cell)
    if found is None:
        raise unreadable(place.title, f"{place.title} must be a whole number.")
    return found


def score_of(cell: str, place: Place) -> float:
    """A score, with a decimal point or comma."""
    try:
        found = float(cell.replace(",", "."))
    except ValueError:
        found = float("nan")
    if not -1e9 < found < 1e9:
        raise unreadable(place.title, f"{place.title} must be a number.")
    return found


def truth_in(cell: str, place: Place) -> bool:
    """Yes or no."""
    coded = place.column.codes.get(cell, cell)
    found = truth_of(coded)
    if found is None:
        raise unreadable(place.title, f"{place.title} must be yes or no.")
    return found


def code_in(cell: str, place: Place, warn: set[str]) -> str:
    """The code that a word stands for, by the mapping first and then by the registry's words."""
    name = place.aim.code_list
    found = code_of(name, place.column.codes.get(cell, cell))
    if found is not None:
        return found
    if name in KEPT_AS_WRITTEN:
        warn.add(f"code.{name}.unknown")
        return cell
    raise unreadable(
        place.title,
        f"{place.title} holds a word that has no meaning in the mapping. Say in the mapping which "
        "code it stands for, or mend the word.",
    )


def several(cell: str) -> list[str]:
    """The parts of a cell that holds several phones or languages."""
    return [part.strip() for part in _SEVERAL.split(cell) if part.strip()]
