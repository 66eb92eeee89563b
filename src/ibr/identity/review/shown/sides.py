"""One side of a pair, read from its sealed record: as it was written, and as it is compared.

The least that decides: numbers show their last two signs, of an address only the area and the
village is read, and of the others in the household the name, the birth date and who they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from ibr.codelists.identifier_types import OF_A_GROUP, OF_A_PROGRAMME
from ibr.identity.features.appearing import appearing
from ibr.identity.features.dates import day_of
from ibr.identity.features.features_of import features_of
from ibr.identity.features.numbers import FOUNDATIONAL, comparable, kind_of, number_of
from ibr.identity.features.ties import said_numbers
from ibr.identity.model import Features
from ibr.protection.blind_index import BlindIndex
from ibr.registry.beneficiaries.model import Document

MOST_MEMBERS: Final = 30
_SHOWN: Final = 2
_HIDDEN: Final = "••••"


class Names(msgspec.Struct, frozen=True):
    """The parts of a name as the programme wrote them, in their own script."""

    given: str = ""
    father: str = ""
    family: str = ""
    maiden: str = ""


class NumberSeen(msgspec.Struct, frozen=True):
    """A number of which only the end is shown; the hashes tell equal and nearly equal ones."""

    kind: str
    end: str
    token: int = 0
    near: tuple[int, ...] = ()


class Housemate(msgspec.Struct, frozen=True):
    """Somebody else in the same record."""

    name: str
    birth: str
    sex: str
    relationship: str


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A person as one record shows them."""

    names: Names
    birth: str
    """`1990-04-05`, `1990-04` or `1990`, as precise as reported; empty where not known."""
    death: str
    sex: str
    region: str
    district: str
    village: str
    relationship: str
    numbers: tuple[NumberSeen, ...]
    housemates: tuple[Housemate, ...]
    features: Features


def written_of(
    document: Document, unit: int, programme_id: int, member_no: int, index: BlindIndex
) -> Written | None:
    """The person at this place of the record; None where the record does not show them now."""
    features = {
        each.member_no: each.features for each in features_of(document, unit, programme_id, index)
    }
    everybody = appearing(document)
    member = next((each.member for each in everybody if each.member_no == member_no), None)
    if member is None or member_no not in features:
        return None
    person = _part(member.get("demographic_info"))
    compared = features[member_no]
    name = _part(person.get("name"))
    return Written(
        names=Names(*(_said(name, each) for each in _PARTS)),
        birth=compared.birth,
        death=compared.death,
        sex=str(person.get("sex") or "unknown"),
        region=compared.region,
        district=compared.district,
        village=_village(person, document),
        relationship=_relationship(member),
        numbers=tuple(_numbers(member, index)),
        housemates=tuple(
            _housemate(each.member)
            for each in everybody[: MOST_MEMBERS + 1]
            if each.member_no != member_no
        )[:MOST_MEMBERS],
        features=compared,
    )


def without_foundational(written: Written) -> Written:
    """The same as if no foundational number were known of this person."""
    return msgspec.structs.replace(
        written,
        numbers=tuple(each for each in written.numbers if each.kind != FOUNDATIONAL),
        features=msgspec.structs.replace(written.features, uin=None),
    )


def end_of(value: str) -> str:
    """The last two signs; nothing of a number so short that they would tell it."""
    return _HIDDEN if len(value) < 2 * len(_HIDDEN) - 2 else _HIDDEN + value[-_SHOWN:]


_PARTS: Final = ("given_name", "second_name", "surname", "maiden_name")


def _numbers(member: Mapping[str, Any], index: BlindIndex) -> Iterable[NumberSeen]:
    """The person's own numbers that are compared; a programme's own number is none of them."""
    seen = set()
    for kind, value in said_numbers(member):
        compared = kind_of(kind.strip().upper())
        sign = comparable(compared, value)
        if not sign or compared in (*OF_A_PROGRAMME, *OF_A_GROUP) or (compared, sign) in seen:
            continue
        seen.add((compared, sign))
        blind = number_of(compared, sign, index)
        yield NumberSeen(compared, end_of(sign), blind.token, blind.near)


def _housemate(member: Mapping[str, Any]) -> Housemate:
    person = _part(member.get("demographic_info"))
    name = _part(person.get("name"))
    return Housemate(
        " ".join(filter(None, (_said(name, part) for part in _PARTS[:3]))),
        day_of(str(person["birth_date"])) if person.get("birth_date") else "",
        str(person.get("sex") or "unknown"),
        _relationship(member),
    )


def _relationship(member: Mapping[str, Any]) -> str:
    for each in member.get("related_person") or ():
        if isinstance(each, dict) and isinstance(each.get("relationship_type"), str):
            return str(each["relationship_type"])[:20]
    return ""


def _village(person: Mapping[str, Any], document: Document) -> str:
    """The village or quarter of the person, else of the household."""
    for addresses in (person.get("address"), (document.group or {}).get("address")):
        for each in addresses if isinstance(addresses, list) else ():
            if isinstance(each, dict) and isinstance(each.get("locality"), str):
                return str(each["locality"])
    return ""


def _said(part: Mapping[str, Any], name: str) -> str:
    value = part.get(name)
    return value.strip() if isinstance(value, str) else ""


def _part(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
