"""A stored record as what is compared: the features and numbers of everybody who appears in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ibr.codelists.identifier_types import OF_A_GROUP, OF_A_PROGRAMME
from ibr.codelists.people import SEX_NUMBER
from ibr.identity.features.appearing import OWN, appearing
from ibr.identity.features.dates import day_of
from ibr.identity.features.kin import family_of_spouse, father_named
from ibr.identity.features.names import name_of
from ibr.identity.features.numbers import (
    ACCOUNT,
    EMAIL,
    FOUNDATIONAL,
    PHONE,
    number_of,
)
from ibr.identity.features.places import NOWHERE, Place, place_of_address
from ibr.identity.features.ties import Noted, read_number, said_numbers, ties_of
from ibr.identity.model import Features, Number
from ibr.protection.blind_index import BlindIndex
from ibr.registry.beneficiaries.model import Document

ONE_PERSON: Final = 1
# What identifies a record or a group says nothing of who a person is.
_NOBODYS: Final = frozenset((*OF_A_PROGRAMME, *OF_A_GROUP))


class Appeared(NamedTuple):
    """One person as a record shows them now."""

    member_no: int
    """Place in the group, or OWN for the record's own person."""
    features: Features
    numbers: tuple[Noted, ...]


def features_of(
    document: Document, unit: int, programme_id: int, index: BlindIndex
) -> list[Appeared]:
    """Everybody in a record, each once; the record's own person first."""
    group = document.group
    in_group = unit != ONE_PERSON or group is not None
    shared = _place((group or {}).get("address"))
    own = document.member or {}
    at_home = _place((own.get("demographic_info") or {}).get("address"))
    found = []
    for member_no, member in appearing(document):
        home = shared if member_no == OWN else (shared if shared != NOWHERE else at_home)
        found.append(_appeared(member_no, member, home, in_group, programme_id, index))
    return found


class _Numbers(NamedTuple):
    uins: list[Number]
    others: list[Number]
    phones: list[Number]
    accounts: list[Number]
    noted: set[Noted]


def _appeared(
    member_no: int,
    member: Mapping[str, Any],
    home: Place,
    in_group: bool,
    programme_id: int,
    index: BlindIndex,
) -> Appeared:
    person = member.get("demographic_info") or {}
    given, father, family, maiden, script = name_of(person.get("name") or {})
    if member.get("related_person"):
        father = father if father.words else father_named(member)
        if not maiden.words and person.get("sex") == "female":
            # Some programmes note a married woman by her own family name, others by her husband's.
            maiden = family_of_spouse(member)
    bones = given.skeletons + family.skeletons
    bones += tuple(each for each in maiden.skeletons if each not in bones)
    here = _place(person.get("address"))
    place = here if here != NOWHERE else home
    numbers = _numbers(member, index)
    # A second foundational number is one of two mistakes: evidence, and no identity.
    uins = _sorted(numbers.uins)
    features = Features(
        given=given.text,
        father=father.text,
        family=family.text,
        maiden=maiden.text,
        given_skeleton=given.skeleton,
        father_skeleton=father.skeleton,
        family_skeleton=family.skeleton,
        names=tuple(sorted(bones)),
        script=script,
        sex=SEX_NUMBER.get(person.get("sex") or "unknown", 0),
        birth=day_of(person["birth_date"]) if person.get("birth_date") else "",
        death=day_of(person["death_date"]) if person.get("death_date") else "",
        region=place.region,
        district=place.district,
        place=place.place,
        uin=uins[0] if uins else None,
        others=_sorted([*numbers.others, *uins[1:]]),
        phones=_sorted(numbers.phones),
        accounts=_sorted(numbers.accounts),
        in_group=in_group,
        programme_id=programme_id,
    )
    if member.get("related_person"):
        numbers.noted.update(ties_of(member, index))
    return Appeared(member_no, features, tuple(sorted(numbers.noted)))


def _sorted(numbers: list[Number]) -> tuple[Number, ...]:
    if len(numbers) > 1:
        numbers.sort(key=lambda number: (number.kind, number.token))
    return tuple(numbers)


def _place(addresses: object) -> Place:
    """The place of the first address that names one."""
    for address in addresses if isinstance(addresses, list) else ():
        if isinstance(address, dict) and (place := place_of_address(address)) != NOWHERE:
            return place
    return NOWHERE


def _numbers(member: Mapping[str, Any], index: BlindIndex) -> _Numbers:
    found = _Numbers([], [], [], [], set())
    seen: set[tuple[str, str]] = set()
    for written, value in said_numbers(member):
        read = read_number(written, value, index)
        if read is None:
            continue
        found.noted.add(Noted(read.kind, "", read.blind_index))
        kind = read.compared
        if kind in _NOBODYS or (kind, read.sign) in seen:
            continue
        seen.add((kind, read.sign))
        number = number_of(kind, read.sign, index)
        if kind == FOUNDATIONAL:
            found.uins.append(number)
        elif kind in (PHONE, EMAIL):
            found.phones.append(number)
        else:
            (found.accounts if kind == ACCOUNT else found.others).append(number)
    return found
