"""Weights learned from equal national numbers: the right signs, the same each time."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ibr.identity.weights import train
from ibr.identity.weights.comparisons import COMPARISONS, FALLING, UIN
from ibr.identity.weights.model import LinkageModel, check
from ibr.identity.weights.starting import starting_model
from ibr.identity.weights.train import Levels, Trained

NAMES = [each.name for each in COMPARISONS]
NUMBER = NAMES.index("uin")
SHARE_TRUE = 0.3


def made_up_pairs(count: int = 6_000, seed: int = 1, good: float = 0.85) -> Levels:
    """Pairs of which a third are one person: these mostly at the strong levels, the others at the
    weak ones, every third without a number."""
    chance = np.random.default_rng(seed)
    same = chance.random(count) < SHARE_TRUE
    levels = np.zeros((count, len(COMPARISONS)), np.uint8)
    for place, comparison in enumerate(COMPARISONS):
        most = len(comparison.levels)
        strong = chance.integers(1, max(2, most // 2 + 1), count)
        weak = chance.integers(most // 2 + 1, most + 1, count)
        agrees = np.where(same, chance.random(count) < good, chance.random(count) > good)
        levels[:, place] = np.where(agrees, strong, weak)
    levels[:, NUMBER] = np.where(same, 1, 3)
    slips = same & (chance.random(count) < 0.02)
    levels[slips, NUMBER] = 2
    levels[::3, NUMBER] = 0
    return levels


def trained(levels: Levels) -> Trained:
    everywhere = np.ones(len(levels), bool)
    found = train.train(levels, everywhere, starting_model(), {})
    assert found is not None
    return found


def bits(model: LinkageModel, comparison: str) -> dict[str, float]:
    return {each.level: each.bits for each in model.weights[NAMES.index(comparison)].levels}


def test_agreement_weighs_for_and_disagreement_against() -> None:
    model = trained(made_up_pairs()).model
    check(model)
    assert model.method == "anchored"
    for comparison, strong, weak in (
        ("given", "exact_rare", "different"),
        ("birth", "day", "different"),
        ("sex", "same", "different"),
        ("uin", "same", "different"),
        ("numbers", "same", "different"),
    ):
        found = bits(model, comparison)
        assert found[strong] > 0 > found[weak]
        assert found["unknown"] == 0


def test_the_same_pairs_in_any_order_give_the_same_weights() -> None:
    levels = made_up_pairs()
    one, other = trained(levels).model, trained(levels[::-1]).model
    assert one == trained(levels).model
    for ours, theirs in zip(one.weights, other.weights, strict=True):
        assert [each.bits for each in ours.levels] == [each.bits for each in theirs.levels]


def test_other_pairs_give_other_weights() -> None:
    assert trained(made_up_pairs(seed=1)).model != trained(made_up_pairs(seed=2)).model


def mistyped(levels: Levels, share: float) -> Levels:
    """The same pairs where so many numbers of one person were written beyond recognition."""
    chance = np.random.default_rng(5)
    found = levels.copy()
    found[(levels[:, NUMBER] == 1) & (chance.random(len(levels)) < share), NUMBER] = 3
    return found


def spread(model: LinkageModel) -> float:
    """Bits between the same rare given name and a different one."""
    found = bits(model, "given")
    return found["exact_rare"] - found["different"]


def test_mistyped_numbers_teach_next_to_nothing_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    levels = made_up_pairs()
    right, spoilt = trained(levels), trained(mistyped(levels, 0.05))
    assert abs(spread(right.model) - spread(spoilt.model)) < 1
    assert right.said["pairs_other_not_believed"] < 1
    assert 30 < spoilt.said["pairs_other_not_believed"] < 60
    # The control: numbers that are believed whatever else is known.
    monkeypatch.setattr(train, "ROUNDS", 1)
    monkeypatch.setattr(train, "WRONG", 0.0)
    assert spread(trained(mistyped(levels, 0.05)).model) < spread(right.model) - 2


def test_equal_numbers_of_careless_records_speak_for_equal_numbers() -> None:
    levels = made_up_pairs(good=0.8)
    assert bits(trained(levels).model, "uin")["same"] > 9


def test_where_fitting_begins_changes_nothing() -> None:
    patterns = train.patterns_of(*labelled(made_up_pairs()))
    start = train.vector_of(starting_model())
    one = train.fit(patterns, start)
    other = train.fit(patterns, start, begin=one + 0.5)
    assert np.abs(one - other).max() < 1e-5


def labelled(levels: Levels) -> tuple[Levels, NDArray[np.bool_]]:
    kept = levels[levels[:, NUMBER] % 2 == 1]
    same: NDArray[np.bool_] = kept[:, NUMBER] == 1
    return kept, same


def test_too_few_equal_numbers_teach_nothing() -> None:
    levels = made_up_pairs(count=900)
    assert train.train(levels, np.ones(len(levels), bool), starting_model(), {}) is None


def test_pairs_found_by_the_number_alone_teach_nothing() -> None:
    levels = made_up_pairs()
    assert train.train(levels, np.zeros(len(levels), bool), starting_model(), {}) is None


def test_a_level_never_seen_stays_where_it_began() -> None:
    levels = made_up_pairs()
    place = NAMES.index("given")
    initial = COMPARISONS[place].levels.index("initial") + 1
    levels = levels[levels[:, place] != initial]
    found = bits(trained(levels).model, "given")["initial"]
    assert found == bits(starting_model(), "given")["initial"]


def test_no_level_counts_more_than_a_stronger_one_of_its_run() -> None:
    model = trained(made_up_pairs(good=0.55, count=3_000)).model
    for comparison, runs in FALLING.items():
        found = bits(model, comparison)
        for run in runs:
            in_turn = [found[level] for level in run]
            assert in_turn == sorted(in_turn, reverse=True)


def test_pairs_left_out_of_training_are_foretold() -> None:
    bands = trained(made_up_pairs(good=0.7)).said["held_out"]
    assert sum(each["pairs"] for each in bands) > 500
    seen, expected = (sum(each[name] for each in bands) for name in ("same", "expected"))
    assert abs(seen - expected) < 0.1 * seen
    assert bands[0]["same"] < 0.05 * bands[0]["pairs"]
    assert bands[-1]["same"] > 0.9 * bands[-1]["pairs"]


def test_the_number_is_not_among_what_is_learned_with_it() -> None:
    levels = made_up_pairs()
    columns = train.columns_of(levels)
    levels[:, NUMBER] = 0
    assert (train.columns_of(levels) == columns).all()
    others = sum(len(each.levels) for each in COMPARISONS if each is not UIN)
    assert columns.shape[1] == 1 + others
