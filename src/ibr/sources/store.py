"""SQL of sources and of the agreements with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.sources.model import Source

# Everything but the address and the secret of our own client there.
_COLUMNS: Final = """
    s.source_id, s.partner_id, p.sender_id, p.name, s.kind, s.address, s.reg_type, s.record_type,
    s.event_type, s.identifier_type, s.attributes, s.purpose_code, s.purpose_text, s.purpose_uri,
    s.legal_basis, s.consent, s.batch_size, s.frequency, s.subscription_days, s.answer_seconds,
    s.added_at, s.ended_at
"""
_FROM: Final = "from ibr.source_registry s join ibr.partner p using (partner_id)"


def _source(row: Record) -> Source:
    return Source(**{**dict(row), "attributes": frozenset(row["attributes"])})


async def sources(connection: Connection) -> list[Source]:
    rows = await connection.fetch(f"select {_COLUMNS} {_FROM} order by s.source_id")
    return [_source(row) for row in rows]


async def by_number(connection: Connection, source_id: int) -> Source | None:
    row = await connection.fetchrow(f"select {_COLUMNS} {_FROM} where s.source_id = $1", source_id)
    return None if row is None else _source(row)


async def by_partner(connection: Connection, partner_id: int) -> Source | None:
    row = await connection.fetchrow(
        f"select {_COLUMNS} {_FROM} where s.partner_id = $1", partner_id
    )
    return None if row is None else _source(row)


async def by_sender(connection: Connection, sender_id: str) -> Source | None:
    row = await connection.fetchrow(f"select {_COLUMNS} {_FROM} where p.sender_id = $1", sender_id)
    return None if row is None else _source(row)


async def access(connection: Connection, partner_id: int) -> Record | None:
    """Where and as whom the registry gets its token; None where nothing may be asked any more."""
    return await connection.fetchrow(
        """
        select source_id, address, token_address, client_id, secret_sealed
        from source_registry where partner_id = $1 and ended_at is null
        """,
        partner_id,
    )


async def partner_number(connection: Connection, sender_id: str) -> int | None:
    number: int | None = await connection.fetchval(
        "select partner_id from ibr.partner where sender_id = $1", sender_id
    )
    return number


async def add(connection: Connection, values: Mapping[str, Any]) -> int | None:
    """Adds a source; the connection is the owner's. None where the partner is one already."""
    names = list(values)
    marks = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    number: int | None = await connection.fetchval(
        f"""
        insert into ibr.source_registry ({", ".join(names)}) values ({marks})
        on conflict (partner_id) do nothing returning source_id
        """,
        *values.values(),
    )
    return number


async def end(connection: Connection, source_id: int, at: datetime) -> bool:
    """Ends the agreement; False where it had ended before. The connection is the owner's."""
    ended = await connection.fetchval(
        """
        update ibr.source_registry set ended_at = $2
        where source_id = $1 and ended_at is null returning true
        """,
        source_id,
        at,
    )
    return bool(ended)


async def figures(connection: Connection) -> list[Record]:
    """What was asked and told, in numbers, for each source."""
    return await connection.fetch(
        """
        select s.source_id,
               (select coalesce(sum(t.items), 0)::bigint from ibr.own_transaction t
                where t.source_id = s.source_id and t.kind = 'search') as asked,
               (select coalesce(sum(t.answered), 0)::bigint from ibr.own_transaction t
                where t.source_id = s.source_id and t.kind = 'search') as answered,
               (select count(*) from ibr.own_transaction t
                where t.source_id = s.source_id and t.state = 'open') as open,
               (select count(*) from ibr.own_transaction t
                where t.source_id = s.source_id and t.state = 'overdue') as overdue,
               (select count(*) from ibr.own_subscription u
                where u.source_id = s.source_id and u.state = 'active') as active,
               (select count(*) from ibr.source_order o
                where o.source_id = s.source_id and o.done_at is null) as orders
        from ibr.source_registry s order by s.source_id
        """
    )


async def questions(connection: Connection, source_id: int, most: int) -> list[Record]:
    """The newest questions put to a source, with what became of them; nobody is named."""
    return await connection.fetch(
        """
        select transaction_id, kind, state, reason, items, answered, started_at, acknowledged_at,
               due_at, polled_at, settled_at
        from ibr.own_transaction where source_id = $1 order by transaction_no desc limit $2
        """,
        source_id,
        most,
    )


async def subscriptions(connection: Connection, source_id: int) -> list[Record]:
    """How many subscriptions there are at a source, by event and state."""
    return await connection.fetch(
        """
        select event_type, state, count(*) as subscriptions, min(ends_at) as first_end,
               count(*) filter (where subject_index is null) as about_everybody
        from ibr.own_subscription where source_id = $1 group by 1, 2 order by 1, 2
        """,
        source_id,
    )


async def programmes(connection: Connection) -> dict[str, int]:
    """The number of each programme by its code in small letters."""
    rows = await connection.fetch("select lower(code) as code, programme_id from ibr.programme")
    return {row["code"]: row["programme_id"] for row in rows}
