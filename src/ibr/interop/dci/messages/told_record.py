"""A record of another registry, read for what was agreed and for nothing else.

Social registries send a Group or a Member, disability registries a DisabledPerson, civil ones a
Person, each in several spellings (digest.md 10.1). Whoever the record speaks of is found wherever
they stand in it; each attribute is read by itself, so that one that cannot be read costs only
itself. Members that nobody asked for are counted by their names and dropped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Final

import msgspec

from ibr.codelists.code_list import CodeList
from ibr.codelists.people import (
    EDUCATION_LEVEL,
    EMPLOYMENT_STATUS,
    FUNCTIONAL_LIMITATION,
    FUNCTIONAL_SEVERITY,
    MARITAL_STATUS,
    OCCUPATION,
)
from ibr.errors import NotUnderstood
from ibr.interop.dci.messages.loose import ABSENT, Object
from ibr.interop.dci.messages.tolerant import Reader
from ibr.protection.blind_index import canonical_type, canonical_value
from ibr.reported.facts import Unreadable
from ibr.reported.values import read_day, read_moment

MOST_PEOPLE: Final = 200
LONGEST_TEXT: Final = 200
_MOST_PHONES: Final = 5
_MOST_LIMITATIONS: Final = 20

# Where a person's own members stand inside a person, beside those on top.
_INSIDE: Final = ("demographic_info", "personal_details", "person")
_IDENTIFIERS: Final = ("member_identifier", "identifier")
_UPDATED: Final = ("last_updated", "last_update")
# Not attributes of anybody: they name somebody, hold other people or say what the record is.
_FRAME: Final = frozenset(
    [*_IDENTIFIERS, *_INSIDE, *_UPDATED, "identifier_type", "identifier_value"]
    + ["group_identifier", "group_head_info", "member_list", "members", "member", "group"]
    + ["@context", "@type", "@id", "related_person"]
)
_SPELLINGS: Final[dict[str, tuple[str, ...]]] = {
    "is_disabled": ("is_disabled", "self_id_disability", "disability_status"),
    "disability_info": ("disability_info", "disability_details"),
    "disability_identifier": ("disability_identifier", "disability_id", "disability_card_number"),
    "phone_number": ("phone_number", "phone"),
    "death_date": ("death_date", "date_of_death"),
    "group_size": ("group_size", "size", "household_size"),
}
_OF_GROUP: Final = frozenset({"poverty_score", "poverty_score_type", "group_size"})

Name = tuple[str, str]


class ToldPerson(msgspec.Struct, frozen=True, kw_only=True):
    """One person of a record: the identifiers, what was agreed, and when the record changed."""

    names: tuple[Name, ...]
    values: dict[str, Any]
    updated: datetime | None


class ToldRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record: its people, the household's own identifiers and what is the household's."""

    people: list[ToldPerson]
    group_names: tuple[Name, ...]
    group_values: dict[str, Any]
    group_updated: datetime | None
    not_agreed: int
    unreadable: int


class _Counts:
    def __init__(self) -> None:
        self.not_agreed = 0
        self.unreadable = 0


def records_in(given: object) -> list[Object]:
    """The records of an answer, whether a list or a single object was sent; others are none."""
    several = given if isinstance(given, list) else [given]
    return [each for each in several if isinstance(each, dict) and each]


def read_told(raw: Object, wanted: frozenset[str], kind: str) -> ToldRecord:
    """What a record says of the wanted attributes; `kind` is that of an identifier without one."""
    counts = _Counts()
    group = raw.get("group") if isinstance(raw.get("group"), dict) else raw
    assert isinstance(group, dict)
    is_group = any(
        name in group for name in ("group_identifier", "group_head_info", "member_list", "members")
    )
    people = [_person(each, wanted, kind, counts) for each in _people(raw, group, is_group)]
    return ToldRecord(
        people=people,
        group_names=_names(group.get("group_identifier"), "HOUSEHOLD") if is_group else (),
        group_values=_values([group], wanted & _group_wanted(is_group), counts) if is_group else {},
        group_updated=_updated([group]) if is_group else None,
        not_agreed=counts.not_agreed,
        unreadable=counts.unreadable,
    )


