"""Figures of reports and cases: the statements and plain Python agree on any history."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from fractions import Fraction

import asyncpg
import pytest

from ibr.coverage.engine.operations.count import completeness, count_operations, late
from ibr.coverage.figures.model import FigureTable, value_of
from ibr.db.pool import Database, open_database
from ibr.periods import Month
from tests.made_operations import AT, CODES, History
from tests.plain_cases import PlainCases
from tests.plain_reports import PlainReports

MONTHS = [Month(2025, 11).plus(number) for number in range(13)]
Values = dict[tuple[str, str, tuple[str, ...]], str | None]


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    database = await open_database(dsn, "ibr_worker", size=1, name="operations")
    try:
        yield database
    finally:
        await database.close()


async def put(dsn: str, history: History) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await history.put(connection)
    finally:
        await connection.close()


def values(tables: list[FigureTable], month: Month) -> Values:
    found: Values = {}
    for table in tables:
        for cell in table.cells:
            place = (table.indicator, table.breakdown, cell.key)
            assert table.period != str(month) or place not in found
            if table.period == str(month):
                found[place] = cell.value
    return found


@pytest.mark.parametrize("seed", range(20))
async def test_statements_and_plain_python_agree(dsn: str, database: Database, seed: int) -> None:
    history = History(seed)
    await put(dsn, history)
    async with database.transaction(CODES) as connection:
        found = await count_operations(connection, MONTHS, CODES, AT)
        full = await completeness(connection, MONTHS, CODES, AT)
        missing = await late(connection, CODES, AT, months=8)
    rows = history.plain()
    programmes = [each for each in rows["programme"] if each["programme_id"] in CODES]
    reports = PlainReports(programmes, rows["delivery"], rows["refused_record"], AT)
    cases = PlainCases(rows, CODES, AT)
    for month in MONTHS:
        counted = values(found, month)
        of_cases = cases.figures(month)
        of_reports = reports.figures(month)
        assert counted.keys() == of_cases.keys() | of_reports.keys(), month
        for place, value in counted.items():
            if place in of_reports:
                assert value == of_reports[place], (month, place)
            else:
                assert same(value, of_cases[place]), (month, place, of_cases[place])
        told = {code: (c.received, c.expected) for code, c in full[month].items()}
        assert told == reports.completeness(month)
    said = [(each.code, each.first_month, each.last_month, each.days) for each in missing]
    assert said == reports.late(8)


def same(value: str | None, exact: Fraction) -> bool:
    """Whether a value is the exact figure, rounded as figures are."""
    assert value is not None
    places = -int(Decimal(value).as_tuple().exponent)
    return value == value_of(exact.numerator, exact.denominator, decimals=places)


async def test_control_what_came_after_the_moment_would_be_seen(
    dsn: str, database: Database
) -> None:
    """The histories go on after the moment of counting: a later moment gives other figures."""
    history = History(3)
    await put(dsn, history)
    rows, later = history.plain(), AT.replace(month=AT.month + 1)
    async with database.transaction(CODES) as connection:
        found = await count_operations(connection, MONTHS, CODES, later)
    month = Month(AT.year, AT.month)
    programmes = [each for each in rows["programme"] if each["programme_id"] in CODES]
    reports = PlainReports(programmes, rows["delivery"], rows["refused_record"], AT)
    cases = PlainCases(rows, CODES, AT)
    counted = values(found, month)
    assert counted.keys() != cases.figures(month).keys() | reports.figures(month).keys()


async def test_a_programme_out_of_reach_is_not_counted(dsn: str, database: Database) -> None:
    await put(dsn, History(3))
    async with database.transaction([1]) as connection:
        found = await count_operations(connection, MONTHS, [1, 2], AT)
        narrow = await count_operations(connection, MONTHS, [1], AT)
    of_second = {"FOOD"}
    for table in found:
        if table.indicator in ("R4", "R6", "K1", "K2", "K4", "S1"):
            assert not of_second & {part for cell in table.cells for part in cell.key}
    assert [each for each in narrow if each.indicator == "K1"] == [
        each for each in found if each.indicator == "K1"
    ]
