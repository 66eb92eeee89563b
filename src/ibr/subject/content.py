"""The sealed content of a record, read for one person in it and nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from ibr.errors import NotUnderstood
from ibr.protection.blind_index import canonical_type, canonical_value
from ibr.registry.overview.written import full_name

# Codes of fields in the order they are shown; a number is `identifier:` with its type.
NAME, SEX, BIRTH, DEATH = "name", "sex", "birth_date", "death_date"
ADDRESS, PHONE, EMAIL = "address", "phone", "email"
NUMBER: Final = "identifier:"
_PLAIN: Final = (
    "marital_status",
    "employment_status",
    "occupation",
    "income_level",
    "education_level",
)
_ADDRESS: Final = (
    "address_line_1",
    "address_line_2",
    "locality",
    "sub_region_code",
    "region_code",
    "postal_code",
    "country_code",
)
_OF_DISABILITY: Final = ("disability_limitation_type", "functional_severity")


def person_in(opened: bytes, role: int, kind: str, value: str) -> dict[str, Any]:
    """The standard's Member for the person: the one the record is about, or the member who carries
    the number; empty where there is none."""
    content = json.loads(opened)
    group = _object(content.get("group"))
    members = _objects(group.get("member_list"))
    if role:
        return next((each for each in members if (kind, value) in numbers_of(each)), {})
    return (
        _object(group.get("group_head_info"))
        or _object(content.get("member"))
        or next((each for each in members if _is_head(each)), {})
    )


def name_in(member: dict[str, Any]) -> dict[str, str]:
    """The name in its parts."""
    about = _object(member.get("demographic_info"))
    return {key: str(part) for key, part in _object(about.get("name")).items() if part}


def birth_in(member: dict[str, Any]) -> tuple[date | None, int]:
    """The birth date, and how exactly it is known: 1 the year, 2 the month, 3 the day."""
    written = str(_object(member.get("demographic_info")).get("birth_date") or "")[:10]
    try:
        numbers = [int(part) for part in written.split("-")]
        return date(*[*numbers, 1, 1][:3]), min(len(numbers), 3)
    except (ValueError, TypeError):
        return None, 0


def sex_in(member: dict[str, Any]) -> str:
    return str(_object(member.get("demographic_info")).get("sex") or "unknown")


def numbers_of(member: dict[str, Any]) -> list[tuple[str, str]]:
    """The person's numbers in canonical form, each once."""
    about = _object(member.get("demographic_info"))
    found = [*_numbers(member.get("member_identifier")), *_numbers(about.get("identifier"))]
    return list(dict.fromkeys(found))


def fields_of(member: dict[str, Any]) -> dict[str, str]:
    """Everything that a record says of the person, by code, as plain text."""
    about = _object(member.get("demographic_info"))
    found = {
        NAME: full_name(_object(about.get("name"))),
        SEX: str(about.get("sex") or ""),
        BIRTH: str(about.get("birth_date") or ""),
        DEATH: str(about.get("death_date") or ""),
        ADDRESS: "; ".join(_address(each) for each in _objects(about.get("address"))),
        PHONE: ", ".join(map(str, about.get("phone_number") or ())),
        EMAIL: ", ".join(map(str, about.get("email") or ())),
        **{code: str(member.get(code) or "") for code in _PLAIN},
        "disability": _disability(member),
        "language": ", ".join(map(str, member.get("language_code") or ())),
        "further": "; ".join(map(_further, _objects(member.get("additional_attributes")))),
    }
    for kind, value in numbers_of(member):
        found[NUMBER + kind] = ", ".join(filter(None, (found.get(NUMBER + kind), value)))
    return {code: text for code, text in found.items() if text}


def _disability(member: dict[str, Any]) -> str:
    reported = member.get("is_disabled")
    kinds = [
        " ".join(str(each[part]) for part in _OF_DISABILITY if each.get(part))
        for each in _objects(member.get("disability_info"))
    ]
    return ", ".join([*([] if reported is None else [_yes_no(reported)]), *filter(None, kinds)])


def _yes_no(value: object) -> str:
    return "yes" if value else "no"


def _further(attribute: dict[str, Any]) -> str:
    name = next((str(attribute[key]) for key in ("key", "name") if attribute.get(key)), "")
    value = attribute.get("value")
    return f"{name}: {value}" if name else json.dumps(attribute, sort_keys=True)


def _address(address: dict[str, Any]) -> str:
    return ", ".join(str(address[part]) for part in _ADDRESS if address.get(part))


def _is_head(member: dict[str, Any]) -> bool:
    related = _objects(member.get("related_person"))
    return any(
        str(each.get("relationship_type", "")).upper() in ("SELF", "HEAD") for each in related
    )


def _numbers(value: object) -> Iterator[tuple[str, str]]:
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
