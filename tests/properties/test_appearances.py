"""Who bears which number never depends on order, on repetition or on how reports are split.

`IBR_TEST_EXAMPLES` sets how many examples are tried; in CI some sixty.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibr.identity.features.features_of import features_of
from ibr.identity.features.keys import keys_of
from ibr.identity.features.names import name_of
from ibr.identity.persons.reading import reading_block
from ibr.identity.persons.reading.numbering import Earlier
from ibr.protection.blind_index import BlindIndex
from ibr.protection.keyring import new_keyring
from ibr.registry.beneficiaries.model import Document
from tests.reading import Paper, a_household, a_member

CHECKED = settings(max_examples=int(os.environ.get("IBR_TEST_EXAMPLES", "60")), deadline=None)
KEYRING = new_keyring()
INDEX = BlindIndex(KEYRING.index)
GIVEN = ("amina", "omar", "yusuf", "layla", "salim", "tesfaye", "maria", "paulo")
PEOPLE = [
    a_member(name, f"H-7-{number:02}", birth_date=f"{1950 + 7 * number}-03-1{number}")
    for number, name in enumerate(GIVEN)
]

people = st.lists(st.sampled_from(PEOPLE), unique_by=str, min_size=1)
reports = st.lists(people, min_size=1, max_size=6)


def told_apart(said: list[list[Any]]) -> bool:
    """Whether each person kept one number through all reports, and nobody else ever bore it."""
    paper = Paper(KEYRING)
    borne: dict[str, int] = {}
    for members in said:
        paper.read(a_household(*members))
        for name, number in paper.numbers().items():
            if borne.setdefault(name, number) != number:
                return False
    return len(set(borne.values())) == len(borne)


@CHECKED
@given(reports)
def test_nobody_ever_bears_two_numbers_nor_two_people_one(said: list[list[Any]]) -> None:
    assert told_apart(said)


@CHECKED
@given(people, st.randoms(use_true_random=False))
def test_the_order_of_members_changes_nothing(members: list[Any], chance: Any) -> None:
    paper, turned = Paper(KEYRING), [*members]
    chance.shuffle(turned)
    paper.read(a_household(*members))
    before = paper.numbers()
    rows = paper.read(a_household(*turned))
    assert rows.appearances == []
    assert rows.numbers == []
    assert paper.numbers() == before
    fresh = Paper(KEYRING)
    fresh.read(a_household(*turned))
    assert fresh.numbers() == before


@CHECKED
@given(reports)
def test_reading_again_changes_nothing(said: list[list[Any]]) -> None:
    paper = Paper(KEYRING)
    for members in said:
        paper.read(a_household(*members))
        rows = paper.read(a_household(*members))
        assert (rows.appearances, rows.places, rows.numbers, rows.stale) == ([], [], [], [])


def test_control_numbers_by_place_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def by_place(earlier: list[Earlier], now: list[Any]) -> list[int]:
        return list(range(1, len(now) + 1))

    assert told_apart([PEOPLE[:2], PEOPLE[1:3]])
    monkeypatch.setattr(reading_block, "numbered", by_place)
    assert not told_apart([PEOPLE[:2], PEOPLE[1:3]])


texts = st.text(max_size=600)
names = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("given_name", "surname", "second_name", "maiden_name"), texts)
)


@CHECKED
@given(names, st.sampled_from(["", "1990", "1990-04-05"]), texts, texts)
def test_any_text_can_be_compared(
    name: dict[str, str], birth: str, village: str, number: str
) -> None:
    member = {
        "member_identifier": [{"identifier_type": "NID", "identifier_value": number}],
        "demographic_info": {
            "name": name,
            "birth_date": birth,
            "address": [{"locality": village, "sub_region_code": number}],
            "phone_number": [number],
        },
    }
    (one,) = features_of(Document(member, None), 1, 7, INDEX)
    (other,) = features_of(Document(member, None), 1, 7, INDEX)
    assert one == other
    written = one.features.given + one.features.father + one.features.family
    assert set(written) <= set("abcdefghijklmnopqrstuvwxyz ")
    assert keys_of(one.features, INDEX) == keys_of(other.features, INDEX)


@CHECKED
@given(names)
def test_capitals_and_spaces_never_matter(name: dict[str, str]) -> None:
    plain = {part: text.encode("ascii", "ignore").decode() for part, text in name.items()}
    dressed = {part: f"  {text.upper()} " for part, text in plain.items()}
    assert name_of(plain) == name_of(dressed)
