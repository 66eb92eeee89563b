"""SQL of officers, their roles, links and sessions as administrators see and change them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from ibr.access.staff.model import Grant
from ibr.access.staff.people.model import Act, Change, OfficerSeen, SessionSeen
from ibr.access.staff.roles import WantedRole
from ibr.db.pool import Connection

# Locks are taken in this order everywhere: administrators' roles, then officers, then the rest.


async def officers(
    connection: Connection, *, only: int | None = None, email: str | None = None, at: datetime
) -> list[OfficerSeen]:
    """Every officer by name, or the one that is named; without their roles."""
    rows = await connection.fetch(
        """
        select o.officer_id, o.email, o.name, o.locale, o.partner_id, p.sender_id as partner,
               o.known_at, o.seen_at, o.active_from, o.warned_at, o.suspended_at, o.suspended_by,
               o.suspended_why, o.password_hash is not null as has_password,
               (select max(l.expires_at) from ibr.officer_link l
                where l.officer_id = o.officer_id and l.used_at is null
                  and l.withdrawn_at is null and l.expires_at > $3) as link_until
        from ibr.officer o left join ibr.partner p using (partner_id)
        where ($1::integer is null or o.officer_id = $1) and ($2::text is null or o.email = $2)
        order by lower(o.name), o.officer_id
        """,
        only,
        email,
        at,
    )
    return [OfficerSeen(**dict(row)) for row in rows]


async def grants(connection: Connection, officer_ids: Sequence[int]) -> list[Grant]:
    """Every role that these officers hold or held, the newest first."""
    rows = await connection.fetch(
        """
        select role_id, officer_id, role, programmes, areas, valid_from, valid_until, given_at,
               given_by, ended_at
        from ibr.officer_role where officer_id = any ($1::integer[])
        order by ended_at is not null, role_id desc
        """,
        list(officer_ids),
    )
    return [
        Grant(
            **{
                **dict(row),
                "programmes": None if row["programmes"] is None else tuple(row["programmes"]),
                "areas": None if row["areas"] is None else tuple(row["areas"]),
            }
        )
        for row in rows
    ]


async def lock_officer(connection: Connection, officer_id: int) -> bool:
    """Whether there is such an officer, whom nobody else changes until this transaction ends."""
    return bool(
        await connection.fetchval(
            "select true from ibr.officer where officer_id = $1 for no key update", officer_id
        )
    )


async def lock_administrators(connection: Connection, on: date) -> list[int]:
    """Officers who can act as administrator on the day. Until this transaction ends nobody else
    gets past here, so of two who take an administrator away at once one sees what the other did."""
    await connection.execute(
        """
        select role_id from ibr.officer_role
        where role = 'administrator' and ended_at is null order by role_id for no key update
        """
    )
    # Read anew after the wait: a lock looks again at the rows it locks, but not at those joined.
    rows = await connection.fetch(
        """
        select r.officer_id from ibr.officer_role r join ibr.officer o using (officer_id)
        where r.role = 'administrator' and r.ended_at is null and o.suspended_at is null
          and (o.password_hash is not null or o.seen_at is not null)
          and coalesce(r.valid_from <= $1, true) and coalesce(r.valid_until >= $1, true)
        order by r.role_id
        """,
        on,
    )
    return [row["officer_id"] for row in rows]


async def add_role(
    connection: Connection, officer_id: int, wanted: WantedRole, by: int | None, at: datetime
) -> int | None:
    """The number of the role; None when the officer holds one of this name already."""
    found: int | None = await connection.fetchval(
        """
        insert into ibr.officer_role (officer_id, role, programmes, areas, valid_from, valid_until,
                                      given_at, given_by)
        values ($1, $2, $3::integer[], $4::text[], $5, $6, $7, $8)
        on conflict (officer_id, role) where ended_at is null do nothing
        returning role_id
        """,
        officer_id,
        wanted.role,
        None if wanted.programmes is None else list(wanted.programmes),
        None if wanted.areas is None else list(wanted.areas),
        wanted.valid_from,
        wanted.valid_until,
        at,
        by,
    )
    return found


async def end_role(connection: Connection, role_id: int, by: int | None, at: datetime) -> bool:
    """False when it has ended already."""
    return bool(
        await connection.fetchval(
            """
            update ibr.officer_role set ended_at = $2, ended_by = $3
            where role_id = $1 and ended_at is null returning true
            """,
            role_id,
            at,
            by,
        )
    )


async def roles_over(connection: Connection, on: date) -> list[Grant]:
    """Roles whose last day has passed and that nobody has ended yet."""
    rows = await connection.fetch(
        """
        select role_id, officer_id, role, null::integer[] as programmes, null::text[] as areas,
               valid_from, valid_until, given_at, given_by, ended_at
        from ibr.officer_role where ended_at is null and valid_until < $1
        order by role_id limit 500
        """,
        on,
    )
    return [Grant(**dict(row)) for row in rows]


async def suspend(
    connection: Connection, officer_id: int, by: int | None, why: str, at: datetime
) -> bool:
    return bool(
        await connection.fetchval(
            """
            update ibr.officer set suspended_at = $2, suspended_by = $3, suspended_why = $4
            where officer_id = $1 and suspended_at is null returning true
            """,
            officer_id,
            at,
            by,
            why,
        )
    )


async def let_in(connection: Connection, officer_id: int, at: datetime) -> bool:
    return bool(
        await connection.fetchval(
            """
            update ibr.officer
            set suspended_at = null, suspended_by = null, suspended_why = null, warned_at = null,
                active_from = $2
            where officer_id = $1 and suspended_at is not null returning true
            """,
            officer_id,
            at,
        )
    )


async def unseen(connection: Connection, since: datetime) -> list[OfficerSeen]:
    """Officers who may sign in and were not seen since; those longest away first."""
    rows = await connection.fetch(
        """
        select o.officer_id, o.email, o.name, o.locale, o.partner_id, null as partner, o.known_at,
               o.seen_at, o.active_from, o.warned_at, o.suspended_at, o.suspended_by,
               o.suspended_why, o.password_hash is not null as has_password,
               null::timestamptz as link_until
        from ibr.officer o
        where o.suspended_at is null and o.active_from < $1 and coalesce(o.seen_at < $1, true)
        order by greatest(o.seen_at, o.active_from), o.officer_id limit 500
        """,
        since,
    )
    return [OfficerSeen(**dict(row)) for row in rows]


async def warn(connection: Connection, officer_id: int, at: datetime) -> None:
    await connection.execute(
        "update ibr.officer set warned_at = $2 where officer_id = $1", officer_id, at
    )


async def rename(connection: Connection, officer_id: int, name: str) -> None:
    await connection.execute(
        "update ibr.officer set name = $2 where officer_id = $1", officer_id, name
    )


async def set_language(connection: Connection, officer_id: int, locale: str) -> None:
    await connection.execute(
        "update ibr.officer set locale = $2 where officer_id = $1", officer_id, locale
    )


async def note(
    connection: Connection,
    officer_id: int,
    what: str,
    at: datetime,
    *,
    by: int | None = None,
    role: str | None = None,
) -> None:
    await connection.execute(
        """
        insert into ibr.officer_change (officer_id, at, what, by_officer, role)
        values ($1, $2, $3, $4, $5)
        """,
        officer_id,
        at,
        what,
        by,
        role,
    )


async def changes(connection: Connection, officer_id: int, most: int) -> list[Change]:
    rows = await connection.fetch(
        """
        select c.at, c.what, b.name as by_name, c.role, c.officer_id, o.name as officer_name
        from ibr.officer_change c join ibr.officer o on o.officer_id = c.officer_id
        left join ibr.officer b on b.officer_id = c.by_officer
        where c.officer_id = $1 order by c.change_id desc limit $2
        """,
        officer_id,
        most,
    )
    return [Change(**dict(row)) for row in rows]


async def acts(connection: Connection, officer_id: int, most: int) -> list[Act]:
    rows = await connection.fetch(
        "select at, kind from ibr.acts_of_officer($1, $2)", officer_id, most
    )
    return [Act(row["at"], row["kind"]) for row in rows]


async def sessions(
    connection: Connection, officer_id: int, started_after: datetime, seen_after: datetime
) -> list[SessionSeen]:
    """Open sessions, the newest first."""
    rows = await connection.fetch(
        """
        select s.session_no as number, s.officer_id, r.role, s.started_at, s.seen_at, s.place,
               s.agent
        from ibr.officer_session s join ibr.officer_role r on r.role_id = s.role_id
        where s.officer_id = $1 and s.ended_at is null and s.started_at > $2 and s.seen_at > $3
        order by s.started_at desc
        """,
        officer_id,
        started_after,
        seen_after,
    )
    return [SessionSeen(**dict(row)) for row in rows]


async def end_one_session(
    connection: Connection, officer_id: int, number: int, at: datetime
) -> bool:
    return bool(
        await connection.fetchval(
            """
            update ibr.officer_session set ended_at = $3
            where officer_id = $1 and session_no = $2 and ended_at is null returning true
            """,
            officer_id,
            number,
            at,
        )
    )


async def end_sessions(
    connection: Connection, officer_id: int, at: datetime, *, but: bytes | None = None
) -> int:
    """Ends every open session of the officer but the one named; how many."""
    rows = await connection.fetch(
        """
        update ibr.officer_session set ended_at = $2
        where officer_id = $1 and ended_at is null and session_digest is distinct from $3
        returning 1
        """,
        officer_id,
        at,
        but,
    )
    return len(rows)


async def programmes(connection: Connection) -> dict[int, str]:
    rows = await connection.fetch("select programme_id, code from ibr.programme order by code")
    return {row["programme_id"]: row["code"] for row in rows}


async def areas_known(connection: Connection, codes: Sequence[str]) -> set[str]:
    rows = await connection.fetch(
        "select code from ibr.area where code = any ($1::text[])", list(codes)
    )
    return {row["code"] for row in rows}


async def named_with_roles(connection: Connection, officer_id: int) -> tuple[str, list[str]]:
    """The officer's name and address for people, and the roles that are open."""
    row = await connection.fetchrow(
        """
        select o.name || ' (' || o.email || ')' as name,
               array(select r.role from ibr.officer_role r
                     where r.officer_id = o.officer_id and r.ended_at is null
                     order by r.role_id) as roles
        from ibr.officer o where o.officer_id = $1
        """,
        officer_id,
    )
    return (row["name"], list(row["roles"])) if row else ("", [])
