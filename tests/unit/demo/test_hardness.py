"""The made-up country is at least as hard for linkage as the data it is measured by."""

from __future__ import annotations

import pytest

from ibr.demo.country import make_country
from ibr.demo.hardness import Hardness, hardness
from ibr.demo.mistakes import RATES


@pytest.fixture(scope="module")
def hard() -> Hardness:
    return hardness(make_country(8_000, 3))


def test_few_true_pairs_can_be_found_by_what_is_equal(hard: Hardness) -> None:
    assert hard.true_pairs > 2_000
    assert hard.both_uin < 0.34
    assert hard.exact_names < 0.27
    assert hard.birth_equal < 0.645
    assert 0.93 < hard.uin_equal_of_both < 0.98
    assert 0.05 < hard.same_programme < 0.31
    assert hard.two_scripts > 0.25


def test_without_mistakes_it_would_not_be_hard(
    hard: Hardness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the figures do tell a country in which nobody errs from ours."""
    for kind in RATES:
        monkeypatch.setitem(RATES, kind, 0.0)
    easy = hardness(make_country(1_000, 3))
    assert easy.mistakes == {}
    assert easy.uin_equal_of_both == 1
    # Public works know the year only, whatever anybody does.
    assert easy.birth_equal > 0.8 > hard.birth_equal
    assert easy.exact_names > hard.exact_names + 0.1


def test_what_makes_it_hard_is_there(hard: Hardness) -> None:
    assert 0.014 < hard.twins_of_births < 0.026
    assert hard.in_household_of_appearances > 0.4
    assert 0.28 < hard.account_of_records < 0.38
    assert 0.4 < hard.uin_of_appearances < 0.6
    assert hard.phone_of_appearances > 0.5
    assert hard.married_name_of_women > 0.1
    assert hard.household_moved > 0.03
    assert hard.household_split > 0.01
    for kind, least in (
        ("variant", 0.15), ("names_swapped", 0.05), ("village_moved", 0.05), ("typo", 0.05),
        ("maiden_name", 0.01), ("birth_january", 0.05), ("uin_mistyped", 0.005),
        ("account_changed", 0.01), ("nickname", 0.02), ("father_in_given", 0.02),
    ):  # fmt: skip
        assert hard.mistakes[kind] > least, kind


def test_hardness_is_the_same_again() -> None:
    assert hardness(make_country(300, 9)) == hardness(make_country(300, 9))
