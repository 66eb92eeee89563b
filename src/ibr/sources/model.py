"""A source: another registry that this one asks and listens to, and the agreement with it."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

from ibr.asker import Asker, Purpose

Kind = Literal["social", "disability", "civil"]
KINDS: Final[tuple[Kind, ...]] = ("social", "disability", "civil")

MOST_IN_A_BATCH: Final = 1000


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Another registry with what was agreed: what may be learned, for which purpose."""

    source_id: int
    partner_id: int
    sender_id: str
    name: str
    kind: Kind
    address: str
    reg_type: str
    record_type: str
    event_type: str
    identifier_type: str
    attributes: frozenset[str]
    purpose_code: str
    purpose_text: str
    purpose_uri: str | None
    legal_basis: str
    consent: bool
    batch_size: int
    frequency: str
    subscription_days: int
    answer_seconds: int
    added_at: datetime
    ended_at: datetime | None

    @property
    def ended(self) -> bool:
        """Whether nothing may be asked of it and nothing read from it any more."""
        return self.ended_at is not None

    def asker(self, programmes: frozenset[int]) -> Asker:
        """The registry itself, asking this source under its agreement.

        The ledger names the source beside the purpose: whoever reads it must see who was told
        that the person is held here.
        """
        return Asker(
            kind="registry",
            id=0,
            name="registry",
            purpose=Purpose(self.purpose_code, f"{self.name}: {self.purpose_text}"[:200]),
            ask=programmes,
        )


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """How the registry proves itself at a source."""

    source_id: int
    address: str
    token_address: str
    client_id: str
    client_secret: str
