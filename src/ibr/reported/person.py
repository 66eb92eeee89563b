"""People and groups in the standard's own words (digest.md 5.5 to 5.8), strict form.

These are the shapes the registry keeps sealed and writes out again. Reading is tolerant
elsewhere (`interop/dci/messages/tolerant.py`); what stands here is already in order, and an
unknown member is refused so that nothing is dropped unseen.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Part(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """Any part of a record: absent members are left out when it is written.

    Parts never refer to each other in a circle, so the garbage collector need not watch them:
    with a whole block of records in memory, its rounds would cost more than reading them.
    """


class Identifier(Part, kw_only=True):
    kind: str | None = msgspec.field(name="@type", default=None)
    identifier_type: str
    identifier_value: str


class Name(Part):
    kind: str | None = msgspec.field(name="@type", default=None)
    surname: str | None = None
    given_name: str | None = None
    second_name: str | None = None
    maiden_name: str | None = None
    prefix: str | None = None
    suffix: str | None = None


class Address(Part):
    kind: str | None = msgspec.field(name="@type", default=None)
    address_line_1: str | None = None
    address_line_2: str | None = None
    locality: str | None = None
    sub_region_code: str | None = None
    region_code: str | None = None
    postal_code: str | None = None
    country_code: str | None = None
    geo_location: dict[str, Any] | None = None


class Person(Part):
    kind: str | None = msgspec.field(name="@type", default=None)
    identifier: list[Identifier] = []
    name: Name | None = None
    sex: str | None = None
    birth_date: str | None = None
    death_date: str | None = None
    address: list[Address] = []
    phone_number: list[str] = []
    email: list[str] = []
    registration_date: str | None = None
    last_updated: str | None = None


class DisabilityInfo(Part):
    kind: str | None = msgspec.field(name="@type", default=None)
    disability_limitation_type: str | None = None
    functional_severity: str | None = None


class Member(Part):
    kind: str | None = msgspec.field(name="@type", default=None)
    member_identifier: list[Identifier] = []
    demographic_info: Person | None = None
    related_person: list[dict[str, Any]] = []
    is_disabled: bool | None = None
    disability_info: list[DisabilityInfo] = []
    marital_status: str | None = None
    employment_status: str | None = None
    occupation: str | None = None
    income_level: str | None = None
    language_code: list[str] = []
    education_level: str | None = None
    additional_attributes: list[dict[str, Any]] = []
    registration_date: str | None = None
    last_updated: str | None = None


class Group(Part):
    kind: str | None = msgspec.field(name="@type", default=None)
    group_identifier: list[Identifier] = []
    group_type: str | None = None
    geographical_location: dict[str, Any] | None = None
    address: list[Address] = []
    place_address: bool | None = None
    poverty_score: float | None = None
    poverty_score_type: str | None = None
    group_head_info: Member | None = None
    group_size: int | None = None
    member_list: list[Member] = []
    registration_date: str | None = None
    last_updated: str | None = None
    additional_attributes: list[dict[str, Any]] = []
