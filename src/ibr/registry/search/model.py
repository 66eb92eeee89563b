"""A filter over records, the order and page wanted, and the records found."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

Attribute = Literal[
    "programme",
    "status",
    "enrolled_on",
    "status_changed_on",
    "unit",
    "benefit_type",
    "benefit_given_on",
    "sex",
    "born_on",
    "region",
    "sub_region",
    "disabled",
    "group_size",
    "identifier",
]
Operator = Literal["eq", "ne", "gt", "ge", "lt", "le", "in"]


class Span(msgspec.Struct, frozen=True):
    """The time that a date names: a whole year, month or day, or one moment.

    `precision` is 1 for a year, 2 for a month, 3 for a day or finer.
    """

    first: datetime
    until: datetime
    precision: int


class Named(msgspec.Struct, frozen=True):
    """An identifier asked for, in canonical form.

    Without a kind every kind counts that identifies one of `whom`. `certain` is False where the
    kind may as well be a misspelled attribute.
    """

    kind: str | None
    value: str
    whom: tuple[str, ...] = ()
    certain: bool = True


One = str | int | float | bool | Span | Named | bytes


class Compare(msgspec.Struct, frozen=True):
    """One comparison; every operator but `in` has one value.

    A record that lacks the attribute matches no comparison but `ne`. Where a record has several
    values (benefits, changes of status) one that matches is enough; `ne` says that none does.
    """

    attribute: Attribute
    operator: Operator
    values: tuple[One, ...]


class And(msgspec.Struct, frozen=True):
    """Every part holds."""

    parts: tuple[Filter, ...]


class Or(msgspec.Struct, frozen=True):
    """At least one part holds."""

    parts: tuple[Filter, ...]


class Not(msgspec.Struct, frozen=True):
    """The part does not hold."""

    part: Filter


Filter = And | Or | Not | Compare


class Sort(msgspec.Struct, frozen=True):
    """One attribute that the records are put in order by; records without it come last."""

    attribute: Attribute
    descending: bool = False


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What to find: pages are counted from 1."""

    filter: Filter
    sort: tuple[Sort, ...] = ()
    page_size: int = 100
    page_number: int = 1


class BenefitFound(msgspec.Struct, frozen=True):
    """A benefit of a record found."""

    benefit_type: int
    given_at: datetime
    value_minor: int | None
    currency: str | None
    quantity: int | None
    description: str | None


class FoundRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record found: `member` and `group` are its content in the standard's strict form.

    `status_dates` ascend; `benefits` are the newest first, and no more than the store's limit.
    `status` and `benefits` are None where the asker may not know them (registry/search/within.py).
    """

    record_id: int
    programme_id: int
    unit: int
    subject_index: bytes
    member: dict[str, Any] | None
    group: dict[str, Any] | None
    enrolled_at: datetime | None
    status: int | None
    status_dates: list[datetime]
    benefits: list[BenefitFound] | None


class Page(msgspec.Struct, frozen=True):
    """One page of the records found, and how many there are in all."""

    records: list[FoundRecord]
    total: int
