"""Why a pair weighs what it weighs, in words."""

from __future__ import annotations

import pytest

from ibr.identity.weights.comparisons import COMPARISONS
from ibr.identity.weights.explain import PRIOR, SILENT, WORDS, explain, explain_levels
from ibr.identity.weights.score import weigh
from ibr.identity.weights.starting import starting_model
from tests.unit.identity.compared import at, number, someone

ONE = someone(uin=number(7_000_000_001, 3), phones=(number(5_555_000_111, kind="PHONE"),))
OTHER = someone(given="karin", uin=number(7_000_000_001, 3), birth="1990")


def test_the_steps_add_up_to_the_weight() -> None:
    model = starting_model()
    steps = explain(ONE, OTHER, model)
    weighed = weigh(at(1), ONE, at(2), OTHER, model)
    assert sum(step.bits for step in steps) == pytest.approx(weighed.weight, abs=1e-9)
    assert steps == explain_levels(weighed.levels, model)
    assert steps[0].comparison == PRIOR


def test_a_household_is_one_step() -> None:
    steps = {step.comparison: step for step in explain(ONE, OTHER, starting_model())}
    assert steps["family"].levels == ("family.same_rare", "father.same_rare", "home.village")
    assert len(steps) == len({each.shown_with for each in COMPARISONS}) + 1


def test_every_level_has_words() -> None:
    loud = [each for each in COMPARISONS if each.name not in SILENT]
    assert all(f"{each.name}.{level}" in WORDS for each in loud for level in each.levels)
    assert all(f"{each.shown_with}.unknown" in WORDS for each in loud)


def test_no_step_repeats_what_a_record_says() -> None:
    said = " ".join(step.words for step in explain(ONE, OTHER, starting_model()))
    for value in ("karim", "rashid", "1990", "7000000001", "5555000111", "brml"):
        assert value not in said


def test_a_blank_step_weighs_nothing_and_says_so() -> None:
    steps = {each.comparison: each for each in explain(someone(birth=""), OTHER, starting_model())}
    assert (steps["birth"].bits, steps["birth"].words) == (0.0, "birth date missing")
