"""SQL of one-time links; only a digest of each is kept."""

from __future__ import annotations

from datetime import datetime

from asyncpg import Record

from ibr.db.pool import Connection


async def add(
    connection: Connection,
    digest: bytes,
    officer_id: int,
    kind: str,
    at: datetime,
    expires_at: datetime,
    by: int | None,
) -> None:
    await connection.execute(
        """
        insert into ibr.officer_link (link_digest, officer_id, kind, made_at, made_by, expires_at)
        values ($1, $2, $3, $4, $5, $6)
        """,
        digest,
        officer_id,
        kind,
        at,
        by,
        expires_at,
    )


async def withdraw(connection: Connection, officer_id: int, at: datetime) -> None:
    """Makes every unused link of the officer useless."""
    await connection.execute(
        """
        update ibr.officer_link set withdrawn_at = $2
        where officer_id = $1 and used_at is null and withdrawn_at is null
        """,
        officer_id,
        at,
    )


async def usable(connection: Connection, digest: bytes, at: datetime) -> Record | None:
    return await connection.fetchrow(
        """
        select o.officer_id, o.email, o.name, l.kind, l.expires_at
        from ibr.officer_link l join ibr.officer o using (officer_id)
        where l.link_digest = $1 and l.used_at is null and l.withdrawn_at is null
          and l.expires_at > $2 and o.suspended_at is null
        """,
        digest,
        at,
    )


async def use(connection: Connection, digest: bytes, at: datetime) -> bool:
    """Marks the link as used; False when somebody else was first, or it is of no use any more."""
    return bool(
        await connection.fetchval(
            """
            update ibr.officer_link set used_at = $2
            where link_digest = $1 and used_at is null and withdrawn_at is null and expires_at > $2
            returning true
            """,
            digest,
            at,
        )
    )


async def forget(connection: Connection, before: datetime) -> int:
    """Deletes links that have been of no use since then; how many."""
    rows = await connection.fetch(
        "delete from ibr.officer_link where expires_at < $1 returning 1", before
    )
    return len(rows)
