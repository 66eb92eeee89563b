"""A delivery and what became of it."""

from __future__ import annotations

from datetime import datetime

import msgspec


class DeliveryHead(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a delivery before its records are read."""

    delivery_id: int
    partner_id: int
    message_key: bytes
    door: str
    cycle: str | None
    sequence: int | None
    mode: str
    as_of: datetime
    body_digest: bytes
    body_bytes: int
    key_kid: str | None
    control_total: int | None
    received_at: datetime


class Tally(msgspec.Struct):
    """Counts of a delivery's records by outcome; `warnings` counts each kind."""

    records: int = 0
    stored: int = 0
    unchanged: int = 0
    refused: int = 0
    warned: int = 0
    warnings: dict[str, int] = {}
    programme_ids: set[int] = set()

    @property
    def score(self) -> float | None:
        """The share of records taken without refusal or warning; None for an empty delivery."""
        if not self.records:
            return None
        return max(0.0, (self.records - self.refused - self.warned) / self.records)


class Started(msgspec.Struct, frozen=True):
    """A delivery that was stored, with what has been merged of it so far."""

    head: DeliveryHead
    tally: Tally
    next_item: int
    done: bool
