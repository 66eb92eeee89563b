"""SQL of acts on deliveries: each moves a delivery from one state to the next, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from asyncpg import Record

from ibr.db.pool import Connection
from ibr.deliveries.acts.model import By


async def move(
    connection: Connection,
    delivery_id: int,
    *,
    from_: str,
    to: str,
    checked_at: datetime | None = None,
) -> bool:
    """False, and nothing happens, unless the delivery stands in the state `from_`."""
    said: str = await connection.execute(
        """
        update delivery set state = $3, checked_at = coalesce($4, checked_at)
        where delivery_id = $1 and state = $2
        """,
        delivery_id,
        from_,
        to,
        checked_at,
    )
    return said == "UPDATE 1"


async def add(
    connection: Connection,
    delivery_id: int,
    kind: str,
    by: By,
    reason: str | None,
    counts: dict[str, int],
    at: datetime,
) -> None:
    # Whoever moved the delivery holds its row, so no two acts get one number.
    await connection.execute(
        """
        insert into delivery_act (delivery_id, act_no, kind, by_kind, by_id, by_name, reason,
                                  counts, at)
        select $1::bigint, coalesce(max(act_no), 0) + 1, $2::text, $3::text, $4::integer, $5::text,
               $6::text, $7::jsonb, $8::timestamptz
        from delivery_act where delivery_id = $1
        """,
        delivery_id,
        kind,
        by.kind,
        by.id,
        by.name,
        reason,
        msgspec.json.encode(counts).decode(),
        at,
    )


async def acts(connection: Connection, delivery_id: int) -> list[Record]:
    return await connection.fetch(
        """
        select a.act_no, a.kind, a.by_kind, a.by_name, a.reason, a.counts::text, a.at
        from delivery_act a join delivery d using (delivery_id)
        where delivery_id = $1 order by act_no
        """,
        delivery_id,
    )


async def standing(connection: Connection, delivery_id: int) -> Record | None:
    """State, programmes and mode of a delivery, held until the transaction ends."""
    return await connection.fetchrow(
        """
        select state, programme_ids, mode, partner_id, replaces from delivery
        where delivery_id = $1 for update
        """,
        delivery_id,
    )


async def in_state(connection: Connection, states: Sequence[str]) -> list[Record]:
    return await connection.fetch(
        """
        select delivery_id, state, programme_ids from delivery
        where state = any ($1::text[]) order by received_at
        """,
        list(states),
    )


async def to_replace(connection: Connection) -> list[Record]:
    """Deliveries that count although one that takes their place, or withdraws them, is merged."""
    return await connection.fetch(
        """
        select distinct on (old.delivery_id) old.delivery_id, old.state, old.mode, old.replaces,
               new.delivery_id as by_delivery, new.mode = 'void' as withdrawn
        from delivery new join delivery old on old.delivery_id = new.replaces
        where new.replaces is not null and new.state = 'done' and old.state in ('done', 'held')
          and old.partner_id = new.partner_id
          and not exists (
                select from delivery_act a
                where a.delivery_id = old.delivery_id
                  and a.kind in ('reinstated', 'undo_failed')
                  and a.at > new.done_at)
        order by old.delivery_id, new.delivery_id
        """
    )


async def touched(connection: Connection, delivery_id: int) -> list[int]:
    """The records that a delivery spoke of, ascending; empty where that was not kept."""
    rows = await connection.fetch(
        "select record_ids from delivery_touched where delivery_id = $1 order by first_item",
        delivery_id,
    )
    return sorted({each for row in rows for each in row["record_ids"]})


async def is_kept(connection: Connection, delivery_id: int) -> bool:
    """Whether it was kept which records a delivery speaks of; so too where it speaks of none."""
    found: bool = await connection.fetchval(
        """
        select records <= refused
               or exists (select from delivery_touched t where t.delivery_id = d.delivery_id)
        from delivery d where delivery_id = $1
        """,
        delivery_id,
    )
    return found


async def others(
    connection: Connection, programme_ids: Sequence[int], without: int | None
) -> list[Record]:
    """Deliveries that count and speak of these programmes, in the order they came, with how far
    each is merged and whether it was kept which records it spoke of.

    One that is on its way to count again counts; one on its way out does not.
    """
    return await connection.fetch(
        """
        select d.delivery_id, d.door, d.as_of, d.next_item,
               coalesce(d.done_at, d.received_at) as known_at,
               exists (select from delivery_touched t where t.delivery_id = d.delivery_id) as kept
        from delivery d
        where d.programme_ids && $1::integer[] and d.delivery_id is distinct from $2
          and d.mode <> 'void' and d.next_item > 0
          and d.state in ('received', 'done', 'failed', 'reinstating')
        order by d.delivery_id
        """,
        list(programme_ids),
        without,
    )


async def chunks(
    connection: Connection, delivery_ids: Sequence[int], record_ids: Sequence[int] | None
) -> set[tuple[int, int]]:
    """Delivery and first item of every chunk of these deliveries, of these records only where
    given."""
    rows = await connection.fetch(
        """
        select delivery_id, first_item from delivery_touched
        where delivery_id = any ($1::bigint[])
          and ($2::bigint[] is null or record_ids && $2::bigint[])
        """,
        list(delivery_ids),
        None if record_ids is None else list(record_ids),
    )
    return {(row["delivery_id"], row["first_item"]) for row in rows}


async def spoken_of_elsewhere(
    connection: Connection, delivery_id: int, programme_ids: Sequence[int], records: Sequence[int]
) -> int:
    found: int = await connection.fetchval(
        """
        select count(distinct r.record_id)::integer
        from delivery d join delivery_touched t using (delivery_id)
             cross join lateral unnest(t.record_ids) as r (record_id)
        where d.delivery_id <> $1 and d.programme_ids && $2::integer[]
          and d.mode <> 'void' and d.state in ('received', 'done', 'failed')
          and t.record_ids && $3::bigint[] and r.record_id = any ($3::bigint[])
        """,
        delivery_id,
        list(programme_ids),
        list(records),
    )
    return found


async def benefits_of(
    connection: Connection, delivery_id: int, records: Sequence[int]
) -> list[Record]:
    """How many benefits of these records the delivery was the first to tell, and their value."""
    return await connection.fetch(
        """
        select coalesce(currency, '') as currency, count(*)::integer as benefits,
               coalesce(sum(value_minor), 0)::bigint as value
        from benefit where record_id = any ($2::bigint[]) and delivery_id = $1
        group by 1 order by 1
        """,
        delivery_id,
        list(records),
    )


async def without_bytes(connection: Connection, delivery_ids: Sequence[int]) -> bool:
    """Whether the bytes of one of these deliveries were disposed of."""
    gone = await connection.fetchval(
        """
        select exists (
            select from unnest($1::bigint[]) as wanted (delivery_id)
            join delivery d using (delivery_id)
            where d.body_bytes > 0 and not exists (
                select from delivery_part p where p.delivery_id = wanted.delivery_id))
        """,
        list(delivery_ids),
    )
    return bool(gone)
