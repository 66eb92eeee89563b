"""A protection as those who watch over it see it: never of whom."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import msgspec

REASONS: Final = ("violence", "threatened", "witness", "child_in_care", "court_order")
"""Why somebody is protected, by code."""
OPENED_FOR: Final = ("person_present", "safety", "payment_stopped", "court_order")
"""Why a protected person's records were opened, by code."""


class Protection(msgspec.Struct, frozen=True, kw_only=True):
    """One marking; `records` is how many records it hides."""

    protection_id: int
    reason_code: str
    valid_until: date | None
    marked_by_name: str | None
    marked_at: datetime
    ended_at: datetime | None
    ended_by_name: str | None
    ended_why: str | None
    records: int
