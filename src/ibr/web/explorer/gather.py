"""The frozen tables that a view of the explorer is drawn from, in a few questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

import msgspec

from ibr.asker import Asker
from ibr.codelists.programme_kinds import BENEFIT_TYPE, SOCIAL_PROTECTION_FUNCTION
from ibr.coverage.catalogue.model import Indicator
from ibr.coverage.figures import read
from ibr.coverage.figures.model import Cell, FigureTable, dimensions_of
from ibr.db.pool import Connection, Database
from ibr.questions.kept import Kept
from ibr.questions.map_of_areas import MapOfAreas, map_of_areas
from ibr.web.explorer.view import (
    AREA,
    LEADS,
    Key,
    Offered,
    View,
    indicator_asked,
    key_of,
    nearest,
    read_view,
    with_areas,
)

TREND = 24
YEARS_OFFERED = 10
# A table of programmes by district has thousands of cells: fewer months of it are read.
TREND_OF_LARGE = 12
COUNTS = ("persons", "households", "money", "cases", "records")


class Column(msgspec.Struct, frozen=True):
    """Where and when: one of the up to four figures that are held against each other."""

    area: str
    period: str


class Part(msgspec.Struct, frozen=True):
    """A breakdown that answers a part of the page, and what was asked for that it leaves out."""

    breakdown: str
    left_out: tuple[str, ...]


class Explored(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A view with everything that is shown of it."""

    view: View
    indicator: Indicator
    wrong: list[str]
    offered: Offered
    available: frozenset[str]
    trend_periods: list[str]
    tables: dict[tuple[str, str, str], FigureTable] = {}

    @property
    def places(self) -> MapOfAreas:
        return self.offered.places

    @cached_property
    def leads_offered(self) -> dict[str, Sequence[str]]:
        """The programmes, functions and types of benefit that this indicator is counted by."""
        there = {each for name in self.indicator.breakdowns for each in dimensions_of(name)}
        return {name: codes for name, codes in self.offered.leads.items() if name in there}

    @property
    def needs_lead(self) -> bool:
        """Whether this is told of one programme at a time."""
        return all("programme" in dimensions_of(each) for each in self.indicator.breakdowns)

    @cached_property
    def columns(self) -> list[Column]:
        """The figures held against each other: areas first, then periods."""
        view = self.view
        return [
            Column(area, period)
            for period in (view.period, *filter(None, (view.and_period,)))
            for area in (view.area, *filter(None, (view.and_area,)))
        ]

    def area_dimension(self, area: str) -> str:
        """The dimension that an area is a code of; empty for the country."""
        return AREA.get(self.places.areas[area].level, "") if area else ""

    def codes(self, area: str) -> dict[str, str]:
        """Everything that is asked for by dimension, in one area."""
        dimension = self.area_dimension(area)
        return self.view.fixed() | ({dimension: area} if dimension else {})

    @property
    def _always(self) -> list[str]:
        return ["currency"] if self.view.currency else []

    def whole(self, area: str) -> Part | None:
        """How the figure of an area is broken down."""
        dimensions = [self.view.lead[0], self.area_dimension(area)]
        dimensions += [name for name in ("sex", "age") if getattr(self.view, name)]
        return self._part(self._always, [each for each in dimensions if each])

    @cached_property
    def map_level(self) -> int:
        """The level of the areas on the map: those inside the area that is shown."""
        inside = self.places.region_of(self.view.area) is not None
        wanted = 2 if inside or self.view.level == "2" else 1
        return wanted if wanted == 1 or self._of_areas(2) else 1

    @cached_property
    def areas_part(self) -> Part | None:
        return self._of_areas(self.map_level)

    def _of_areas(self, level: int) -> Part | None:
        lead = self.view.lead[0]
        may = [name for name in ("sex", "age") if getattr(self.view, name)]
        must = [*self._always, AREA[level], *([lead] if lead else [])]
        return self._part(must, may)

    def groups(self, area: str) -> tuple[str, list[Part]]:
        """How the figure of an area is told by sex and age: together, else each for itself; of the
        whole country where it is not told for the area."""
        dimension, lead = self.area_dimension(area), self.view.lead[0]
        must = [*self._always, *([lead] if lead else []), *([dimension] if dimension else [])]
        both = self._part([*must, "sex", "age"], [])
        if both:
            return area, [both]
        found = [part for each in ("sex", "age") if (part := self._part([*must, each], []))]
        return self.groups("") if area and not found else (area, found)

    @property
    def groups_over_time(self) -> list[Part]:
        """The parts by sex and age together that are told over time; none beside a map of all
        districts, so that the page stays small on a slow line."""
        if self.map_level == 2 and not self.view.area:
            return []
        return [
            part
            for part in self.groups(self.view.area)[1]
            if {"sex", "age"} <= set(dimensions_of(part.breakdown))
        ]

    def _part(self, must: Sequence[str], may: Sequence[str]) -> Part | None:
        found = nearest(self.available, must, may)
        return Part(*found) if found else None

    def cell(self, part: Part | None, codes: Mapping[str, str], period: str) -> Cell | None:
        """The cell of a part; where nobody was counted it is a nought, else it is not known."""
        table = self.table(part, period)
        if part is None or table is None:
            return None
        key = key_of(part.breakdown, codes)
        return table.by_key.get(key) or self.nobody(key)

    def nobody(self, key: Key) -> Cell | None:
        counted = self.indicator.unit in COUNTS and self.indicator.denominator is None
        return Cell(key, 0, None, "0") if counted else None

    def table(self, part: Part | None, period: str) -> FigureTable | None:
        return self.tables.get((self.view.indicator, part.breakdown, period)) if part else None

    def figure(self, column: Column) -> Cell | None:
        return self.cell(self.whole(column.area), self.codes(column.area), column.period)

    def parts_of(
        self, part: Part, period: str, codes: Mapping[str, str]
    ) -> Iterator[tuple[dict[str, str], Cell]]:
        """The cells of a part that fit what is asked for, with the codes that tell them apart."""
        table = self.table(part, period)
        names = dimensions_of(part.breakdown)
        for cell in table.cells if table else ():
            own = dict(zip(names, cell.key, strict=True))
            if all(own.get(name, code) == code for name, code in codes.items()):
                yield own, cell

    @property
    def main_table(self) -> FigureTable | None:
        return self.table(self.whole(self.view.area), self.view.period)


