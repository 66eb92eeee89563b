"""A record cut down to what an agreement lets come back, and which filters that allows; pure.

What is not listed here belongs to `other`, so that a member of the standard that comes new is told
to nobody whose agreement names what comes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from ibr.registry.search.model import And, Attribute, Compare, Filter, FoundRecord, Not, Or, Sort

Attributes = frozenset[str] | None

_OF_MEMBER: Final = {
    "member_identifier": "identifiers",
    "group_identifier": "identifiers",
    "identifier": "identifiers",
    "name": "name",
    "sex": "sex",
    "birth_date": "birth_date",
    "death_date": "birth_date",
    "phone_number": "contact",
    "email": "contact",
    "address": "address",
    "geographical_location": "address",
    "place_address": "address",
    "related_person": "family",
    "marital_status": "family",
    "is_disabled": "disability",
    "disability_info": "disability",
    "group_type": "household",
    "group_size": "household",
    "group_head_info": "household",
    "member_list": "household",
}
# What only holds other members: it comes back with whatever is left in it.
_HOLDS: Final = frozenset({"demographic_info"})
_WITHIN: Final = frozenset({"group_head_info", "member_list"})

# What a question is narrowed or put in order by; an identifier may always be asked by.
_OF_QUESTION: Final[dict[Attribute, str | None]] = {
    "programme": None,
    "unit": None,
    "identifier": None,
    "status": "enrolment",
    "enrolled_on": "enrolment",
    "status_changed_on": "enrolment",
    "benefit_type": "benefits",
    "benefit_given_on": "benefits",
    "sex": "sex",
    "born_on": "birth_date",
    "region": "address",
    "sub_region": "address",
    "disabled": "disability",
    "group_size": "household",
}


def asked_by(wanted: Filter, sort: Iterable[Sort] = ()) -> frozenset[str]:
    """What of a record a question is narrowed and ordered by: its answer tells as much of it."""
    names = [*_compared(wanted), *(each.attribute for each in sort)]
    return frozenset(told for name in names if (told := _OF_QUESTION[name]) is not None)


def _compared(wanted: Filter) -> list[Attribute]:
    if isinstance(wanted, Compare):
        return [wanted.attribute]
    parts = (wanted.part,) if isinstance(wanted, Not) else wanted.parts
    assert isinstance(wanted, And | Or | Not)
    return [name for part in parts for name in _compared(part)]


def programmes_within(allowed: Mapping[int, Attributes], asked: frozenset[str]) -> frozenset[int]:
    """The programmes of which everything that is asked by may be known too."""
    return frozenset(
        programme
        for programme, attributes in allowed.items()
        if attributes is None or asked <= attributes
    )


def only(record: FoundRecord, attributes: Attributes) -> FoundRecord:
    """The record with these attributes and no others; None is all of them."""
    if attributes is None:
        return record
    enrolment = "enrolment" in attributes
    return msgspec.structs.replace(
        record,
        member=_part(record.member, attributes),
        group=_part(record.group, attributes),
        status=record.status if enrolment else None,
        enrolled_at=record.enrolled_at if enrolment else None,
        status_dates=record.status_dates if enrolment else [],
        benefits=record.benefits if "benefits" in attributes else None,
    )


def _part(part: dict[str, Any] | None, attributes: frozenset[str]) -> dict[str, Any] | None:
    if part is None:
        return None
    kept = {}
    for name, value in part.items():
        if name in _HOLDS:
            kept[name] = _part(value, attributes)
        elif _OF_MEMBER.get(name, "other") in attributes:
            kept[name] = _inner(value, attributes) if name in _WITHIN else value
    return {name: value for name, value in kept.items() if value not in (None, {}, [])} or None


def _inner(value: Any, attributes: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [kept for each in value if (kept := _part(each, attributes))]
    return _part(value, attributes)
