"""Two engines count the same: on any small country both agree to the last person and digit."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ibr.coverage.engine.month import PeriodInputs, count_month, count_year
from ibr.coverage.engine.plain import count_plainly
from ibr.coverage.facts.programmes import read_programmes
from ibr.coverage.facts.write import write_facts
from ibr.coverage.figures.model import (
    FigureTable,
    Period,
    month_period,
    year_period,
)
from ibr.overlaps.checks.find import complete
from ibr.overlaps.checks.model import Tables
from ibr.periods import Month
from tests.conftest import scratch_folder
from tests.figure_populations import country, denominators, opened, references

MONTHS = [Month(2026, 6), Month(2026, 8), Month(2026, 9), Month(2025, 11)]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    place = scratch_folder()
    yield place
    shutil.rmtree(place)


def quickly(tables: Tables, period: Period, seed: int, folder: Path) -> list[FigureTable]:
    connection = opened(tables)
    try:
        inputs = PeriodInputs(
            connection=connection,
            period=period,
            facts=write_facts(connection, period, folder).path,
            programmes=read_programmes(connection),
            denominators=denominators(seed),
            references=references(),
        )
        return count_year(inputs) if period.is_year else count_month(inputs)
    finally:
        connection.close()


def plainly(tables: Tables, period: Period, seed: int) -> list[FigureTable]:
    return count_plainly(
        tables,
        period,
        denominators(seed),
        references=references(),
    )


def placed(tables: list[FigureTable]) -> dict[tuple[str, str], FigureTable]:
    found = {(table.indicator, table.breakdown): table for table in tables}
    assert len(found) == len(tables)
    return found


def assert_same(tables: Tables, period: Period, seed: int, folder: Path) -> None:
    quick = placed(quickly(tables, period, seed, folder))
    plain = placed(plainly(tables, period, seed))
    assert quick.keys() == plain.keys()
    for place, table in plain.items():
        assert quick[place].cells == table.cells, place
        assert quick[place].sources == table.sources, place


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**9), month=st.sampled_from(MONTHS))
# A programme for people with a disability of some ages, none of whom the census tells of.
@example(seed=6, month=Month(2026, 6))
def test_both_engines_count_a_month_alike(seed: int, month: Month, folder: Path) -> None:
    assert_same(country(seed), month_period(month), seed, folder)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_both_engines_count_a_year_alike(seed: int, folder: Path) -> None:
    assert_same(country(seed), year_period(2026), seed, folder)


def test_both_engines_count_nobody_where_nobody_is(folder: Path) -> None:
    period = month_period(Month(2026, 8))
    assert_same(complete({}), period, 3, folder)
    assert placed(plainly(complete({}), period, 3))["N1", ""].by_key[()].value == "0"


def test_control_one_more_benefit_is_seen(folder: Path) -> None:
    tables, period = country(7), month_period(Month(2026, 8))
    before = placed(quickly(tables, period, 7, folder))
    kept = [row for row in tables["benefit"] if row["month"] == period.first.first]
    fewer = {**tables, "benefit": [row for row in tables["benefit"] if row is not kept[0]]}
    after = placed(plainly(fewer, period, 7))
    assert [place for place in before if before[place].cells != after[place].cells]
