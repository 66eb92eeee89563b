"""How many people of a group there are on a day: the one function that every rate divides by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Literal

from ibr.coverage.population import store
from ibr.coverage.population.look import source_of
from ibr.coverage.population.model import (
    ALL,
    EVERY_AGE,
    Ages,
    Cell,
    Denominator,
    Source,
    Used,
)
from ibr.coverage.population.rules import Point, Value, on_day, people_in, sum_of
from ibr.db.pool import Connection
from ibr.errors import NotFound
from ibr.registry.areas.list_areas import every_area, successors
from ibr.registry.areas.model import Area
from ibr.registry.areas.names import Directory

Way = Literal["geometric", "linear"]


class Book:
    """The figures of a group, as known at a moment, read once and asked many times."""

    def __init__(
        self,
        group: str,
        areas: Sequence[Area],
        sources: Sequence[Source],
        figures: Mapping[tuple[int, str], Mapping[Cell, int]],
        follows: Sequence[tuple[str, str, date]] = (),
    ) -> None:
        self.group = group
        self.directory = Directory(areas)
        # The newest first: for what it covers, it stands in place of the older ones.
        self.sources = sorted(sources, key=lambda s: (s.imported_at, s.number), reverse=True)
        self._figures = figures
        self._follows = follows
        # What the figures say of an area, sex and ages is the same on every day that is asked for.
        self._remembered: dict[tuple[str, int, Ages, bool], list[Point] | NotFound] = {}

    def denominator(
        self,
        areas: Sequence[str],
        sex: int,
        ages: Ages,
        day: date,
        *,
        way: Way = "geometric",
        split: bool = True,
    ) -> Denominator:
        """How many people; NotFound with the reason where the figures do not say it."""
        people, years, cut = 0.0, 0.0, False
        notes: list[str] = []
        used: set[int] = set()
        for code in dict.fromkeys(areas):
            points = self._known_points(self._area(code, day), sex, ages, split=split)
            number, said, away = on_day(points, day, way)
            people += number
            years = max(years, away)
            between = _taken(points, day)
            for point in between:
                used |= point.used
                notes += point.value.notes()
                cut = cut or point.value.split
            notes += [*said, *self._redrawn(code, between, day)]
        return Denominator(
            people=round(people),
            areas=tuple(dict.fromkeys(areas)),
            sex=sex,
            ages=ages,
            group=self.group,
            day=day,
            used=tuple(
                Used(each.number, each.year, each.source, each.method, each.uncertainty)
                for each in sorted(self.sources, key=lambda source: source.number)
                if each.number in used
            ),
            how=tuple(dict.fromkeys(notes)),
            years_away=years,
            split=cut,
        )

    def day_of(self, year: int) -> date:
        """The day of a year's figures, so that they are shown as they were counted."""
        return next((each.day for each in self.sources if each.year == year), date(year, 7, 1))

    def _area(self, code: str, day: date) -> Area:
        area = self.directory.areas.get(code)
        if area is None:
            raise NotFound("area.unknown", "There is no area with this code. See: ibr areas list")
        if not area.on(day):
            raise NotFound(
                "area.not_then",
                f"There is no {area.name} on that day; it began or ended with another version of "
                "the list of areas. See: ibr areas list --on",
            )
        return area

    def _known_points(self, area: Area, sex: int, ages: Ages, *, split: bool) -> list[Point]:
        key = (area.code, sex, ages, split)
        found = self._remembered.get(key)
        if found is None:
            try:
                found = self._points(area, sex, ages, split=split)
            except NotFound as refused:
                found = refused
            self._remembered[key] = found
        if isinstance(found, NotFound):
            raise found
        return found

    def _points(self, area: Area, sex: int, ages: Ages, *, split: bool) -> list[Point]:
        """One number for each year that the figures say it of; NotFound where none does.

        Figures of the area itself count before sums over the areas in it, and newer ones before
        older ones.
        """
        points: dict[int, Point] = {}
        refused: NotFound | None = None
        sources = [source for source in self.sources if area.on(source.day)]
        for source in sorted(sources, key=lambda s: (s.number, area.code) not in self._figures):
            if source.year in points:
                continue
            try:
                value = self._value(area, source, sex, ages, split)
            except NotFound as why:
                refused = refused or why
                continue
            if value is not None:
                points[source.year] = Point(source.day, value, frozenset((source.number,)))
        if not points:
            raise refused or NotFound(
                "population.none",
                f"There are no figures of {area.name} for this group. See: ibr population list",
            )
        return list(points.values())

    def _value(self, area: Area, source: Source, sex: int, ages: Ages, split: bool) -> Value | None:
        """What one set of figures says of an area; None where it is not about it."""
        cells = self._figures.get((source.number, area.code))
        if cells is not None:
            return people_in(cells, sex, ages, split=split)
        inside = [each for each in self.directory.children(area.code) if each.on(source.day)]
        parts = [self._value(each, source, sex, ages, split) for each in inside]
        known = [part for part in parts if part is not None]
        return sum_of(known) if known and len(known) == len(parts) else None

    def _redrawn(self, code: str, points: Sequence[Point], day: date) -> list[str]:
        """Other areas took part of this one's place between the figures' day and the day."""
        return [
            f"The area was divided or joined on {since}; the figures are of {point.day}."
            for before, after, since in self._follows
            for point in points
            if code in (before, after) and min(point.day, day) < since <= max(point.day, day)
        ]


def _taken(points: Sequence[Point], day: date) -> list[Point]:
    """The points that a number on the day was made of."""
    before = [point for point in points if point.day <= day]
    after = [point for point in points if point.day >= day]
    first = max(before, key=lambda point: point.day, default=None)
    last = min(after, key=lambda point: point.day, default=None)
    if first and last and first.day == last.day:
        return [first]
    return [point for point in (first, last) if point]


async def open_book(
    connection: Connection,
    group: str = "all",
    *,
    areas: Sequence[str] | None = None,
    known_on: datetime | None = None,
) -> Book:
    """The figures of a group as known at a moment; of some areas and those in them only, where
    they are named."""
    every = await every_area(connection)
    sources = [source_of(row) for row in await store.sources(connection, group, known_on)]
    wanted = None if areas is None else _with_all_inside(areas, every)
    figures: dict[tuple[int, str], dict[Cell, int]] = {}
    numbers = [source.number for source in sources]
    for number, code, sex, first, last, people in await store.figures(connection, numbers, wanted):
        figures.setdefault((number, code), {})[sex, Ages(first, last)] = people
    return Book(group, every, sources, figures, await successors(connection))


def _with_all_inside(codes: Sequence[str], every: Sequence[Area]) -> list[str]:
    wanted = set(codes)
    # The largest come first, so one pass finds all that lie in them.
    for area in every:
        if area.parent in wanted:
            wanted.add(area.code)
    return sorted(wanted)


async def denominator(
    connection: Connection,
    areas: Sequence[str],
    day: date,
    *,
    sex: int = ALL,
    ages: Ages = EVERY_AGE,
    group: str = "all",
    known_on: datetime | None = None,
    way: Way = "geometric",
    split: bool = True,
) -> Denominator:
    """How many people of a group there are on a day, with source, method, uncertainty and how.

    Whoever divides by many of them opens a book once instead.
    """
    book = await open_book(connection, group, areas=areas, known_on=known_on)
    return book.denominator(areas, sex, ages, day, way=way, split=split)
