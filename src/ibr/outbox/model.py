"""A promised message, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Kind = Literal[
    "on-search",
    "on-subscribe",
    "on-unsubscribe",
    "txn-on-status",
    "notify",
    "search",
    "subscribe",
    "unsubscribe",
    "txn-status",
]


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """A message to be delivered: `content` is the canonical JSON of `{header, message}`.

    `programmes` are those whose records it shows: it leaves only while the receiver may see all
    of them. Promises of one `stream` are delivered in their order, one after the other.
    """

    partner_id: int
    kind: Kind
    address: str
    message_id: str
    transaction_id: str
    correlation_id: str | None
    content: bytes
    programmes: tuple[int, ...] = ()
    stream: bytes | None = None
    made_at: datetime
