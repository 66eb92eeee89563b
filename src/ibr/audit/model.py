"""An audit event, a row of the ledger, and a question as its subject sees it."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime

import msgspec


class Event(msgspec.Struct, frozen=True):
    """One event as it is kept; `details` never holds personal data."""

    at: datetime
    kind: str
    actor_kind: str
    actor_id: int | None
    details: bytes

    @property
    def digest(self) -> bytes:
        """SHA-256 over the event's fields, each on its own line."""
        head = f"{self.at.isoformat()}\n{self.kind}\n{self.actor_kind}\n{self.actor_id}\n"
        return hashlib.sha256(head.encode() + self.details).digest()


class LedgerRow(msgspec.Struct, frozen=True, kw_only=True):
    """One subject of one question."""

    subject: bytes
    at: datetime
    question_id: uuid.UUID
    partner_id: int | None
    officer_id: int | None
    programme_id: int | None
    question: str
    purpose_code: str
    purpose_text: str | None
    answer: str
    message_key: bytes | None


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question as the person it was about may see it."""

    at: datetime
    asker_name: str
    asker_kind: str
    programme_id: int | None
    question: str
    purpose_code: str
    purpose_text: str | None
    answer: str
