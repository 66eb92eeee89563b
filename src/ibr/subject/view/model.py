"""What a person sees of themselves."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from ibr.overlaps.cases.letters import Letter


class FieldSeen(msgspec.Struct, frozen=True):
    """One thing that a programme reported, and since which report it has stood so."""

    code: str
    value: str
    since: datetime


class MonthGiven(msgspec.Struct, frozen=True, kw_only=True):
    """What one programme gave in one month: money by currency, and things by what they are."""

    month: date
    money: dict[str, int]
    things: dict[str, int]
    benefits: int


class StatusSeen(msgspec.Struct, frozen=True):
    """A status and since when."""

    status: int
    since: datetime


class OwnRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One record of the person. Of a household that they are a member of, only what it says of
    them: `status`, `months` and what was given are those of whoever heads it, and left out."""

    record_id: int
    programme_id: int
    programme: str
    names: dict[str, str]
    as_member: bool
    of_household: bool
    status: int | None
    status_at: datetime | None
    enrolled_at: datetime | None
    fields: list[FieldSeen]
    reported_at: datetime
    known_at: datetime
    statuses: list[StatusSeen]
    months: list[MonthGiven]
    money: dict[str, int]
    cut: bool

    @property
    def benefits(self) -> int:
        return sum(each.benefits for each in self.months)


class AskedAbout(msgspec.Struct, frozen=True, kw_only=True):
    """One question about the person: which partner asked, or in which role and office an officer
    did, never who that officer is; `by_self` where the person looked themselves by their own
    sign-in, one entry a day. `programme` None where it was of none, or out of reach."""

    at: datetime
    partner: str | None
    role: str | None
    office: tuple[str, ...]
    programme: str | None
    question: str
    purpose: str
    answer: str
    by_self: bool


class ToldDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A letter about a case of the person, as it was sent to them."""

    programme: str
    kind: str
    made_at: datetime
    letter: Letter


class OwnView(msgspec.Struct, frozen=True, kw_only=True):
    """All of it at one moment. `whole` is False where the desk serves only some programmes."""

    at: datetime
    name: str
    birth_date: date
    number: tuple[str, str]
    records: list[OwnRecord]
    asked: list[AskedAbout]
    asked_cut: bool
    decisions: list[ToldDecision]
    whole: bool

    @property
    def money(self) -> dict[str, int]:
        """What was given in all, by currency."""
        found: dict[str, int] = {}
        for record in self.records:
            for currency, minor in record.money.items():
                found[currency] = found.get(currency, 0) + minor
        return dict(sorted(found.items()))
