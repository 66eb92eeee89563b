"""A delivery, what its sender says of it, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

Mode = Literal["initial", "delta", "correction", "void"]
MODES: Final[tuple[Mode, ...]] = ("initial", "delta", "correction", "void")

# Where a delivery stands. `held` waits for a person's look, `refused` was looked at and not let in;
# `voiding` and `reinstating` are on their way to `voided` and back to `done`.
State = Literal["received", "done", "failed", "held", "refused", "voiding", "voided", "reinstating"]
STATES: Final[tuple[State, ...]] = (
    "received",
    "done",
    "failed",
    "held",
    "refused",
    "voiding",
    "voided",
    "reinstating",
)


class ControlTotals(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the sender says the delivery adds up to; None or empty where it says nothing.

    `records` are items of the delivery, `people` different beneficiaries in it, `money` the value
    of all its benefits in whole minor units, by currency.
    """

    records: int | None = None
    people: int | None = None
    money: dict[str, int] = {}


class DeliveryTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What a sender says of a delivery as a whole, the same from every door.

    `programme` is a code, given where all of it is about that programme. `cycle` is a month as
    `2026-10`. `replaces` is the number of an earlier delivery of the same sender that this one
    takes the place of, or, in mode void, that it withdraws.
    """

    programme: str | None = None
    cycle: str | None = None
    sequence: int | None = None
    mode: Mode = "delta"
    totals: ControlTotals = ControlTotals()
    replaces: int | None = None


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
    programme_id: int | None = None
    totals: ControlTotals = ControlTotals()
    replaces: int | None = None


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
    """A delivery that was stored, with what has been merged of it so far.

    `checked` says that it was held against earlier ones, or let go by a person: it may be merged.
    """

    head: DeliveryHead
    tally: Tally
    next_item: int
    done: bool
    state: str = "received"
    checked: bool = False
