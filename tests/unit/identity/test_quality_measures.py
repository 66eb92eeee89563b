"""Measures of quality against tables worked out by hand."""

from __future__ import annotations

import pytest

from ibr.identity.model import Appearance, Pair, Weighed
from ibr.identity.quality.measures import (
    Counted,
    Interval,
    band_of,
    calibration,
    count,
    count_by,
    furthest_below,
    measured,
    of_clusters,
    pairs_within,
    probability,
    true_pairs,
    wilson,
)

A, B, C, D, E = (Appearance(number, 0) for number in range(1, 6))
TRUTH = {A: 1, B: 1, C: 1, D: 2, E: 3}


def test_pairs_of_a_group_are_in_order_and_each_once() -> None:
    assert pairs_within([(C, A, B), (D,)]) == {(A, B), (A, C), (B, C)}
    assert true_pairs(TRUTH) == {(A, B), (A, C), (B, C)}


def test_precision_recall_and_f1() -> None:
    found: set[Pair] = {(A, B), (C, D)}
    counted = count(found, true_pairs(TRUTH))
    assert counted == Counted(right=1, found=2, true=3)
    assert (counted.false, counted.missed) == (1, 2)
    assert counted.precision == 1 / 2
    assert counted.recall == 1 / 3
    assert counted.f1 == 2 / 5


def test_of_nothing_there_is_no_share() -> None:
    nothing = Counted(0, 0, 0)
    assert (nothing.precision, nothing.recall, nothing.f1) == (None, None, None)
    assert wilson(0, 0) is None
    assert measured(nothing).precision_interval is None
    assert Counted(0, 3, 0).precision == 0
    assert Counted(0, 0, 3).f1 == 0


# From Wilson's formula with z = 1.959964, worked out by hand and in R's binom.confint.
@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [
        (8, 10, 0.4902, 0.9433),
        (0, 10, 0.0000, 0.2775),
        (10, 10, 0.7225, 1.0000),
        (50, 100, 0.4038, 0.5962),
        (998, 1000, 0.9927, 0.9995),
    ],
)
def test_wilson_s_interval(right: int, of: int, low: float, high: float) -> None:
    interval = wilson(right, of)
    assert interval is not None
    assert interval.low == pytest.approx(low, abs=6e-5)
    assert interval.high == pytest.approx(high, abs=6e-5)
    assert interval.low <= right / of <= interval.high


def test_figures_are_written_with_four_decimals() -> None:
    assert measured(Counted(2, 3, 3)).precision == 0.6667
    assert measured(Counted(8, 10, 10)).recall_interval == Interval(0.4902, 0.9433)


def test_strata_count_a_pair_wherever_it_belongs() -> None:
    kinds = {A: {"typo"}, B: set(), C: {"typo", "moved"}, D: {"moved"}, E: set()}

    def strata(pair: Pair) -> set[str]:
        return kinds[pair[0]] | kinds[pair[1]]

    found: set[Pair] = {(A, B), (C, D)}
    assert count_by(found, true_pairs(TRUTH), strata) == {
        "moved": Counted(right=0, found=1, true=2),
        "typo": Counted(right=1, found=2, true=3),
    }


def test_the_stratum_furthest_below_is_found_unless_it_is_tiny() -> None:
    whole = Counted(right=80, found=90, true=100)
    strata = {
        "good": Counted(right=50, found=50, true=50),
        "bad": Counted(right=10, found=20, true=20),
        "tiny": Counted(right=0, found=3, true=3),
    }
    assert furthest_below(strata, whole, 10) == ("bad", round(160 / 190 - 0.5, 4))
    assert furthest_below(strata, whole, 1) == ("tiny", round(160 / 190, 4))
    assert furthest_below({}, whole, 1) is None
    assert furthest_below(strata, Counted(0, 0, 0), 1) is None


def test_clusters_are_measured_as_whole_people() -> None:
    """A and B together, C with D, E alone: worked out by hand from B-cubed's definition."""
    seen = of_clusters([(A, B), (C, D)], TRUTH)
    assert (seen.people, seen.clusters, seen.largest, seen.mixed) == (3, 3, 2, 1)
    assert seen.exactly_right == 0.3333
    assert seen.several_exactly_right == 0
    # Precision: A 1, B 1, C 1/2, D 1/2, E 1. Recall: A 2/3, B 2/3, C 1/3, D 1, E 1.
    assert seen.precision == 0.8
    assert seen.recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5, abs=5e-5)


def test_a_perfect_result_is_perfect_and_one_heap_is_not() -> None:
    perfect = of_clusters([(A, B, C)], TRUTH)
    assert (perfect.exactly_right, perfect.several_exactly_right) == (1, 1)
    assert (perfect.precision, perfect.recall, perfect.mixed) == (1, 1, 0)
    heap = of_clusters([(A, B, C, D, E)], TRUTH)
    assert heap.recall == 1
    assert heap.precision == pytest.approx((9 + 1 + 1) / 25)
    assert heap.exactly_right == 0
    assert of_clusters([], {}).precision is None


def test_appearances_of_unknown_truth_are_left_out_of_clusters() -> None:
    stranger = Appearance(99, 0)
    assert of_clusters([(A, B, C, stranger)], TRUTH) == of_clusters([(A, B, C)], TRUTH)


def test_a_weight_is_the_logarithm_of_odds() -> None:
    assert probability(0) == 0.5
    assert probability(1) == pytest.approx(2 / 3)
    assert probability(-3) == pytest.approx(1 / 9)
    assert probability(1e9) == 1
    assert probability(-1e9) == pytest.approx(0)


def test_bands_hold_their_lower_edge() -> None:
    edges = (0.0, 5.0)
    assert [band_of(weight, edges) for weight in (-1, 0, 4.99, 5, 50)] == [0, 1, 1, 2, 2]


def test_calibration_shows_what_was_promised_beside_what_is() -> None:
    weighed = [
        Weighed(A, B, 3.0, ()), Weighed(A, C, 3.0, ()), Weighed(A, D, 3.0, ()),
        Weighed(B, D, -1.0, ()),
    ]  # fmt: skip
    below, above = calibration(weighed, true_pairs(TRUTH).__contains__, (0.0,))
    assert (below.low, below.high, below.pairs, below.same) == (None, 0.0, 1, 0)
    assert below.expected == 0.3333
    assert (above.low, above.high, above.pairs, above.same) == (0.0, None, 3, 2)
    assert above.expected == pytest.approx(8 / 9, abs=1e-4)
    assert above.seen == 0.6667
    empty, _ = calibration([], lambda _: True, (0.0,))
    assert (empty.pairs, empty.seen, empty.interval) == (0, None, None)
