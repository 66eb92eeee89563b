"""What the overview counts, and a record as an officer reads it."""

from __future__ import annotations

from datetime import date, datetime

import msgspec


class ProgrammeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One programme of the catalogue."""

    programme_id: int
    code: str
    names: dict[str, str]
    descriptions: dict[str, str]
    institution: str | None
    legal_status: int | None
    functions: list[int]
    contribution_type: int | None
    programme_type: int | None
    assistance_unit: int | None
    benefit_type: int | None
    suspended_counts: bool
    cycle_months: int
    valid_from: date | None
    valid_to: date | None


class StatusCount(msgspec.Struct, frozen=True):
    """Enrolments of one programme in one status."""

    programme_id: int
    status: int
    count: int


class ReachedCount(msgspec.Struct, frozen=True):
    """Beneficiaries with a current enrolment, each counted once, in one region."""

    region_code: str | None
    assistance_unit: int
    count: int


class Region(msgspec.Struct, frozen=True):
    """An area of level 1 with its outline."""

    code: str
    names: dict[str, str]
    outline: str | None
    centre_x: float | None
    centre_y: float | None
    population: int | None


class MonthTotal(msgspec.Struct, frozen=True):
    """Benefits that a programme gave in a month, by currency; empty where they have no value."""

    programme_id: int
    month: date
    currency: str
    benefits: int
    value_minor: int


class AgeCount(msgspec.Struct, frozen=True):
    """People of one sex in one band of ten years; None where the birth date is not known."""

    sex: int
    band: int | None
    count: int


class CarriedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record that carries the identifier asked for, with its enrolment; `personal` is sealed."""

    record_id: int
    programme_id: int
    role: int
    assistance_unit: int
    sex: int
    birth_date: date | None
    birth_precision: int
    death_date: date | None
    region_code: str | None
    sub_region_code: str | None
    group_size: int | None
    subject_index: bytes
    personal: bytes
    as_of: datetime
    known_at: datetime
    enrolled_at: datetime | None
    status: int
    status_at: datetime
    benefit_count: int
    benefit_total: int
    place: str = "beneficiary_record"
    """The table that the content was sealed for."""


class StatusChanged(msgspec.Struct, frozen=True):
    """One status that an enrolment has had; 0 where only the date is known."""

    record_id: int
    changed_at: datetime
    status: int
    known_at: datetime


class Given(msgspec.Struct, frozen=True):
    """One benefit given."""

    record_id: int
    given_at: datetime
    benefit_type: int
    value_minor: int | None
    currency: str | None
    quantity: int | None
    description: str | None
