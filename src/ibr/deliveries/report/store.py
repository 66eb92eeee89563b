"""SQL of what officers see of deliveries; row-level security narrows it to programmes in reach."""

from __future__ import annotations

from datetime import datetime

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.deliveries.report.model import DeliveryFilter

# A file that an officer sent has no partner.
_COLUMNS = """
    d.delivery_id, coalesce(p.name, 'The registry itself') as partner_name, d.programme_ids, d.door,
    d.cycle, d.sequence, d.mode,
    d.as_of, d.body_digest, d.body_bytes, d.key_kid, d.control_total, d.state, d.records, d.stored,
    d.unchanged, d.refused, d.warned, d.warnings::text as warnings, d.score, d.received_at,
    d.done_at, d.totals::text as totals, d.anomalies::text as anomalies, d.replaces, d.same_as,
    d.programme_id
"""
_FILTER = """
    ($1::integer is null or d.programme_ids @> array[$1])
    and ($2::text is null or d.state = $2)
    and (not $3::boolean or d.refused > 0)
    and ($4::integer is null or d.partner_id = $4)
    and ($5::text is null or d.cycle = $5)
"""


async def deliveries(
    connection: Connection, wanted: DeliveryFilter, limit: int, offset: int
) -> list[Record]:
    return await connection.fetch(
        f"""
        select {_COLUMNS} from delivery d left join partner p using (partner_id)
        where {_FILTER} order by d.received_at desc, d.delivery_id desc limit $6 offset $7
        """,
        wanted.programme_id,
        wanted.state,
        wanted.with_refusals,
        wanted.partner_id,
        wanted.cycle,
        limit,
        offset,
    )


async def count(connection: Connection, wanted: DeliveryFilter) -> int:
    found: int = await connection.fetchval(
        f"select count(*)::integer from delivery d where {_FILTER}",
        wanted.programme_id,
        wanted.state,
        wanted.with_refusals,
        wanted.partner_id,
        wanted.cycle,
    )
    return found


async def delivery(connection: Connection, delivery_id: int) -> Record | None:
    return await connection.fetchrow(
        f"select {_COLUMNS} from delivery d left join partner p using (partner_id) "
        "where d.delivery_id = $1",
        delivery_id,
    )


async def refused(
    connection: Connection, delivery_id: int, limit: int, offset: int
) -> list[Record]:
    return await connection.fetch(
        """
        select item_no, reference_id, programme_id, field, code, reason from refused_record
        where delivery_id = $1 order by item_no limit $2 offset $3
        """,
        delivery_id,
        limit,
        offset,
    )


async def refused_codes(connection: Connection, delivery_id: int) -> list[Record]:
    return await connection.fetch(
        """
        select code, count(*)::integer as count from refused_record
        where delivery_id = $1 group by code order by count(*) desc, code
        """,
        delivery_id,
    )


async def reported(connection: Connection) -> list[Record]:
    # A delivery that names no cycle speaks for the month of its sender's clock.
    return await connection.fetch(
        r"""
        select spoken_of.programme_id,
               max(case when cycle ~ '^\d{4}-\d{2}$' then cycle
                   else to_char(as_of at time zone 'UTC', 'YYYY-MM') end) as month,
               max(received_at) as received_at
        from delivery, unnest(programme_ids) as spoken_of (programme_id)
        where state = 'done' and mode <> 'void' group by 1
        """
    )


async def refused_since(connection: Connection, since: datetime) -> int:
    found: int = await connection.fetchval(
        "select coalesce(sum(refused), 0)::integer from delivery where received_at >= $1", since
    )
    return found


async def replaced_by(connection: Connection, delivery_id: int) -> list[int]:
    """Later deliveries that take the place of this one, or withdraw it."""
    rows = await connection.fetch(
        "select delivery_id from delivery where replaces = $1 order by delivery_id", delivery_id
    )
    return [row["delivery_id"] for row in rows]


async def waiting(connection: Connection) -> int:
    """How many deliveries wait for a person's look."""
    found: int = await connection.fetchval(
        "select count(*)::integer from delivery where state = 'held'"
    )
    return found
