"""An applicant made into features and keys by the same functions as everybody in the registry."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from ibr.codelists.people import SEX_NUMBER
from ibr.errors import NotUnderstood
from ibr.identity.applicants.model import Applicant
from ibr.identity.features.features_of import features_of
from ibr.identity.features.keys import keys_of
from ibr.identity.model import Features
from ibr.protection.blind_index import BlindIndex, canonical_type, canonical_value
from ibr.registry.beneficiaries.model import Document

LONGEST: Final = 200
MOST_NUMBERS: Final = 8
_NO_PROGRAMME: Final = 0
_ONE_PERSON: Final = 1


def check(applicant: Applicant) -> None:
    """NotUnderstood where something is too long, or where it says too little of one person.

    A name alone is shared by thousands; who asks with no more would look around, not look up.
    """
    texts = (
        applicant.given_name, applicant.second_name, applicant.surname, applicant.birth_date,
        applicant.region, applicant.district, applicant.locality, *applicant.phones,
        *(part for number in applicant.identifiers for part in number),
    )  # fmt: skip
    if any(len(text) > LONGEST for text in texts):
        raise NotUnderstood(
            "applicant.too_long", f"A field is longer than {LONGEST} characters; shorten it."
        )
    if len(applicant.phones) + len(applicant.identifiers) > MOST_NUMBERS:
        raise NotUnderstood(
            "applicant.too_many", f"Send at most {MOST_NUMBERS} phones and identifiers together."
        )
    if applicant.sex and applicant.sex not in SEX_NUMBER:
        raise NotUnderstood("applicant.sex", f"The sex is one of {', '.join(SEX_NUMBER)}.")


def is_enough(features: Features) -> bool:
    """Whether this says enough of one person: a name with a year of birth, or a number."""
    named = bool(features.names) and bool(features.birth)
    return named or bool(features.uin or features.others or features.phones or features.accounts)


def too_little() -> NotUnderstood:
    """Why nobody is looked for."""
    return NotUnderstood(
        "applicant.too_little",
        "Write a name and a year of birth, or a number; a name alone is too little to look for.",
    )


def read_applicant(applicant: Applicant, index: BlindIndex) -> tuple[Features, list[int]]:
    """What is compared of the applicant, and under which keys it is looked for."""
    member: dict[str, Any] = {
        "member_identifier": [
            {"identifier_type": kind, "identifier_value": value}
            for kind, value in applicant.identifiers
        ],
        "demographic_info": {
            "name": {
                "given_name": applicant.given_name,
                "second_name": applicant.second_name,
                "surname": applicant.surname,
            },
            "sex": applicant.sex or "unknown",
            "birth_date": applicant.birth_date,
            "address": [
                {
                    "region_code": applicant.region,
                    "sub_region_code": applicant.district,
                    "locality": applicant.locality,
                }
            ],
            "phone_number": list(applicant.phones),
        },
    }
    appeared = features_of(Document(member=member), _ONE_PERSON, _NO_PROGRAMME, index)
    features = appeared[0].features if appeared else Features()
    return features, keys_of(features, index)


def subjects_of(applicant: Applicant, index: BlindIndex) -> list[bytes]:
    """Under which subjects the ledger keeps the question: the identifiers as typed."""
    found = []
    for kind, value in applicant.identifiers:
        with suppress(NotUnderstood):
            found.append(index.of(canonical_type(kind), canonical_value(value)))
    return found
