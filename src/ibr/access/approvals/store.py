"""SQL of proposals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from asyncpg import Record

from ibr.access.approvals.two_people import Payload, Proposal
from ibr.db.pool import Connection

_COLUMNS = """
    select p.proposal_id, p.act, p.payload::text as payload, p.why, p.proposed_by,
           o.name as proposer, p.proposed_at, p.expires_at, p.decision, p.decided_by,
           d.name as decider, p.decided_at, p.decided_why
    from proposal p
    join officer o on o.officer_id = p.proposed_by
    left join officer d on d.officer_id = p.decided_by
"""


async def add(
    connection: Connection,
    *,
    act: str,
    payload: Payload,
    why: str | None,
    by: int,
    at: datetime,
    expires_at: datetime,
) -> int:
    return int(
        await connection.fetchval(
            """
            insert into proposal (act, payload, why, proposed_by, proposed_at, expires_at)
            values ($1, $2::text::jsonb, $3, $4, $5, $6) returning proposal_id
            """,
            act,
            msgspec.json.encode(payload).decode(),
            why,
            by,
            at,
            expires_at,
        )
    )


async def same_open(connection: Connection, act: str, payload: Payload, at: datetime) -> int | None:
    """An open proposal of the very same act, whoever proposed it."""
    found: int | None = await connection.fetchval(
        """
        select proposal_id from proposal
        where act = $1 and payload = $2::text::jsonb and decision is null and expires_at > $3
        """,
        act,
        msgspec.json.encode(payload).decode(),
        at,
    )
    return found


async def proposal(
    connection: Connection, number: int, *, to_decide: bool = False
) -> Proposal | None:
    """A proposal by its number; `to_decide` waits for whoever else is deciding it."""
    row = await connection.fetchrow(
        f"{_COLUMNS} where p.proposal_id = $1 {'for no key update of p' if to_decide else ''}",
        number,
    )
    return _read(row) if row else None


async def proposals(connection: Connection, *, open_at: datetime, most: int) -> list[Proposal]:
    """Open ones, those that expire first on top."""
    rows = await connection.fetch(
        f"{_COLUMNS} where p.decision is null and p.expires_at > $1 "
        "order by p.expires_at, p.proposal_id limit $2",
        open_at,
        most,
    )
    return [_read(row) for row in rows]


async def closed(connection: Connection, *, at: datetime, most: int) -> list[Proposal]:
    """Decided and expired ones, the newest first."""
    rows = await connection.fetch(
        f"{_COLUMNS} where p.decision is not null or p.expires_at <= $1 "
        "order by coalesce(p.decided_at, p.expires_at) desc limit $2",
        at,
        most,
    )
    return [_read(row) for row in rows]


async def decide(
    connection: Connection, number: int, decision: str, by: int, why: str | None, at: datetime
) -> None:
    await connection.execute(
        """
        update proposal set decision = $2, decided_by = $3, decided_why = $4, decided_at = $5
        where proposal_id = $1 and decision is null
        """,
        number,
        decision,
        by,
        why,
        at,
    )


async def roles_now(
    connection: Connection, officer_ids: Sequence[int], on: date
) -> dict[int, list[str]]:
    """Roles that these officers hold on the day, none for one who is suspended. No role ends and
    none of them is suspended before this transaction ends.

    Roles are locked before officers, each by number, as where they are ended and suspended: two
    who do both at the same moment wait for each other in one order.
    """
    roles = await connection.fetch(
        """
        select officer_id, role from officer_role
        where officer_id = any ($1::integer[]) and ended_at is null
          and coalesce(valid_from <= $2, true) and coalesce(valid_until >= $2, true)
        order by role_id for share
        """,
        list(officer_ids),
        on,
    )
    officers = await connection.fetch(
        """
        select officer_id, suspended_at from officer where officer_id = any ($1::integer[])
        order by officer_id for share
        """,
        list(officer_ids),
    )
    return {
        officer["officer_id"]: [
            row["role"]
            for row in roles
            if row["officer_id"] == officer["officer_id"] and officer["suspended_at"] is None
        ]
        for officer in officers
    }


async def approved_of(
    connection: Connection, act: str, payload: Payload, by: int, since: datetime
) -> int | None:
    """The newest approved proposal by this officer of exactly this, decided since then."""
    found: int | None = await connection.fetchval(
        """
        select proposal_id from proposal
        where proposed_by = $3 and act = $1 and payload = $2::text::jsonb
          and decision = 'approved' and decided_at >= $4
        order by proposal_id desc limit 1
        """,
        act,
        msgspec.json.encode(payload).decode(),
        by,
        since,
    )
    return found


async def begin_act(connection: Connection, act: str) -> None:
    """From here on this transaction may write what the act needs two people for."""
    await connection.execute("select set_config('ibr.approved_act', $1, true)", act)


async def end_act(connection: Connection) -> None:
    await connection.execute("select set_config('ibr.approved_act', '', true)")


def _read(row: Record) -> Proposal:
    return Proposal(**{**dict(row), "payload": msgspec.json.decode(row["payload"])})
