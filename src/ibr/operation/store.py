"""SQL of the health check."""

from __future__ import annotations

import asyncpg

from ibr.db.pool import Connection


async def can_write(connection: Connection) -> None:
    """A write that leaves nothing behind; fails when the database is read-only or full."""
    await connection.execute(
        "create temporary table if not exists s_probe (at timestamptz) on commit delete rows;"
        "insert into s_probe values (now())"
    )


async def worker_seen(connection: Connection) -> float | None:
    """Seconds since a worker last gave a sign of life; None when none ever did."""
    seconds: float | None = await connection.fetchval(
        "select extract(epoch from clock_timestamp() - max(seen_at))::float8 from worker_sign"
    )
    return seconds


async def longest_waiting_answer(connection: Connection) -> float:
    """Seconds that the oldest acknowledged request has been due; 0 where none is."""
    seconds: float = await connection.fetchval(
        """
        select coalesce(extract(epoch from clock_timestamp() - min(due_at)), 0)::float8 from job
        where kind = 'answer_request' and done_at is null and gave_up_at is null
          and due_at <= clock_timestamp()
        """
    )
    return seconds


async def jobs_due(connection: Connection) -> list[asyncpg.Record]:
    """For each kind of job how many are due and not begun, and since when the oldest, seconds."""
    rows: list[asyncpg.Record] = await connection.fetch(
        """
        select kind, count(*) filter (where waits) as due,
               coalesce(extract(epoch from clock_timestamp() - min(due_at) filter (where waits)), 0)
                   ::float8 as lag
        from (select kind, due_at, due_at <= clock_timestamp()
                     and coalesce(leased_until, '-infinity') < clock_timestamp() as waits
              from job where done_at is null and gave_up_at is null) as open
        group by kind order by kind
        """
    )
    return rows


async def jobs_given_up(connection: Connection) -> int:
    """Jobs that failed for good and are still kept."""
    number: int = await connection.fetchval(
        "select count(*) from job where gave_up_at is not null and done_at is null"
    )
    return number


async def sealed_sample(connection: Connection, most: int) -> list[asyncpg.Record]:
    """Some sealed records, from anywhere in the table, for a drill; asked as the owner."""
    rows: list[asyncpg.Record] = await connection.fetch(
        "select record_id as id, personal from beneficiary_record order by random() limit $1", most
    )
    return rows


async def sealed_keys(connection: Connection) -> list[asyncpg.Record]:
    """The registry's own sealed keys, for a drill; asked as the owner."""
    rows: list[asyncpg.Record] = await connection.fetch(
        "select kid, private_sealed as sealed from registry_key"
    )
    return rows