async def explore(
    database: Database,
    kept: Kept,
    asker: Asker,
    query: Mapping[str, str],
    indicators: Sequence[Indicator],
    say: Callable[[str], str],
) -> Explored | None:
    """What a view shows; None where nothing was counted yet."""
    places = await map_of_areas(database, kept, asker)
    known = with_areas(indicators)
    code = indicator_asked(query, known)
    async with database.transaction(()) as connection:
        months, years = await read.months(connection, code), await read.years(connection, code)
        if not months and not years:
            return None
        currencies = await _currencies(connection, known[code], months)
        offered = Offered(
            known, _leads(places), [*years[-YEARS_OFFERED:], *months], currencies, places
        )
        view, wrong = read_view(query, offered, say)
        available = frozenset(await read.breakdowns(connection, code, view.period))
        explored = Explored(
            view=view,
            indicator=known[view.indicator],
            wrong=wrong,
            offered=offered,
            available=available,
            trend_periods=_trend(view, months if "-" in view.period else years),
        )
        tables = await _tables(connection, explored)
    return msgspec.structs.replace(explored, tables=tables)


def _leads(places: MapOfAreas) -> dict[str, list[str]]:
    codes = (
        sorted(places.programmes),
        list(SOCIAL_PROTECTION_FUNCTION.labels),
        list(BENEFIT_TYPE.labels),
    )
    return dict(zip(LEADS, codes, strict=True))


def _trend(view: View, periods: Sequence[str]) -> list[str]:
    """The last periods of the same kind up to the newest that is asked about."""
    newest = max(view.period, view.and_period if view.and_period in periods else "")
    return [each for each in periods if each <= newest][-TREND:]


async def _currencies(
    connection: Connection, indicator: Indicator, months: Sequence[str]
) -> list[str]:
    """The currencies of an indicator of money, the one with the most money first."""
    if indicator.unit != "money" or not months:
        return []
    found = await read.figure_tables(connection, [indicator.code], ["currency"], months[-1:])
    cells = [cell for table in found.values() for cell in table.cells]
    return [cell.key[0] for cell in sorted(cells, key=lambda each: -(each.numerator or 0))]


async def _tables(
    connection: Connection, explored: Explored
) -> dict[tuple[str, str, str], FigureTable]:
    view, code = explored.view, explored.view.indicator
    wholes = {part.breakdown for each in explored.columns if (part := explored.whole(each.area))}
    now = wholes | {
        part.breakdown for each in explored.columns for part in explored.groups(each.area)[1]
    }
    now |= {part.breakdown for part in [explored.areas_part] if part}
    periods = [each for each in (view.period, view.and_period) if each]
    tables = await read.figure_tables(connection, [code], sorted(now), periods)
    large = any({"programme", "area2"} <= set(dimensions_of(each)) for each in wholes)
    past = explored.trend_periods[-(TREND_OF_LARGE if large else TREND) :]
    over_time = wholes | {part.breakdown for part in explored.groups_over_time}
    tables |= await read.figure_tables(connection, [code], sorted(over_time), past)
    return tables
