"""Reads the sealed content of a record: the standard's Member and Group as an officer sees them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from ibr.errors import NotUnderstood
from ibr.protection.blind_index import canonical_type, canonical_value

# How exactly a date of birth is known, as in beneficiary_record.
YEAR, MONTH, DAY = 1, 2, 3
OF_THE_GROUP, OTHER_MEMBER = 1, 2


class PersonWritten(msgspec.Struct, frozen=True, kw_only=True):
    """A person as a programme wrote them."""

    name: str
    sex: str | None
    birth_date: date | None
    birth_precision: int
    relationship: str | None
    is_head: bool
    identifiers: list[tuple[str, str]]


class RecordWritten(msgspec.Struct, frozen=True):
    """Who the record is about; for a household or family also its members and own identifiers."""

    person: PersonWritten | None
    group_identifiers: list[tuple[str, str]]
    members: list[PersonWritten]


def read_record(opened: bytes, role: int, asked: tuple[str, str]) -> RecordWritten:
    """The record's content; for another member of a household, that member is the person."""
    content = json.loads(opened)
    group = _object(content.get("group"))
    head = _object(group.get("group_head_info")) or _object(content.get("member"))
    members = [_person(each) for each in _objects(group.get("member_list"))]
    person = _person(head) if head else next((each for each in members if each.is_head), None)
    if role == OTHER_MEMBER:
        person = next((each for each in members if asked in each.identifiers), None)
    return RecordWritten(person, list(_identifiers(group.get("group_identifier"))), members)


def _person(member: dict[str, Any]) -> PersonWritten:
    about = _object(member.get("demographic_info"))
    birth, precision = _birth(about.get("birth_date"))
    relations = [
        str(each["relationship_type"])
        for each in _objects(member.get("related_person"))
        if each.get("relationship_type")
    ]
    identifiers = [
        *_identifiers(member.get("member_identifier")),
        *_identifiers(about.get("identifier")),
    ]
    return PersonWritten(
        name=full_name(_object(about.get("name"))),
        sex=about.get("sex"),
        birth_date=birth,
        birth_precision=precision,
        relationship=relations[0] if relations else None,
        is_head=bool(relations) and relations[0].upper() in ("SELF", "HEAD"),
        identifiers=list(dict.fromkeys(identifiers)),
    )


def full_name(name: dict[str, Any]) -> str:
    """A name as one line, in the script it was written in."""
    order = ("prefix", "given_name", "second_name", "surname", "suffix")
    return " ".join(str(name[part]).strip() for part in order if name.get(part))


def _birth(value: object) -> tuple[date | None, int]:
    parts = str(value or "")[:10].split("-")
    try:
        numbers = [int(part) for part in parts]
        whole = date(*[*numbers, 1, 1][:3])
    except (ValueError, TypeError):
        return None, 0
    return whole, min(len(numbers), DAY)


def _identifiers(value: object) -> Iterator[tuple[str, str]]:
    for each in _objects(value):
        try:
            yield (
                canonical_type(str(each.get("identifier_type", ""))),
                canonical_value(str(each.get("identifier_value", ""))),
            )
        except NotUnderstood:
            continue


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]
