"""What a simulation says of before is what the engine of figures counts, to the last minor unit."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibr.coverage.engine.ground import ground_of
from ibr.coverage.engine.members import open_members
from ibr.coverage.engine.month import PeriodInputs, count_month
from ibr.coverage.engine.overlap import count_overlaps
from ibr.coverage.facts.programmes import read_programmes
from ibr.coverage.facts.write import write_facts
from ibr.coverage.figures.model import Cell, month_period
from ibr.coverage.what_if.model import Line
from ibr.coverage.what_if.simulate import simulate
from ibr.periods import Month
from tests.conftest import scratch_folder
from tests.figure_populations import AT, country, denominators, opened

MONTHS = [Month(2026, 6), Month(2026, 8), Month(2025, 11)]
Cells = dict[tuple[str, ...], Cell]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    place = scratch_folder()
    yield place
    shutil.rmtree(place)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**9), month=st.sampled_from(MONTHS))
def test_before_is_what_was_frozen(seed: int, month: Month, folder: Path) -> None:
    connection, period = opened(country(seed)), month_period(month)
    programmes = read_programmes(connection)
    facts = write_facts(connection, period, folder)
    members = open_members(connection, programmes, [month])
    tables = count_month(
        PeriodInputs(
            connection=connection,
            period=period,
            facts=facts.path,
            programmes=programmes,
            denominators=denominators(seed),
        )
    ) + count_overlaps(members, month)
    frozen = {(each.indicator, each.breakdown): each.by_key for each in tables}
    found = simulate(ground_of(members, month, AT), [])
    connection.close()
    for breakdown, lines in {
        "": [found.whole],
        "programme": found.programmes,
        "sex": found.sexes,
        "age": found.ages,
        "area1": found.areas,
    }.items():
        assert _people(lines, breakdown) == _counted(frozen["N1", breakdown])
        money = "*".join(filter(None, (breakdown, "currency")))
        if ("N5", money) in frozen:
            assert _money(lines, breakdown) == _counted(frozen["N5", money])
    by_number = {each.key: each.before for each in found.by_number if each.before}
    assert by_number == _counted(frozen["O4", "programmes"])


def _people(lines: list[Line], breakdown: str) -> dict[tuple[str, ...], int]:
    return {
        (each.key,) if breakdown else (): each.before.people for each in lines if each.before.people
    }


def _money(lines: list[Line], breakdown: str) -> dict[tuple[str, ...], int]:
    return {
        (each.key, currency) if breakdown else (currency,): minor
        for each in lines
        for currency, minor in each.before.money.items()
        if minor
    }


def _counted(cells: Cells) -> dict[tuple[str, ...], int]:
    return {key: cell.numerator for key, cell in cells.items() if cell.numerator}
