"""A piece of news from another registry, as it was told and as it is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class News(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute of one person, as a source says it was at its own time."""

    subject: bytes
    attribute: str
    value: Any
    as_of: datetime


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of news as it is kept; `value` is opened."""

    source_id: int
    attribute: str
    value: Any
    value_index: bytes
    as_of: datetime
    known_at: datetime


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What one source says of one attribute now, and what it said before, the newest first."""

    now: Told
    before: list[Told]


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """What a block of news brought: what counts now, what was older than that, what was known."""

    new: int = 0
    older: int = 0
    again: int = 0
