"""What the client hands back: outcomes of a report, pages of a search, tickets for later."""

from __future__ import annotations

from typing import Literal

import msgspec

from ibr_messages.types import Beneficiary

TicketKind = Literal["search", "subscribe", "unsubscribe", "txn-status"]


class Outcome(msgspec.Struct, frozen=True):
    """What became of one reported record: `position` is its place, from 0, in what was reported.

    `reason` says which field is at fault and how to mend it, where the record was refused.
    """

    position: int
    reference_id: str
    status: str
    reason: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether the record is stored (succ)."""
        return self.status == "succ"


class Report(msgspec.Struct):
    """What became of a report: one outcome for each record, in the order they were given."""

    transaction_id: str
    outcomes: list[Outcome] = []
    correlation_ids: list[str] = []

    @property
    def refused(self) -> list[Outcome]:
        """The records that were not stored; send them again once they are mended."""
        return [each for each in self.outcomes if each.status == "rjct"]

    @property
    def accepted(self) -> int:
        """How many records are stored."""
        return sum(each.accepted for each in self.outcomes)


class Page(msgspec.Struct, frozen=True):
    """One page of what a search found; `total` counts the records on all pages together."""

    number: int
    size: int
    total: int
    records: list[Beneficiary]

    @property
    def is_last(self) -> bool:
        return not self.records or self.number * self.size >= self.total


class Ticket(msgspec.Struct):
    """A message that will be answered later: by a callback, or by asking for its status."""

    kind: TicketKind
    transaction_id: str
    message_id: str
    references: list[str]
    asked_at: float
    correlation_id: str | None = None
