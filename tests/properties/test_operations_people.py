"""People are the same people in every figure: those of Q1 and Q2 are those of N3."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ibr.coverage.engine.month import PeriodInputs, count_month
from ibr.coverage.engine.operations.cells import Tables
from ibr.coverage.engine.operations.held.record_figures import add_held
from ibr.coverage.engine.operations.reports.model import Reporter
from ibr.coverage.facts.programmes import read_programmes
from ibr.coverage.facts.write import write_facts
from ibr.coverage.figures.model import FigureTable, month_period
from ibr.periods import Month
from tests.conftest import scratch_folder
from tests.figure_populations import country, denominators, opened

MONTH = Month(2026, 8)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    place = scratch_folder()
    yield place
    shutil.rmtree(place)


def by_key(tables: list[FigureTable], indicator: str, breakdown: str) -> FigureTable:
    [found] = [e for e in tables if (e.indicator, e.breakdown) == (indicator, breakdown)]
    return found


@pytest.mark.parametrize("seed", range(6))
def test_the_people_of_q1_are_those_of_n3(seed: int, folder: Path) -> None:
    connection = opened(country(seed))
    try:
        programmes = read_programmes(connection)
        people = count_month(
            PeriodInputs(
                connection=connection,
                period=month_period(MONTH),
                facts=write_facts(connection, month_period(MONTH), folder).path,
                programmes=programmes,
                denominators=denominators(seed),
            )
        )
        into = {MONTH: Tables(MONTH)}
        reporters = [
            Reporter(programme_id=number, code=each.code, known_at=datetime(2020, 1, 1, tzinfo=UTC))
            for number, each in programmes.items()
        ]
        add_held(connection, into, reporters, [])
    finally:
        connection.close()
    found = into[MONTH].made()
    enrolled = by_key(people, "N3", "programme")
    suspected = by_key(found, "Q2", "programme")
    assert {cell.key: cell.numerator for cell in enrolled.cells} == {
        cell.key: cell.denominator for cell in suspected.cells
    }
    [whole], [all_of_them] = by_key(people, "N3", "").cells, by_key(found, "Q2", "").cells
    assert whole.numerator == all_of_them.denominator
    assert {cell.denominator for cell in by_key(found, "Q1", "part").cells} == {whole.numerator}
