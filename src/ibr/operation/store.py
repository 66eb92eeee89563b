"""SQL of the health check."""

from __future__ import annotations

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
