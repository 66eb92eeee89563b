"""SQL of promised messages as people see them, send them again and forget them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from ibr.db.pool import Connection
from ibr.outbox.model import Backlog, Kind, Listed, State
from ibr.outbox.store import CHANNEL

_COLUMNS = """
    m.message_no, coalesce(p.sender_id, '') as partner, coalesce(p.name, '') as partner_name,
    m.kind, m.address, m.message_id, m.transaction_id, m.state, m.attempts, m.due_at,
    m.last_outcome, m.made_at, m.settled_at, m.content <> ''::bytea as kept
"""
_FROM = "from ibr.outgoing_message m left join ibr.partner p using (partner_id)"


def _listed(row: asyncpg.Record) -> Listed:
    return Listed(**dict(row))


async def listed(
    connection: Connection,
    *,
    states: Sequence[State],
    partner: str | None,
    kind: Kind | None,
    most: int,
    skip: int,
) -> list[Listed]:
    rows = await connection.fetch(
        f"""
        select {_COLUMNS} {_FROM}
        where m.state = any ($1::text[]) and ($2::text is null or p.sender_id = $2)
          and ($3::text is null or m.kind = $3)
        order by m.message_no desc
        limit $4 offset $5
        """,
        list(states),
        partner,
        kind,
        most,
        skip,
    )
    return [_listed(row) for row in rows]


async def count(connection: Connection, states: Sequence[State], partner: str | None) -> int:
    found: int = await connection.fetchval(
        f"""
        select count(*) {_FROM}
        where m.state = any ($1::text[]) and ($2::text is null or p.sender_id = $2)
        """,
        list(states),
        partner,
    )
    return found


async def receivers(connection: Connection) -> list[asyncpg.Record]:
    """Every partner with something waiting or dead, and how much of each."""
    return await connection.fetch(
        f"""
        select coalesce(p.sender_id, '') as partner, coalesce(p.name, '') as partner_name,
               p.suspended_at is not null as suspended,
               count(*) filter (where m.state = 'waiting') as waiting,
               count(*) filter (where m.state = 'dead') as dead,
               min(m.made_at) filter (where m.state = 'waiting') as oldest
        {_FROM}
        where m.state in ('waiting', 'dead')
        group by p.partner_id
        order by dead desc, waiting desc, partner_name
        """
    )


async def one(connection: Connection, name: str) -> Listed | None:
    row = await connection.fetchrow(
        f"""
        select {_COLUMNS} {_FROM}
        where m.message_id = $1 or m.message_no = $2::bigint
        order by m.message_id = $1 desc limit 1
        """,
        name,
        _number(name),
    )
    return None if row is None else _listed(row)


def _number(name: str) -> int | None:
    return int(name) if name.isascii() and name.isdigit() and len(name) <= 18 else None


async def backlog(connection: Connection) -> Backlog:
    row = await connection.fetchrow(
        """
        select count(*) filter (where state = 'waiting') as waiting,
               count(*) filter (where state = 'dead') as dead,
               min(made_at) filter (where state = 'waiting') as oldest
        from ibr.outgoing_message where state in ('waiting', 'dead')
        """
    )
    return Backlog(**dict(row or {}))


async def partner_number(connection: Connection, sender_id: str) -> int | None:
    number: int | None = await connection.fetchval(
        "select partner_id from ibr.partner where sender_id = $1", sender_id
    )
    return number


async def partner_of(connection: Connection, message_no: int) -> int | None:
    number: int | None = await connection.fetchval(
        "select partner_id from ibr.outgoing_message where message_no = $1", message_no
    )
    return number


async def end_tests(connection: Connection, prefix: str, made_before: datetime) -> int:
    """Withdraws tests that nobody waits for any more; what became of them stays on record."""
    said: str = await connection.execute(
        """
        update outgoing_message
        set state = 'withdrawn', settled_at = now(), leased_until = null, lease_token = null
        where state in ('waiting', 'dead') and starts_with(transaction_id, $1) and made_at < $2
        """,
        prefix,
        made_before,
    )
    return int(said.removeprefix("UPDATE "))


async def send_again(
    connection: Connection, *, message_no: int | None, partner_id: int | None
) -> list[int]:
    """Dead messages wait once more, as if they had just been promised: one, or all of a partner.
    Those whose content was dropped stay dead."""
    rows = await connection.fetch(
        """
        update ibr.outgoing_message
        set state = 'waiting', attempts = 0, deaths = 0, due_at = now(), settled_at = null
        where state = 'dead' and content <> ''::bytea
          and ($1::bigint is null or message_no = $1)
          and ($2::integer is null or partner_id = $2)
        returning message_no
        """,
        message_no,
        partner_id,
    )
    await connection.execute("select pg_notify($1, '')", CHANNEL)
    return sorted(row["message_no"] for row in rows)


async def replay(
    connection: Connection, *, partner_id: int, after: int, kind: Kind | None
) -> list[int]:
    """Delivered messages of a partner beyond a number wait once more."""
    rows = await connection.fetch(
        """
        update ibr.outgoing_message
        set state = 'waiting', attempts = 0, deaths = 0, due_at = now(), settled_at = null
        where state = 'delivered' and content <> ''::bytea and partner_id = $1
          and message_no > $2 and ($3::text is null or kind = $3)
        returning message_no
        """,
        partner_id,
        after,
        kind,
    )
    await connection.execute("select pg_notify($1, '')", CHANNEL)
    return sorted(row["message_no"] for row in rows)


async def dropped_after(connection: Connection, *, partner_id: int, after: int) -> int:
    """How many delivered messages beyond a number are not kept any more."""
    found: int = await connection.fetchval(
        """
        select count(*) from ibr.outgoing_message
        where state = 'delivered' and content = ''::bytea and partner_id = $1 and message_no > $2
        """,
        partner_id,
        after,
    )
    return found


async def drop_contents(
    connection: Connection, settled_before: datetime, dead_before: datetime, most: int
) -> int:
    """Empties up to `most` messages that were settled long ago."""
    said: str = await connection.execute(
        """
        update outgoing_message set content = ''::bytea
        where message_no in (
            select message_no from outgoing_message
            where settled_at is not null and content <> ''::bytea
              and (state in ('delivered', 'withdrawn') and settled_at < $1
                   or state = 'dead' and settled_at < $2)
            limit $3 for update skip locked)
        """,
        settled_before,
        dead_before,
        most,
    )
    return int(said.removeprefix("UPDATE "))
