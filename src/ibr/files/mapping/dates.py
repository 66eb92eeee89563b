"""Dates as lists write them. Which of two numbers is the day is decided by the whole column."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final

import msgspec

from ibr.files.mapping.model import DateOrder, words_of

_TIME: Final = r"(?:[T ]\d{1,2}:\d{2}.*)?"
_ISO: Final = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_TIME}", re.ASCII)
_NUMBERS: Final = re.compile(rf"(\d{{1,2}})([-/. ])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_TIME}", re.ASCII)
_RUN: Final = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_YEAR: Final = re.compile(r"\d{4}(?:\.0)?", re.ASCII)
_MONTH: Final = re.compile(r"(\d{4})[-/](\d{1,2})|(\d{1,2})[-/](\d{4})", re.ASCII)
_SMALL: Final = frozenset(("de", "del", "le", "of", "the", "er", "st", "nd", "rd", "th", "tarehe"))
_NAMES: Final = (
    "january janvier enero januari jan",
    "february fevrier febrero februari feb",
    "march mars marzo machi",
    "april avril abril aprili avr",
    "may mai mayo mei",
    "june juin junio juni",
    "july juillet julio julai juil",
    "august aout agosto agosti",
    "september septembre septiembre septemba setiembre",
    "october octobre octubre oktoba",
    "november novembre noviembre novemba",
    "december decembre diciembre desemba",
)


class Written(msgspec.Struct, frozen=True):
    """A date as far as it is known: day and month are 0 where only the year or month is."""

    year: int
    month: int = 0
    day: int = 0

    @property
    def text(self) -> str:
        """As the standard writes it: 1990-05-01, 1990-05 or 1990."""
        parts = [f"{self.year:04d}"]
        if self.month:
            parts.append(f"{self.month:02d}")
        if self.day:
            parts.append(f"{self.day:02d}")
        return "-".join(parts)


class OrderSigns(msgspec.Struct):
    """What a column's dates say of the order of day and month; counted over all of them."""

    first_is_day: int = 0
    second_is_day: int = 0
    either: int = 0
    short_years: int = 0
    as_day_first: list[tuple[int, int]] = []
    """Year and month of some dates that could be either, read with the day first."""
    as_month_first: list[tuple[int, int]] = []

    def add(self, cell: str) -> None:
        """Counts one cell."""
        found = _NUMBERS.fullmatch(cell)
        if found is None:
            return
        first, second = int(found[1]), int(found[3])
        self.short_years += len(found[4]) == 2
        if first > 12 >= second:
            self.first_is_day += 1
        elif second > 12 >= first:
            self.second_is_day += 1
        elif first <= 12 and second <= 12 and first != second:
            self.either += 1
            if len(self.as_day_first) < 2_000:
                year = _year_of(found[4], birth=False) or 0
                self.as_day_first.append((year, second))
                self.as_month_first.append((year, first))

    @property
    def mixed(self) -> bool:
        """Whether some dates can only have the day first and others only the month."""
        return bool(self.first_is_day and self.second_is_day)

    @property
    def needed(self) -> bool:
        """Whether any date needs to be told which number is the day."""
        return bool(self.first_is_day or self.second_is_day or self.either)

    def order(self) -> DateOrder | None:
        """The order that the whole column agrees on; None where nothing in it says."""
        if self.mixed:
            return None
        if self.first_is_day:
            return "dmy"
        return "mdy" if self.second_is_day else None


@lru_cache(maxsize=65_536)
def read_written(cell: str, order: DateOrder | None, *, birth: bool) -> Written | None:
    """A date; None where it is none, or where nobody said which number is the day.

    A year of two digits is taken for one of this century, and for none at all where it is one of
    birth or death: a hundred years lie between the two that it could be.
    """
    cell = " ".join(cell.split())
    if found := _ISO.fullmatch(cell):
        return _real(int(found[1]), int(found[3]), int(found[4]))
    if found := _NUMBERS.fullmatch(cell):
        year = _year_of(found[4], birth=birth)
        first, second = int(found[1]), int(found[3])
        if year is None:
            return None
        if first == second:
            return _real(year, second, first)
        if order == "dmy":
            return _real(year, second, first)
        return _real(year, first, second) if order == "mdy" else None
    if _YEAR.fullmatch(cell):
        return Written(int(cell[:4]))
    if found := _MONTH.fullmatch(cell):
        in_year, month = (found[1], found[2]) if found[1] else (found[4], found[3])
        return Written(int(in_year), int(month)) if 1 <= int(month) <= 12 else None
    if found := _RUN.fullmatch(cell):
        return _real(int(found[1]), int(found[2]), int(found[3]))
    return _in_words(cell, birth=birth)


def _in_words(cell: str, *, birth: bool) -> Written | None:
    words = [each for each in words_of(cell).split() if each not in _SMALL]
    months = [each for each in words if not each.isdigit()]
    numbers = [each for each in words if each.isdigit()]
    month = month_named(months[0]) if len(months) == 1 else None
    if month is None or not 1 <= len(numbers) <= 2:
        return None
    if len(numbers) == 1:
        return Written(int(numbers[0]), month) if len(numbers[0]) == 4 else None
    if len(numbers[0]) == 4:
        numbers.reverse()
    year = _year_of(numbers[1], birth=birth)
    return _real(year, month, int(numbers[0])) if year and len(numbers[0]) <= 2 else None


@lru_cache(maxsize=1_024)
def month_named(word: str) -> int | None:
    """The month that a word in one of four languages begins to name."""
    if len(word) < 3:
        return None
    found = {
        number
        for number, names in enumerate(_NAMES, 1)
        if any(name.startswith(word) for name in names.split())
    }
    return next(iter(found)) if len(found) == 1 else None


def _year_of(text: str, *, birth: bool) -> int | None:
    if len(text) == 4:
        return int(text)
    return None if birth or len(text) != 2 else 2000 + int(text)


def _real(year: int, month: int, day: int) -> Written | None:
    try:
        date(year, month, day)
    except ValueError:
        return None
    return Written(year, month, day)
