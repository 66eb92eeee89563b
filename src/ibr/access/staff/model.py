"""An officer, and a session."""

from __future__ import annotations

import msgspec

from ibr.access.staff.rights import RIGHTS
from ibr.asker import Asker, Purpose


class Officer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who works with the pages, and the programmes in their reach.

    A developer works for one partner and reaches no programme at all.
    """

    officer_id: int
    email: str
    name: str
    role: str
    programmes: frozenset[int]
    locale: str
    partner_id: int | None = None

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
        )


class Session(msgspec.Struct, frozen=True):
    """A signed-in officer and the token that the session's forms carry back."""

    officer: Officer
    form_token: str
