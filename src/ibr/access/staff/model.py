"""An officer acting in one of their roles, and a session."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from ibr.access.staff.rights import RIGHTS
from ibr.asker import Asker, Purpose


class Officer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who works with the pages, in the role that the session acts in.

    `programmes` and `areas` are those of that role alone: an analyst of everything who is also
    programme officer of one programme sees people of that one only, and only when acting so.
    `areas` None is everywhere. A developer works for one partner and reaches no programme at all.
    """

    officer_id: int
    email: str
    name: str
    role: str
    programmes: frozenset[int]
    locale: str
    partner_id: int | None = None
    areas: frozenset[str] | None = None
    role_id: int = 0

    def asker(self, purpose: Purpose) -> Asker:
        """The officer as the gate sees it, asking for this purpose."""
        return Asker(
            kind="officer",
            id=self.officer_id,
            name=self.name,
            purpose=purpose,
            ask=self.programmes,
            scopes=RIGHTS[self.role].scopes,
            partner=self.partner_id,
            areas=self.areas,
            role=self.role,
        )


class Session(msgspec.Struct, frozen=True):
    """A signed-in officer and the token that the session's forms carry back.

    `roles` is how many roles the officer holds today; `proved_at` is when they last proved who they
    are, by password or second factor. `how` is what they signed in with, and `signed_in_at` when
    they last proved everything that signing in asks for.
    """

    officer: Officer
    form_token: str
    proved_at: datetime | None = None
    roles: int = 1
    how: str = "password"
    signed_in_at: datetime | None = None


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A role that an officer holds, will hold or held; None is all programmes, and everywhere."""

    role_id: int
    officer_id: int
    role: str
    programmes: tuple[int, ...] | None
    areas: tuple[str, ...] | None
    valid_from: date | None
    valid_until: date | None
    given_at: datetime
    given_by: int | None
    ended_at: datetime | None

    def state(self, today: date) -> str:
        """`ended`, `over`, `coming` or `now`."""
        if self.ended_at is not None:
            return "ended"
        if self.valid_until is not None and self.valid_until < today:
            return "over"
        return "coming" if self.valid_from is not None and self.valid_from > today else "now"
