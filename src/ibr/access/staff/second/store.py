"""SQL of second factors, of steps that were taken, and of an officer's own sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from ibr.db.pool import Connection

_STAMP = "sha256(convert_to(coalesce(o.password_hash, ''), 'UTF8'))"


async def account(connection: Connection, officer_id: int, at: datetime) -> Record | None:
    """The officer with the roles that count today; None for one who is shut out."""
    return await connection.fetchrow(
        f"""
        select o.officer_id, o.email, o.name, o.break_glass, {_STAMP} as stamp,
               t.made_at as totp_since,
               array(select r.role from ibr.officer_role r
                     where r.officer_id = o.officer_id and r.ended_at is null
                       and coalesce(r.valid_from <= $2::date, true)
                       and coalesce(r.valid_until >= $2::date, true)) as roles,
               (select count(*)::integer from ibr.officer_recovery_code c
                where c.officer_id = o.officer_id and c.used_at is null) as recovery_left,
               exists (select from ibr.officer_ministry m
                       where m.officer_id = o.officer_id) as linked
        from ibr.officer o left join ibr.officer_totp t using (officer_id)
        where o.officer_id = $1 and o.suspended_at is null
        """,
        officer_id,
        at.date(),
    )


async def officer_number(connection: Connection, email: str) -> int | None:
    found: int | None = await connection.fetchval(
        "select officer_id from ibr.officer where email = $1", email
    )
    return found


async def hold_officer(connection: Connection, officer_id: int) -> None:
    """Lets the officer's codes be tried one after another, whichever process tries them."""
    await connection.execute(
        "select from officer where officer_id = $1 for no key update", officer_id
    )


async def spend(connection: Connection, digest: bytes, at: datetime, older_than: datetime) -> bool:
    """False when it was spent before; what is too old to be of use to anybody is forgotten."""
    await connection.execute("delete from sign_in_spent where at < $1", older_than)
    spent = await connection.fetchval(
        """
        insert into sign_in_spent (ticket_digest, at) values ($1, $2)
        on conflict (ticket_digest) do nothing returning true
        """,
        digest,
        at,
    )
    return spent is not None


async def set_totp(
    connection: Connection, officer_id: int, sealed: bytes, step: int, at: datetime
) -> None:
    await connection.execute(
        """
        insert into officer_totp (officer_id, secret_sealed, last_step, made_at)
        values ($1, $2, $3, $4)
        on conflict (officer_id) do update set secret_sealed = excluded.secret_sealed,
            last_step = excluded.last_step, made_at = excluded.made_at
        """,
        officer_id,
        sealed,
        step,
        at,
    )


async def totp_secret(connection: Connection, officer_id: int) -> bytes | None:
    found: bytes | None = await connection.fetchval(
        "select secret_sealed from officer_totp where officer_id = $1", officer_id
    )
    return found


async def take_step(connection: Connection, officer_id: int, step: int) -> bool:
    """False when a code of this half minute, or of a later one, was accepted before."""
    taken = await connection.fetchval(
        """
        update officer_totp set last_step = $2 where officer_id = $1 and last_step < $2
        returning true
        """,
        officer_id,
        step,
    )
    return taken is not None


async def drop_totp(connection: Connection, officer_id: int) -> bool:
    dropped = await connection.fetchval(
        "delete from ibr.officer_totp where officer_id = $1 returning true", officer_id
    )
    return dropped is not None


async def set_recovery_codes(
    connection: Connection, officer_id: int, digests: Sequence[bytes], at: datetime
) -> None:
    """These codes instead of every earlier one."""
    await connection.execute(
        "delete from ibr.officer_recovery_code where officer_id = $1", officer_id
    )
    await connection.execute(
        """
        insert into ibr.officer_recovery_code (officer_id, code_digest, made_at)
        select $1, digest, $3 from unnest($2::bytea[]) digest
        """,
        officer_id,
        digests,
        at,
    )


async def use_recovery_code(
    connection: Connection, officer_id: int, digest: bytes, at: datetime
) -> bool:
    used = await connection.fetchval(
        """
        update officer_recovery_code set used_at = $3
        where officer_id = $1 and code_digest = $2 and used_at is null returning true
        """,
        officer_id,
        digest,
        at,
    )
    return used is not None


async def passkeys(connection: Connection, officer_id: int) -> list[Record]:
    return await connection.fetch(
        """
        select credential_id, name, made_at, used_at from ibr.officer_passkey
        where officer_id = $1 order by made_at, credential_id
        """,
        officer_id,
    )


