"""What agreements allow, and what of a record comes back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibr.access.agreements.letter import Names, by_law, written
from ibr.access.agreements.model import ACTS, ATTRIBUTES, Agreement, Clause
from ibr.access.agreements.rules import (
    NotAgreedError,
    agreed,
    default_purpose,
    loose,
    must_be_agreed,
    must_have,
)
from ibr.access.model import ProgrammeRight
from ibr.asker import Asker, Purpose, Term
from ibr.interop.dci.messages.written import write_beneficiary
from ibr.registry.search.model import And, BenefitFound, Compare, FoundRecord, Not, Sort
from ibr.registry.search.within import asked_by, only, programmes_within

AT = datetime(2026, 11, 1, tzinfo=UTC)
PROGRAMMES = {1: ProgrammeRight(1, "OAP", False, "KES", 1, "Old Age Pension")}


def term(*acts: str, programmes: set[int], number: int = 1, **more: Any) -> Term:
    return Term(7, number, frozenset(acts), frozenset(programmes), **more)


def partner(*terms: Term, purpose: str = "enrolment_check", report: frozenset[int] = frozenset()):
    return Asker(
        kind="partner",
        id=1,
        name="Ministry of Health",
        purpose=Purpose(purpose),
        ask=frozenset().union(*(each.programmes for each in terms)),
        report=report,
        terms=terms,
    )


def because(asker: Asker, act: str, programme: int) -> tuple[str, str, list[str]]:
    with pytest.raises(NotAgreedError) as refused:
        must_be_agreed(asker, act, programme)
    return refused.value.code, refused.value.because["why"], refused.value.because["clauses"]


def test_each_refusal_names_the_clause_that_came_nearest() -> None:
    health = partner(
        term("enrolled", programmes={1}, purposes=frozenset({"enrolment_check"})),
        term("search", programmes={2}, number=2),
    )
    must_be_agreed(health, "enrolled", 1)
    out = "programme.not_allowed"
    assert because(health, "enrolled", 2) == (out, "programme", ["7.1"])
    assert because(health, "changes", 1) == (out, "act", [])
    assert because(partner(), "enrolled", 1) == (out, "none", [])
    curious = partner(*(health.terms or ()), purpose="curiosity")
    assert because(curious, "enrolled", 1) == ("purpose.not_agreed", "purpose", ["7.1"])
    # A purpose that a clause does not name is refused by that clause only.
    must_be_agreed(curious, "search", 2)


def test_a_refusal_repeats_nothing_that_was_sent() -> None:
    asker = partner(
        term("enrolled", programmes={1}, purposes=frozenset({"audit"})), purpose="Amina 1956"
    )
    with pytest.raises(NotAgreedError) as refused:
        must_be_agreed(asker, "enrolled", 1)
    assert "Amina" not in f"{refused.value.message} {refused.value.because}"


def test_clauses_add_up_and_the_widest_wins() -> None:
    narrow = term("search", programmes={1, 2}, attributes=frozenset({"sex"}))
    wider = term("search", programmes={1}, number=2, attributes=frozenset({"name"}))
    whole = term("search", programmes={2}, number=3)
    assert agreed(partner(narrow, wider, whole), "search") == {
        1: frozenset({"sex", "name"}),
        2: None,
    }
    assert agreed(partner(whole, narrow, wider), "search")[2] is None
    assert agreed(partner(narrow), "enrolled") == {}


def test_whoever_is_not_held_by_agreements_goes_by_its_reach() -> None:
    officer = Asker(kind="officer", id=1, name="", purpose=Purpose("audit"), ask=frozenset({1}))
    assert agreed(officer, "search") == {1: None}
    must_be_agreed(officer, "enrolled", 1)
    must_have(officer, "figures")
    with pytest.raises(NotAgreedError):
        must_have(partner(term("enrolled", programmes={1})), "figures")


def test_a_question_without_a_purpose_has_the_first_that_was_agreed() -> None:
    assert default_purpose(()) == "enrolment_check"
    assert default_purpose((term("search", programmes={1}),)) == "enrolment_check"
    held = term("search", programmes={1}, purposes=frozenset({"b", "a"}))
    assert default_purpose((held,)) == "a"


def test_what_a_partner_is_added_with() -> None:
    wish = loose(4, report=(1,), ask=None, today=date(2026, 11, 1))
    assert [(each.clause_no, each.acts[0], each.programmes) for each in wish.clauses] == [
        (1, "report", (1,)),
        (2, "enrolled", None),
        (3, "figures", None),
    ]
    none = loose(4, report=(), ask=(), today=date(2026, 11, 1))
    assert [each.acts for each in none.clauses] == [("figures",)]


# What comes back of a record.


def a_person(uin: str) -> dict[str, Any]:
    return {
        "member_identifier": [{"identifier_type": "UIN", "identifier_value": uin}],
        "demographic_info": {
            "identifier": [{"identifier_type": "UIN", "identifier_value": uin}],
            "name": {"given_name": "Amina", "surname": "Hassan"},
            "sex": "female",
            "birth_date": "1956-03-01",
            "address": [{"region_code": "R1", "locality": "Kibera"}],
            "phone_number": ["0700000000"],
            "email": ["amina@example.org"],
            "registration_date": "2024-01-01",
        },
        "related_person": [{"relationship_type": "SELF"}],
        "is_disabled": False,
        "disability_info": [{"functional_severity": "1"}],
        "marital_status": "1",
        "occupation": "7",
        "additional_attributes": [{"key": "x", "value": "y"}],
    }


RECORD = FoundRecord(
    record_id=1,
    programme_id=1,
    unit=2,
    subject_index=b"",
    member=a_person("U1"),
    group={
        "group_identifier": [{"identifier_type": "HOUSEHOLD", "identifier_value": "H1"}],
        "group_head_info": a_person("U1"),
        "member_list": [a_person("U1"), a_person("U2")],
        "group_size": 2,
        "address": [{"region_code": "R1"}],
        "poverty_score": 0.0,
    },
    enrolled_at=AT,
    status=1,
    status_dates=[AT],
    benefits=[BenefitFound(1, AT, 5000, "KES", None, "Cash")],
)
# Where in an answer each attribute stands; `other` is whatever is not listed.
STANDS_AS = {
    "name": {"name"},
    "identifiers": {"member_identifier", "identifier", "group_identifier"},
    "sex": {"sex"},
    "birth_date": {"birth_date", "death_date"},
    "contact": {"phone_number", "email"},
    "address": {"address"},
    "family": {"related_person", "marital_status"},
    "disability": {"is_disabled", "disability_info"},
    "household": {"group_head_info", "member_list", "group_size"},
    "enrolment": {"enrollment_status", "enrollment_date", "status_change_date"},
    "benefits": {"benefits"},
    "other": {"occupation", "additional_attributes", "registration_date", "poverty_score"},
}
ALWAYS = {
    *("@context", "@type", "assistance_unit", "programme_identifier", "programme_name"),
    *("member", "group", "demographic_info"),
}
_LEAVES = {"programme_identifier", "name", "address", "benefits", "related_person"} | {
    *("disability_info", "additional_attributes", "member_identifier", "identifier"),
    "group_identifier",
}


def names_in(value: Any) -> set[str]:
    """Every name in an answer, but for those within a part that comes or stays away as a whole."""
    if isinstance(value, list):
        return set().union(*map(names_in, value))
    if not isinstance(value, dict):
        return set()
    found = set(value)
    for name, each in value.items():
        found |= set() if name in _LEAVES else names_in(each)
    return found


@given(st.sets(st.sampled_from(ATTRIBUTES)))
def test_of_every_set_of_attributes_only_those_come_back(attributes: set[str]) -> None:
    told = write_beneficiary(only(RECORD, frozenset(attributes)), PROGRAMMES)
    declared = ALWAYS.union(*(STANDS_AS[each] for each in attributes))
    assert names_in(told) <= declared
    # And nothing that may come back is lost: of a household only where it may be seen at all.
    assert {"sex", "is_disabled"} & declared - ALWAYS <= names_in(told)
    if not attributes - {"enrolment", "benefits"}:
        assert "member" not in told
        assert "group" not in told


def test_control_the_whole_record_has_all_of_it() -> None:
    told = write_beneficiary(only(RECORD, None), PROGRAMMES)
    assert names_in(told) >= set().union(*STANDS_AS.values()) - {"death_date"}
    assert set(STANDS_AS) == set(ATTRIBUTES)


def test_a_question_tells_as_much_as_it_is_narrowed_and_ordered_by() -> None:
    wanted = And((Not(Compare("sex", "eq", (1,))), Compare("identifier", "eq", (b"x",))))
    asked = asked_by(wanted, (Sort("born_on"),))
    assert asked == {"sex", "birth_date"}
    allowed = {1: None, 2: frozenset({"sex"}), 3: frozenset({"sex", "birth_date", "name"})}
    assert programmes_within(allowed, asked) == {1, 3}
    assert asked_by(Compare("programme", "eq", ("oap",))) == frozenset()


# The letter.


def an_agreement(**more: Any) -> Agreement:
    return Agreement(
        **{
            "agreement_no": 7,
            "partner_id": 1,
            "legal_basis": "the Data Protection Act",
            "legal_reference": "section 4",
            "legal_link": None,
            "signed_by": None,
            "signed_on": None,
            "document_digest": None,
            "valid_from": date(2026, 1, 1),
            "valid_to": date(2027, 12, 31),
            "takes_place_of": None,
            "entered_by": "Ada",
            "entered_at": AT,
            "ended_from": None,
            "ended_by": None,
            "ended_at": None,
            "ended_why": None,
        }
        | more
    )


NAMES = Names("The Ministry of Health", {1: "Old Age Pension", 2: "School Meals"}, str, str)


def test_an_agreement_reads_like_a_letter() -> None:
    clause = Clause(
        clause_no=1,
        acts=("enrolled", "search"),
        programmes=(1, 2),
        attributes=("sex", "enrolment"),
        purposes=("enrolment_check",),
    )
    agreement = an_agreement(clauses=(clause,))
    [letter] = written(agreement, NAMES)
    assert letter.may[0] == (
        "The Ministry of Health may ask whether a person is enrolled in Old Age Pension and "
        "School Meals, to check enrolment."
    )
    assert letter.sees[0] == ("It sees sex and the status of the enrolment and since when.")
    assert letter.sees[1].startswith("It may not see names, identifiers,")
    assert by_law(agreement, NAMES) == (
        "By section 4 of the Data Protection Act, from 2026-01-01 until 2027-12-31."
    )
    assert not agreement.wants_mending


@pytest.mark.parametrize("act", ACTS)
def test_every_act_has_its_sentence(act: str) -> None:
    [letter] = written(an_agreement(clauses=(Clause(clause_no=1, acts=(act,)),)), NAMES)
    assert letter.may[0].startswith("The Ministry of Health may ")
    assert "{" not in letter.may[0]


@pytest.mark.parametrize(
    ("changes", "day", "state"),
    [
        ({}, date(2026, 1, 1), "in_force"),
        ({}, date(2027, 12, 31), "in_force"),
        ({}, date(2025, 12, 31), "to_come"),
        ({}, date(2028, 1, 1), "over"),
        ({"ended_from": date(2026, 6, 1)}, date(2026, 5, 31), "in_force"),
        ({"ended_from": date(2026, 6, 1)}, date(2026, 6, 1), "ended"),
    ],
)
def test_an_agreement_counts_from_its_first_day_to_its_last(
    changes: dict[str, Any], day: date, state: str
) -> None:
    assert an_agreement(**changes).state(day) == state
