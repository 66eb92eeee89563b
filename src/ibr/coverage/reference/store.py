"""SQL of reference amounts."""

from __future__ import annotations

from asyncpg import Record

from ibr.coverage.reference.model import ReferenceAmount
from ibr.db.pool import Connection


async def every(connection: Connection) -> list[Record]:
    """All amounts, in the order in which they were entered."""
    rows: list[Record] = await connection.fetch(
        """
        select reference_no, kind, currency, minor, valid_from, source, entered_by, entered_at
        from ibr.reference_amount order by reference_no
        """
    )
    return rows


async def add(connection: Connection, amount: ReferenceAmount) -> int:
    """Enters an amount; its number."""
    number: int = await connection.fetchval(
        """
        insert into ibr.reference_amount (
            kind, currency, minor, valid_from, source, entered_by, entered_at
        ) values ($1, $2, $3, $4, $5, $6, $7) returning reference_no
        """,
        amount.kind,
        amount.currency,
        amount.minor,
        amount.valid_from,
        amount.source,
        amount.entered_by,
        amount.entered_at,
    )
    return number