async def add_passkey(
    connection: Connection,
    officer_id: int,
    *,
    credential_id: bytes,
    name: str,
    public_key: bytes,
    sign_count: int,
    at: datetime,
) -> bool:
    """False when the authenticator's key is registered already, here or with somebody else."""
    added = await connection.fetchval(
        """
        insert into officer_passkey (credential_id, officer_id, name, public_key, sign_count,
                                     made_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (credential_id) do nothing returning true
        """,
        credential_id,
        officer_id,
        name,
        public_key,
        sign_count,
        at,
    )
    return added is not None


async def passkey(connection: Connection, credential_id: bytes) -> Record | None:
    """The key with its count, held so that two answers of it are looked at one after the other."""
    return await connection.fetchrow(
        """
        select officer_id, public_key, sign_count from officer_passkey
        where credential_id = $1 for update
        """,
        credential_id,
    )


async def passkey_used(
    connection: Connection, credential_id: bytes, sign_count: int, at: datetime
) -> None:
    await connection.execute(
        "update officer_passkey set sign_count = $2, used_at = $3 where credential_id = $1",
        credential_id,
        sign_count,
        at,
    )


async def drop_passkey(connection: Connection, officer_id: int, credential_id: bytes) -> bool:
    dropped = await connection.fetchval(
        """
        delete from officer_passkey where officer_id = $1 and credential_id = $2 returning true
        """,
        officer_id,
        credential_id,
    )
    return dropped is not None


async def drop_passkeys(connection: Connection, officer_id: int) -> None:
    await connection.execute("delete from ibr.officer_passkey where officer_id = $1", officer_id)


async def set_break_glass(connection: Connection, officer_id: int, kept: bool) -> None:
    await connection.execute(
        "update ibr.officer set break_glass = $2 where officer_id = $1", officer_id, kept
    )


async def add_notice(connection: Connection, officer_id: int, kind: str, at: datetime) -> None:
    await connection.execute(
        "insert into ibr.security_notice (officer_id, kind, at) values ($1, $2, $3)",
        officer_id,
        kind,
        at,
    )


async def notices(connection: Connection, officer_id: int, most: int) -> list[Record]:
    return await connection.fetch(
        """
        select kind, at from security_notice where officer_id = $1
        order by at desc, notice_no desc limit $2
        """,
        officer_id,
        most,
    )


async def alarms_since(
    connection: Connection, kinds: Sequence[str], since: datetime
) -> list[Record]:
    """What happened to any account, the newest first."""
    return await connection.fetch(
        """
        select n.kind, n.at, o.name, o.email
        from security_notice n join officer o using (officer_id)
        where n.kind = any ($1::text[]) and n.at > $2
        order by n.at desc, n.notice_no desc limit 100
        """,
        kinds,
        since,
    )


async def open_sessions(
    connection: Connection, officer_id: int, started_after: datetime, seen_after: datetime
) -> list[Record]:
    return await connection.fetch(
        f"""
        select s.session_no, s.session_digest, r.role, s.how, coalesce(s.agent, '') as agent,
               coalesce(s.place, '') as place, s.started_at, s.seen_at
        from officer_session s join officer o using (officer_id)
        join officer_role r on r.role_id = s.role_id
        where s.officer_id = $1 and s.ended_at is null and r.ended_at is null
          and s.started_at > $2 and s.seen_at > $3 and s.password_stamp = {_STAMP}
        order by s.seen_at desc
        """,
        officer_id,
        started_after,
        seen_after,
    )


async def end_one_session(
    connection: Connection, officer_id: int, number: int, at: datetime
) -> bool:
    ended = await connection.fetchval(
        """
        update officer_session set ended_at = $3, ended_why = 'by_officer'
        where officer_id = $1 and session_no = $2 and ended_at is null returning true
        """,
        officer_id,
        number,
        at,
    )
    return ended is not None


async def end_sessions(
    connection: Connection, officer_id: int, keep: bytes, why: str, at: datetime
) -> int:
    """Ends every session of the officer but the one of the digest `keep`; how many it ended."""
    ended = await connection.fetch(
        """
        update ibr.officer_session set ended_at = $4, ended_why = $3
        where officer_id = $1 and session_digest <> $2 and ended_at is null returning 1
        """,
        officer_id,
        keep,
        why,
        at,
    )
    return len(ended)


async def renew_session(connection: Connection, digest: bytes, renewed: bytes) -> bool:
    """The same session under another secret; False when it has ended meanwhile."""
    found = await connection.fetchval(
        """
        update officer_session set session_digest = $2
        where session_digest = $1 and ended_at is null returning true
        """,
        digest,
        renewed,
    )
    return found is not None
