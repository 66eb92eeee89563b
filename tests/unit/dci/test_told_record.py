"""Records of other registries: whoever they speak of, and only what was agreed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ibr.interop.dci.messages.told_record import ToldPerson, ToldRecord, read_told, records_in
from ibr.sources.attributes import ATTRIBUTES, USUAL
from tests.people import an_identifier

ALL = frozenset(ATTRIBUTES)


def told(raw: dict[str, Any], *wanted: str) -> ToldRecord:
    return read_told(raw, frozenset(wanted) or ALL, "UIN")


def the_person(raw: dict[str, Any], *wanted: str) -> ToldPerson:
    [person] = told(raw, *wanted).people
    return person


def value(attribute: str, given: Any) -> Any:
    person = {"identifier": an_identifier("1"), attribute: given}
    return the_person(person, attribute).values.get(attribute)


def test_every_attribute_can_be_read() -> None:
    given = {
        "poverty_score": 45.2,
        "poverty_score_type": "income-based",
        "group_size": "4",
        "address": [{"region_code": "R1", "district": "D2", "street_address": "Main 1"}],
        "phone_number": "+1 (425) 555-1212",
        "income_level": 1,
        "employment_status": "Unemployed",
        "occupation": "2",
        "education_level": "secondary",
        "marital_status": "Widow",
        "is_disabled": "Disabled",
        "disability_info": [{"functional_limitation_type": "VIS_SS", "functional_severity": 2}],
        "disability_identifier": "DC-77",
        "vital_status": "Alive",
        "death_date": "2026-03",
    }
    assert set(given) == ALL
    assert the_person({"member_identifier": [an_identifier("1")], **given}).values == {
        "poverty_score": "45.2",
        "poverty_score_type": "income-based",
        "group_size": 4,
        "address": {"region_code": "R1", "sub_region_code": "D2"},
        "phone_number": ["+14255551212"],
        "income_level": "1",
        "employment_status": "2",
        "occupation": "2",
        "education_level": "3",
        "marital_status": "W",
        "is_disabled": True,
        "disability_info": [{"type": "VIS_SS", "severity": "2"}],
        "disability_identifier": "DC-77",
        "vital_status": "alive",
        "death_date": "2026-03",
    }


@pytest.mark.parametrize("kind", USUAL)
def test_what_a_kind_of_registry_usually_tells_is_known(kind: Any) -> None:
    assert set(USUAL[kind]) <= ALL


@pytest.mark.parametrize(
    ("attribute", "given"),
    [
        ("poverty_score", "many"),
        ("poverty_score", True),
        ("poverty_score", "nan"),
        ("poverty_score", 1e300),
        ("poverty_score", {"value": 1}),
        ("group_size", -1),
        ("group_size", 2.5),
        ("group_size", 99_999),
        ("address", "Main Street 1"),
        ("address", [{"street_address": "Main 1"}]),
        ("phone_number", "none"),
        ("phone_number", [{}]),
        ("is_disabled", "perhaps"),
        ("income_level", "x" * 201),
        ("disability_info", "blind"),
        ("disability_info", [{"cause": "accident"}]),
        ("disability_identifier", {"value": "ß"}),
        ("death_date", "soon"),
        ("death_date", 20260301),
        ("vital_status", "unknown"),
    ],
)
def test_what_cannot_be_read_costs_only_itself(attribute: str, given: Any) -> None:
    person = {"identifier": an_identifier("1"), attribute: given, "marital_status": "M"}
    read = told(person, attribute, "marital_status")
    assert read.people[0].values == {"marital_status": "M"}
    assert read.unreadable == 1


@pytest.mark.parametrize("given", ["", None, [], {}])
def test_absent_is_absent(given: Any) -> None:
    person = {"identifier": an_identifier("1"), "poverty_score": given, "address": given}
    read = told(person, "poverty_score", "address")
    assert (read.people[0].values, read.unreadable) == ({}, 0)


def test_false_and_nought_are_not_absent() -> None:
    assert value("is_disabled", False) is False
    assert value("is_disabled", 0) is False
    assert value("poverty_score", 0) == "0"


def test_what_was_not_agreed_is_counted_and_not_kept() -> None:
    person = {
        "identifier": an_identifier("1"),
        "name": {"surname": "Phumchai"},
        "sex": "female",
        "email": ["a@example.org"],
        "birth_date": "",
        "is_disabled": True,
    }
    read = told(person, "is_disabled")
    assert read.people[0].values == {"is_disabled": True}
    assert read.not_agreed == 3


@pytest.mark.parametrize(
    "raw",
    [
        {"identifier": an_identifier("7")},
        {"identifier": [an_identifier("7")]},
        {"identifier": "7"},
        {"identifier_type": "UIN", "identifier_value": "7"},
        {"member_identifier": [an_identifier("7")]},
        {"member_identifier": "7"},
        {"demographic_info": {"identifier": [an_identifier("7")]}},
        {"demographic_info": {"person": {"identifier": [an_identifier("7")]}}},
        {"personal_details": {"identifier": "7"}},
        {"member": {"member_identifier": [an_identifier("7")]}},
        {"identifier": {"type": "uin", "value": 7}},
    ],
)
def test_a_person_is_named_wherever_the_identifier_stands(raw: dict[str, Any]) -> None:
    assert the_person(raw).names == (("UIN", "7"),)


@pytest.mark.parametrize(
    "given", [None, "", [], {}, "ß", [{}], [[]], {"identifier_value": "a b\n"}]
)
def test_who_has_no_readable_identifier_is_nobody(given: Any) -> None:
    assert the_person({"identifier": given, "is_disabled": True}).names == ()


def test_a_household_is_its_people_and_what_is_the_households() -> None:
    group = {
        "group_identifier": [an_identifier("H1", "HOUSEHOLD")],
        "group_head_info": {"member_identifier": [an_identifier("1")], "is_disabled": False},
        "member_list": [
            {"member_identifier": [an_identifier("2")], "last_updated": "2026-03-02T00:00:00Z"}
        ],
        "poverty_score": 3,
        "group_size": 2,
        "last_updated": "2026-03-01T00:00:00Z",
    }
    read = told(group)
    assert [each.names for each in read.people] == [(("UIN", "1"),), (("UIN", "2"),)]
    assert read.group_names == (("HOUSEHOLD", "H1"),)
    assert read.group_values == {"poverty_score": "3", "group_size": 2}
    assert read.group_updated == datetime(2026, 3, 1, tzinfo=UTC)
    assert [each.updated for each in read.people] == [None, datetime(2026, 3, 2, tzinfo=UTC)]
    assert told({"group": group}).group_names == read.group_names


def test_the_newest_time_of_a_record_counts() -> None:
    raw = {
        "identifier": "1",
        "last_update": "2026-01-01",
        "demographic_info": {"last_updated": "2026-02-01T10:00:00+02:00"},
    }
    assert the_person(raw).updated == datetime(2026, 2, 1, 8, tzinfo=UTC)


def test_a_date_of_death_says_who_died_and_an_empty_one_who_did_not() -> None:
    assert the_person({"identifier": "1", "death_date": "2026-03-01"}).values == {
        "death_date": "2026-03-01",
        "vital_status": "deceased",
    }
    assert the_person({"identifier": "1", "death_date": ""}).values == {"vital_status": "alive"}
    assert the_person({"identifier": "1"}).values == {}
    assert the_person({"identifier": "1", "death_date": "soon"}).values == {}
    assert the_person({"identifier": "1", "death_date": ""}, "death_date").values == {}


def test_limitations_stand_in_an_order_that_no_sender_decides() -> None:
    one, two = ({"disability_type": kind, "severity": "1"} for kind in ("VIS_SS", "HEAR_SS"))
    assert value("disability_info", [one, two]) == value("disability_info", [two, one, one])


@pytest.mark.parametrize(
    ("given", "count"),
    [([{"a": 1}, {"b": 2}], 2), ({"a": 1}, 1), (None, 0), ("x", 0), ([1, {}], 0)],
)
def test_records_come_as_a_list_or_alone(given: Any, count: int) -> None:
    assert len(records_in(given)) == count


def test_a_record_of_ten_thousand_people_is_cut() -> None:
    people = [{"member_identifier": str(number)} for number in range(10_000)]
    assert len(told({"member_list": people}).people) <= 200
