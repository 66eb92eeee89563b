"""An audit event, a row of the ledger, and a question as its subject sees it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec

# When an event has waited longer than this to be sealed, nothing is written any more
# (reliability F10).
LATE: Final = timedelta(minutes=15)

_encoder: Final = msgspec.json.Encoder(order="deterministic")


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


def canonical_details(details: str | bytes) -> bytes:
    """An event's details as they are hashed, whatever order and spaces a database gave them.

    Numbers in details are whole or short decimals: those come back from a database as they went.
    """
    return _encoder.encode(msgspec.json.decode(details))


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


class LedgerLine(msgspec.Struct, frozen=True, array_like=True):
    """A row of the ledger as it is hashed and handed to auditors: as an array in this order.

    Whom it is about and the words of the purpose stand in it as digests that are salted with the
    question's number, so that a line tells nothing of a person, and two lines about the same person
    do not look alike; who has the row itself can still make the line.
    """

    subject: str
    at: datetime
    question_id: uuid.UUID
    partner_id: int | None
    officer_id: int | None
    programme_id: int | None
    question: str
    purpose_code: str
    words: str | None
    answer: str
    message_key: str | None


def ledger_line(row: LedgerRow) -> LedgerLine:
    """The line of a row."""
    salt = row.question_id.bytes
    return LedgerLine(
        hashlib.sha256(salt + row.subject).hexdigest(),
        row.at,
        row.question_id,
        row.partner_id,
        row.officer_id,
        row.programme_id,
        row.question,
        row.purpose_code,
        None
        if row.purpose_text is None
        else hashlib.sha256(salt + row.purpose_text.encode()).hexdigest(),
        row.answer,
        None if row.message_key is None else row.message_key.hex(),
    )


def ledger_order(row: LedgerRow) -> tuple[bytes, datetime, uuid.UUID]:
    """The order in which rows of one batch are hashed: that of their key."""
    return row.subject, row.at, row.question_id


def digest_of_lines(lines: Iterable[LedgerLine]) -> bytes:
    """SHA-256 over lines as JSON arrays, each ended by a line feed."""
    return hashlib.sha256(_encoder.encode_lines(list(lines))).digest()


class LedgerDigest:
    """The same digest of rows that come one after the other, in their order."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.rows = 0

    def add(self, row: LedgerRow) -> None:
        """Takes the next row in."""
        self._hash.update(_encoder.encode(ledger_line(row)) + b"\n")
        self.rows += 1

    @property
    def value(self) -> bytes:
        return self._hash.digest()


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
