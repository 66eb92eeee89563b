"""Subscriptions, what they wait for, and what is still to be told; plain."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from ibr.asker import Purpose
from ibr.registry.search.model import And, Compare, Filter, FoundRecord, Named, Not, Or
from ibr.subscriptions.schedule import Schedule

__all__ = ["And", "Compare", "Filter", "FoundRecord", "Named", "Not", "Or"]

Event = Literal["enrolled", "status_changed", "ended"]
State = Literal["active", "cancelled", "ended"]
# The topics that records and filters meet under (registry/search/matching).
TOPICS: Final[dict[Event, int]] = {"enrolled": 1, "status_changed": 2, "ended": 3}


class Frequency(msgspec.Struct, frozen=True, kw_only=True):
    """From when until when somebody wants to hear, and at which moments: at once without one.

    `offset` says how far the clock that the schedule is read by is ahead of UTC.
    """

    start_at: datetime | None = None
    end_at: datetime | None = None
    schedule: Schedule | None = None
    text: str | None = None
    offset: timedelta = timedelta(0)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription somebody asks for; `criteria` is what it is echoed by."""

    event: Event
    filter: Filter
    frequency: Frequency
    criteria: dict[str, Any]
    reg_type: str | None
    purpose: Purpose
    notify_address: str | None


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription that stands; `fresh` is False where an equal one stood already."""

    code: str
    made_at: datetime
    criteria: dict[str, Any]
    fresh: bool


class Active(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription as the feed is matched with it; identifiers are blind.

    `kinds_through` is the newest kind of identifier that those without a kind stand for.
    """

    number: int
    kinds_through: int | None
    partner_id: int
    event: Event
    filter: Filter
    made_at: datetime
    frequency: Frequency


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """What is due now: which record changed, the subscription that asked, and where it goes."""

    subscription_no: int
    code: str
    event: Event
    reg_type: str | None
    purpose: Purpose
    address: str | None
    record_id: int
    programme_id: int
    change_id: int


class Notification(msgspec.Struct, frozen=True):
    """What is due with the record as it is now."""

    due: Due
    record: FoundRecord


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription as the command line shows it: nobody is named."""

    code: str
    partner: str
    event: Event
    filter: str
    frequency: str
    start_at: datetime | None
    end_at: datetime | None
    state: State
    made_at: datetime
    notified_at: datetime | None
    notified: int
    waiting: int
