"""SQL of requests that are acknowledged now and answered later."""

from __future__ import annotations

from datetime import datetime

import asyncpg

from ibr.db.pool import Connection


async def keep_request(
    connection: Connection,
    *,
    key: bytes,
    partner_id: int,
    action: str,
    body: bytes,
    references: list[str],
    scopes: list[str],
    address: str | None,
    key_kid: str | None,
    encrypted: bool,
    at: datetime,
) -> None:
    """Keeps a request that is answered later, and which reference ids it carried."""
    await connection.execute(
        """
        with kept as (
            insert into accepted_request (message_key, partner_id, action, body, reference_ids,
                                          scopes, address, key_kid, accepted_at, encrypted)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        )
        insert into message_reference (partner_id, reference_id, message_key)
        select $2, unnest($5::text[]), $1 on conflict do nothing
        """,
        key,
        partner_id,
        action,
        body,
        references,
        scopes,
        address,
        key_kid,
        at,
        encrypted,
    )


async def open_request(
    connection: Connection, key: bytes, milliseconds: int | None = None
) -> asyncpg.Record | None:
    """A request that is still to be answered, held until the transaction ends; None once it was.

    Whoever else came to answer it waits here and then finds it answered. With `milliseconds`, no
    statement of this transaction may take longer from here on.
    """
    return await connection.fetchrow(
        """
        select a.partner_id, a.action, a.body, a.reference_ids, a.scopes, a.address, a.key_kid,
               a.encrypted, m.transaction_id, m.correlation_id,
               set_config('statement_timeout',
                          coalesce($2, current_setting('statement_timeout')), true)
        from accepted_request a join message_received m using (message_key)
        where a.message_key = $1 and a.answered_at is null
        for update of a
        """,
        key,
        None if milliseconds is None else str(milliseconds),
    )


async def settle_request(
    connection: Connection, key: bytes, answer: bytes | None, at: datetime
) -> None:
    """The request is answered; `answer` is kept for transaction status."""
    await connection.execute(
        """
        with answered as (
            update accepted_request set answered_at = $3 where message_key = $1
        )
        update message_received set answer = $2 where message_key = $1
        """,
        key,
        answer,
        at,
    )


async def waiting_requests(
    connection: Connection, before: datetime, most: int
) -> list[asyncpg.Record]:
    """Requests acknowledged before this moment and not answered yet, the oldest first."""
    return await connection.fetch(
        """
        select message_key, partner_id from accepted_request
        where answered_at is null and accepted_at < $1 order by accepted_at limit $2
        """,
        before,
        most,
    )
