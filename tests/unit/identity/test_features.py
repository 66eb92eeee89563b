"""A record as what is compared: who appears in it, each once, and what is known of them."""

from __future__ import annotations

from typing import Any

import pytest

from ibr.identity.features.dates import day_of, year_of
from ibr.identity.features.features_of import Appeared, features_of
from ibr.identity.features.places import place_of_address
from ibr.identity.features.ties import Noted
from ibr.protection.blind_index import BlindIndex
from ibr.registry.beneficiaries.model import Document
from tests.people import an_identifier

INDEX = BlindIndex(b"k" * 32)
Part = dict[str, Any]


def somebody(given: str, *numbers: Part, **person: Any) -> Part:
    return {
        "@type": "Member",
        "member_identifier": list(numbers),
        "demographic_info": {"name": {"given_name": given, "surname": "Karimi"}, **person},
    }


def read(member: Part | None = None, group: Part | None = None, unit: int = 0) -> list[Appeared]:
    return features_of(Document(member, group), unit or (2 if group else 1), 7, INDEX)


def places(appeared: list[Appeared]) -> list[tuple[int, str]]:
    return [(each.member_no, each.features.given) for each in appeared]


def number(value: str) -> Part:
    return an_identifier(value, "PROGRAMME_NUMBER")


MOTHER = somebody("Amina", number("H-0001"), an_identifier("8479516322"))
CHILD = somebody("Omar", number("H-0001-02"))
BABY = somebody("Layla", number("H-0001-03"))


def test_a_person_alone_is_one_appearance() -> None:
    (amina,) = read(MOTHER)
    assert (amina.member_no, amina.features.given) == (-1, "amina")
    assert not amina.features.in_group
    assert amina.features.programme_id == 7


def test_every_member_of_a_household_appears() -> None:
    found = read(None, {"member_list": [MOTHER, CHILD, BABY]})
    assert places(found) == [(0, "amina"), (1, "omar"), (2, "layla")]
    assert all(each.features.in_group for each in found)


SELF = {**somebody("Amine"), "related_person": [{"relationship_type": "SELF"}]}
SAME = [
    pytest.param(somebody("Amina", number("H-0001")), id="the programme's number"),
    pytest.param(SELF, id="said to be the same"),
    pytest.param({"demographic_info": MOTHER["demographic_info"]}, id="the same content"),
]


@pytest.mark.parametrize("listed", SAME)
def test_who_stands_in_the_list_too_appears_once(listed: Part) -> None:
    found = read(MOTHER, {"member_list": [CHILD, listed]})
    assert places(found) == [(-1, "amina"), (0, "omar")]


def test_control_another_member_is_not_taken_for_the_own_person() -> None:
    assert len(read(MOTHER, {"member_list": [CHILD, somebody("Amina", number("H-0009"))]})) == 3


def test_a_number_on_all_members_is_the_households() -> None:
    listed = [somebody(each, number("H-0001")) for each in ("Amina", "Omar")]
    member = somebody("Amina", number("H-0001"))
    assert places(read(member, {"member_list": listed})) == [(-1, "amina"), (1, "omar")]


def test_the_list_completes_what_the_record_says_of_its_own_person() -> None:
    listed = somebody(
        "Amina", number("H-0001"), birth_date="1990-04-05", phone_number=["+251911234567"]
    )
    (amina,) = read(MOTHER, {"member_list": [listed]})
    assert amina.features.birth == "1990-04-05"
    assert amina.features.uin is not None
    assert len(amina.features.phones) == 1


def test_the_head_of_a_group_without_own_person_is_its_own() -> None:
    assert places(read(None, {"group_head_info": MOTHER, "member_list": [CHILD]})) == [
        (-1, "amina"),
        (0, "omar"),
    ]


def test_a_head_who_stands_in_the_list_appears_once() -> None:
    group = {"group_head_info": MOTHER, "member_list": [CHILD, MOTHER]}
    assert places(read(None, group)) == [(-1, "amina"), (0, "omar")]
    assert places(read(BABY, group)) == [(-1, "layla"), (0, "omar"), (1, "amina")]


def test_a_head_beside_list_and_own_person_stands_behind_them() -> None:
    group = {"group_head_info": MOTHER, "member_list": [CHILD]}
    assert places(read(BABY, group)) == [(-1, "layla"), (0, "omar"), (1, "amina")]


def test_nobody_appears_in_an_empty_record() -> None:
    assert read(None, None) == []
    assert read(None, {"member_list": []}) == []


def test_a_member_without_address_lives_where_the_group_does() -> None:
    home = [{"locality": "Wadi Karim", "sub_region_code": "xt-01-02 ", "region_code": "XT-01"}]
    away = somebody("Omar", address=[{"sub_region_code": "XT-09-09"}])
    found = read(None, {"address": home, "member_list": [CHILD, away]})
    assert [each.features.district for each in found] == ["XT-01-02", "XT-09-09"]
    assert found[0].features.place == "wd krm"


def test_a_member_without_address_lives_with_the_own_person() -> None:
    mother = somebody("Amina", address=[{"sub_region_code": "XT-01-02"}])
    assert [each.features.district for each in read(mother, {"member_list": [CHILD]})] == [
        "XT-01-02",
        "XT-01-02",
    ]


