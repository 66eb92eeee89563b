"""Loosely written records, one by one as digest.md 10.1 lists them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibr.interop.dci.messages.read_beneficiary import read_beneficiary
from ibr.reported.beneficiary import Refusal, Reported
from tests.people import a_member, enrolled

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)


def read(record: object) -> list[Reported] | Refusal:
    return read_beneficiary(json.dumps(record).encode(), 3, AS_OF, lambda _: "USD")


def one(record: object) -> Reported:
    found = read(record)
    assert isinstance(found, list), found
    assert len(found) == 1
    return found[0]


def strict(**changes: Any) -> dict[str, Any]:
    record = {**enrolled("847951632", "DCI001"), **changes}
    return {name: value for name, value in record.items() if value is not None}


def member(**changes: Any) -> dict[str, Any]:
    return strict(member={**a_member("847951632"), **changes})


def person(**changes: Any) -> dict[str, Any]:
    return member(demographic_info=changes)


def test_a_strict_record_is_read_without_a_warning() -> None:
    assert one(strict()).warnings == ()


LOOSE = [
    # 1: three stems of enrolment
    (strict(enrollment_status=None, enrolment_status="4"), "spelling.enrolment_status"),
    (strict(enrollment_status=None, enrollement_status="4"), "spelling.enrollement_status"),
    (strict(enrollment_date=None, enrolment_date="2026-01-01"), "spelling.enrolment_date"),
    # 2 and 3: where the enrolment stands, and how the programme is named
    (strict(programme_identifier="DCI001"), "programme_as_text"),
    (strict(programme_identifier={"programme_identifier": "DCI001"}), "object_for_list."),
    (strict(programme_identifier=[{"programme_code": "DCI001"}]), "spelling.programme_code"),
    (
        strict(programme_identifier={"programme": {"programme_identifier": "DCI001"}}),
        "programme_nested",
    ),
    (
        strict(
            programme_identifier=None,
            member={**a_member("1"), "programme_identifier": [{"programme_identifier": "DCI001"}]},
        ),
        "programme_on_member",
    ),
    # 5: names of members
    (member(member_identifier="847951632"), "identifier_without_type"),
    (member(member_identifier=847951632), "identifier_without_type"),
    (person(person={"sex": "female"}), ""),
    (person(name={"first_name": "Test"}), "spelling.first_name"),
    (member(last_update="2026-01-01"), "spelling.last_update"),
    # 6: addresses
    (person(address={"locality": "X"}), "object_for_list.address"),
    (person(address=[{"street_address": "1 Road", "city": "X"}]), "spelling.street_address"),
    (person(address=""), "empty_string_for_absent"),
    # 7 and 8: empty strings, numbers for text
    (member(marital_status=""), "empty_string_for_absent"),
    (person(birth_date=1995), "number_for_text.birth_date"),
    # 9: aliases
    (member(self_id_disability=True), "spelling.self_id_disability"),
    (member(is_disabled="0"), "text_for_truth.is_disabled"),
    # 10: labels for codes
    (strict(enrollment_status="Active"), "code.enrollment_status"),
    (strict(enrollment_status=1), "code.enrollment_status"),
    (strict(enrollment_status="enrolment_status:1"), "code.enrollment_status"),
    (strict(assistance_unit="Individual"), "code.assistance_unit"),
    (strict(assistance_unit=None), "assistance_unit_inferred"),
    (person(sex="F"), "code.sex"),
    (member(marital_status="Married"), "code.marital_status"),
    # beside the member, and in benefits
    ({**strict(), "marital_status": "M"}, "member_unpacked"),
    (strict(benefits={"benefit_type": "Cash", "benefit_date": "2026-01-01"}), "object_for_list."),
    (
        strict(benefits=[{"benefit_type": "1", "benefit_date": "2026-01-01", "benefit_value": 50}]),
        "number_for_text.benefit_value",
    ),
    (
        strict(
            benefits=[
                {
                    "benefit_type": "1",
                    "date_received": "02.05.2024",
                    "benefit_amount": "50",
                    "currency": "USD",
                }
            ]
        ),
        "currency_apart",
    ),
    (strict(status_change_date="2026-01-01"), "text_for_list.status_change_date"),
    ({**strict(), "colour": "blue"}, "unknown_member_kept"),
]


@pytest.mark.parametrize(("record", "warning"), LOOSE)
def test_a_loose_record_is_read_with_its_warning(record: dict[str, Any], warning: str) -> None:
    found = one(record)
    assert any(warning in each for each in found.warnings)
    assert found.programme_code == "DCI001"


def test_labels_become_codes() -> None:
    found = one(strict(enrollment_status="Suspended"))
    assert found.status == 4


def test_what_has_no_place_is_kept_and_not_dropped() -> None:
    found = one(member(shoe_size=42))
    assert found.member is not None
    assert found.member.additional_attributes == [{"shoe_size": 42}]


def test_several_programmes_are_several_enrolments() -> None:
    found = read(strict(programme_identifier=["DCI001", "DCI002"]))
    assert isinstance(found, list)
    assert [each.programme_code for each in found] == ["DCI001", "DCI002"]
    assert "several_programmes_in_one_record" in found[0].warnings


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (strict(programme_identifier=None), "programme_identifier"),
        (strict(programme_identifier=[]), "programme_identifier"),
        (strict(programme_identifier=[{}]), "programme_identifier"),
        (strict(enrollment_status="Dancing"), "enrollment_status"),
        (strict(enrollment_status="-1"), "enrollment_status"),
        (strict(enrollment_status=-1), "enrollment_status"),
        (strict(enrollment_status=True), "enrollment_status"),
        (strict(assistance_unit="7"), "assistance_unit"),
        (strict(enrollment_date="someday"), "enrollment_date"),
        (strict(enrollment_date="2999-01-01"), "enrollment_date"),
        (person(birth_date="2999-01-01"), "birth_date"),
        (person(birth_date="1850-01-01"), "birth_date"),
        (person(birth_date="2000-01-01", death_date="1999-01-01"), "death_date"),
        (person(sex="x"), "sex"),
        (member(is_disabled="perhaps"), "is_disabled"),
        (strict(benefits=[{"benefit_type": "1"}]), "benefits.benefit_date"),
        (
            strict(
                benefits=[
                    {"benefit_type": "1", "benefit_date": "2026-01-01", "benefit_value": "lots"}
                ]
            ),
            "benefits.benefit_value",
        ),
        (strict(member="x"), "member"),
        (strict(group={"group_size": 2**40}), "group_size"),
        ("x", "beneficiary"),
        ([], "beneficiary"),
        (None, "beneficiary"),
    ],
)
def test_what_no_reading_fits_is_refused_by_its_field(record: object, field: str | None) -> None:
    found = read(record)
    assert isinstance(found, Refusal), found
    assert field is None or found.field == field
    assert found.item_no == 3
    assert len(found.reason) < 400


@pytest.mark.parametrize("canary", ["ZZ-CANARY-7", "somebody@example.org"])
def test_a_refusal_never_repeats_the_value(canary: str) -> None:
    for record in (
        strict(enrollment_date=canary),
        strict(enrollment_status=canary),
        person(birth_date=canary),
        person(sex=canary),
        member(is_disabled=canary),
        member(member_identifier=[{"identifier_type": "UIN", "identifier_value": f"{canary}!"}]),
    ):
        found = read(record)
        assert isinstance(found, Refusal)
        assert canary not in f"{found.reason}{found.field}{found.code}"


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
PLACES = [
    "@id",
    "assistance_unit",
    "group",
    "member",
    "programme_identifier",
    "enrollment_date",
    "enrollment_status",
    "status_change_date",
    "benefits",
    "additional_attributes",
    "marital_status",
]
MEMBER = [
    "member_identifier",
    "demographic_info",
    "related_person",
    "is_disabled",
    "disability_info",
    "occupation",
    "language_code",
    "additional_attributes",
]


@given(anything)
def test_whatever_a_record_is_it_is_read_or_refused(record: object) -> None:
    read(record)


@given(st.dictionaries(st.sampled_from(PLACES), anything, max_size=3))
def test_whatever_stands_in_a_place_it_is_read_or_refused(changes: dict[str, Any]) -> None:
    read(strict(**changes))


@given(st.dictionaries(st.sampled_from(MEMBER), anything, max_size=3))
def test_and_in_the_places_of_a_person(changes: dict[str, Any]) -> None:
    read(member(**changes))


@given(
    st.dictionaries(st.sampled_from(["name", "address", "birth_date", "sex", "email"]), anything)
)
def test_and_in_the_places_of_their_demography(changes: dict[str, Any]) -> None:
    read(person(**changes))


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(
                ["benefit_type", "benefit_date", "benefit_value", "benefit_quantity", "currency"]
            ),
            anything,
        )
    )
)
def test_and_in_benefits(benefits: list[dict[str, Any]]) -> None:
    read(strict(benefits=benefits))
