"""Q5, Q7 and the matcher's part of Q4: how well it was found, and decided, who is one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from asyncpg import Record

from ibr.coverage.engine.operations.casework import store
from ibr.coverage.engine.operations.casework.case_figures import spans
from ibr.coverage.engine.operations.cells import Tables
from ibr.coverage.figures.model import Cell, share_cell, value_of
from ibr.db.pool import Connection
from ibr.periods import Month

MATCHER: Final = "matcher"


async def add_links(connection: Connection, into: Mapping[Month, Tables], at: datetime) -> None:
    """Q4 of the matcher, Q5 and Q7 of each month. Who is one person is a matter of no programme."""
    months = spans(into, at)
    tables = {str(month): each for month, each in into.items()}
    for row in await store.pairs_decided(connection, months, at):
        cell = share_cell((MATCHER,), row["same"], row["decided"])
        tables[row["period"]].add("Q4", ["part"], [cell])
    for period, kind, measured in await store.measured(connection, months):
        tables[period].add("Q5", ["part"], _recall(kind, msgspec.json.decode(measured)))
    twice = await store.looked_at_twice(connection, months, at)
    for month in months:
        own = [row for row in twice if row["period"] == month.period]
        tables[month.period].add("Q7", ["part"], _agreement(own))


def _recall(kind: str, measured: dict[str, Any]) -> list[Cell]:
    """True pairs that were linked or put up for review, of those there are; nothing where a
    measurement does not tell it."""
    found = measured.get("linked_or_review")
    right, true = (found.get("right"), found.get("true")) if isinstance(found, dict) else (0, 0)
    if not isinstance(right, int) or not isinstance(true, int) or not true:
        return []
    return [share_cell((kind,), right, true)]


def _agreement(rows: Sequence[Record]) -> list[Cell]:
    """The share of pairs answered alike, and Cohen's kappa: how much more often than by chance.

    With n pairs, a of them answered alike and c the sum over answers of how often it was the first
    times how often the second, kappa is (a n - c) / (n n - c).
    """
    pairs = sum(row["pairs"] for row in rows)
    if not pairs:
        return []
    alike = sum(row["pairs"] for row in rows if row["first"] == row["second"])
    answers = {row[name] for row in rows for name in ("first", "second")}
    chance = sum(
        sum(row["pairs"] for row in rows if row["first"] == answer)
        * sum(row["pairs"] for row in rows if row["second"] == answer)
        for answer in answers
    )
    cells = [share_cell(("same_answer",), alike, pairs)]
    above, whole = alike * pairs - chance, pairs * pairs - chance
    # Where everybody always gave one answer, chance explains everything and kappa says nothing.
    if whole:
        cells.append(Cell(("kappa",), above, whole, value_of(above, whole)))
    return cells