def test_numbers_go_where_they_belong() -> None:
    member = somebody(
        "Amina",
        number("H-0001"),
        an_identifier("8479516322"),
        an_identifier("4711-08", "NID"),
        an_identifier("XT99 1234 5678 0000", "IBAN"),
        an_identifier("HH-77", "HOUSEHOLD"),
        phone_number=["+251911234567", "0911234567"],
        email=["awa@example.org"],
    )
    (amina,) = read(member)
    features = amina.features
    assert features.uin is not None
    assert [each.kind for each in features.others] == ["NID"]
    assert [each.kind for each in features.accounts] == ["ACCOUNT"]
    assert [each.kind for each in features.phones] == ["EMAIL", "PHONE"]
    assert Noted("PROGRAMME_NUMBER", "", INDEX.of("PROGRAMME_NUMBER", "H-0001")) in amina.numbers
    assert Noted("PHONE", "", INDEX.of("PHONE", "911234567")) in amina.numbers


def test_a_second_foundational_number_is_evidence_only() -> None:
    twice = somebody("Amina", an_identifier("8479516322"), an_identifier("9579516322"))
    turned = {**twice, "member_identifier": twice["member_identifier"][::-1]}
    (one,), (other,) = read(twice), read(turned)
    assert one == other
    assert [each.kind for each in one.features.others] == ["UIN"]


def test_names_are_skeletons_in_any_order_and_twice_where_they_are_twice() -> None:
    (one,) = read(somebody("Karim"))
    assert one.features.names == ("krm", "krm")
    (swapped,) = read({"demographic_info": {"name": {"given_name": "Karimi", "surname": "Omar"}}})
    (straight,) = read(somebody("Omar"))
    assert swapped.features.names == straight.features.names


def related(member: Part, kind: object, **name: str) -> Part:
    """A member who names a relative."""
    return {
        **member,
        "related_person": [{"relationship_type": kind, "related_member": {"name": name}}],
    }


WIFE = somebody("Amina", sex="female")


@pytest.mark.parametrize("kind", ["FTH", "fth", "Father"])
def test_who_is_named_as_the_father_stands_in_for_a_blank_field(kind: str) -> None:
    (omar,) = read(related(CHILD, kind, given_name="Salah", surname="Karimi"))
    assert (omar.features.father, omar.features.father_skeleton) == ("salah", "sl")


@pytest.mark.parametrize("kind", ["MTH", "SIB", "", None, 7])
def test_control_other_relatives_are_nobodys_father(kind: object) -> None:
    (omar,) = read(related(CHILD, kind, given_name="Salah", surname="Karimi"))
    assert omar.features.father == ""


def test_a_father_in_the_record_itself_counts_before_a_relative() -> None:
    omar = related(CHILD, "FTH", given_name="Salah")
    omar["demographic_info"] = {"name": {"given_name": "Omar", "second_name": "Hassan"}}
    assert read(omar)[0].features.father == "hassan"


@pytest.mark.parametrize("kind", ["SPS", "HUSB", "spouse"])
def test_a_wife_may_be_known_by_her_husbands_name(kind: str) -> None:
    (amina,) = read(related(WIFE, kind, given_name="Salah", surname="Tabale"))
    assert (amina.features.family, amina.features.maiden) == ("karimi", "tabale")
    assert amina.features.names == ("amn", "krm", "tbl")


def test_her_own_maiden_name_counts_before_her_husbands() -> None:
    wife = related(WIFE, "SPS", surname="Tabale")
    wife["demographic_info"] = {
        **wife["demographic_info"],
        "name": {"given_name": "Amina", "surname": "Karimi", "maiden_name": "Bakli"},
    }
    assert read(wife)[0].features.maiden == "bakli"


@pytest.mark.parametrize("sex", ["male", "unknown"])
def test_control_a_husband_is_not_known_by_his_wifes_name(sex: str) -> None:
    (salah,) = read(related(somebody("Salah", sex=sex), "SPS", surname="Tabale"))
    assert (salah.features.maiden, salah.features.names) == ("", ("krm", "sl"))


@pytest.mark.parametrize(
    "said",
    [
        [None],
        ["FTH"],
        [{"relationship_type": "FTH"}],
        [{"relationship_type": "FTH", "related_member": "Salah"}],
        [{"relationship_type": "FTH", "related_member": {"name": "Salah"}}],
        [{"relationship_type": "FTH", "related_member": {"name": {"given_name": ""}}}],
        [{"relationship_type": "FTH", "related_member": {"name": {"given_name": 7}}}],
    ],
)
def test_a_relative_without_a_name_says_nothing(said: list[Any]) -> None:
    (omar,) = read({**CHILD, "related_person": said})
    assert omar.features.father == ""


def test_a_record_without_a_word_is_blank() -> None:
    (nobody,) = read({"member_identifier": [number("H-0001")]})
    features = nobody.features
    assert (features.names, features.birth, features.uin, features.sex) == ((), "", None, 0)


DAYS = [
    ("1990-04-05", "1990-04-05"), ("1990-04", "1990-04"), ("1990", "1990"),
    ("05.04.1990", "1990-04-05"), ("1990-04-05T00:00:00+00:00", "1990-04-05"), ("", ""),
    ("0000-00-00", ""), ("1990-02-30", ""), ("unknown", ""), ("99999", ""),
]  # fmt: skip


@pytest.mark.parametrize(("written", "day"), DAYS)
def test_a_day_is_as_precise_as_it_is_known(written: str, day: str) -> None:
    assert day_of(written) == day
    assert year_of(day) == (int(day[:4]) if day else 0)


@pytest.mark.parametrize(
    "address", [{}, {"locality": 7}, {"locality": "   "}, {"region_code": None}]
)
def test_an_address_that_says_nothing_is_nowhere(address: Part) -> None:
    assert place_of_address(address) == ("", "", "")


def test_a_village_is_the_same_in_both_scripts() -> None:
    assert place_of_address({"locality": "وادي الكريم"}) == place_of_address(
        {"locality": "Wadi al-Karim"}
    )
