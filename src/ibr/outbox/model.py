"""A promised message, one that is being delivered, and what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

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
State = Literal["waiting", "delivered", "dead", "withdrawn"]
# How the transaction_id of a test begins: a message that a developer had sent to see it arrive.
TEST: Final = "test-callback-"

# A partner and the server that its messages go to: what is slow or down is one of these.
Receiver = tuple[int, str]


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """A message to be delivered: `content` is the canonical JSON of `{header, message}`.

    `message_no` was taken before (put.numbers), because the message says it. `programmes` are
    those whose records it shows: it leaves only while the receiver may see all of them. Promises
    of one `stream` are delivered in their order, one after the other.
    """

    message_no: int
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


class InHand(msgspec.Struct, frozen=True, kw_only=True):
    """A message that this process holds the lease of. `sealed` is None where it is large;
    `attempts` is the number of this try."""

    message_no: int
    partner_id: int
    origin: str
    kind: Kind
    address: str
    message_id: str
    transaction_id: str
    correlation_id: str | None
    programmes: tuple[int, ...]
    stream: bytes | None
    sealed: bytes | None
    attempts: int

    @property
    def receiver(self) -> Receiver:
        return self.partner_id, self.origin


class Try(msgspec.Struct, frozen=True, kw_only=True):
    """How a try ended. `outcome` is a code, never what the receiver said.

    `again` says whether another try makes sense, `after` how long the receiver asked to be left
    alone. `made` is False where nothing was sent, for a reason that is not the receiver's: such a
    try does not count, and the next is `after` so long. `withdrawn` is a message whose receiver
    has lost the right to it.
    """

    outcome: str
    delivered: bool = False
    withdrawn: bool = False
    again: bool = False
    made: bool = True
    after: timedelta = timedelta(0)


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What is written down of a message after a try; `wait` where there will be another."""

    message: InHand
    state: State
    outcome: str | None
    wait: timedelta | None = None
    counts: bool = True


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A promised message as people see it; what it says is not for their eyes."""

    message_no: int
    partner: str
    partner_name: str
    kind: Kind
    address: str
    message_id: str
    transaction_id: str
    state: State
    attempts: int
    due_at: datetime
    last_outcome: str | None
    made_at: datetime
    settled_at: datetime | None
    kept: bool


class ReceiverSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A partner with messages that wait or are dead."""

    partner: str
    partner_name: str
    suspended: bool
    waiting: int
    dead: int
    oldest: datetime | None


class Backlog(msgspec.Struct, frozen=True):
    """How many messages wait or are dead, and since when the oldest waits."""

    waiting: int
    dead: int
    oldest: datetime | None
