"""SQL of what is still to be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from asyncpg import Record

from ibr.db.pool import Connection


async def partners_due(connection: Connection, now: datetime) -> list[int]:
    """The subscribers that have something due."""
    rows = await connection.fetch(
        """
        select p.partner_id from partner p
        where exists (select from notification n
                      where n.partner_id = p.partner_id and n.due_at <= $1)
        order by p.partner_id
        """,
        now,
    )
    return [row["partner_id"] for row in rows]


async def waiting(connection: Connection, most: int) -> tuple[int, datetime | None]:
    """How much is still to be told, counted to `most`, and when the first of it was due."""
    row = await connection.fetchrow(
        """
        select (select count(*) from (select from notification limit $1) as counted) as many,
               (select min(first.due_at) from partner p cross join lateral (
                    select n.due_at from notification n
                    where n.partner_id = p.partner_id order by n.due_at limit 1
                ) as first) as due_at
        """,
        most,
    )
    assert row is not None
    return row["many"], row["due_at"]


async def written_ahead(connection: Connection, partner_id: int, most: int) -> int:
    """How many notifications wait in the outbox for this subscriber; counted up to `most`."""
    return int(
        await connection.fetchval(
            """
            select count(*) from (
                select from outgoing_message
                where partner_id = $1 and state = 'waiting' and kind = 'notify' limit $2
            ) as waiting
            """,
            partner_id,
            most,
        )
    )


async def due(connection: Connection, partner_id: int, now: datetime, most: int) -> list[Record]:
    """What has been due longest for one subscriber, for this transaction alone."""
    return await connection.fetch(
        """
        select n.subscription_no, n.record_id, n.programme_id, n.change_id, s.code, s.event,
               s.reg_type, s.purpose_code, s.purpose_text, s.notify_address,
               s.state = 'cancelled' as cancelled
        from notification n join subscription s using (subscription_no)
        where n.partner_id = $1 and n.due_at <= $2
        order by n.due_at, n.change_id
        limit $3
        for update of n skip locked
        """,
        partner_id,
        now,
        most,
    )


async def drop_all(connection: Connection, partner_id: int, now: datetime) -> int:
    """Takes everything away that is due for a subscriber; how much that was."""
    said: str = await connection.execute(
        "delete from notification where partner_id = $1 and due_at <= $2", partner_id, now
    )
    return int(said.removeprefix("DELETE "))


async def drop(connection: Connection, rows: Sequence[tuple[int, int]]) -> None:
    """Takes these pairs of subscription and record away."""
    await connection.execute(
        """
        delete from notification n
        using unnest($1::integer[], $2::bigint[]) as d (subscription_no, record_id)
        where n.subscription_no = d.subscription_no and n.record_id = d.record_id
        """,
        [row[0] for row in rows],
        [row[1] for row in rows],
    )


async def count_told(connection: Connection, told: Mapping[int, int], at: datetime) -> None:
    """Notes how many notifications were written out for each of these subscriptions."""
    await connection.execute(
        """
        update subscription s set notified = s.notified + t.many, notified_at = $3
        from unnest($1::integer[], $2::integer[]) as t (subscription_no, many)
        where s.subscription_no = t.subscription_no
        """,
        list(told),
        list(told.values()),
        at,
    )
