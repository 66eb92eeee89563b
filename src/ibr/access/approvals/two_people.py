"""A proposal, and an act that two people can do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from ibr.asker import Asker, Purpose
from ibr.db.pool import Connection

Payload = Mapping[str, Any]
State = Literal["open", "expired", "approved", "refused", "withdrawn"]


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """An act that somebody proposed. `payload` is what it is to be done with."""

    proposal_id: int
    act: str
    payload: dict[str, Any]
    why: str | None
    proposed_by: int
    proposer: str
    proposed_at: datetime
    expires_at: datetime
    decision: Literal["approved", "refused", "withdrawn"] | None
    decided_by: int | None
    decider: str | None
    decided_at: datetime | None
    decided_why: str | None

    def state(self, at: datetime) -> State:
        """What has become of it by then."""
        if self.decision is not None:
            return self.decision
        return "expired" if self.expires_at <= at else "open"


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """One line of what would change: which thing, how it is now and how it would be.

    `what` is a code that the page puts into words; the values are codes, numbers and names.
    """

    what: str
    after: str
    before: str | None = None


class Approver(msgspec.Struct, frozen=True, kw_only=True):
    """The two people behind an act: who approves it and, from the database, who proposed it."""

    asker: Asker
    proposed_by: int
    right: str
    number: int

    @property
    def proposer(self) -> Asker:
        """Who proposed it, with the one right that it took and that was looked up just now."""
        return Asker(
            kind="officer",
            id=self.proposed_by,
            name="",
            purpose=Purpose("official_duty"),
            ask=frozenset(),
            scopes=frozenset({self.right}),
        )


CarryOut = Callable[[Connection, Approver, Payload, datetime], Awaitable[Mapping[str, str]]]
"""Does the act in the approver's transaction; what it returns is shown to the approver once."""
Explain = Callable[[Connection, Payload], Awaitable[list[Detail]]]
"""What exactly would change, as of now; it reads and writes nothing."""
Check = Callable[[Connection, Asker, Payload, datetime], Awaitable[None]]
"""Refuses a proposal that could not be carried out anyway; RegistryError says why."""


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """An act by its name. `propose` and `approve` are the rights that the two people need."""

    name: str
    propose: str
    carry_out: CarryOut
    explain: Explain
    check: Check | None = None
    approve: str = "approve"
