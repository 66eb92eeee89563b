"""SQL of officers and their sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from asyncpg import Record

from ibr.db.pool import Connection

# What a session remembers of its officer's password: another password ends it.
_STAMP = "sha256(convert_to(coalesce(o.password_hash, ''), 'UTF8'))"


async def officer_by_email(connection: Connection, email: str) -> Record | None:
    return await connection.fetchrow(
        """
        select officer_id, password_hash from officer
        where email = $1 and suspended_at is null and password_hash is not null
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
    partner_id: int | None,
    at: datetime,
) -> int | None:
    """The number of the new officer, who has no role and no password yet; None when there is an
    officer of that address already."""
    added: int | None = await connection.fetchval(
        """
        insert into ibr.officer (email, name, partner_id, active_from, known_at)
        values ($1, $2, $3, $4, $4)
        on conflict (email) do nothing returning officer_id
        """,
        email,
        name,
        partner_id,
        at,
    )
    return added


async def set_password(connection: Connection, officer_id: int, password_hash: str) -> None:
    await connection.execute(
        "update ibr.officer set password_hash = $2 where officer_id = $1", officer_id, password_hash
    )


async def partner_number(connection: Connection, sender_id: str) -> int | None:
    found: int | None = await connection.fetchval(
        "select partner_id from ibr.partner where sender_id = $1", sender_id
    )
    return found


async def open_session(
    connection: Connection,
    digest: bytes,
    officer_id: int,
    form_token: str,
    at: datetime,
    *,
    role_id: int,
    how: str,
    stamp: bytes | None,
    proved_at: datetime,
    place: str,
    agent: str,
) -> bool:
    """False when the officer is shut out, or has another password than `stamp` is of."""
    opened = await connection.fetchval(
        f"""
        insert into officer_session (session_digest, officer_id, form_token, started_at, seen_at,
                                     proved_at, signed_in_at, role_id, place, agent, how,
                                     password_stamp)
        select $1, o.officer_id, $3, $4, $4, $5, $5, $6, $7, $8, $9, {_STAMP} from officer o
        where o.officer_id = $2 and o.suspended_at is null
          and ($10::bytea is null or $10 = {_STAMP})
        returning true
        """,
        digest,
        officer_id,
        form_token,
        at,
        proved_at,
        role_id,
        place,
        agent,
        how,
        stamp,
    )
    return opened is not None


async def role_to_begin_with(connection: Connection, officer_id: int, on: date) -> int | None:
    """Of the roles that the officer holds on the day, the one acted in last; None without any."""
    found: int | None = await connection.fetchval(
        """
        select r.role_id from officer_role r
        join officer o using (officer_id)
        where r.officer_id = $1 and r.ended_at is null
          and (r.role = 'developer') = (o.partner_id is not null)
          and coalesce(r.valid_from <= $2, true) and coalesce(r.valid_until >= $2, true)
        order by (select max(s.started_at) from officer_session s where s.role_id = r.role_id)
                     desc nulls last, r.role_id
        limit 1
        """,
        officer_id,
        on,
    )
    return found


async def session(
    connection: Connection,
    digest: bytes,
    started_after: datetime,
    seen_after: datetime,
    on: date,
) -> Record | None:
    """The session with the officer in the role it acts in; a developer reaches no programme."""
    return await connection.fetchrow(
        f"""
        select o.officer_id, o.email, o.name, r.role, r.role_id, o.locale, o.partner_id,
               s.form_token, s.seen_at, s.proved_at, s.signed_in_at, s.how, r.areas,
               case when o.partner_id is null then
                   coalesce(r.programmes, (select array_agg(programme_id) from programme))
               end as programmes,
               (select count(*)::integer from officer_role x
                where x.officer_id = o.officer_id and x.ended_at is null
                  and coalesce(x.valid_from <= $4, true) and coalesce(x.valid_until >= $4, true)
               ) as roles
        from officer_session s
        join officer o using (officer_id)
        join officer_role r on r.role_id = s.role_id and r.officer_id = s.officer_id
        where s.session_digest = $1 and s.ended_at is null and o.suspended_at is null
          and s.password_stamp = {_STAMP}
          and s.started_at > $2 and s.seen_at > $3
          and r.ended_at is null and (r.role = 'developer') = (o.partner_id is not null)
          and coalesce(r.valid_from <= $4, true) and coalesce(r.valid_until >= $4, true)
        """,
        digest,
        started_after,
        seen_after,
        on,
    )


async def seen(connection: Connection, digest: bytes, at: datetime) -> None:
    await connection.execute(
        """
        with session as (
            update officer_session set seen_at = $2 where session_digest = $1 returning officer_id
        )
        update officer o set seen_at = $2 from session s
        where o.officer_id = s.officer_id and coalesce(o.seen_at < $2, true)
        """,
        digest,
        at,
    )


async def move_session(
    connection: Connection,
    digest: bytes,
    fresh: bytes,
    form_token: str,
    officer_id: int,
    role_id: int,
) -> bool:
    """Gives an open session another secret, form token and role; False when it has ended."""
    moved = await connection.fetchval(
        """
        update officer_session set session_digest = $2, form_token = $3, role_id = $5
        where session_digest = $1 and officer_id = $4 and ended_at is null returning true
        """,
        digest,
        fresh,
        form_token,
        officer_id,
        role_id,
    )
    return bool(moved)


async def prove_session(connection: Connection, digest: bytes, at: datetime) -> None:
    await connection.execute(
        "update officer_session set proved_at = $2 where session_digest = $1", digest, at
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
