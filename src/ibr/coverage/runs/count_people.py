"""Counts the people of a snapshot: its facts month by month, and everything the engines tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import duckdb
import msgspec

from ibr.coverage.engine.ground import Ground, ground_of
from ibr.coverage.engine.members import open_members
from ibr.coverage.engine.month import PeriodInputs, count_month, count_year
from ibr.coverage.engine.overlap import count_overlaps
from ibr.coverage.facts.model import FactsFile
from ibr.coverage.facts.people import make_people
from ibr.coverage.facts.programmes import read_programmes
from ibr.coverage.facts.write import write_facts
from ibr.coverage.figures.model import (
    Completeness,
    FigureTable,
    NotReported,
    Period,
    month_period,
    year_period,
)
from ibr.coverage.runs.inputs import Inputs
from ibr.periods import Month

Reports = Mapping[Month, Mapping[str | None, Completeness]]
"""Reports received of those due, by month, by programme and under None for all together."""
Missing = Mapping[Month, tuple[NotReported, ...]]
"""Whose reports on a month had not come."""
Work = tuple[str, Callable[[], Sequence[FigureTable]]]


class CountPeople:
    """One snapshot, opened, with the tables that figures of people are counted from."""

    def __init__(
        self,
        opened: duckdb.DuckDBPyConnection,
        folder: Path,
        inputs: Inputs,
        reports: Reports,
        missing: Missing | None = None,
    ) -> None:
        self._opened = opened
        self._folder = folder
        self._inputs = inputs
        self._reports = reports
        self._missing = missing or {}
        self.files: list[FactsFile] = []

    def prepare(self, months: Sequence[Month]) -> None:
        """Puts people, households and memberships together, once for the run."""
        make_people(self._opened)
        self._programmes = read_programmes(self._opened)
        self._members = open_members(self._opened, self._programmes, months)

    def month(self, month: Month) -> Iterator[Work]:
        """The work of a month in parts, each with the name that its seconds are noted under."""
        yield "facts", lambda: self._facts(month_period(month))
        yield "coverage", lambda: self._completed(month, self._counted(month_period(month)))
        yield "overlaps", lambda: self._completed(month, self._overlaps(month))

    def year(self, year: int) -> list[FigureTable]:
        """A calendar year, by its own facts; of one under way what there is of it."""
        period = year_period(year)
        self._facts(period)
        lacking = {
            gone for month, own in self._missing.items() if month.year == year for gone in own
        }
        tables = count_year(self._period_inputs(period))
        return _with(tables, self._of_year(year), tuple(sorted(lacking)))

    def ground(self, month: Month, as_known_at: datetime) -> Ground:
        """What simulations stand on, as it was in a month."""
        return ground_of(self._members, month, as_known_at)

    def _facts(self, period: Period) -> list[FigureTable]:
        self.files.append(write_facts(self._opened, period, self._folder))
        return []

    def _counted(self, period: Period) -> list[FigureTable]:
        return count_month(self._period_inputs(period))

    def _overlaps(self, month: Month) -> list[FigureTable]:
        self._members.turn_to(month)
        return count_overlaps(self._members, month, self._inputs.confirmed[month])

    def _period_inputs(self, period: Period) -> PeriodInputs:
        return PeriodInputs(
            connection=self._opened,
            period=period,
            facts=self.files[-1].path,
            programmes=self._programmes,
            denominators=self._inputs.denominators,
            references=self._inputs.references,
        )

    def _completed(self, month: Month, tables: Sequence[FigureTable]) -> list[FigureTable]:
        """The same, each with how complete the reports are that it rests on."""
        reports = self._reports.get(month, {}).get(None)
        return _with(tables, reports, self._missing.get(month))

    def _of_year(self, year: int) -> Completeness | None:
        """The reports of a year's months together; a quarterly one is in each of its three."""
        found = [each[None] for month, each in self._reports.items() if month.year == year and each]
        if not found:
            return None
        return Completeness(
            sum(each.received for each in found), sum(each.expected for each in found)
        )


def _with(
    tables: Sequence[FigureTable],
    reports: Completeness | None,
    missing: tuple[NotReported, ...] | None,
) -> list[FigureTable]:
    if reports is None:
        return list(tables)
    return [
        msgspec.structs.replace(table, completeness=reports, not_reported=missing)
        for table in tables
    ]
