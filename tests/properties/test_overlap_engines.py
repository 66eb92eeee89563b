"""Whatever the population, bitmaps and plain Python count the same overlaps and flows."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibr.coverage.catalogue.overlap import OVERLAP
from ibr.coverage.figures.model import Cell
from ibr.periods import Month
from tests.check_populations import population
from tests.figure_populations import country
from tests.overlap_engines import Engines, by_place

POPULATIONS = range(24)
MONTHS = [Month(2026, number) for number in (5, 6, 7, 8, 9, 10)]
CONFIRMED = {(1, 2): {501, 502}, (1, 5): {502}, (2, 4): {503}}

Places = dict[tuple[str, str], dict[tuple[str, ...], Cell]]


@cache
def engines(seed: int) -> Engines:
    return Engines(population(seed), MONTHS)


@cache
def plainly(seed: int, month: Month) -> Places:
    return by_place(engines(seed).plain(month, CONFIRMED if seed % 2 else None))


@pytest.mark.parametrize("seed", POPULATIONS)
def test_both_engines_count_the_same(seed: int) -> None:
    for month in MONTHS:
        fast = by_place(engines(seed).fast(month, CONFIRMED if seed % 2 else None))
        assert fast == plainly(seed, month), month


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**9), month=st.sampled_from(MONTHS))
def test_both_engines_count_any_country_alike(seed: int, month: Month) -> None:
    either = Engines(country(seed), [month])
    assert by_place(either.fast(month, CONFIRMED)) == by_place(either.plain(month, CONFIRMED))


def test_control_one_persons_month_less_is_seen() -> None:
    """A judge that lets a missing person pass is none."""
    tables, month = country(7), Month(2026, 8)
    before = by_place(Engines(tables, [month]).fast(month))
    [gone, *_] = [row["record_id"] for row in tables["benefit"] if row["month"] == month.first]
    left = [r for r in tables["benefit"] if (r["record_id"], r["month"]) != (gone, month.first)]
    assert by_place(Engines({**tables, "benefit": left}, [month]).plain(month)) != before


@pytest.mark.parametrize("code", [each.code for each in OVERLAP])
def test_control_these_populations_put_every_breakdown_to_the_test(code: str) -> None:
    indicator = next(each for each in OVERLAP if each.code == code)
    for breakdown in indicator.breakdowns:
        shown = [
            cell
            for seed in POPULATIONS
            for month in MONTHS
            for cell in plainly(seed, month).get((code, breakdown), {}).values()
        ]
        assert len({(cell.numerator, cell.denominator) for cell in shown}) >= 2, breakdown


@pytest.mark.parametrize("seed", range(6))
def test_nothing_stands_in_a_breakdown_that_the_catalogue_does_not_name(seed: int) -> None:
    named = {(each.code, breakdown) for each in OVERLAP for breakdown in each.breakdowns}
    for month in MONTHS:
        counted = {(t.indicator, t.breakdown) for t in engines(seed).fast(month, CONFIRMED)}
        assert counted <= named
