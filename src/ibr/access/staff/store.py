"""SQL of officers and their sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from ibr.db.pool import Connection


async def officer_by_email(connection: Connection, email: str) -> Record | None:
    return await connection.fetchrow(
        """
        select officer_id, password_hash from officer
        where email = $1 and suspended_at is null
        """,
        email,
    )


async def programme_ids(connection: Connection, codes: Sequence[str]) -> dict[str, int]:
    found = await connection.fetch(
        "select code, programme_id from ibr.programme where code = any ($1::text[])", codes
    )
    return {row["code"]: row["programme_id"] for row in found}


async def add_officer(
    connection: Connection,
    *,
    email: str,
    name: str,
    role: str,
    programmes: Sequence[int] | None,
    password_hash: str,
    partner_id: int | None,
) -> bool:
    """False when there is an officer of that address already."""
    added = await connection.fetchval(
        """
        insert into ibr.officer (email, name, role, programme_ids, password_hash, partner_id)
        values ($1, $2, $3, $4::integer[], $5, $6)
        on conflict (email) do nothing returning officer_id
        """,
        email,
        name,
        role,
        programmes,
        password_hash,
        partner_id,
    )
    return added is not None


async def partner_number(connection: Connection, sender_id: str) -> int | None:
    found: int | None = await connection.fetchval(
        "select partner_id from ibr.partner where sender_id = $1", sender_id
    )
    return found


async def officers(connection: Connection) -> list[Record]:
    return await connection.fetch(
        """
        select o.email, o.name, o.role, o.suspended_at,
               (select array_agg(p.code order by p.code) from ibr.programme p
                where p.programme_id = any (o.programme_ids)) as programmes
        from ibr.officer o order by o.email
        """
    )


async def open_session(
    connection: Connection, digest: bytes, officer_id: int, form_token: str, at: datetime
) -> None:
    await connection.execute(
        """
        insert into officer_session (session_digest, officer_id, form_token, started_at, seen_at)
        values ($1, $2, $3, $4, $4)
        """,
        digest,
        officer_id,
        form_token,
        at,
    )


async def session(
    connection: Connection, digest: bytes, started_after: datetime, seen_after: datetime
) -> Record | None:
    return await connection.fetchrow(
        """
        select o.officer_id, o.email, o.name, o.role, o.locale, o.partner_id, s.form_token,
               s.seen_at,
               coalesce(o.programme_ids, (select array_agg(programme_id) from programme))
                   as programmes
        from officer_session s join officer o using (officer_id)
        where s.session_digest = $1 and s.ended_at is null and o.suspended_at is null
          and s.started_at > $2 and s.seen_at > $3
        """,
        digest,
        started_after,
        seen_after,
    )


async def seen(connection: Connection, digest: bytes, at: datetime) -> None:
    await connection.execute(
        "update officer_session set seen_at = $2 where session_digest = $1", digest, at
    )


async def end_session(connection: Connection, digest: bytes, at: datetime) -> None:
    await connection.execute(
        """
        update officer_session set ended_at = $2
        where session_digest = $1 and ended_at is null
        """,
        digest,
        at,
    )


async def failures(
    connection: Connection, digest: bytes, since: datetime
) -> tuple[int, datetime | None]:
    row = await connection.fetchrow(
        """
        select count(*)::integer as count, max(at) as newest from sign_in_failure
        where email_digest = $1 and at > $2
        """,
        digest,
        since,
    )
    return (row["count"], row["newest"]) if row else (0, None)


async def add_failure(connection: Connection, digest: bytes, at: datetime) -> None:
    await connection.execute(
        "insert into sign_in_failure (email_digest, at) values ($1, $2) on conflict do nothing",
        digest,
        at,
    )


async def forget_failures(connection: Connection, digest: bytes, older_than: datetime) -> None:
    await connection.execute(
        "delete from sign_in_failure where email_digest = $1 or at < $2", digest, older_than
    )