def _group_wanted(is_group: bool) -> frozenset[str]:
    return _OF_GROUP | {"address"} if is_group else frozenset()


def _people(raw: Object, group: Object, is_group: bool) -> Iterator[Object]:
    """Everybody the record speaks of, the one it is about first."""
    given: list[object] = []
    if isinstance(raw.get("member"), dict):
        given.append(raw["member"])
    elif not is_group:
        given.append(raw)
    given.append(group.get("group_head_info"))
    members = group.get("member_list", group.get("members"))
    given += members if isinstance(members, list) else [members]
    for each in given[:MOST_PEOPLE]:
        if isinstance(each, dict) and each:
            yield each


def _person(raw: Object, wanted: frozenset[str], kind: str, counts: _Counts) -> ToldPerson:
    layers = list(_layers(raw))
    names: dict[Name, None] = {}
    for layer in layers:
        for member in _IDENTIFIERS:
            names |= dict.fromkeys(_names(layer.get(member), kind))
        if "identifier_value" in layer:
            names |= dict.fromkeys(_names(layer, kind))
    return ToldPerson(
        names=tuple(names), values=_values(layers, wanted, counts), updated=_updated(layers)
    )


def _layers(raw: Object) -> Iterator[Object]:
    """A person's members on top, then those of the person inside."""
    yield raw
    for name in _INSIDE:
        inner = raw.get(name)
        if isinstance(inner, dict):
            yield from _layers(inner)


def _names(given: object, kind: str) -> tuple[Name, ...]:
    """Identifiers in canonical form; one that has none cannot be anybody's here."""
    found = []
    try:
        read = Reader().identifiers(given, kind)
    except Unreadable:
        return ()
    for each in read:
        try:
            name = (
                canonical_type(str(each["identifier_type"])),
                canonical_value(str(each["identifier_value"])),
            )
        except NotUnderstood:
            continue
        found.append(name)
    return tuple(dict.fromkeys(found))


def _updated(layers: Iterable[Object]) -> datetime | None:
    moments = [
        read_moment(layer[name])
        for layer in layers
        for name in _UPDATED
        if isinstance(layer.get(name), str)
    ]
    return max((each for each in moments if each is not None), default=None)


def _values(layers: list[Object], wanted: frozenset[str], counts: _Counts) -> dict[str, Any]:
    """The wanted attributes that can be read; everything else is counted."""
    values: dict[str, Any] = {}
    read: set[str] = set()
    for attribute in sorted(wanted):
        for layer, name in (
            (layer, name) for layer in layers for name in _SPELLINGS.get(attribute, (attribute,))
        ):
            if name not in layer or name in read:
                continue
            read.add(name)
            given = layer[name]
            if given in ABSENT and not isinstance(given, bool) and given != 0:
                continue
            value = _READERS[attribute](given)
            if value is None:
                counts.unreadable += 1
            else:
                values.setdefault(attribute, value)
    _vital(layers, wanted, values)
    counts.not_agreed += sum(
        name not in read and name not in _FRAME and value not in ABSENT
        for layer in layers
        for name, value in layer.items()
    )
    return values


def _vital(layers: list[Object], wanted: frozenset[str], values: dict[str, Any]) -> None:
    """A date of death says that somebody died; one that is there and empty that nobody knows so.

    A civil registry takes a death back by sending the person again with the date left empty.
    """
    if "vital_status" not in wanted or "vital_status" in values:
        return
    given = [layer["death_date"] for layer in layers if "death_date" in layer]
    if given:
        known = any(isinstance(each, str) and read_day(each) for each in given)
        blank = all(each in (None, "") for each in given)
        if known or blank:
            values["vital_status"] = "deceased" if known else "alive"


def _number(given: object) -> str | None:
    if isinstance(given, bool) or not isinstance(given, (int, float, str)):
        return None
    try:
        value = float(given)
    except ValueError:
        return None
    if not math.isfinite(value) or abs(value) > 1e12:
        return None
    return str(int(value)) if value.is_integer() else repr(value)


