"""What became of the registry's questions to other registries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ibr.audit.events import SOURCE_REFUSED
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.sources.asked import store
from ibr.sources.asked.model import ItemState, OwnTransaction
from ibr.sources.listening import keep


async def question(
    connection: Connection, source_id: int, transaction_id: str
) -> OwnTransaction | None:
    """A question that was put to this very source, held for this transaction alone."""
    return await store.lock_transaction(connection, source_id, transaction_id)


async def polled_about(connection: Connection, poll: OwnTransaction) -> OwnTransaction:
    """The question that a question about its state was about."""
    assert poll.about_no is not None
    return await store.lock_number(connection, poll.about_no)


async def subjects_of(
    connection: Connection, own: OwnTransaction, items: Sequence[int | None]
) -> dict[int, bytes]:
    """Whom these items were about; items that were never asked are missing."""
    return await store.subjects_of(
        connection, own.transaction_no, [each for each in items if each is not None]
    )


async def answered(
    connection: Connection,
    own: OwnTransaction,
    items: Sequence[tuple[int, ItemState, str | None]],
    *,
    correlation_id: str | None,
    at: datetime,
) -> None:
    """Notes answers; with the last one the question is answered."""
    await store.settle_items(connection, own.transaction_no, items)
    await store.settle(connection, own.transaction_no, correlation_id, at)


async def done(
    connection: Connection,
    own: OwnTransaction,
    count: int,
    correlation_id: str | None,
    at: datetime,
) -> None:
    """A question without items of its own was answered."""
    await store.close(
        connection,
        own.transaction_no,
        "answered",
        reason=None,
        correlation_id=correlation_id,
        answered=count,
        at=at,
    )


async def refused(
    connection: Connection, transaction_no: int, reason: str | None, at: datetime
) -> None:
    """The source refused a question as a whole."""
    await store.close(
        connection,
        transaction_no,
        "refused",
        reason=reason,
        correlation_id=None,
        answered=None,
        at=at,
    )


async def acknowledged(
    connection: Connection,
    message_id: str,
    *,
    taken: bool,
    correlation_id: str | None,
    reason: str | None,
    at: datetime,
) -> None:
    """What the source said at once to a message of ours; not `taken`, no answer will come.

    Nothing happens for a message that is no question of ours.
    """
    row = await store.acknowledge(
        connection, message_id, correlation_id if taken else None, at if taken else None
    )
    if row is None or taken:
        return
    await refused(connection, row["transaction_no"], reason, at)
    if row["kind"] == "subscribe":
        await keep.refused(connection, row["transaction_no"], None, reason, at)
    await record_event(
        connection,
        kind=SOURCE_REFUSED,
        asker=None,
        details={"source": row["source_id"], "what": row["kind"], "reason": reason},
        at=at,
    )
