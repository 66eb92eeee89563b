"""Records that break a rule, a few in every delivery: the registry must refuse each by itself."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec

from ibr.demo.benefits import PAY_DAYS, Benefit, benefits_of, pay_day
from ibr.demo.country import Country
from ibr.demo.enrolments import ACTIVE, Enrolment
from ibr.demo.programmes import HABITS, Programme
from ibr.demo.records import CONTEXT, Record, described, moment, programme_part, record_urn
from ibr.demo.timeline import day_in, month_at

_ONE_IN = 1000


class Refused(msgspec.Struct, frozen=True):
    """A record that must be refused, and the one thing that is wrong with it."""

    programme: str
    cycle: str
    urn: str
    why: str
    record: Record


def refused_records(country: Country, programme: Programme, month: int) -> list[Refused]:
    """The bad records of one delivery, each about somebody whom the programme does not know."""
    rng = random.Random(f"{country.seed}:refused:{programme.code}:{month}")
    enrolled = {each.person.id for each in country.enrolments[programme.code]}
    count = 1 + len(enrolled) // _ONE_IN
    refused: list[Refused] = []
    while len(refused) < count:
        household = rng.choice(country.households)
        person = household.members[0]
        if person.id in enrolled:
            continue
        number = f"{HABITS[programme.code].prefix}-X{month:02d}{len(refused):03d}"
        start = day_in(month, 1)
        enrolment = Enrolment(
            programme=programme.code,
            number=number,
            person=person,
            household=household,
            whole_household=programme.assistance_unit == 2,
            start=start,
            statuses=[(start, ACTIVE)],
            corrected=None,
            hears_of_moves=True,
            hears_of_split=True,
            heard_deaths={},
            heard_births={},
        )
        why, spoil = rng.choice(_WAYS)
        refused.append(
            Refused(
                programme.code,
                str(month_at(month)),
                record_urn(country.seed, programme.code, number),
                why,
                _spoilt(country, programme, enrolment, month, spoil, rng),
            )
        )
    return refused


def _spoilt(
    country: Country,
    programme: Programme,
    enrolment: Enrolment,
    month: int,
    spoil: Callable[[dict[str, Any]], None],
    rng: random.Random,
) -> Record:
    body = described(country.seed, enrolment, month, country.districts, faultless=True)
    day = pay_day(programme.code, month)
    benefits: list[Benefit] = []
    while not benefits:
        benefits = benefits_of(enrolment, programme, day, [moment(day)] * PAY_DAYS, rng)
    record: Record = {
        "@context": CONTEXT,
        "@type": "Beneficiary",
        "@id": record_urn(country.seed, programme.code, enrolment.number),
        **body,
        "programme_identifier": programme_part(programme),
        "enrollment_date": moment(enrolment.start),
        "enrollment_status": ACTIVE,
        "status_change_date": [moment(enrolment.start)],
        "benefits": benefits,
    }
    # A copy of its own: spoiling it must not reach what other records share.
    own: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(record))
    spoil(own)
    return own


def _recipients(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The recipient, as the record's member and as the first of the household's list."""
    return [record["member"], *record.get("group", {}).get("member_list", [])[:1]]


def _nobody(record: dict[str, Any]) -> None:
    for member in _recipients(record):
        member["member_identifier"] = []
        del member["demographic_info"]["name"]
    record.get("group", {}).pop("group_identifier", None)


def _never_born(record: dict[str, Any]) -> None:
    for member in _recipients(record):
        member["demographic_info"]["birth_date"] = "1899-02-30"


def _no_such_status(record: dict[str, Any]) -> None:
    record["enrollment_status"] = "99"


def _no_amount(record: dict[str, Any]) -> None:
    record["benefits"][0]["benefit_value"] = "12,5x"


def _no_date(record: dict[str, Any]) -> None:
    record["enrollment_date"] = "31/31/2025"


def _no_programme(record: dict[str, Any]) -> None:
    record["programme_identifier"] = []


_WAYS: tuple[tuple[str, Callable[[dict[str, Any]], None]], ...] = (
    ("nobody_named", _nobody),
    ("birth_date_impossible", _never_born),
    ("status_unknown", _no_such_status),
    ("amount_unreadable", _no_amount),
    ("enrolment_date_unreadable", _no_date),
    ("programme_missing", _no_programme),
)
