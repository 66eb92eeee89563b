"""Numbers that stand beside a person: their own, and those of others named with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from ibr.errors import NotUnderstood
from ibr.identity.features.numbers import ACCOUNT, EMAIL, PHONE, comparable, kind_of
from ibr.protection.blind_index import BlindIndex, canonical_type, canonical_value

SELF: Final = "SELF"
OTHER: Final = "OTHER"
MOST: Final = 60
"""So many numbers of others are kept of one person at most."""
_TIE: Final = re.compile(r"[A-Z0-9_]{1,40}", re.ASCII)
CONTACTS: Final = (PHONE, ACCOUNT, EMAIL)
_ACCOUNTS: Final = ("account_number", "bank_account", "account", "iban")


class Noted(NamedTuple):
    """A number beside an appearance, blind: its kind, and whose it is; empty for its own."""

    kind: str
    tie: str
    blind_index: bytes


def said_numbers(member: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Type and value of every number that a strict Member, or a Person alone, carries."""
    person = member.get("demographic_info")
    if not isinstance(person, dict):
        person = member
    found: list[tuple[str, str]] = []
    for given in (member.get("member_identifier"), person.get("identifier")):
        if given and isinstance(given, list):
            _identifiers(given, found)
    for kind, contact in ((PHONE, person.get("phone_number")), (EMAIL, person.get("email"))):
        if contact:
            several = contact if isinstance(contact, list) else [contact]
            found += [(kind, each) for each in several if isinstance(each, str)]
    for extra in member.get("additional_attributes") or ():
        if isinstance(extra, dict):
            found += [
                (ACCOUNT, value) for name in _ACCOUNTS if isinstance(value := extra.get(name), str)
            ]
    return found


def _identifiers(given: list[Any], found: list[tuple[str, str]]) -> None:
    for each in given:
        if isinstance(each, dict):
            kind, value = each.get("identifier_type"), each.get("identifier_value")
            if isinstance(kind, str) and isinstance(value, str):
                found.append((kind, value))


class Read(NamedTuple):
    """A number as it is kept, and as it is compared."""

    kind: str
    blind_index: bytes
    compared: str
    sign: str


@lru_cache(maxsize=1024)
def _kinds(written: str) -> tuple[str, str] | None:
    """The canonical type of an identifier, and the kind that it is compared as."""
    try:
        kind = canonical_type(written)
    except NotUnderstood:
        return None
    return kind, kind_of(kind)


# The members of one household name the same phone, account, head and payee.
@lru_cache(maxsize=4096)
def read_number(written: str, value: str, index: BlindIndex) -> Read | None:
    """A number as written; None where it is nobody's, or cannot be read.

    The blind index is the one under which the registry finds an identifier again. Phones and
    accounts have many spellings and are never what a record is found by: theirs is made of what
    is compared.
    """
    kinds = _kinds(written)
    if kinds is None:
        return None
    kind, compared = kinds
    sign = comparable(compared, value)
    if not sign:
        return None
    if compared in CONTACTS:
        return Read(compared, index.of(compared, sign), compared, sign)
    if sign != value:
        try:
            value = canonical_value(value)
        except NotUnderstood:
            return None
    return Read(kind, index.of(kind, value), compared, sign)


def ties_of(member: Mapping[str, Any], index: BlindIndex) -> set[Noted]:
    """The numbers of others that a strict Member names, with the relationship as their tie."""
    found: set[Noted] = set()
    for related in member.get("related_person") or ():
        other = related.get("related_member") if isinstance(related, dict) else None
        tie = tie_of(related.get("relationship_type")) if isinstance(other, dict) else SELF
        if tie == SELF or not isinstance(other, dict):
            continue
        for kind, value in said_numbers(other):
            if len(found) < MOST and (read := read_number(kind, value, index)):
                found.add(Noted(read.kind, tie, read.blind_index))
    return found


def is_self(member: Mapping[str, Any]) -> bool:
    """Whether a member of a group is said to be the record's own person."""
    return any(
        isinstance(related, dict) and tie_of(related.get("relationship_type")) == SELF
        for related in member.get("related_person") or ()
    )


def tie_of(relationship: object) -> str:
    """A relationship as it is kept: capitals, digits and low lines; OTHER where it is no code."""
    if not isinstance(relationship, str):
        return OTHER
    tie = relationship.strip().upper().replace(" ", "_").replace("-", "_")
    return tie if _TIE.fullmatch(tie) else OTHER
