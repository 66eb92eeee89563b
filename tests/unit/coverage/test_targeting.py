"""Exclusion and inclusion errors, by the ten people of the World Bank's example."""

from __future__ import annotations

import pytest

from ibr.coverage.engine.targeting import targeting_errors
from ibr.coverage.figures.model import NO_DENOMINATOR

TEN = range(1, 11)
POOREST_TWO = sorted(TEN)[:2]


@pytest.mark.parametrize(
    ("reached", "missed", "outside"),
    [
        ((1, 5), "0.5000", "0.5000"),
        ((7, 8), "1.0000", "1.0000"),
        ((1, 2), "0.0000", "0.0000"),
        (TEN, "0.0000", "0.8000"),
    ],
    ids=["one of the two and another", "neither", "both", "everybody"],
)
def test_the_ten_people_of_the_world_bank(reached: list[int], missed: str, outside: str) -> None:
    errors = targeting_errors(POOREST_TWO, reached)
    assert (errors.exclusion.value, errors.inclusion.value) == (missed, outside)


def test_who_is_given_something_twice_counts_once() -> None:
    assert targeting_errors([1, 2], [1, 1, 5]).inclusion.denominator == 2


def test_without_beneficiaries_there_is_no_inclusion_error() -> None:
    errors = targeting_errors([1, 2], [])
    assert errors.exclusion.value == "1.0000"
    assert (errors.inclusion.value, errors.inclusion.notes) == (None, (NO_DENOMINATOR,))
