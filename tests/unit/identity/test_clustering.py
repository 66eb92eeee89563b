"""Who is joined to whom, and what a person decided stays."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from ibr.identity.engines.clustering import CONFLICT, TOO_LARGE, cluster
from ibr.identity.model import Appearance, Clusters, Decided, Number, Verdict, Weighed
from ibr.identity.weights.starting import starting_model
from tests.unit.identity.compared import at, number, pair

MODEL = starting_model()
HEAVY, DOUBTFUL, LIGHT = MODEL.link + 3, MODEL.link - 1, MODEL.review - 1
START = datetime(2026, 1, 1, tzinfo=UTC)


def decided(low: int, high: int, verdict: Verdict, number: int) -> Decided:
    return Decided(at(low), at(high), verdict, number, START + timedelta(minutes=number))


def joined(
    count: int,
    weighed: list[Weighed],
    decisions: list[Decided] | None = None,
    numbers: dict[Appearance, Number] | None = None,
    most: int = MODEL.most_in_cluster,
) -> Clusters:
    everybody = {at(record): (numbers or {}).get(at(record)) for record in range(1, count + 1)}
    model = msgspec.structs.replace(MODEL, most_in_cluster=most)
    return cluster(everybody, weighed, decisions or [], model)


def records(found: Clusters) -> list[tuple[int, ...]]:
    return [tuple(each.record_id for each in group) for group in found.clusters]


def test_heavy_pairs_are_joined_and_doubtful_ones_shown() -> None:
    found = joined(5, [pair(1, 2, HEAVY), pair(3, 4, DOUBTFUL), pair(4, 5, LIGHT)])
    assert records(found) == [(1, 2), (3,), (4,), (5,)]
    assert [each.weight for each in found.linked] == [HEAVY]
    assert [(each.low.record_id, why) for each, why in found.open] == [(3, "")]


def test_a_doubtful_pair_within_a_person_is_not_shown() -> None:
    found = joined(3, [pair(1, 2, HEAVY), pair(2, 3, HEAVY), pair(1, 3, DOUBTFUL)])
    assert records(found) == [(1, 2, 3)]
    assert found.open == ()


def test_two_national_numbers_are_never_joined_by_weight() -> None:
    numbers = {at(1): number(1, 10), at(3): number(2, 20)}
    found = joined(3, [pair(1, 2, HEAVY), pair(2, 3, HEAVY - 1)], numbers=numbers)
    assert records(found) == [(1, 2), (3,)]
    assert [(each.high.record_id, why) for each, why in found.open] == [(3, CONFLICT)]


def test_numbers_one_slip_apart_may_be_joined() -> None:
    numbers = {at(1): number(1, 10, 11), at(2): number(2, 11, 12)}
    assert records(joined(2, [pair(1, 2, HEAVY)], numbers=numbers)) == [(1, 2)]


def test_two_members_of_a_household_are_never_joined() -> None:
    everybody: dict[Appearance, Number | None] = dict.fromkeys([at(1), at(2, 1), at(2, 2)])
    twins = [pair(1, 2, HEAVY, high_no=1), pair(1, 2, HEAVY - 1, high_no=2)]
    found = cluster(everybody, twins, [], MODEL)
    assert found.clusters == ((at(1), at(2, 1)), (at(2, 2),))
    assert [why for _, why in found.open] == [CONFLICT]


def test_no_more_are_joined_than_one_person_may_have() -> None:
    found = joined(4, [pair(1, 2, 9.0), pair(2, 3, 8.0), pair(3, 4, 7.0)], most=3)
    assert records(found) == [(1, 2, 3), (4,)]
    assert [why for _, why in found.open] == [TOO_LARGE]


@pytest.mark.parametrize("weight", [HEAVY, DOUBTFUL, LIGHT])
def test_what_a_person_joined_is_joined_at_any_weight(weight: float) -> None:
    numbers = {at(1): number(1), at(2): number(2)}
    found = joined(2, [pair(1, 2, weight)], [decided(1, 2, "same", 1)], numbers)
    assert records(found) == [(1, 2)]


@pytest.mark.parametrize("weight", [HEAVY, DOUBTFUL])
def test_what_a_person_parted_stays_parted_and_is_not_shown_again(weight: float) -> None:
    found = joined(2, [pair(1, 2, weight)], [decided(1, 2, "different", 1)])
    assert records(found) == [(1,), (2,)]
    assert found.open == ()


def test_whom_a_person_parted_no_third_one_joins() -> None:
    weighed = [pair(1, 3, HEAVY), pair(2, 3, HEAVY - 1)]
    found = joined(3, weighed, [decided(1, 2, "different", 1)])
    assert records(found) == [(1, 3), (2,)]
    assert records(joined(3, weighed)) == [(1, 2, 3)]  # Without the decision they are one.


def test_of_two_decisions_on_a_pair_the_newer_counts() -> None:
    both = [decided(1, 2, "same", 1), decided(1, 2, "different", 2)]
    assert records(joined(2, [pair(1, 2, HEAVY)], both)) == [(1,), (2,)]
    assert records(joined(2, [], [decided(1, 2, "different", 1), both[1]][:1])) == [(1,), (2,)]


def test_an_older_decision_against_newer_ones_is_shown_again() -> None:
    older = decided(1, 3, "different", 1)
    newer = [decided(1, 2, "same", 2), decided(2, 3, "same", 3)]
    found = joined(3, [pair(1, 3, DOUBTFUL)], [older, *newer])
    assert records(found) == [(1, 2, 3)]
    parted = joined(3, [pair(1, 2, HEAVY)], [decided(1, 2, "same", 1), decided(2, 3, "same", 2),
                                             decided(1, 3, "different", 3)])  # fmt: skip
    assert records(parted) == [(1,), (2, 3)]


def test_the_order_of_pairs_and_decisions_never_matters() -> None:
    chance = random.Random(3)
    weighed = [
        pair(low, high, chance.choice([HEAVY, HEAVY, HEAVY - 1, DOUBTFUL]))
        for low, high in itertools.combinations(range(1, 13), 2)
        if chance.random() < 0.3
    ]
    decisions = [
        decided(low, high, chance.choice(["same", "different"]), no)
        for no, (low, high) in enumerate(itertools.combinations(range(1, 13, 3), 2), 1)
    ]
    first = joined(12, weighed, decisions, most=4)
    for _ in range(20):
        chance.shuffle(weighed)
        chance.shuffle(decisions)
        assert joined(12, weighed, decisions, most=4) == first


def test_the_order_would_matter_if_pairs_were_taken_as_they_come() -> None:
    weighed = [pair(1, 2, 9.0), pair(2, 3, 8.0)]
    numbers = {at(1): number(1), at(3): number(2)}
    flat = [msgspec.structs.replace(each, weight=HEAVY) for each in weighed]
    one = joined(3, [weighed[0]], numbers=numbers)
    other = joined(3, [weighed[1]], numbers=numbers)
    assert records(one) != records(other)
    assert joined(3, flat, numbers=numbers) == joined(3, flat[::-1], numbers=numbers)


def household(*, others_linked: bool) -> Clusters:
    """Two lists of two; the first members are doubtful, the others are linked or not."""
    everybody: dict[Appearance, Number | None] = dict.fromkeys([at(1), at(1, 1), at(2), at(2, 1)])
    weighed = [pair(1, 2, DOUBTFUL)]
    if others_linked:
        weighed.append(pair(1, 2, HEAVY, low_no=1, high_no=1))
    return cluster(everybody, weighed, [], MODEL, households=True)


def test_the_rest_of_the_household_settles_a_doubt() -> None:
    assert household(others_linked=True).clusters == ((at(1), at(2)), (at(1, 1), at(2, 1)))
    alone = household(others_linked=False)  # Nobody else of the two is alike.
    assert len(alone.clusters) == 4
    assert alone.open == ()
