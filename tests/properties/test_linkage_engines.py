"""The batch engine gives every pair the weight of the plain one; no order changes who is who.

`IBR_TEST_EXAMPLES` sets how many populations are tried; each has hundreds of pairs.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ibr.identity.engines import level_conditions, plain, splink_engine
from ibr.identity.engines.clustering import cluster
from ibr.identity.engines.found import Found, Keyed
from ibr.identity.engines.splink_engine import link
from ibr.identity.model import Appearance, Features, Number
from ibr.identity.weights.comparisons import COMPARISONS
from ibr.identity.weights.model import LinkageModel
from ibr.identity.weights.prepared import FAMILY_NAME, FIRST_NAME, name_digest
from ibr.identity.weights.starting import starting_model
from tests.unit.identity.compared import skeletons_of, someone

EXAMPLES = max(2, int(os.environ.get("IBR_TEST_EXAMPLES", "60")) // 20)
CHECKED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
EVERYTHING = -1_000.0
COMMON = {
    name_digest(FIRST_NAME, skeletons_of("karim")): 3,
    name_digest(FAMILY_NAME, skeletons_of("rashid")): 2,
}
MODEL: LinkageModel = msgspec.structs.replace(starting_model(), bands=COMMON)

GIVEN = ("karim", "qareem", "karjm", "kari", "k", "karim hassan", "rashid", "rashid karim", "o",
         "marim", "olga", "olgha", "")  # fmt: skip
FAMILY = ("rashid", "rachid", "rasid", "karim", "kareem", "montez", "abd rashid", "")
FATHER = ("hassan", "hasan", "hassan ali", "hessam", "habib", "karim", "")
MAIDEN = ("", "", "montez", "rashid")
BIRTHS = ("1990-04-05", "1990-05-04", "1990-04-06", "1991-04-05", "1993-04-05", "1990-01-01",
          "1990", "1990-04", "1992-08-17", "1999-02-03", "1950-02-03", "1991", "")  # fmt: skip
PLACES = ("brml", "krk", "")
DISTRICTS = (("R1", "R1-D1"), ("R1", "R1-D2"), ("R2", "R2-D1"), ("R1", ""), ("", ""))


def numbers(kind: str) -> st.SearchStrategy[Number]:
    """Few numbers with few slips, so that some are the same, some near and some neither."""
    return st.builds(
        lambda token, near: Number(kind, token, tuple(near)),
        st.integers(1, 4),
        st.lists(st.integers(10, 16), max_size=2),
    )


@st.composite
def people(draw: st.DrawFn) -> Features:
    region, district = draw(st.sampled_from(DISTRICTS))
    said: dict[str, Any] = {
        "given": draw(st.sampled_from(GIVEN)),
        "family": draw(st.sampled_from(FAMILY)),
        "father": draw(st.sampled_from(FATHER)),
        "maiden": draw(st.sampled_from(MAIDEN)),
        "birth": draw(st.sampled_from(BIRTHS)),
        "sex": draw(st.sampled_from((0, 1, 1, 2))),
        "region": region,
        "district": district,
        "place": draw(st.sampled_from(PLACES)),
        "uin": draw(st.none() | numbers("UIN")),
        "others": tuple(draw(st.lists(numbers("BRN") | numbers("NID"), max_size=2))),
        "phones": tuple(draw(st.lists(numbers("PHONE"), max_size=1))),
        "accounts": tuple(draw(st.lists(numbers("ACCOUNT"), max_size=1))),
    }
    return someone(**said)


@st.composite
def populations(draw: st.DrawFn) -> list[Keyed]:
    """Some thirty appearances, some of them of one record, of which most share a key."""
    everybody = draw(st.lists(people(), min_size=20, max_size=32))
    keys = st.lists(st.sampled_from((1, 1, 1, 2, 3, 4)), min_size=1, max_size=3, unique=True)
    return [
        (Appearance(number // 3 if number < 12 else number, number % 3), features, draw(keys))
        for number, features in enumerate(everybody)
    ]


def same_pairs(one: Found, other: Found) -> bool:
    """Whether two engines compared the same pairs and gave each the same levels and weight."""
    return (one.compared, one.keys_dropped) == (other.compared, other.keys_dropped) and [
        (each.low, each.high, each.levels, round(each.weight, 2)) for each in one.weighed
    ] == [(each.low, each.high, each.levels, round(each.weight, 2)) for each in other.weighed]


@CHECKED
@given(populations())
def test_both_engines_give_every_pair_the_same_weight(everybody: list[Keyed]) -> None:
    by_plain = plain.link(everybody, MODEL, least=EVERYTHING)
    by_splink = link(everybody, MODEL, least=EVERYTHING, threads=1)
    assert same_pairs(by_plain, by_splink)
    numbers_of = {each: features.uin for each, features, _ in everybody}
    one = cluster(numbers_of, by_plain.weighed, [], MODEL)
    other = cluster(numbers_of, by_splink.weighed, [], MODEL)
    assert one.clusters == other.clusters


def every_kind_of_pair(seed: int = 1, size: int = 60) -> list[Keyed]:
    """People drawn from the same pools without hypothesis; all of them share a key."""
    chance = random.Random(seed)

    def some(kind: str, near: int) -> Number:
        return Number(kind, chance.randint(1, 3), (chance.randint(near, near + 2),))

    found: list[Keyed] = []
    for number in range(size):
        region, district = chance.choice(DISTRICTS)
        features = someone(
            given=chance.choice(GIVEN),
            family=chance.choice(FAMILY),
            father=chance.choice(FATHER),
            maiden=chance.choice(MAIDEN),
            birth=chance.choice(BIRTHS),
            sex=chance.choice((0, 1, 2)),
            region=region,
            district=district,
            place=chance.choice(PLACES),
            uin=chance.choice((None, some("UIN", 10))),
            phones=chance.choice(((), (some("PHONE", 20),))),
            others=chance.choice(((), (some("NID", 4),))),
        )
        found.append((Appearance(number, 0), features, [1]))
    return found


SPOILT: list[tuple[str, str, str]] = [
    ("birth", "day", "day_l = day_r"),
    ("given", "sound_common", "given_skeleton_l = family_skeleton_r"),
    ("home", "village", "place_l = place_r"),
    ("uin", "near", "true"),
    ("household", "name_village", "true"),
]


@pytest.mark.parametrize(("comparison", "level", "condition"), SPOILT)
def test_a_spoilt_level_is_noticed(
    monkeypatch: pytest.MonkeyPatch, comparison: str, level: str, condition: str
) -> None:
    everybody = every_kind_of_pair()
    right = plain.link(everybody, MODEL, least=EVERYTHING)
    monkeypatch.setitem(level_conditions.CONDITIONS[comparison], level, condition)
    assert not same_pairs(right, link(everybody, MODEL, least=EVERYTHING, threads=1))


def test_every_level_is_met_among_the_pairs_of_the_control() -> None:
    """Or else the comparison of the engines would not look at it."""
    found = plain.link(every_kind_of_pair(size=160), MODEL, least=EVERYTHING)
    assert same_pairs(found, link(every_kind_of_pair(size=160), MODEL, least=EVERYTHING))
    for place, comparison in enumerate(COMPARISONS[:-1]):
        met = {each.levels[place] for each in found.weighed}
        missed = set(range(len(comparison.levels) + 1)) - met
        names = {comparison.levels[number - 1] for number in missed if number}
        assert names <= BEYOND.get(comparison.name, set()), comparison.name


BEYOND: dict[str, set[str]] = {
    "given": {"exact_middling", "sound_middling"},
    "father": {"same_middling"},
    "family": {"same_common"},
}
"""Levels that the few names of the pools cannot reach: no such name has that band."""


@CHECKED
@given(populations(), st.randoms(use_true_random=False))
def test_order_and_deliveries_never_change_who_is_who(
    everybody: list[Keyed], chance: random.Random
) -> None:
    numbers_of = {each: features.uin for each, features, _ in everybody}
    at_once = plain.link(everybody, MODEL)
    shuffled = list(everybody)
    chance.shuffle(shuffled)
    assert plain.link(shuffled, MODEL) == at_once
    cut = chance.randint(1, len(shuffled) - 1)
    first, second = shuffled[:cut], shuffled[cut:]
    apart = plain.link(first, MODEL).weighed + plain.link(second, MODEL, against=first).weighed
    chance.shuffle(apart)
    whole = cluster(numbers_of, at_once.weighed, [], MODEL)
    assert cluster(numbers_of, apart, [], MODEL) == whole
    assert sorted(apart, key=lambda each: (each.low, each.high)) == at_once.weighed


@pytest.mark.parametrize("engine", [plain.link, splink_engine.link])
def test_the_new_are_weighed_against_the_old_and_the_old_not_again(
    engine: Callable[..., Found],
) -> None:
    everybody = every_kind_of_pair(size=40)
    old, new = everybody[:30], everybody[30:]
    found = engine(new, MODEL, against=iter(old), least=EVERYTHING)
    known = {each for each, _, _ in old}
    whole = engine(everybody, MODEL, least=EVERYTHING).weighed
    expected = [each for each in whole if not (each.low in known and each.high in known)]
    assert [(each.low, each.high) for each in found.weighed] == [
        (each.low, each.high) for each in expected
    ]


@pytest.mark.parametrize("engine", [plain.link, splink_engine.link])
def test_a_key_that_too_many_share_is_not_followed(engine: Callable[..., Found]) -> None:
    everybody = every_kind_of_pair(size=12)
    few = msgspec.structs.replace(MODEL, most_in_block=11)
    assert engine(everybody, few, least=EVERYTHING)[1:3] == (0, 1)
    assert engine(everybody[:11], few, least=EVERYTHING)[1:3] == (55, 0)


@pytest.mark.parametrize("engine", [plain.link, splink_engine.link])
def test_nobody_is_nobody(engine: Callable[..., Found]) -> None:
    assert engine([], MODEL) == Found([], 0, 0)


def test_both_engines_tell_who_was_looked_at_and_the_numbers_of_the_paired() -> None:
    everybody = every_kind_of_pair(size=24)
    plainly = plain.link(everybody, MODEL)
    found = link(everybody, MODEL)
    paired = {end for each in found.weighed for end in (each.low, each.high)}
    expected = {
        each: features.uin
        for each, features, _ in everybody
        if each in paired and features.uin is not None
    }
    assert expected
    assert found.numbers == plainly.numbers == expected
    assert found.everybody == plainly.everybody == sorted(each for each, _, _ in everybody)


def test_pairs_weighed_in_parts_are_all_weighed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = every_kind_of_pair(size=24)
    monkeypatch.setattr(splink_engine, "PAIRS_AT_ONCE", 50)
    in_parts = link(everybody, MODEL, least=EVERYTHING, threads=1)
    assert len(in_parts.weighed) == in_parts.compared == 24 * 23 // 2
    assert same_pairs(plain.link(everybody, MODEL, least=EVERYTHING), in_parts)
