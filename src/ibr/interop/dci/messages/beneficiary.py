"""The standard's Beneficiary on the wire, strict form, and from it plain news (digest.md 5.8).

The fast way in: one typed decode. Whatever does not fit goes through `tolerant.py`, which puts it
into this form first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from ibr.reported.beneficiary import Reported
from ibr.reported.facts import facts_of, moment_of, unreadable
from ibr.reported.parts import Given
from ibr.reported.person import Group, Member, Part
from ibr.reported.values import read_money

MOST_BENEFITS: Final = 1000
# In minor units. More is a mistake, and sums of it would not fit a total.
MOST_VALUE: Final = 10**12
LONGEST_ID: Final = 200
_STATUSES: Final = {str(code): code for code in range(1, 8)}
_UNITS: Final = {"1": 1, "2": 2, "3": 3}
_BENEFIT_TYPES: Final = {str(code): code for code in range(1, 7)}


# The names of parts whose own members are open, as they stand in JSON.
OPEN_PARTS: Final = (
    b'"related_person"',
    b'"geo_location"',
    b'"geographical_location"',
    b'"additional_attributes"',
)


class WireProgramme(Part):
    programme_identifier: str
    kind: str | None = msgspec.field(name="@type", default=None)
    programme_name: str | None = None


class WireBenefit(Part):
    kind: str | None = msgspec.field(name="@type", default=None)
    benefit_type: str | None = None
    benefit_date: str | None = None
    benefit_value: str | None = None
    benefit_description: str | None = None
    benefit_quantity: int | None = None


class WireBeneficiary(Part):
    context: str | None = msgspec.field(name="@context", default=None)
    kind: str | None = msgspec.field(name="@type", default=None)
    own_id: str | None = msgspec.field(name="@id", default=None)
    assistance_unit: str | None = None
    group: Group | None = None
    member: Member | None = None
    programme_identifier: list[WireProgramme] = []
    enrollment_date: str | None = None
    enrollment_status: str | None = None
    status_change_date: list[str] = []
    benefits: list[WireBenefit] = []
    additional_attributes: list[Any] = []


def to_reported(
    wire: WireBeneficiary,
    item_no: int,
    as_of: datetime,
    currency: str | None,
    warnings: tuple[str, ...] = (),
) -> Reported:
    """One strict record as news. Unreadable names the first field that cannot be read."""
    if len(wire.programme_identifier) != 1:
        raise unreadable(
            "programme_identifier",
            "Name exactly one programme: programme_identifier: [{programme_identifier: …}].",
        )
    if wire.own_id and len(wire.own_id) > LONGEST_ID:
        raise unreadable("@id", f"@id may have {LONGEST_ID} characters at most.")
    unit = _UNITS.get(wire.assistance_unit or "")
    if unit is None:
        raise unreadable("assistance_unit", "assistance_unit is 1, 2 or 3.")
    facts = facts_of(wire.member, wire.group, as_of)
    status = None
    if wire.enrollment_status is not None:
        status = _STATUSES.get(wire.enrollment_status)
        if status is None:
            raise unreadable("enrollment_status", "enrollment_status is a code from 1 to 7.")
    dates = [moment_of(each, "status_change_date", as_of) for each in wire.status_change_date]
    enrolled_at = wire.enrollment_date and moment_of(wire.enrollment_date, "enrollment_date", as_of)
    return Reported(
        item_no=item_no,
        reference_id=wire.own_id or str(item_no),
        programme_code=wire.programme_identifier[0].programme_identifier,
        unit=unit,
        member=wire.member,
        group=wire.group,
        facts=facts,
        enrolled_at=enrolled_at or None,
        status=status,
        status_at=max(dates) if dates else None,
        status_dates=dates,
        benefits=_benefits(wire.benefits, as_of, currency),
        warnings=warnings,
        own_reference=wire.own_id,
    )


def _benefits(given: Sequence[WireBenefit], as_of: datetime, currency: str | None) -> list[Given]:
    if len(given) > MOST_BENEFITS:
        raise unreadable("benefits", f"One record may carry {MOST_BENEFITS} benefits at most.")
    benefits = []
    for each in given:
        kind = _BENEFIT_TYPES.get(each.benefit_type or "")
        if kind is None:
            raise unreadable("benefits.benefit_type", "benefit_type is a code from 1 to 6.")
        if not each.benefit_date:
            raise unreadable("benefits.benefit_date", "A benefit needs its benefit_date.")
        money = None
        if each.benefit_value is not None:
            money = read_money(each.benefit_value, currency)
            if money is None:
                raise unreadable(
                    "benefits.benefit_value",
                    "benefit_value is not an amount with its currency; write it as USD 50.00.",
                )
            if money[0] > MOST_VALUE:
                raise unreadable(
                    "benefits.benefit_value", "benefit_value is larger than any benefit."
                )
        quantity = each.benefit_quantity
        if quantity is not None and not 0 <= quantity < 2**31:
            raise unreadable("benefits.benefit_quantity", "benefit_quantity is not a count.")
        benefits.append(
            Given(
                kind,
                moment_of(each.benefit_date, "benefits.benefit_date", as_of),
                money[0] if money else None,
                money[1] if money else None,
                quantity,
                each.benefit_description,
            )
        )
    return benefits
