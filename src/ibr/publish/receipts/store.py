"""Statements over a month's file of facts; the connection is in memory and reads that file only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import duckdb

from ibr.coverage.facts.write import given_beside
from ibr.coverage.figures.model import dimensions_of
from ibr.overlaps.snapshot.engine import quoted

# How many of the largest receipts the rules on dominance look at.
MOST: Final = 2
_COLUMNS: Final = {
    "programme": "programme",
    "function": "function",
    "area1": "area1",
    "sex": "cast(sex as varchar)",
    "currency": "currency",
}
Receipts = dict[tuple[str, tuple[str, ...]], tuple[int, ...]]


def largest_receipts(
    facts: Path,
    programmes: Mapping[int, str],
    functions: Mapping[str, tuple[str, ...]],
    breakdowns: Iterable[str],
) -> Receipts:
    """Of each sum of money, what the one or two received who received most, in minor units.

    `functions` are those of each programme, by its code.
    """
    found: Receipts = {}
    connection = duckdb.connect(":memory:")
    try:
        _list(connection, "named", "programme_id integer, programme varchar", programmes.items())
        pairs = [(code, each) for code, some in functions.items() for each in some]
        _list(connection, "of_function", "programme varchar, function varchar", pairs)
        connection.execute(
            f"""
            create table given as
            select person_no, programme, area1, sex, currency, sum(minor)::bigint as minor
            from read_parquet({quoted(str(given_beside(facts).resolve()))})
            join named using (programme_id)
            where minor is not null group by all
            """
        )
        for breakdown in breakdowns:
            for *key, receipts in connection.execute(_statement(breakdown)).fetchall():
                found[breakdown, tuple(key)] = tuple(receipts)
    finally:
        connection.close()
    return found


def _list(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    columns: str,
    rows: Iterable[tuple[object, object]],
) -> None:
    connection.execute(f"create table {name} ({columns})")
    if listed := [list(each) for each in rows]:
        connection.executemany(f"insert into {name} values (?, ?)", listed)


def _statement(breakdown: str) -> str:
    names = dimensions_of(breakdown)
    keys = ", ".join(f"{_COLUMNS[each]} as {each}_key" for each in names)
    source = "given"
    if "function" in names:
        source = "(select * from given join of_function using (programme))"
    by = ", ".join(f"{each}_key" for each in names)
    return f"""
        select {by}, max(minor, {MOST})
        from (
            select {keys}, person_no, sum(minor)::bigint as minor
            from {source} as given group by all
        ) group by {by}
    """


def is_there(facts: Path) -> bool:
    """Whether the file of facts is still on this machine."""
    return facts.is_file() and given_beside(facts).is_file()
