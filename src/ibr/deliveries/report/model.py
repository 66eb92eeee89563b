"""A delivery as an officer sees it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ibr.deliveries.checks.model import Anomaly
from ibr.deliveries.model import ControlTotals


class DeliverySeen(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery with its counts and score."""

    delivery_id: int
    partner_name: str
    programme_ids: list[int]
    door: str
    cycle: str | None
    sequence: int | None
    mode: str
    as_of: datetime
    body_digest: bytes
    body_bytes: int
    key_kid: str | None
    control_total: int | None
    state: str
    records: int
    stored: int
    unchanged: int
    refused: int
    warned: int
    warnings: dict[str, int]
    score: float | None
    received_at: datetime
    done_at: datetime | None
    programme_id: int | None = None
    totals: ControlTotals = ControlTotals()
    anomalies: list[Anomaly] = []
    replaces: int | None = None
    same_as: int | None = None

    @property
    def held_for(self) -> list[Anomaly]:
        """Why it waits, or waited, for a person's look."""
        return [each for each in self.anomalies if each.level == "hold"]


class RefusedSeen(msgspec.Struct, frozen=True):
    """One record that was set aside; `reason` says what is wrong and how to mend it."""

    item_no: int
    reference_id: str
    programme_id: int | None
    field: str | None
    code: str
    reason: str


class Reported(msgspec.Struct, frozen=True):
    """The newest month that a programme has reported for, and when its last delivery came."""

    programme_id: int
    month: str
    received_at: datetime


class DeliveryFilter(msgspec.Struct, frozen=True):
    """Which deliveries a list shows."""

    programme_id: int | None = None
    state: str | None = None
    with_refusals: bool = False
    partner_id: int | None = None
    cycle: str | None = None
