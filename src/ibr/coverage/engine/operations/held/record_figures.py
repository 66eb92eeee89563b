"""R5, Q1 to Q3, P1 and P2: what records and payments say, from an opened snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final

import duckdb
import msgspec

from ibr.coverage.engine.operations.cells import Tables
from ibr.coverage.engine.operations.held import store
from ibr.coverage.engine.operations.reports.model import Reporter
from ibr.coverage.figures.model import PARTLY_KNOWN, month_period, share_cell
from ibr.periods import Month

NUMBERS: Final = ("present", "foundational", "verified")
Copies = Sequence[tuple[int, int, str]]
"""Appearances that people have made one person, each with what the person is called."""


class Counted(msgspec.Struct, frozen=True):
    """Counts of a month, of a programme or, under an empty code, of all together."""

    month: Month
    tables: Tables
    programme_id: int
    of: list[str]
    key: tuple[str, ...]
    counts: list[int]


def add_held(
    snapshot: duckdb.DuckDBPyConnection,
    into: Mapping[Month, Tables],
    reporters: Sequence[Reporter],
    copies: Copies,
) -> None:
    """R5, Q1, Q2, Q3, P1 and P2 of each month."""
    wanted = sorted(into)
    while wanted:
        until = wanted[0].plus(store.MOST_MONTHS)
        there = [month for month in wanted if month < until]
        _Stretch(snapshot, {month: into[month] for month in there}, reporters).add_all(copies)
        wanted = wanted[len(there) :]


class _Stretch:
    """Months that are read at once."""

    def __init__(
        self,
        snapshot: duckdb.DuckDBPyConnection,
        into: Mapping[Month, Tables],
        reporters: Sequence[Reporter],
    ) -> None:
        self._snapshot = snapshot
        self._first = min(into)
        self._into = into
        self._reporters = {each.programme_id: each for each in reporters}
        last = max(into)
        self._months = (last.year - self._first.year) * 12 + last.month - self._first.month + 1

    def add_all(self, copies: Copies) -> None:
        store.prepare(self._snapshot, self._first, self._months, self._reporters)
        self._add_fields()
        self._add_people()
        self._add_copies(copies)
        self._add_due()
        self._add_paid()

    def _counted(self, rows: Sequence[store.Row]) -> Iterator[Counted]:
        """The rows of months that are asked about."""
        for number, programme, *counts in rows:
            month = self._first.plus(number)
            if month in self._into:
                whole = programme is None
                yield Counted(
                    month,
                    self._into[month],
                    0 if whole else programme,
                    [] if whole else ["programme"],
                    () if whole else (self._reporters[programme].code,),
                    [int(each) for each in counts],
                )

    def _add_fields(self) -> None:
        for each in self._counted(store.field_rows(self._snapshot, self._months)):
            pairs = zip(store.FIELDS, each.counts[::2], each.counts[1::2], strict=True)
            cells = [share_cell((*each.key, name), said, due) for name, due, said in pairs if due]
            each.tables.add("R5", [*each.of, "field"], cells)

    def _add_people(self) -> None:
        for each in self._counted(store.people_rows(self._snapshot, self._months)):
            people, *parts, waiting = each.counts
            cells = [
                share_cell((*each.key, name), count, people)
                for name, count in zip(NUMBERS, parts, strict=True)
            ]
            each.tables.add("Q1", [*each.of, "part"], cells)
            each.tables.add("Q2", each.of, [share_cell(each.key, waiting, people)])

    def _add_copies(self, copies: Copies) -> None:
        for each in self._counted(store.copy_rows(self._snapshot, self._months, copies)):
            records, copied = each.counts
            each.tables.add("Q3", each.of, [share_cell(each.key, copied, records)])

    def _add_due(self) -> None:
        rules = [rule for rule in store.amount_rules(self._snapshot) if rule[0] in self._reporters]
        lengths = {rule[0]: max(1, self._reporters[rule[0]].cycle_months) for rule in rules}
        cycles = {of: length for of, length in lengths.items() if length <= store.LONGEST_CYCLE}
        # A cycle that ends with the first month began before it.
        before = max(cycles.values(), default=1) - 1
        begin = self._first.plus(-before)
        rows = store.due_rows(self._snapshot, begin, self._months + before, cycles)
        for each in self._counted([(number - before, *rest) for number, *rest in rows]):
            day = month_period(each.month).last_day
            if any(of == each.programme_id and _holds(day, *days) for of, *days in rules):
                due, received = each.counts
                cell = share_cell(each.key, received, due, notes=[PARTLY_KNOWN])
                each.tables.add("P1", each.of, [cell])

    def _add_paid(self) -> None:
        days = {
            number: each.pay_day
            for number, each in self._reporters.items()
            if each.pay_day is not None
        }
        rows = store.paid_rows(self._snapshot, self._first, self._months, days)
        for each in self._counted(rows):
            paid, in_time = each.counts
            cell = share_cell(each.key, in_time, paid, notes=[PARTLY_KNOWN])
            each.tables.add("P2", each.of, [cell])


def _holds(day: date, begin: date, end: date | None) -> bool:
    return begin <= day and (end is None or day <= end)
