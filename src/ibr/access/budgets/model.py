"""A budget, what counts against it, what is left of it, and what using it up looks like."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from ibr.asker import Asker
from ibr.errors import TooMuch

# Questions of every purpose that has no budget of its own count against this one.
EVERY_PURPOSE = ""


class Limit(msgspec.Struct, frozen=True):
    """How many different people may be asked about."""

    an_hour: int
    a_day: int


class Seen(msgspec.Struct, frozen=True):
    """One person asked about: their index, whether there was something to tell, and whether the
    number stood next to one that the same asker had asked about just before."""

    index: bytes
    found: bool
    in_sequence: bool = False


class Spending(msgspec.Struct, frozen=True):
    """The people of one question, at its moment."""

    asker: Asker
    seen: Sequence[Seen]
    at: datetime


class Account(msgspec.Struct, frozen=True):
    """What is counted together: one day of one asker and one budget."""

    day: date
    kind: str
    id: int
    purpose: str


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """How an account stands; the counts of an hour are those of `hour`."""

    account: Account
    people: int = 0
    found: int = 0
    in_sequence: int = 0
    at_night: int = 0
    hour: int = 0
    hour_people: int = 0
    hour_found: int = 0
    hour_in_sequence: int = 0
    allowed: int = 0
    refused: int = 0


class Left(msgspec.Struct, frozen=True):
    """What an asker may do, and how many people more of it in this hour and this day."""

    limit: Limit
    this_hour: int
    today: int

    @property
    def now(self) -> int:
        return min(self.this_hour, self.today)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A budget that somebody asks for; `until` None for as long as nobody ends it."""

    kind: str
    id: int
    purpose: str
    limit: Limit
    reason: str
    until: datetime | None = None


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A budget of an asker's own, with the two people who stand for it."""

    budget_id: int
    asker_kind: str
    asker_id: int
    asker_name: str
    purpose_code: str
    limit: Limit
    reason: str
    valid_from: datetime
    valid_until: datetime | None
    asked_by_name: str | None
    given_by_name: str | None
    given_at: datetime
    ended_at: datetime | None

    def counts_at(self, at: datetime) -> bool:
        over = self.valid_until is not None and self.valid_until <= at
        return self.ended_at is None and self.valid_from <= at and not over


class UsedUpError(TooMuch):
    """The budget of one or more askers does not cover what was asked; nothing was answered."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        retry_after: int,
        over: frozenset[tuple[str, int]],
        at: datetime,
    ) -> None:
        super().__init__(code, message, retry_after=retry_after)
        self.over = over
        self.at = at
