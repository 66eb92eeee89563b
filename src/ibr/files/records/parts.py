"""The parts of one row collected: who it is about, whom it names beside, what was given."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from ibr.errors import NotUnderstood
from ibr.files.records.cells import (
    Place,
    amount_of,
    code_in,
    count_of,
    day_of,
    identifier_of,
    moment_in,
    said,
    score_of,
    several,
    truth_in,
)
from ibr.protection.blind_index import canonical_type
from ibr.reported.facts import unreadable
from ibr.reported.person import Address, Group, Identifier, Member, Name, Person


class About(msgspec.Struct):
    """What a row says of one person."""

    identifiers: list[Identifier] = []
    name: dict[str, str] = {}
    about: dict[str, Any] = {}
    address: dict[str, Any] = {}
    member: dict[str, Any] = {}
    relationship: str | None = None
    kind: str = ""
    untyped: str = ""

    def made(self) -> Member | None:
        """The person in the strict form; None where the row says nothing of them."""
        if self.untyped:
            kind = canonical_type(self.kind or "UIN")
            self.identifiers.append(_identifier(kind, self.untyped))
        if self.name:
            self.about["name"] = Name(kind="Name", **self.name)
        if self.address:
            self.about["address"] = [Address(kind="Address", **self.address)]
        if self.about:
            self.member["demographic_info"] = Person(kind="IBRPerson", **self.about)
        if not self.member and not self.identifiers:
            return None
        if self.relationship:
            self.member["related_person"] = [{"relationship_type": self.relationship}]
        return Member(kind="Member", member_identifier=self.identifiers, **self.member)


class Benefit(msgspec.Struct):
    """What a row says of one benefit, as it was read."""

    type: str | None = None
    date: datetime | None = None
    number: str | None = None
    currency: str | None = None
    quantity: int | None = None
    description: str | None = None
    title: str = ""

    @property
    def given(self) -> bool:
        """Whether anything was given: an amount of nothing is no benefit."""
        paid = self.number is not None and self.number.strip("0.") != ""
        return paid or bool(self.quantity) or (self.number is None and bool(self.description))


class Parts(msgspec.Struct):
    """Everything that one row says, by what it is about."""

    own: About = msgspec.field(default_factory=About)
    members: dict[int, About] = {}
    benefits: dict[int, Benefit] = {}
    group: dict[str, Any] = {}
    group_identifiers: list[Identifier] = []
    reference: str = ""
    programme: str = ""
    unit: int | None = None
    status: int | None = None
    status_on: datetime | None = None
    enrolled_on: datetime | None = None
    warnings: set[str] = set()

    def made_group(self) -> Group | None:
        """The household without its members; None where the row says nothing of it."""
        if not self.group and not self.group_identifiers:
            return None
        return Group(kind="Group", group_identifier=self.group_identifiers, **self.group)


def parts_of(cells: list[str], places: list[Place], as_of: datetime) -> Parts:
    """What one row says. Unreadable names the first column that cannot be read."""
    parts = Parts()
    width = len(cells)
    for place in places:
        if place.at < width and cells[place.at]:
            cell = said(cells[place.at], place.title)
            if cell:
                put(parts, place, cell, as_of)
    return parts


def put(parts: Parts, place: Place, cell: str, as_of: datetime) -> None:
    """Puts what one cell says where it belongs."""
    aim = place.aim
    if aim.benefit:
        _benefit(parts.benefits.setdefault(aim.benefit, Benefit()), place, cell, as_of, parts)
    elif aim.member:
        _about(parts.members.setdefault(aim.member, About()), place, cell, parts)
    elif aim.name == "group_identifier":
        value = identifier_of(cell, place.title)
        parts.group_identifiers.append(_identifier(aim.of or "HOUSEHOLD", value))
    elif aim.name == "group_size":
        parts.group["group_size"] = count_of(cell, place)
    elif aim.name == "poverty_score":
        parts.group["poverty_score"] = score_of(cell, place)
    elif aim.name == "poverty_score_type":
        parts.group["poverty_score_type"] = cell
    elif aim.name in ("reference", "programme"):
        setattr(parts, aim.name, cell[:200])
    elif aim.name in ("unit", "status"):
        setattr(parts, aim.name, int(code_in(cell, place, parts.warnings)))
    elif aim.name in ("status_on", "enrolled_on"):
        setattr(parts, aim.name, moment_in(cell, place, as_of))
    else:
        _about(parts.own, place, cell, parts)


_NAMES = ("surname", "given_name", "second_name", "maiden_name")
_ADDRESS = ("address_line_1", "address_line_2", "locality", "postal_code", "country_code")
_AREAS = ("region_code", "sub_region_code")
_OF_MEMBER = ("marital_status", "education_level", "employment_status", "occupation")


def _about(about: About, place: Place, cell: str, parts: Parts) -> None:
    name = place.aim.name
    if name == "identifier":
        value = identifier_of(cell, place.title)
        if place.aim.of:
            about.identifiers.append(_identifier(place.aim.of, value))
        else:
            about.untyped = value
    elif name == "identifier_type":
        about.kind = _kind(place.column.codes.get(cell, cell), place.title)
    elif name in _NAMES:
        about.name[name] = cell
    elif name == "full_name":
        about.name.setdefault("surname", cell)
        parts.warnings.add("name_as_text")
    elif name == "sex":
        about.about["sex"] = code_in(cell, place, parts.warnings)
    elif name in ("birth_date", "death_date"):
        about.about[name] = day_of(cell, place)
    elif name == "phone":
        about.about.setdefault("phone_number", []).extend(several(cell))
    elif name == "email":
        about.about.setdefault("email", []).append(cell)
    elif name in _ADDRESS:
        about.address[name] = cell
    elif name in _AREAS:
        about.address[name] = place.column.codes.get(cell, cell)
    elif name == "is_disabled":
        about.member["is_disabled"] = truth_in(cell, place)
    elif name in _OF_MEMBER:
        about.member[name] = code_in(cell, place, parts.warnings)
    elif name == "income_level":
        about.member["income_level"] = cell
    elif name == "language":
        about.member["language_code"] = several(cell)
    elif name == "relationship":
        about.relationship = code_in(cell, place, parts.warnings)[:100]
    else:
        kept = about.member.setdefault("additional_attributes", [{}])
        kept[0][place.aim.of or name] = cell


def _benefit(benefit: Benefit, place: Place, cell: str, as_of: datetime, parts: Parts) -> None:
    name = place.aim.name
    benefit.title = benefit.title or place.title
    if name == "value":
        amount = amount_of(cell, place)
        benefit.number = amount.number
        benefit.currency = amount.currency or benefit.currency
        benefit.title = place.title
        if place.column.day:
            benefit.date = datetime.fromisoformat(f"{place.column.day}T00:00:00+00:00")
    elif name == "date":
        benefit.date = moment_in(cell, place, as_of)
    elif name == "type":
        benefit.type = code_in(cell, place, parts.warnings)
    elif name == "currency":
        benefit.currency = place.column.codes.get(cell, cell).strip().upper()
    elif name == "quantity":
        benefit.quantity = count_of(cell, place)
    else:
        benefit.description = cell


def _kind(cell: str, title: str) -> str:
    try:
        return canonical_type(cell)
    except NotUnderstood:
        raise unreadable(
            title, f"{title} may hold letters, digits and '_', at most 40 of them."
        ) from None


def _identifier(kind: str, value: str) -> Identifier:
    return Identifier(kind="Identifier", identifier_type=kind, identifier_value=value)
