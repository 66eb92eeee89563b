"""A partner's key as a person looks at it, and what fetching a list of keys brought."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

State = Literal["revoked", "ended", "coming", "counts"]

# Keys of one partner that count or will count, and rows that fetching may ever add.
MOST_COUNTING = 20
MOST_EVER = 500


class KnownKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key of a partner, whatever its state; old ones stay as evidence of what they signed."""

    kid: str
    use: str
    algorithm: str
    source: str
    not_before: datetime
    not_after: datetime | None
    revoked_at: datetime | None
    public_jwk: dict[str, Any]

    def state(self, at: datetime) -> State:
        """What the key is at this moment."""
        if self.revoked_at is not None:
            return "revoked"
        if self.not_after is not None and self.not_after < at:
            return "ended"
        return "coming" if at < self.not_before else "counts"


class FetchState(msgspec.Struct, frozen=True, kw_only=True):
    """How fetching a partner's keys went."""

    tried_at: datetime
    fetched_at: datetime | None
    outcome: str
    kept: int
    left_out: int


class Change(msgspec.Struct, frozen=True):
    """What a fetched list changed."""

    added: list[str]
    resumed: list[str]
    ended: list[str]
    left_out: int

    @property
    def any(self) -> bool:
        return bool(self.added or self.resumed or self.ended)
