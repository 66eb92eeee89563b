"""Blocking keys: what two records of one person share, and what gives no key."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ibr.identity.features.keys import RULES, clear_keys, keys_of
from ibr.identity.features.numbers import number_of
from ibr.identity.model import Features
from ibr.protection.blind_index import BlindIndex

INDEX = BlindIndex(b"k" * 32)
AMINA = Features(
    given="amina",
    father="salah",
    family="karimi",
    given_skeleton="amn",
    father_skeleton="sl",
    family_skeleton="krm",
    names=("amn", "krm"),
    sex=2,
    birth="1990-04-05",
    region="XT-01",
    district="XT-01-02",
    place="wd krm",
    uin=number_of("UIN", "8479516322", INDEX),
    others=(number_of("NID", "4711081", INDEX),),
    phones=(number_of("PHONE", "911234567", INDEX),),
    accounts=(number_of("ACCOUNT", "XT1234567890", INDEX),),
)
NO_NUMBERS = {"uin": None, "others": (), "phones": (), "accounts": ()}
UNNUMBERED = replace(AMINA, **NO_NUMBERS)


def rules_of(features: Features) -> set[str]:
    return {key.partition("|")[0] for key in clear_keys(features)}


def meet(one: Features, other: Features) -> bool:
    return bool(set(keys_of(one, INDEX)) & set(keys_of(other, INDEX)))


# What became of the second record, with nothing but this to find the first by.
CHANGED = {
    "moved and forgot the birth date": {"birth": "", "place": "ad tlr", "district": "XT-09-01"},
    "moved, father unknown": {"father_skeleton": "", "place": "ad tlr", "district": "XT-09-01"},
    "a name misspelt, moved": {"names": ("amr", "krm"), "district": "XT-09-01"},
    "a name misspelt, year only": {"names": ("amr", "krm"), "birth": "1990"},
    "a name misspelt, birth forgotten": {"names": ("am", "krm"), "birth": ""},
    "a name misspelt, year wrong": {"names": ("amt", "krm"), "birth": "1988-04-05"},
    "married": {"names": ("amn", "tbl"), "family_skeleton": "tbl", "birth": "1990"},
    "married and moved": {
        "names": ("amn", "tbl"),
        "family_skeleton": "tbl",
        "birth": "1990",
        "place": "ad tlr",
    },
    "married and far away": {
        "names": ("amn", "tbl"),
        "family_skeleton": "tbl",
        "birth": "1990",
        "place": "ad tlr",
        "district": "XT-09-01",
    },
    "married, year wrong": {
        "names": ("amn", "tbl"),
        "family_skeleton": "tbl",
        "father_skeleton": "",
        "birth": "1992",
    },
    "both names misspelt": {"names": ("amr", "krn"), "birth": "1990-04-05"},
    "both names misspelt, moved within the district": {"names": ("amr", "krn"), "place": "ad tlr"},
    "both names misspelt, no birth date": {"names": ("amr", "krn"), "birth": "", "sex": 1},
    "no village, no birth date": {"place": "", "birth": ""},
    "sex wrong": {"sex": 1, "birth": "1990"},
    "sex unknown": {"sex": 0, "birth": "", "place": ""},
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED.keys())
def test_somebody_is_still_found(change: dict[str, object]) -> None:
    assert meet(UNNUMBERED, replace(UNNUMBERED, **change))


@pytest.mark.parametrize("kept", ["uin", "others", "phones", "accounts"])
def test_one_number_in_common_is_enough(kept: str) -> None:
    stranger = Features(names=("tsf", "bkl"), **{**NO_NUMBERS, kept: getattr(AMINA, kept)})
    assert meet(AMINA, stranger)


def test_control_a_stranger_is_not_found() -> None:
    stranger = replace(UNNUMBERED, names=("bkl", "tsf"), father_skeleton="hl", birth="1971-12-31")
    assert not meet(UNNUMBERED, stranger)


def test_every_rule_gives_a_key_and_no_other_does() -> None:
    # A day is looked for in the village only where the district would be too much of it.
    assert set(RULES) - rules_of(AMINA) == {"day-village"}
    assert "day-village" in rules_of(replace(AMINA, birth="1990-01-01"))
    assert rules_of(AMINA) <= set(RULES)


def test_a_blank_person_has_no_key() -> None:
    assert keys_of(Features(), INDEX) == []
    assert keys_of(Features(sex=1, region="XT-01", district="XT-01-02", place="wd"), INDEX) == []


# What needs a part gives no key where the part is blank.
MARRIED = ("married-village", "married-father")
DAY = ("day-village", "day-district")
NEEDS = {
    "names": set(RULES) - {"uin", "id", "phone", "account", *DAY, *MARRIED},
    "father_skeleton": {
        "three-names",
        "initial-father",
        "initials-father",
        "name-father",
        "married-father",
    },
    "birth": {"names-year", "initial-year", "name-day", "day-district", *MARRIED},
    "district": {"names-district", "initial-year", "initial-father", "day-district"},
    "place": {
        "names-village",
        "initial-village",
        "initials-father",
        "name-father",
        "married-village",
    },
}


@pytest.mark.parametrize("part", NEEDS)
def test_a_blank_part_stands_in_no_key(part: str) -> None:
    blank = replace(AMINA, **{part: type(getattr(AMINA, part))()})
    assert rules_of(AMINA) - rules_of(blank) == NEEDS[part]


def test_men_are_not_looked_for_by_their_given_name_alone() -> None:
    assert rules_of(AMINA) - rules_of(replace(AMINA, sex=1)) == set(MARRIED)


def test_the_first_of_january_needs_the_region() -> None:
    here = replace(AMINA, birth="1990-01-01")
    there = replace(here, region="XT-09", district="XT-09-01")
    days = [
        {key for key in clear_keys(each) if key.startswith("name-day")}
        for each in (here, there, replace(AMINA, birth="1990-01-02"))
    ]
    assert not days[0] & days[1]
    assert all(key.endswith("|") for key in days[2])


def test_keys_are_sorted_signed_and_blind() -> None:
    keys = keys_of(AMINA, INDEX)
    assert keys == sorted(set(keys))
    assert all(-(2**63) <= key < 2**63 for key in keys)
    assert not set(keys) & set(keys_of(AMINA, BlindIndex(b"o" * 32)))


def test_many_names_make_few_keys() -> None:
    crowded = replace(AMINA, names=tuple(sorted(f"n{each}" for each in range(16))))
    assert len(keys_of(crowded, INDEX)) < 80
