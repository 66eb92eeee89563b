"""The number of each member of a record stays with the human being."""

from __future__ import annotations

import pytest

from ibr.protection.keyring import new_keyring
from ibr.registry.beneficiaries.model import Document
from tests.reading import Paper, Part, a_household, a_member

MOTHER = a_member("Amina", "H-0001-01", "8479516322", sex="female", birth_date="1990-04-05")
FATHER = a_member("Omar", "H-0001-02", sex="male", birth_date="1986-11-30")
SON = a_member("Yusuf", "H-0001-03", sex="male", birth_date="2015-06-01")
BABY = a_member("Layla", sex="female", birth_date="2024-02-02")


@pytest.fixture
def paper() -> Paper:
    return Paper()


def test_members_are_numbered_from_one_and_the_own_person_is_zero(paper: Paper) -> None:
    paper.read(a_household(FATHER, SON, own=MOTHER))
    numbers = paper.numbers()
    assert numbers["amina"] == 0
    assert sorted(numbers.values()) == [0, 1, 2]


def test_the_place_in_the_list_says_nothing(paper: Paper) -> None:
    paper.read(a_household(MOTHER, FATHER, SON, BABY))
    before = paper.numbers()
    rows = paper.read(a_household(BABY, SON, FATHER, MOTHER))
    assert paper.numbers() == before
    assert rows.appearances == []
    assert {row.read_at for row in rows.places} == {None}


def test_the_first_list_may_be_in_any_order() -> None:
    keyring = new_keyring()
    papers = [Paper(keyring), Paper(keyring)]
    papers[0].read(a_household(MOTHER, FATHER, SON))
    papers[1].read(a_household(SON, MOTHER, FATHER))
    assert papers[0].numbers() == papers[1].numbers()


def test_a_newborn_takes_the_next_number(paper: Paper) -> None:
    paper.read(a_household(MOTHER, FATHER))
    before = paper.numbers()
    paper.read(a_household(BABY, MOTHER, FATHER))
    assert paper.numbers() == {**before, "layla": 3}


def test_who_leaves_keeps_the_number_and_gets_it_back(paper: Paper) -> None:
    paper.read(a_household(MOTHER, FATHER, SON))
    before = paper.numbers()
    assert paper.read(a_household(MOTHER, SON)).gone == 1
    assert paper.kept[before["omar"]].member_no is None
    paper.read(a_household(MOTHER, SON, BABY))
    assert before["omar"] not in paper.numbers().values()
    assert paper.read(a_household(MOTHER, SON, BABY, FATHER)).changed == 1
    assert paper.numbers()["omar"] == before["omar"]


def corrected(member: Part, **changes: object) -> Part:
    about = {**member["demographic_info"], **changes}
    return {**member, "demographic_info": about}


def named(given: str, family: str = "Karimi") -> Part:
    return {"given_name": given, "surname": family}


CORRECTIONS = {
    "the birth date": corrected(SON, birth_date="2013-06-01"),
    "the spelling": corrected(SON, name=named("Yousouf")),
    "the order of the names": corrected(SON, name=named("Karimi", "Yusuf")),
    "the sex": corrected(SON, sex="female"),
    "the family": corrected(SON, name=named("Yusuf", "Haddad")),
    "all but the number": corrected(SON, name=named("Joseph"), birth_date="2015"),
    "a number that was missing": {**SON, "member_identifier": []},
}


@pytest.mark.parametrize("son", CORRECTIONS.values(), ids=CORRECTIONS.keys())
def test_a_corrected_member_keeps_the_number(paper: Paper, son: Part) -> None:
    paper.read(a_household(MOTHER, FATHER, SON, BABY))
    before = set(paper.numbers().values())
    number = paper.numbers()["yusuf"]
    paper.read(a_household(BABY, son, FATHER, MOTHER))
    assert set(paper.numbers().values()) == before
    assert paper.kept[number].member_no == 1


def test_another_payee_does_not_slip_into_the_number_of_the_first(paper: Paper) -> None:
    paper.read(a_household(FATHER, SON, own=MOTHER))
    before = paper.numbers()
    paper.read(a_household(MOTHER, SON, own=FATHER))
    assert paper.numbers() == before
    assert paper.kept[before["omar"]].member_no == -1


def test_a_stranger_with_the_households_number_is_somebody_else(paper: Paper) -> None:
    paper.read(a_household(SON, own=a_member("Amina", "H-0001", birth_date="1990-04-05")))
    stranger = a_member("Salim", "H-0001", birth_date="1961-01-31")
    paper.read(a_household(SON, own=stranger))
    assert paper.numbers()["salim"] == 2


def test_a_record_of_one_person_is_always_about_that_person(paper: Paper) -> None:
    paper.read(Document(MOTHER, None), unit=1)
    paper.read(Document(a_member("Fatima", "X-99", birth_date="1971"), None), unit=1)
    assert paper.numbers() == {"fatima": 0}


def test_twins_who_are_written_alike_are_two(paper: Paper) -> None:
    paper.read(a_household(BABY, BABY))
    assert len(paper.kept) == 2
    rows = paper.read(a_household(BABY, BABY))
    assert (rows.appearances, rows.places) == ([], [])


def test_brothers_of_one_name_keep_their_own_numbers(paper: Paper) -> None:
    elder, younger = (corrected(SON, birth_date=day) for day in ("2010-01-31", "2015-06-01"))
    elder = {**elder, "member_identifier": []}
    younger = {**younger, "member_identifier": []}
    paper.read(a_household(elder, younger))
    births = {number: paper.features(number).birth for number in paper.kept}
    paper.read(a_household(corrected(younger, phone_number=["+251911234567"]), elder))
    assert {number: paper.features(number).birth for number in paper.kept} == births


def test_an_emptied_record_leaves_everybodys_row(paper: Paper) -> None:
    paper.read(a_household(MOTHER, FATHER))
    assert paper.read(Document(None, None)).gone == 2
    assert {kept.member_no for kept in paper.kept.values()} == {None}
    assert paper.read(a_household(MOTHER, FATHER)).changed == 2
    assert sorted(paper.kept) == [1, 2]