def _count(given: object) -> int | None:
    number = _number(given)
    if number is None or not number.isdecimal() or int(number) > 10_000:
        return None
    return int(number)


def _truth(given: object) -> bool | None:
    if isinstance(given, bool):
        return given
    plain = str(given).strip().casefold() if isinstance(given, (str, int)) else ""
    if plain in ("1", "true", "yes", "disabled", "approved"):
        return True
    return False if plain in ("0", "2", "false", "no", "not disabled", "rejected") else None


def _text(given: object) -> str | None:
    if isinstance(given, bool) or not isinstance(given, (str, int, float)):
        return None
    text = str(given).strip()
    return text if 0 < len(text) <= LONGEST_TEXT else None


def _code(codes: CodeList) -> Callable[[object], str | None]:
    """The code where the list has it, else the text: other countries have longer lists."""

    def read(given: object) -> str | None:
        return codes.read(given) or _text(given)

    return read


def _address(given: object) -> dict[str, str] | None:
    """Region and district only: no street is needed to see that somebody moved."""
    first = given[0] if isinstance(given, list) and given else given
    if not isinstance(first, dict):
        return None
    try:
        read = Reader().address(first) or {}
    except Unreadable:
        return None
    kept = {
        name: read[name].strip()
        for name in ("region_code", "sub_region_code")
        if isinstance(read.get(name), str) and 0 < len(read[name].strip()) <= 40
    }
    return kept or None


def _phones(given: object) -> list[str] | None:
    found = []
    for each in given if isinstance(given, list) else [given]:
        text = _text(each)
        if text is None:
            continue
        plain = "".join(letter for letter in text if letter in "+0123456789")
        if 4 <= len(plain) <= 20:
            found.append(plain)
    return sorted(dict.fromkeys(found))[:_MOST_PHONES] or None


def _limitations(given: object) -> list[dict[str, str]] | None:
    """Kinds of limitation with their severity, in an order that no sender decides."""
    found = []
    for each in (given if isinstance(given, list) else [given])[:_MOST_LIMITATIONS]:
        if not isinstance(each, dict):
            continue
        kind = _first(
            each,
            "functional_limitation_type",
            "disability_limitation_type",
            "disability_type",
            "impairment_type",
        )
        severity = _first(each, "functional_severity", "impairment_level", "severity")
        read = {
            "type": _code(FUNCTIONAL_LIMITATION)(kind),
            "severity": _code(FUNCTIONAL_SEVERITY)(severity),
        }
        known = {name: value for name, value in read.items() if value is not None}
        if known and known not in found:
            found.append(known)
    return sorted(found, key=lambda each: (each.get("type", ""), each.get("severity", ""))) or None


def _first(given: Object, *names: str) -> object:
    return next((given[name] for name in names if given.get(name) not in ABSENT), None)


def _identifier(given: object) -> str | None:
    names = _names(given, "DISABILITY_ID")
    return names[0][1] if names else None


def _day(given: object) -> str | None:
    """A day as exactly as it is known: 2026, 2026-03 or 2026-03-09."""
    read = read_day(given) if isinstance(given, str) else None
    return None if read is None else read[0].isoformat()[: (4, 7, 10)[read[1] - 1]]


def _vital_status(given: object) -> str | None:
    plain = str(given).strip().casefold() if isinstance(given, str) else ""
    if plain in ("deceased", "dead", "died", "death"):
        return "deceased"
    return "alive" if plain in ("alive", "living") else None


_READERS: Final[dict[str, Callable[[object], Any]]] = {
    "poverty_score": _number,
    "poverty_score_type": _text,
    "group_size": _count,
    "address": _address,
    "phone_number": _phones,
    "income_level": _text,
    "employment_status": _code(EMPLOYMENT_STATUS),
    "occupation": _code(OCCUPATION),
    "education_level": _code(EDUCATION_LEVEL),
    "marital_status": _code(MARITAL_STATUS),
    "is_disabled": _truth,
    "disability_info": _limitations,
    "disability_identifier": _identifier,
    "death_date": _day,
    "vital_status": _vital_status,
}
