"""An erasure by numbers; nothing here tells whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

GROUNDS: Final = ("request", "unlawful", "court_order")
"""Why a record is erased, by code."""
MOST_RECORDS: Final = 100


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a number leads to: records of the person alone, which can be erased, and households'
    records in which others stand as well, which their programme must correct."""

    records: tuple[int, ...]
    households: int


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """One erasure, and how far it is."""

    erasure_id: int
    record_ids: tuple[int, ...]
    ground: str
    with_bytes: bool
    state: str
    asked_by_name: str | None
    approved_by_name: str | None
    approved_at: datetime
    rows_gone_at: datetime | None
    done_at: datetime | None
    counts: dict[str, Any]
    replayed: int
    refused: int
    """How often a delivery carried one of its records since, which was kept out."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An erasure in the journal outside the database."""

    approved_at: datetime
    erased_at: datetime
    ground: str
    with_bytes: bool
    records: list[int]
    keys: list[bytes]
    cases: list[int] = []
    letters: list[int] = []
    deliveries: list[int] = []
