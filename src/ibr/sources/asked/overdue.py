"""Questions that were not answered in time: asked about once, then shown as overdue."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from ibr.audit.events import SOURCE_SILENT
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.sources.asked import store
from ibr.sources.asked.model import Kind
from ibr.sources.listening import keep

MOST_AT_ONCE: Final = 100


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A question whose answer should be there."""

    transaction_no: int
    source_id: int
    kind: Kind
    transaction_id: str
    acknowledged_at: datetime | None
    polled_at: datetime | None

    @property
    def worth_asking(self) -> bool:
        """Whether the source knows of it and was not asked about it before."""
        known = self.acknowledged_at is not None
        return known and self.polled_at is None and self.kind != "txn-status"


async def due(connection: Connection, at: datetime) -> list[Due]:
    """Questions whose time is over, for this transaction alone."""
    rows = await store.take_due(connection, at, MOST_AT_ONCE)
    return [Due(**dict(row)) for row in rows]


async def polled(connection: Connection, late: Due, at: datetime, due_at: datetime) -> None:
    """The source is asked what became of it, and has until then to say so."""
    await store.polled(connection, late.transaction_no, at, due_at)


async def give_up(connection: Connection, late: Due, at: datetime) -> None:
    """Marks a question as overdue. An answer that comes after all is still taken."""
    await store.close(
        connection,
        late.transaction_no,
        "overdue",
        reason=None,
        correlation_id=None,
        answered=None,
        at=at,
    )
    if late.kind == "txn-status":
        return
    if late.kind == "subscribe":
        await keep.refused(connection, late.transaction_no, None, "overdue", at)
    await record_event(
        connection,
        kind=SOURCE_SILENT,
        asker=None,
        details={
            "source": late.source_id,
            "what": late.kind,
            "acknowledged": late.acknowledged_at is not None,
            "transaction_id": late.transaction_id,
        },
        at=at,
    )
