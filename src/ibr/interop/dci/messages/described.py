"""The record as JSON Schema, from the very types that read it: the two cannot differ."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from ibr.codelists.enrolment_status import ENROLMENT_STATUS
from ibr.codelists.people import SEX
from ibr.codelists.programme_kinds import ASSISTANCE_UNIT, BENEFIT_TYPE
from ibr.interop.dci.messages.beneficiary import WireBeneficiary

Schema = dict[str, Any]

# What the members of a record mean, where the standard's word alone does not say it.
_ABOUT: Final[dict[str, dict[str, str | list[str]]]] = {
    "Beneficiary": {
        "@id": "The sender's own reference; it comes back as reference_id.",
        "assistance_unit": "1 person, 2 household, 3 family.",
        "programme_identifier": "Exactly one programme for each record.",
        "enrollment_status": "Code of the enrolment status.",
        "status_change_date": "When the status changed; the newest date belongs to the status.",
        "benefits": "Benefits given; each counts once however often it is sent.",
    },
    "Benefit": {
        "benefit_value": "Currency and amount: USD 50.00.",
        "benefit_quantity": "How many, for benefits in kind.",
        "benefit_description": "What was given, for benefits in kind.",
    },
    "Person": {"birth_date": "A day, or only a year or a year and month."},
    "Identifier": {
        "identifier_type": "Kind of identifier, for example UIN or PROGRAMME_NUMBER.",
        "identifier_value": "Letters A-Z, digits and . / _ : + -, at most 64 characters.",
    },
}
_CODES: Final = {
    ("Beneficiary", "assistance_unit"): ASSISTANCE_UNIT,
    ("Beneficiary", "enrollment_status"): ENROLMENT_STATUS,
    ("Benefit", "benefit_type"): BENEFIT_TYPE,
    ("Person", "sex"): SEX,
}


def record_schemas() -> dict[str, Schema]:
    """Beneficiary and its parts, from the types that read them."""
    (_,), components = msgspec.json.schema_components(
        [WireBeneficiary], ref_template="#/components/schemas/{name}"
    )
    found = {name.removeprefix("Wire"): _tidy(each) for name, each in components.items()}
    for name, members in _ABOUT.items():
        for member, text in members.items():
            found[name]["properties"][member]["description"] = text
    for (name, member), codes in _CODES.items():
        found[name]["properties"][member]["enum"] = list(codes.codes())
    found["Beneficiary"]["properties"]["@context"] = {"description": "Read and not followed."}
    found["Beneficiary"]["properties"]["additional_attributes"]["items"] = {"type": "object"}
    return found


def _tidy(schema: Any) -> Any:
    """Absent is absent: no nulls and no defaults; and names without `Wire`."""
    if isinstance(schema, list):
        return [_tidy(each) for each in schema]
    if not isinstance(schema, dict):
        return schema.replace("/Wire", "/") if isinstance(schema, str) else schema
    if "anyOf" in schema:
        several = [each for each in schema["anyOf"] if each != {"type": "null"}]
        if len(several) == 1:
            return _tidy(several[0])
    return {name: _tidy(each) for name, each in schema.items() if name not in ("default", "title")}
