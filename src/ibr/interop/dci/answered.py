"""What an operation answers, before anybody decides by which way the answer leaves.

Each operation is one function that works inside its caller's transaction and returns an
`Answered`. The synchronous path puts a header before it, signs it and sends it as the answer to
the request (search.py, txn_status.py); the asynchronous path promises it as a callback
(answer_requests.py). The operation itself knows neither.

    async def subscribe(
        services: Services, connection: Connection, opened: Opened, correlation_id: str
    ) -> Answered: ...

Rules for such a function: it reads `opened.message` with the same reader that the door used to
refuse what is at fault as a whole, so here only items can be at fault; it uses `opened.asker` and
nothing older; it writes ledger and audit through `connection` and never commits; what it raises
undoes everything. NotAllowed and NotUnderstood become a `rjct` without data; anything else is
tried again.

Beside it stands what the door asks before it acknowledges, a function that only reads:

    def take_subscribe(opened: Opened) -> Taken: ...
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Status = Literal["succ", "rjct", "pdng"]


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """An answer without its header.

    `message` is the whole message object of the answer, `transaction_id` (the asker's) and, where
    the standard has a place for it, `correlation_id` (the one that was handed in) included.
    `status`, `total` and `completed` go into the header; `reason_code` is one of the header's
    codes (digest.md 2.3) and `reason` a sentence for `status_reason_message`, both only where the
    message as a whole is refused. `programmes` are those whose records the message shows: a
    callback leaves only while its receiver may still see all of them.
    """

    message: dict[str, Any]
    status: Status
    total: int
    completed: int
    reason_code: str | None = None
    reason: str | None = None
    programmes: frozenset[int] = frozenset()


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What the door must know of a request that is acknowledged now and answered later.

    `references` are the ids by which transaction status can name its items: the reference_ids of
    a search or a subscription, the codes of an unsubscribe, the reference_id of a txn-status.
    """

    transaction_id: str
    references: list[str]
