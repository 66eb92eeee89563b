"""An officer as the pages and the command line show them, with what became of them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ibr.access.staff.model import Grant


class OfficerSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One officer in a list. `second_factor` says only whether there is one."""

    officer_id: int
    email: str
    name: str
    locale: str
    partner_id: int | None
    partner: str | None
    known_at: datetime
    seen_at: datetime | None
    active_from: datetime
    warned_at: datetime | None
    suspended_at: datetime | None
    suspended_by: int | None
    suspended_why: str | None
    has_password: bool
    link_until: datetime | None
    grants: tuple[Grant, ...] = ()

    @property
    def last_known(self) -> datetime:
        """From when days without a visit are counted."""
        return max(self.seen_at or self.active_from, self.active_from)


class SessionSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A session that is open: where it was begun, and in which role it acts."""

    number: int
    officer_id: int
    role: str
    started_at: datetime
    seen_at: datetime
    place: str | None
    agent: str | None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Something that became of an officer."""

    at: datetime
    what: str
    by_name: str | None
    role: str | None
    officer_id: int
    officer_name: str


class Act(msgspec.Struct, frozen=True):
    """Something that an officer did, as the audit trail has it."""

    at: datetime
    kind: str
