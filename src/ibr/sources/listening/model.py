"""A subscription of the registry's own, asked for and given."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Subscribing(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription about to be asked for; without a subject it is about everybody."""

    item_no: int
    subject: bytes | None
    event_type: str
    starts_at: datetime
    ends_at: datetime


class Listening(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription of ours that counts; without a subject it is about everybody."""

    code: str
    subject: bytes | None
    event_type: str
