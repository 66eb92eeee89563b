"""What is known of a person or group from its strict record: identifiers, demography, home.

Used on what a partner reports and again on what several reports add up to, so that both are
counted by the same rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from ibr.codelists.people import SEX_NUMBER
from ibr.errors import NotUnderstood
from ibr.protection.blind_index import canonical_type, canonical_value
from ibr.reported.parts import (
    OF_GROUP,
    OF_MEMBER,
    OWN,
    Demography,
    GroupMember,
    KnownAs,
)
from ibr.reported.person import Address, Group, Identifier, Member, Person
from ibr.reported.values import read_day, read_moment

MOST_MEMBERS: Final = 200
LARGEST_GROUP: Final = 10_000
_OLDEST = timedelta(days=366 * 130)


class Facts(msgspec.Struct, frozen=True, gc=False):
    """Identifiers, demography, home and members, as far as reported."""

    known_as: list[KnownAs]
    demography: Demography
    region_code: str | None
    sub_region_code: str | None
    group_size: int | None
    members: list[GroupMember]


class Unreadable(NotUnderstood):
    """One field of one record is at fault; `field` names it."""


def unreadable(field: str, reason: str) -> Unreadable:
    return Unreadable("record.field", reason, field=field)


def facts_of(member: Member | None, group: Group | None, as_of: datetime | None) -> Facts:
    """The facts of one record; Unreadable names the first field that cannot be read.

    Without `as_of` nothing is compared with a clock or with another field: what several reports
    add up to is taken as it is, since each was checked when it came.
    """
    known_as: list[KnownAs] = []
    person = member.demographic_info if member else None
    if member:
        _identifiers(member.member_identifier, OWN, known_as)
        if person and person.identifier and person.identifier != member.member_identifier:
            _identifiers(person.identifier, OWN, known_as)
    members: list[GroupMember] = []
    if group:
        _identifiers(group.group_identifier, OF_GROUP, known_as)
        members = _members(group, known_as, as_of)
    home = _home(person, group)
    return Facts(
        known_as,
        _demography(person, member.is_disabled if member else None, as_of),
        home.region_code if home else None,
        home.sub_region_code if home else None,
        _size(group, members) if group else None,
        members,
    )


def _size(group: Group, members: Sequence[GroupMember]) -> int | None:
    if group.group_size is not None and not 0 <= group.group_size <= LARGEST_GROUP:
        raise unreadable("group_size", f"group_size is a number from 0 to {LARGEST_GROUP}.")
    return group.group_size or len(members) or None


def moment_of(text: str, field: str, as_of: datetime) -> datetime:
    """A moment as written in `field`; Unreadable when it is none, or lies far ahead."""
    moment = read_moment(text)
    if moment is None:
        raise unreadable(field, f"{field} is not a date; write it as 2026-01-10T00:00:00+00:00.")
    if moment > as_of + timedelta(days=366):
        raise unreadable(field, f"{field} lies more than a year after the message.")
    return moment


def _identifiers(
    given: Sequence[Identifier], role: int, into: list[KnownAs], member_no: int = -1
) -> None:
    for each in given:
        known = _known_as(each.identifier_type, each.identifier_value, role, member_no)
        if known not in into:
            into.append(known)


def _known_as(kind: str, value: str, role: int, member_no: int) -> KnownAs:
    try:
        return KnownAs(canonical_type(kind), canonical_value(value), role, member_no)
    except NotUnderstood as wrong:
        raise unreadable(wrong.field or "identifier", wrong.message) from None


def _day(text: str, field: str, as_of: datetime | None) -> tuple[date, int]:
    day = read_day(text)
    if day is None:
        raise unreadable(field, f"{field} is not a date; write it as 1995-09-21, or only 1995.")
    if as_of is None:
        return day
    if day[0] > as_of.date() + timedelta(days=1):
        raise unreadable(field, f"{field} lies after the message that reports it.")
    if day[0] < (as_of - _OLDEST).date():
        raise unreadable(field, f"{field} lies more than 130 years back.")
    return day


def _demography(
    person: Person | None, is_disabled: bool | None, as_of: datetime | None
) -> Demography:
    if person is None:
        return Demography(is_disabled=is_disabled)
    sex = SEX_NUMBER.get(person.sex or "unknown")
    if sex is None:
        raise unreadable("sex", "sex is male, female, other or unknown.")
    birth, precision = (
        _day(person.birth_date, "birth_date", as_of) if person.birth_date else (None, 0)
    )
    death = _day(person.death_date, "death_date", as_of)[0] if person.death_date else None
    if as_of and birth and death and death < birth:
        raise unreadable("death_date", "death_date lies before birth_date.")
    return Demography(sex, birth, precision, death, is_disabled)


def _members(group: Group, known_as: list[KnownAs], as_of: datetime | None) -> list[GroupMember]:
    if len(group.member_list) > MOST_MEMBERS:
        raise unreadable("member_list", f"A group may have {MOST_MEMBERS} members at most.")
    members = []
    for number, member in enumerate(group.member_list):
        _identifiers(member.member_identifier, OF_MEMBER, known_as, number)
        relation = (
            member.related_person[0].get("relationship_type") if member.related_person else None
        )
        members.append(
            GroupMember(
                _demography(member.demographic_info, member.is_disabled, as_of),
                is_head=relation == "SELF",
                relationship=relation if isinstance(relation, str) else None,
            )
        )
    if group.group_head_info:
        _identifiers(group.group_head_info.member_identifier, OF_MEMBER, known_as)
    return members


def _home(person: Person | None, group: Group | None) -> Address | None:
    if person and person.address:
        return person.address[0]
    return group.address[0] if group and group.address else None
