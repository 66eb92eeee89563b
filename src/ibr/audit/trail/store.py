"""SQL of reading the audit trail: events by kind, actor and day, each with its seal."""

from __future__ import annotations

from datetime import datetime

import asyncpg

from ibr.db.pool import Connection


async def read_as_auditor(connection: Connection) -> None:
    """From here on the transaction reads with the auditor's rights, and may take its time."""
    await connection.execute("set local role ibr_auditor; set local statement_timeout = '20s'")


async def read_as_before(connection: Connection) -> None:
    """Back to the rights that the connection has by itself."""
    await connection.execute("reset role")


async def numbers_between(
    connection: Connection, since: datetime | None, until: datetime | None
) -> tuple[int, int | None]:
    """The numbers that events of this time can have, by the seals of that time.

    An event is sealed after it happened, so none of the time lies before the seals of it; one whose
    transaction took long has a later number, for which an hour is left.
    """
    row = await connection.fetchrow(
        """
        select coalesce((select last_id from ibr.audit_seal where at < $1
                         order by seal_no desc limit 1), 0) as after,
               (select last_id from ibr.audit_seal where at > $2::timestamptz + interval '1 hour'
                order by seal_no limit 1) as up_to
        """,
        since,
        until,
    )
    assert row is not None
    return row["after"], row["up_to"]


async def found(
    connection: Connection,
    kinds: list[str] | None,
    actor_kind: str | None,
    actor_id: int | None,
    since: datetime | None,
    until: datetime | None,
    between: tuple[int, int | None],
    most: int,
    offset: int,
) -> list[asyncpg.Record]:
    """Events that fit, the newest first, with the seal whose numbers they are in.

    They are read backwards by their numbers: what is asked for is mostly lately written, and an
    index by day or kind would make every answer pay for the few who search.
    """
    return await connection.fetch(
        """
        select e.event_id as number, e.at, e.kind, e.actor_kind, e.actor_id,
               e.details::text as details
        from ibr.audit_event e
        where ($1::text[] is null or e.kind = any ($1))
          and ($2::text is null or e.actor_kind = $2)
          and ($3::integer is null or e.actor_id = $3)
          and ($4::timestamptz is null or e.at >= $4)
          and ($5::timestamptz is null or e.at < $5)
          and e.event_id > $6 and e.event_id <= $7
        order by e.event_id desc
        limit $8 offset $9
        """,
        kinds,
        actor_kind,
        actor_id,
        since,
        until,
        between[0],
        2**62 if between[1] is None else between[1],
        most,
        offset,
    )


async def names(
    connection: Connection, officers: list[int], partners: list[int]
) -> dict[tuple[str, int], str]:
    """Officers and partners by name."""
    rows = await connection.fetch(
        """
        select 'officer' as kind, officer_id as id, name from ibr.officer
        where officer_id = any ($1::integer[])
        union all
        select 'partner', partner_id, name from ibr.partner where partner_id = any ($2::integer[])
        """,
        officers,
        partners,
    )
    return {(row["kind"], row["id"]): row["name"] for row in rows}
