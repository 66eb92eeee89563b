"""An enrolment as the DCI standard's Beneficiary, the way a strict writer sends it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date

from ibr.demo.areas import COUNTRY_CODE, District
from ibr.demo.enrolments import Enrolment
from ibr.demo.mistakes import Written, written_by
from ibr.demo.people import Person
from ibr.demo.programmes import Programme

Record = dict[str, object]

CONTEXT = "https://schema.spdci.org/extensions/ibr/v1/data/Beneficiary.jsonld"
_LINK_TO_HEAD = {"parent": "CHILD", "spouse": "SPS"}


def record_urn(seed: int, programme: str, number: str) -> str:
    """The record's `@id`: the same in every cycle, for it is the same record."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"demo:{seed}:{programme}:{number}").urn


def moment(day: date) -> str:
    """A day as RFC 3339 with an offset."""
    return f"{day.isoformat()}T00:00:00+00:00"


def programme_part(programme: Programme) -> list[Record]:
    """The programme as each of its records names it."""
    return [
        {
            "@type": "Programme",
            "programme_identifier": programme.code,
            "programme_name": programme.names["en"],
        }
    ]


def described(
    seed: int,
    enrolment: Enrolment,
    month: int,
    districts: Sequence[District],
    *,
    faultless: bool = False,
) -> Record:
    """The part of a record that stays the same until somebody changes the description."""
    head_written = written_by(
        seed, enrolment, enrolment.person, month, districts, faultless=faultless
    )
    head = _member(enrolment, enrolment.person, enrolment.number, head_written)
    if not enrolment.whole_household:
        return {"assistance_unit": "1", "member": head}
    members = [head]
    for place, person in enumerate(enrolment.members(month)[1:], 2):
        written = written_by(seed, enrolment, person, month, districts, faultless=faultless)
        member = _member(enrolment, person, member_number(enrolment, person, place), written)
        member["related_person"] = [_link(enrolment, person, head)]
        members.append(member)
    group = {
        "@type": "Group",
        "group_identifier": [_identifier("HOUSEHOLD", enrolment.number)],
        "group_type": "2",
        "group_size": len(members),
        "member_list": members,
    }
    return {"assistance_unit": "2", "group": group, "member": head}


def member_number(enrolment: Enrolment, person: Person, place: int = 0) -> str:
    """The programme's number of a household's member; its recipient bears the household's own.

    It is made of the person's place among all who ever belonged, so that nobody's number changes
    when another is born, dies or leaves. `place` only orders what cannot be found.
    """
    if person is enrolment.person:
        return enrolment.number
    everybody = [*enrolment.household.members, *enrolment.household.left]
    ids = sorted(each.id for each in everybody)
    return f"{enrolment.number}-{ids.index(person.id) + 1 if person.id in ids else 90 + place:02d}"


def _member(enrolment: Enrolment, person: Person, number: str, written: Written) -> Record:
    name: Record = {"@type": "Name"}
    for key, value in (
        ("surname", written.family),
        ("given_name", written.given),
        ("second_name", written.father),
        ("maiden_name", written.maiden),
        ("prefix", written.prefix),
    ):
        if value:
            name[key] = value
    about: Record = {"@type": "IBRPerson", "name": name, "sex": written.sex}
    if written.birth is not None:
        about["birth_date"] = written.birth
    if written.death is not None:
        about["death_date"] = written.death.isoformat()
    address: Record = {"@type": "Address"}
    for key, value in (
        ("address_line_1", written.street),
        ("locality", written.village),
        ("sub_region_code", written.district),
        ("region_code", written.region),
        ("country_code", COUNTRY_CODE),
    ):
        if value:
            address[key] = value
    about["address"] = [address]
    if written.phones:
        about["phone_number"] = written.phones
    member: Record = {
        "@type": "Member",
        "member_identifier": [
            _identifier("PROGRAMME_NUMBER", number),
            *(_identifier(kind, value) for kind, value in written.ids.items()),
        ],
        "demographic_info": about,
        "is_disabled": person.limitation is not None,
        "marital_status": person.marital,
        "registration_date": moment(enrolment.start),
    }
    if enrolment.programme == "DIS" and person.limitation is not None:
        member["disability_info"] = [
            {
                "@type": "DisabilityInfo",
                "disability_limitation_type": person.limitation,
                "functional_severity": "4" if person.limitation in ("MOB_SS", "SC_SS") else "3",
            }
        ]
    return member


def _identifier(kind: str, value: str) -> Record:
    return {"@type": "Identifier", "identifier_type": kind, "identifier_value": value}


def _link(enrolment: Enrolment, person: Person, head: Record) -> Record:
    """Who the household's recipient is to the member: for a child, the mother or the father."""
    recipient = enrolment.person
    if person.role in _LINK_TO_HEAD and recipient.role == "head":
        kind = _LINK_TO_HEAD[person.role]
    elif person.role == "child" and recipient.role in ("head", "spouse"):
        kind = "MTH" if recipient.sex == "female" else "FTH"
    else:
        kind = "FAMMEMB"
    about = head["demographic_info"]
    return {
        "@type": "RelatedPerson",
        "relationship_type": kind,
        "related_member": {
            "@type": "IBRPerson",
            "identifier": [_identifier("PROGRAMME_NUMBER", enrolment.number)],
            "name": about["name"] if isinstance(about, dict) else {},
        },
    }
