"""The made-up figures that readers are tested with: whole, consistent, the same every time."""

from __future__ import annotations

import pytest

from ibr.coverage.figures import read
from ibr.coverage.figures.model import FigureTable
from ibr.db.pool import open_database
from tests.made_figures import freeze_made, made_tables

Tables = dict[tuple[str, str, str], FigureTable]


@pytest.fixture(scope="module")
def tables() -> Tables:
    return {(each.indicator, each.breakdown, each.period): each for each in made_tables(people=200)}


def whole(tables: Tables, indicator: str, breakdown: str, period: str = "2026-10") -> int:
    return sum(each.numerator or 0 for each in tables[indicator, breakdown, period].cells)


@pytest.mark.parametrize("breakdown", ["area1", "area2", "sex", "age", "sex*age", "area1*sex*age"])
def test_parts_add_up_to_the_whole(tables: Tables, breakdown: str) -> None:
    assert whole(tables, "N1", breakdown) == whole(tables, "N1", "") > 20


def test_people_in_two_programmes_count_once(tables: Tables) -> None:
    both = whole(tables, "O1", "programme*with")
    assert both > 0
    assert whole(tables, "N1", "programme") > whole(tables, "N1", "")
    assert whole(tables, "O5", "combination") == whole(tables, "N1", "")


def test_a_year_has_more_people_than_its_months(tables: Tables) -> None:
    assert whole(tables, "N1", "", "2025") > whole(tables, "N1", "", "2025-06")
    months = [f"2025-{month:02d}" for month in range(1, 13)]
    assert whole(tables, "N5", "currency", "2025") == sum(
        whole(tables, "N5", "currency", month) for month in months
    )


def test_the_same_arguments_give_the_same_figures(tables: Tables) -> None:
    again = made_tables(people=200)
    assert [each.cells for each in again] == [each.cells for each in tables.values()]


async def test_they_are_frozen_and_one_month_is_restated(dsn: str) -> None:
    database = await open_database(dsn, "ibr_worker", size=1, name="test")
    try:
        newest = await freeze_made(database, months=4, people=200)
        async with database.transaction(()) as connection:
            table = await read.figure_table(connection, "N1", "2026-08")
            before = await read.figure_table(connection, "N1", "2026-08", run_no=newest - 1)
            restated = await read.restated(connection, newest)
            assert await read.months(connection) == ["2026-07", "2026-08", "2026-09", "2026-10"]
    finally:
        await database.close()
    assert table.run_no == newest
    assert table.cells[0].numerator > before.cells[0].numerator
    assert {each.period for each in restated} == {"2026-08"}
    assert restated[0].why
