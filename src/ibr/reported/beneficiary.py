"""One beneficiary in one programme, as news: who, since when, in what status, what was given."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ibr.reported.facts import Facts
from ibr.reported.parts import Given
from ibr.reported.person import Group, Member


class Reported(msgspec.Struct, kw_only=True, gc=False):
    """One beneficiary in one programme as one delivery reports it.

    `status_at` is None where the report does not say since when; `status` where it says nothing.
    `own_reference` is the report's own `@id`, used as the record's key only where it carries no
    identifier at all.
    """

    item_no: int
    reference_id: str
    programme_code: str
    unit: int
    member: Member | None
    group: Group | None
    facts: Facts
    enrolled_at: datetime | None = None
    status: int | None = None
    status_at: datetime | None = None
    status_dates: list[datetime] = []
    benefits: list[Given] = []
    warnings: tuple[str, ...] = ()
    own_reference: str | None = None


class Refusal(msgspec.Struct, frozen=True):
    """Why one record was set aside, and how to mend it; never the value itself."""

    item_no: int
    reference_id: str
    code: str
    reason: str
    field: str | None = None
    programme_id: int | None = None
