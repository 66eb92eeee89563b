"""Persons keep their numbers as long as most of their appearances stay together."""

from __future__ import annotations

import random
from itertools import count

import pytest

from ibr.identity.model import Appearance
from ibr.identity.persons.assign import Assigned, Move, assign, known_numbers

A, B, C, D, E, F = (Appearance(number, 0) for number in range(1, 7))


def assigned(
    clusters: list[tuple[Appearance, ...]],
    before: dict[Appearance, int],
    former: dict[Appearance, list[int]] | None = None,
) -> Assigned:
    """With new numbers from 100 on."""
    return assign(clusters, before, known_numbers(clusters, before, former or {}), count(100))


def test_everybody_new_is_numbered_in_order() -> None:
    found = assigned([(A, B), (C,)], {})
    assert found.persons == {A: 100, B: 100, C: 101}
    assert found.made == (100, 101)
    assert found.moves == (Move(1, 0, 0, 100), Move(2, 0, 0, 100), Move(3, 0, 0, 101))


def test_the_same_again_moves_nobody() -> None:
    found = assigned([(A, B), (C,)], {A: 7, B: 7, C: 8})
    assert (found.moves, found.made, found.merged, found.ended) == ((), (), (), ())


def test_who_joins_a_person_gets_its_number() -> None:
    found = assigned([(A, B, C)], {A: 7, B: 7})
    assert found.moves == (Move(3, 0, 0, 7),)


def test_of_two_persons_the_larger_keeps_its_number() -> None:
    found = assigned([(A, B, C)], {A: 7, B: 8, C: 8})
    assert found.persons == {A: 8, B: 8, C: 8}
    assert found.merged == ((7, 8),)


def test_of_two_equal_persons_the_older_keeps_its_number() -> None:
    found = assigned([(A, B)], {A: 9, B: 8})
    assert found.persons == {A: 8, B: 8}
    assert found.merged == ((9, 8),)


def test_a_split_leaves_the_number_with_the_largest_part() -> None:
    found = assigned([(A,), (B, C)], {A: 7, B: 7, C: 7})
    assert found.persons == {A: 100, B: 7, C: 7}
    assert found.moves == (Move(1, 0, 7, 100),)
    assert found.merged == ()


def test_an_even_split_leaves_the_number_with_the_first() -> None:
    assert assigned([(A,), (B,)], {A: 7, B: 7}).persons == {A: 7, B: 100}


def test_what_was_merged_and_is_parted_again_gets_its_own_number_back() -> None:
    found = assigned([(A,), (B, C)], {A: 8, B: 8, C: 8}, {A: [7]})
    assert found.persons == {A: 7, B: 8, C: 8}
    assert found.revived == (7,)
    assert found.made == ()


def test_a_number_that_lives_is_not_given_again() -> None:
    found = assigned([(A,), (B,), (C,)], {B: 7, C: 8}, {A: [7]})
    assert found.persons == {A: 100, B: 7, C: 8}


def test_two_cannot_both_be_who_once_was() -> None:
    found = assigned([(A,), (B,)], {}, {A: [7], B: [7]})
    assert found.persons == {A: 7, B: 100}


def test_who_is_no_longer_reported_belongs_to_nobody() -> None:
    found = assigned([(A,)], {A: 7, B: 7, C: 8})
    assert found.moves == (Move(2, 0, 7, 0), Move(3, 0, 8, 0))
    assert found.ended == (8,)
    assert found.merged == ()


def test_parts_of_two_persons_may_change_sides() -> None:
    found = assigned([(A, B, C), (D, E, F)], {A: 1, B: 1, C: 2, D: 2, E: 2, F: 1})
    assert found.persons == {A: 1, B: 1, C: 1, D: 2, E: 2, F: 2}


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_every_number_is_one_cluster_and_every_move_leads_there(
    seed: int,
) -> None:
    rng = random.Random(seed)
    people = [Appearance(number, 0) for number in range(40)]
    before = {each: rng.randrange(12) + 1 for each in people if rng.random() < 0.8}
    former = {each: [rng.randrange(20) + 1] for each in people if rng.random() < 0.4}
    now = [each for each in people if rng.random() < 0.9]
    parts: dict[int, list[Appearance]] = {}
    for each in now:
        parts.setdefault(rng.randrange(15), []).append(each)
    clusters = sorted(tuple(part) for part in parts.values())

    found = assigned(clusters, before, former)

    numbers = [{found.persons[each] for each in cluster} for cluster in clusters]
    assert all(len(each) == 1 for each in numbers)
    assert len({each for one in numbers for each in one}) == len(clusters)
    after = dict(before)
    for move in found.moves:
        place = Appearance(move.record_id, move.appearance_no)
        assert after.pop(place, 0) == move.from_person
        if move.to_person:
            after[place] = move.to_person
    assert after == found.persons
    gone = set(before.values()) - set(found.persons.values())
    assert {old for old, _ in found.merged} | set(found.ended) == gone
    assert {into for _, into in found.merged} <= set(found.persons.values())


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_the_clusters_changes_nothing_for_who_is_known(seed: int) -> None:
    rng = random.Random(seed)
    people = [Appearance(number, 0) for number in range(30)]
    before = {each: rng.randrange(8) + 1 for each in people}
    parts: dict[int, list[Appearance]] = {}
    for each in people:
        parts.setdefault(rng.randrange(8), []).append(each)
    clusters = sorted(tuple(part) for part in parts.values())
    mixed = rng.sample(clusters, len(clusters))
    straight = dict(zip(clusters, known_numbers(clusters, before, {}), strict=True))
    assert dict(zip(mixed, known_numbers(mixed, before, {}), strict=True)) == straight
