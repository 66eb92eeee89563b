"""Snapshot rows made ready for both engines of overlaps: facts in DuckDB, and the same as rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import duckdb

from ibr.coverage.engine.members import Members, open_members
from ibr.coverage.engine.overlap import count_overlaps
from ibr.coverage.engine.overlap_plain import Narrow, count_plainly
from ibr.coverage.facts.people import make_people
from ibr.coverage.facts.programmes import read_programmes
from ibr.coverage.figures.model import Cell, FigureTable
from ibr.overlaps.checks.find import complete
from ibr.overlaps.checks.model import Tables
from ibr.overlaps.checks.plain_tools import dead_people
from ibr.periods import Month
from tests.check_tables import loaded

Confirmed = Mapping[tuple[int, int], Collection[int]]


class Engines:
    """Both engines over the same rows."""

    def __init__(self, tables: Tables, months: list[Month]) -> None:
        self.connection = loaded(tables)
        make_people(self.connection)
        programmes = read_programmes(self.connection)
        self.members: Members = open_members(self.connection, programmes, months)
        self.narrow = _narrow(self.connection, tables)

    def fast(self, month: Month, confirmed: Confirmed | None = None) -> list[FigureTable]:
        return count_overlaps(self.members, month, confirmed)

    def plain(self, month: Month, confirmed: Confirmed | None = None) -> list[FigureTable]:
        return count_plainly(self.narrow, month, confirmed)


def by_place(tables: list[FigureTable]) -> dict[tuple[str, str], dict[tuple[str, ...], Cell]]:
    """Cells by indicator and breakdown; tables without cells are as good as none."""
    return {(each.indicator, each.breakdown): each.by_key for each in tables if each.cells}


def _narrow(connection: duckdb.DuckDBPyConnection, tables: Tables) -> Narrow:
    filled = complete(tables)
    people = {row["person_no"]: row for row in _rows(connection, "people")}
    numbers = {row["person_id"]: number for number, row in people.items()}
    named: dict[int, set[int]] = defaultdict(set)
    for row in _rows(connection, "fact_named"):
        named[row["record_id"]].add(row["person_no"])
    deaths: dict[int, date] = {
        numbers[person]: dead.died_on
        for person, dead in dead_people(filled).items()
        if person in numbers
    }
    return Narrow(
        programmes=read_programmes(connection),
        people=people,
        reaches={
            row["record_id"]: (row["programme_id"], row["person_no"])
            for row in _rows(connection, "fact_record")
        },
        benefits=filled["benefit"],
        spans=filled["span"],
        named=named,
        pairs=filled["pair"],
        deaths=deaths,
        currencies={row["programme_id"]: row["currency"] for row in filled["programme"]},
    )


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[dict[str, Any]]:
    cursor = connection.execute(f"select * from {table}")
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
