"""The denominators of a period: looked up once for each area, sex and age, with their sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from ibr.coverage.figures.model import AGE_BANDS
from ibr.coverage.population.denominator import Book, open_book
from ibr.coverage.population.model import ALL, EVERY_AGE, GROUPS, OPEN, Ages, Denominator
from ibr.db.pool import Connection
from ibr.errors import NotFound

COUNTRY: Final = None
"""In place of an area's code: everything that lies in no other area, together."""
# Sentences that tell a number of one area; a table is about many.
_OF_ONE_AREA: Final = ("Left out", "Added up over")
_LAST: Final = len(AGE_BANDS) - 1


def band_of(number: int) -> Ages:
    """The ages of a band by its place in AGE_BANDS."""
    return Ages(number * 5, OPEN if number == _LAST else number * 5 + 4)


class Denominators:
    """The population that the registry knows, by group; opened once for a run."""

    def __init__(self, books: Mapping[str, Book]) -> None:
        self.books = books

    def on(self, day: date) -> Divisors:
        return Divisors(self.books, day)


async def open_denominators(connection: Connection) -> Denominators:
    """Every group that figures are divided by, as the registry knows it now."""
    return Denominators({group: await open_book(connection, group) for group in GROUPS})


class Divisors:
    """Denominators of one day, each worked out once."""

    def __init__(self, books: Mapping[str, Book], day: date) -> None:
        self._books = books
        self._day = day
        self._known: dict[tuple[str, str | None, int, Ages], Denominator | None] = {}
        directory = books["all"].directory if "all" in books else None
        there = [each for each in directory.areas.values() if each.on(day)] if directory else []
        codes = {each.code for each in there}
        self._country = [each.code for each in there if each.parent not in codes]
        self._levels = {
            level: sorted(each.code for each in there if each.level == level) for level in (1, 2)
        }

    def areas(self, level: int) -> list[str]:
        """The areas of a level that there are on the day."""
        return self._levels[level]

    def reader(self) -> Reader:
        return Reader(self)

    def look_up(self, group: str, area: str | None, sex: int, ages: Ages) -> Denominator | None:
        """How many people; None where the figures do not say it."""
        key = (group, area, sex, ages)
        if key not in self._known:
            self._known[key] = self._worked_out(group, area, sex, ages)
        return self._known[key]

    def _worked_out(self, group: str, area: str | None, sex: int, ages: Ages) -> Denominator | None:
        book = self._books.get(group)
        areas = self._country if area is COUNTRY else [area]
        if book is None or not book.sources or not areas:
            return None
        try:
            return book.denominator(areas, sex, ages, self._day)
        except NotFound:
            return None


class Reader:
    """Denominators for one table of figures; remembers which sources they came from."""

    def __init__(self, divisors: Divisors) -> None:
        self._divisors = divisors
        self._used: set[int] = set()
        self._sources: dict[str, None] = {}
        self._how: dict[str, None] = {}

    def areas(self, level: int) -> list[str]:
        return self._divisors.areas(level)

    def people(
        self,
        area: str | None = COUNTRY,
        sex: int = ALL,
        ages: Ages = EVERY_AGE,
        group: str = "all",
    ) -> int | None:
        """How many people of an area; None where the figures do not say it."""
        found = self._divisors.look_up(group, area, sex, ages)
        if found is None:
            return None
        if id(found) not in self._used:
            self._used.add(id(found))
            self._note(found)
        return found.people

    def _note(self, found: Denominator) -> None:
        for each in found.used:
            spread = "" if each.uncertainty is None else f", ±{each.uncertainty:g}%"
            whom = "" if found.group == "all" else f" ({found.group})"
            self._sources[f"{each.source}, {each.year}, {each.method}{spread}{whom}"] = None
        for said in found.how:
            if not said.startswith(_OF_ONE_AREA):
                self._how[said] = None

    def sources(self) -> tuple[str, ...]:
        """Who published what was divided by, of which year, by which method; and how the figures
        of the day were made of it."""
        return (*sorted(self._sources), *sorted(self._how))


def intersection(one: Ages, other: Ages) -> Ages | None:
    """The ages that lie in both; None where none do."""
    first, last = max(one.first, other.first), min(one.last, other.last)
    return Ages(first, last) if first <= last else None


def known(numbers: Iterable[int | None]) -> list[int]:
    return [each for each in numbers if each is not None]
