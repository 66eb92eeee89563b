"""What a page of figures is drawn from: frozen tables of a month and of the months before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

import msgspec

from ibr.access.staff.rights import COUNTRY, must_hold
from ibr.asker import Asker
from ibr.coverage.figures import read
from ibr.coverage.figures.model import Cell, Completeness, FigureTable, Restated
from ibr.db.pool import Database
from ibr.errors import NotFound
from ibr.periods import read_month
from ibr.questions.kept import Kept
from ibr.questions.map_of_areas import MapOfAreas, map_of_areas

TREND_MONTHS = 24


class Wanted(msgspec.Struct, frozen=True):
    """Tables of indicators in breakdowns, for the last so many months up to the one asked for."""

    indicators: tuple[str, ...]
    breakdowns: tuple[str, ...]
    months: int = 1


class FrozenFigures(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Frozen tables with what is needed to name what they count."""

    months: list[str]
    """The months with figures, the oldest first."""
    period: str
    named: MapOfAreas
    tables: dict[tuple[str, str, str], FigureTable]
    restated: list[Restated] = []

    def table(
        self, indicator: str, breakdown: str = "", period: str | None = None
    ) -> FigureTable | None:
        return self.tables.get((indicator, breakdown, period or self.period))

    def cells(
        self, indicator: str, breakdown: str = "", period: str | None = None
    ) -> tuple[Cell, ...]:
        """The cells of a table; none where it was not counted."""
        found = self.table(indicator, breakdown, period)
        return found.cells if found else ()

    def cell(
        self, indicator: str, breakdown: str, *key: str, period: str | None = None
    ) -> Cell | None:
        found = self.table(indicator, breakdown, period)
        return found.by_key.get(key) if found else None

    @cached_property
    def before(self) -> str | None:
        """The month before, where it has figures."""
        earlier = str(read_month(self.period).plus(-1))
        return earlier if earlier in self.months else None

    def last(self, months: int = TREND_MONTHS) -> list[str]:
        """The months up to the one asked for, the oldest first."""
        return [each for each in self.months if each <= self.period][-months:]

    @cached_property
    def of_the_month(self) -> list[FigureTable]:
        return [each for each in self.tables.values() if each.period == self.period]

    @property
    def as_known_at(self) -> datetime | None:
        """Up to when the registry's news are in the newest figures of the month."""
        return max((t.as_known_at for t in self.of_the_month if t.as_known_at), default=None)

    @property
    def completeness(self) -> Completeness | None:
        return next((t.completeness for t in self.of_the_month if t.completeness), None)

    @property
    def lacking(self) -> FigureTable | None:
        """A table of the month that notes whose reports it lacks."""
        return next((t for t in self.of_the_month if t.not_reported), None)

    @property
    def runs(self) -> list[int]:
        return sorted({each.run_no for each in self.of_the_month})


async def frozen_figures(
    database: Database,
    kept: Kept,
    asker: Asker,
    period: str | None,
    lead: str,
    wanted: Sequence[Wanted],
    *,
    with_restated: bool = False,
) -> FrozenFigures | None:
    """The tables of a month, the newest where none is named; None where nothing was counted yet.

    `lead` is the indicator that decides which months there are. A month that has none is NotFound.
    """
    must_hold(asker, COUNTRY)
    named = await map_of_areas(database, kept, asker)
    async with database.transaction(()) as connection:
        months = await read.months(connection, lead)
        if not months:
            return None
        chosen = months[-1] if period is None else str(read_month(period))
        if chosen not in months:
            raise NotFound(
                "figures.period", "There are no figures for this month. Choose another one."
            )
        tables: dict[tuple[str, str, str], FigureTable] = {}
        for each in wanted:
            last = [month for month in months if month <= chosen][-each.months :]
            tables |= await read.figure_tables(connection, each.indicators, each.breakdowns, last)
        restated = await read.restated(connection) if with_restated else []
    return FrozenFigures(
        months=months, period=chosen, named=named, tables=tables, restated=restated
    )
