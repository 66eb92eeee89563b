"""What samples say, against textbook figures and against populations of known truth."""

from __future__ import annotations

from random import Random

import pytest

from ibr.identity.quality.sampling import (
    Stratum,
    agreement,
    sample_size,
    sample_to_show,
    share_found,
    share_of_all,
    spread_over,
)


def test_cohen_s_kappa_of_the_textbook() -> None:
    """Two readers of 50 proposals: both yes 20, both no 15, one or the other 5 and 10."""
    opinions = (
        [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    )
    seen = agreement(opinions)
    assert (seen.pairs, seen.agreed, seen.by_chance, seen.kappa) == (50, 0.7, 0.5, 0.4)


def test_kappa_tells_agreement_from_chance() -> None:
    assert agreement([("same", "same"), ("different", "different")]).kappa == 1
    assert agreement([("same", "different"), ("different", "same")]).kappa == -1
    always = agreement([("same", "same")] * 9)
    assert (always.agreed, always.kappa) == (1, None)
    assert agreement([]).agreed is None


def test_each_band_counts_by_its_pairs_and_not_by_its_reviews() -> None:
    strata = [Stratum("sure", 900, 10, 10), Stratum("doubtful", 100, 90, 45)]
    estimate = share_of_all(strata)
    assert estimate.share == 0.95
    assert (estimate.pairs, estimate.reviewed) == (1000, 100)
    assert estimate.interval is not None
    # Ten of ten in the large band leave room for doubt.
    assert estimate.interval.low < 0.9
    assert estimate.interval.high == 1


def test_a_band_reviewed_to_its_last_pair_leaves_no_doubt() -> None:
    estimate = share_of_all([Stratum("all", 40, 40, 30)])
    assert estimate.share == 0.75
    assert estimate.interval is not None
    assert (estimate.interval.low, estimate.interval.high) == (0.75, 0.75)


def test_bands_that_nobody_reviewed_are_named() -> None:
    estimate = share_of_all([Stratum("seen", 10, 5, 5), Stratum("unseen", 10, 0, 0)])
    assert estimate.unseen == ("unseen",)
    assert estimate.pairs == 10
    nothing = share_of_all([Stratum("unseen", 10, 0, 0)])
    assert (nothing.share, nothing.interval) == (None, None)


def test_recall_among_weighed_pairs() -> None:
    linked = [Stratum("over", 100, 100, 98)]
    others = [Stratum("between", 50, 50, 40), Stratum("under", 500, 100, 1)]
    estimate = share_found(linked, others)
    assert estimate.share == pytest.approx(98 / (98 + 40 + 5), abs=1e-4)
    assert estimate.interval is not None
    assert estimate.interval.low < estimate.share < estimate.interval.high
    assert share_found([Stratum("over", 10, 5, 0)], []).share is None


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Samples of a population of which all is known: about 95 of 100 intervals hold the share."""
    rng = Random(4)
    bands = {"a": (3000, 0.99), "b": (400, 0.5), "c": (800, 0.08)}
    people = {
        name: [rng.random() < share for _ in range(pairs)] for name, (pairs, share) in bands.items()
    }
    true = sum(map(sum, people.values())) / sum(map(len, people.values()))
    held = 0
    for _ in range(300):
        strata = []
        for name, pairs in people.items():
            seen = rng.sample(pairs, 60)
            strata.append(Stratum(name, len(pairs), 60, sum(seen)))
        interval = share_of_all(strata).interval
        assert interval is not None
        held += interval.low <= true <= interval.high
    assert 0.92 < held / 300 <= 1


# n = z² p (1 - p) / d², and the same of a known number: from any table of sample sizes.
@pytest.mark.parametrize(
    ("share", "within", "of", "needed"),
    [(0.5, 0.05, None, 385), (0.5, 0.05, 1000, 278), (0.98, 0.01, None, 753), (0.5, 0.05, 0, 0)],
)
def test_how_large_a_sample_must_be(
    share: float, within: float, of: int | None, needed: int
) -> None:
    assert sample_size(share, within, of) == needed


def test_how_many_without_a_mistake_show_a_share() -> None:
    """The rule of three: 3 / 0.005 is about 600."""
    assert sample_to_show(0.995) == 598
    assert sample_to_show(0.95) == 59
    assert sample_to_show(0.95, wrong=1) == 93


def test_a_sample_is_spread_where_it_is_least_certain_and_nobody_is_left_out() -> None:
    spread = spread_over({"sure": (10_000, 0.999), "even": (500, 0.5), "few": (4, 0.9)}, 200)
    assert spread["even"] > 25
    assert spread["sure"] > spread["even"]
    assert spread["few"] == 4
    assert spread_over({}, 100) == {}
    assert spread_over({"none": (0, 0.5)}, 100) == {"none": 0}
