"""The question for possible duplicates of an applicant, as JSON, and its answer.

Names of fields are those of the standard's Member. The answer never holds a name or a number.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ibr.errors import NotUnderstood
from ibr.identity.applicants.model import Answer, Applicant


class Name(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As in the standard."""

    given_name: str = ""
    second_name: str = ""
    surname: str = ""


class Address(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As in the standard."""

    region_code: str = ""
    sub_region_code: str = ""
    locality: str = ""


class Identifier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As in the standard."""

    identifier_type: str
    identifier_value: str


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The applicant as a partner's system writes it."""

    name: Name = Name()
    birth_date: str = ""
    sex: str = ""
    address: Address = Address()
    phone_number: list[str] = []
    identifier: list[Identifier] = []


_decoder = msgspec.json.Decoder(Asked)


def read_question(body: bytes) -> Applicant:
    """The applicant; NotUnderstood, without a value, where the JSON is another one."""
    try:
        asked = _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise NotUnderstood(
            "applicant.json",
            "Send one JSON object with name, birth_date, sex, address, phone_number and "
            "identifier as docs/howto/possible-duplicates.md shows, and no other fields.",
        ) from None
    return Applicant(
        given_name=asked.name.given_name,
        second_name=asked.name.second_name,
        surname=asked.name.surname,
        birth_date=asked.birth_date,
        sex=asked.sex,
        region=asked.address.region_code,
        district=asked.address.sub_region_code,
        locality=asked.address.locality,
        phones=tuple(asked.phone_number),
        identifiers=tuple(
            (each.identifier_type, each.identifier_value) for each in asked.identifier
        ),
    )


def answer_to(answer: Answer) -> dict[str, Any]:
    """How likely, a reference, and the programmes in the asker's reach."""
    return {
        "possible_duplicates": [
            {
                "likelihood": each.likelihood,
                "reference": each.reference,
                "programmes": sorted({record.programme for record in each.records}),
            }
            for each in answer.found
        ],
        "known_in_another_programme": answer.elsewhere,
    }
