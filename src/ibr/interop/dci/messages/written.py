"""The standard's Beneficiary as the registry writes it (digest.md 5.8): one record, one programme.

Codes are strings, moments carry their offset, dates of birth are days, or only a year or month
where no more is known, and nothing is ever written as an empty string. Benefits are the newest
first and at most a hundred; a programme's own books hold them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ibr.access.model import ProgrammeRight
from ibr.questions.find_beneficiaries import BenefitFound, FoundRecord
from ibr.reported.parts import PRECISION_MONTH, PRECISION_YEAR
from ibr.reported.values import read_day, read_moment, write_money

CONTEXT: Final = "https://schema.spdci.org/extensions/ibr/v1/data/Beneficiary.jsonld"
_ABSENT: Final[tuple[object, ...]] = (None, "", [], {})
_MOMENTS: Final = ("registration_date", "last_updated")
_DAYS: Final = ("birth_date", "death_date")
# The type of the objects below each member of a record.
_TYPES: Final = {
    "member_identifier": "Identifier",
    "identifier": "Identifier",
    "group_identifier": "Identifier",
    "demographic_info": "IBRPerson",
    "name": "Name",
    "address": "Address",
    "disability_info": "DisabilityInfo",
    "group_head_info": "Member",
    "member_list": "Member",
}


def written_moment(moment: datetime) -> str:
    """A moment of a record, as the standard's own records write it: with the offset +00:00."""
    return moment.isoformat()


def write_beneficiary(
    record: FoundRecord, programmes: Mapping[int, ProgrammeRight]
) -> dict[str, Any]:
    """The record as a JSON object; what is not known is left out."""
    programme = programmes[record.programme_id]
    written: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "Beneficiary",
        "assistance_unit": str(record.unit),
        "programme_identifier": [
            {
                "@type": "Programme",
                "programme_identifier": programme.code,
                "programme_name": programme.name,
            }
        ],
    }
    if record.status is not None:
        written["enrollment_status"] = str(record.status)
    if record.benefits is not None:
        written["benefits"] = [_benefit(each) for each in record.benefits]
    if record.member:
        written["member"] = _part(record.member, "Member")
    if record.group:
        written["group"] = _part(record.group, "Group")
    if record.enrolled_at:
        written["enrollment_date"] = written_moment(record.enrolled_at)
    if record.status_dates:
        written["status_change_date"] = [written_moment(each) for each in record.status_dates]
    return written


def _benefit(given: BenefitFound) -> dict[str, Any]:
    written: dict[str, Any] = {
        "@type": "Benefit",
        "benefit_type": str(given.benefit_type),
        "benefit_date": written_moment(given.given_at),
    }
    if given.value_minor is not None and given.currency:
        written["benefit_value"] = write_money(given.value_minor, given.currency)
    if given.quantity is not None:
        written["benefit_quantity"] = given.quantity
    if given.description:
        written["benefit_description"] = given.description
    return written


def _part(part: dict[str, Any], kind: str) -> dict[str, Any]:
    """A member, group or person with the types, dates and absences of the strict form."""
    written: dict[str, Any] = {"@type": kind}
    for name, value in part.items():
        told = _value(name, value)
        if isinstance(told, (bool, int, float)) or told not in _ABSENT:
            written[name] = told
    return written


def _value(name: str, value: Any) -> Any:
    if name in _TYPES:
        if isinstance(value, list):
            return [_part(each, _TYPES[name]) for each in value if isinstance(each, dict)]
        return _part(value, _TYPES[name]) if isinstance(value, dict) else None
    if name in _MOMENTS and isinstance(value, str):
        moment = read_moment(value)
        return written_moment(moment) if moment else None
    if name in _DAYS and isinstance(value, str):
        return _day(value)
    return _plain(value)


def _day(text: str) -> str | None:
    day = read_day(text)
    if day is None:
        return None
    whole = day[0].isoformat()
    return whole[: {PRECISION_YEAR: 4, PRECISION_MONTH: 7}.get(day[1], 10)]


def _plain(value: Any) -> Any:
    """A value without its empty members, however deep they lie."""
    if isinstance(value, dict):
        told = {name: _plain(each) for name, each in value.items()}
        return {
            name: each
            for name, each in told.items()
            if isinstance(each, (bool, int, float)) or each not in _ABSENT
        }
    if isinstance(value, list):
        return [
            each
            for each in map(_plain, value)
            if isinstance(each, (bool, int, float)) or each not in _ABSENT
        ]
    return value
