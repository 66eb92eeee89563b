"""Made-up beneficiaries, in the standard's own words and in ours: what tests say about people."""

from __future__ import annotations

import itertools
from typing import Any

Record = dict[str, Any]
_numbers = itertools.count(10_000_001)


def a_number() -> str:
    """An identifier nobody else in this run has."""
    return str(next(_numbers))


def an_identifier(value: str, kind: str = "UIN") -> Record:
    return {"@type": "Identifier", "identifier_type": kind, "identifier_value": value}


def a_member(uin: str, kind: str = "UIN", **further: Any) -> Record:
    """One person, known by one identifier."""
    return {
        "@type": "Member",
        "member_identifier": [an_identifier(uin, kind)],
        "demographic_info": {
            "@type": "IBRPerson",
            "name": {"@type": "Name", "surname": "Phumchai", "given_name": "Sudarat"},
            "sex": "female",
            "birth_date": "1995-09-21",
        },
        **further,
    }


def a_person(uin: str, **further: Any) -> Record:
    """A person, strictly written, enrolled nowhere yet."""
    return {
        "@type": "Beneficiary",
        "@id": f"urn:test:{uin}",
        "assistance_unit": "1",
        "member": a_member(uin, **further),
    }


def a_household(number: str, *members: Record, head: Record | None = None) -> Record:
    """A household with these members; the head, where given, is its own person."""
    household: Record = {
        "@type": "Beneficiary",
        "assistance_unit": "2",
        "group": {
            "@type": "Group",
            "group_identifier": [an_identifier(number, "HOUSEHOLD")],
            "member_list": list(members),
        },
    }
    return {**household, "member": head} if head else household


def in_programme(code: str, since: str = "2025-12-15T00:00:00+00:00") -> Record:
    return {
        "programme_identifier": [{"@type": "Programme", "programme_identifier": code}],
        "enrollment_date": since,
        "enrollment_status": "1",
        "status_change_date": [since],
    }


def with_status(status: int, on: str = "2026-01-01T00:00:00+00:00") -> Record:
    return {"enrollment_status": str(status), "status_change_date": [on]}


def suspended_on(day: str) -> Record:
    return with_status(4, f"{day}T00:00:00+00:00")


def deceased_on(day: str) -> Record:
    return with_status(2, f"{day}T00:00:00+00:00")


def given(value: str, on: str = "2026-01-10T00:00:00+00:00") -> Record:
    """One cash benefit."""
    return {
        "benefits": [
            {"@type": "Benefit", "benefit_type": "1", "benefit_date": on, "benefit_value": value}
        ]
    }


def enrolled(uin: str, programme: str, **further: Any) -> Record:
    """A person enrolled in a programme, ready to be reported."""
    return {**a_person(uin), **in_programme(programme), **further}
