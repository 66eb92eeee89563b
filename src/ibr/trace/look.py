"""Reading the trace: for the developers of one partner, or for administrators."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from ibr.db.pool import Connection
from ibr.protection.seal import Sealer
from ibr.trace import store
from ibr.trace.model import Found, Row, Traced, Wanted
from ibr.trace.recorder import ROWS_A_DAY, opened

KEPT: Final = timedelta(days=14)
_AT_ONCE: Final = 10_000


async def page(
    connection: Connection, wanted: Wanted, *, today: date, limit: int, offset: int
) -> Found:
    """One page, the newest first."""
    rows = await store.page(connection, wanted, limit, offset)
    total = await store.count(connection, wanted)
    seen = await store.seen_on(connection, wanted.partner_id, today)
    return Found(rows, total, sum(max(0, each - ROWS_A_DAY) for each in seen))


async def one(
    connection: Connection, sealer: Sealer, trace_id: str, partner_id: int | None
) -> Traced | None:
    """One row with its content where that is kept; of this partner where one is named."""
    found = await store.one(connection, trace_id, partner_id)
    if found is None:
        return None
    row, content, answer = found
    return Traced(
        row,
        opened(sealer, "content", trace_id, content),
        opened(sealer, "answer", trace_id, answer),
    )


async def tries(connection: Connection, partner_id: int, message_id: str) -> list[Row]:
    """Every traced try of one message that the registry sent."""
    return await store.sent(connection, partner_id, message_id)


async def tidy(connection: Connection, at: datetime) -> int:
    """Forgets what is older than fourteen days, some at a time; how many rows went."""
    return await store.forget(connection, at - KEPT, _AT_ONCE)
