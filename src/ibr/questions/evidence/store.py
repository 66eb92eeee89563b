"""SQL of evidence: runs, snapshots, deliveries and events that something rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from asyncpg import Record

from ibr.db.pool import Connection

# The newest deliveries before a moment; the pack says when there were more.
MOST_DELIVERIES: Final = 20_000


async def read_as_auditor(connection: Connection) -> None:
    """From here on the transaction reads with the auditor's rights, and may take its time."""
    await connection.execute("set local role ibr_auditor; set local statement_timeout = '20s'")


async def snapshot(connection: Connection, number: int) -> Record | None:
    return await connection.fetchrow(
        """
        select snapshot_no, as_known_at, through_change, link_run, files::text as files,
               rows::text as rows, vintages::text as vintages, dropped_at
        from snapshot where snapshot_no = $1
        """,
        number,
    )


async def check_run(connection: Connection, number: int) -> Record | None:
    return await connection.fetchrow(
        """
        select run_no, snapshot_no, check_code, check_version, parameters::text as parameters,
               period_from, period_to, state, counts::text as counts, digest, started_at,
               finished_at
        from check_run where run_no = $1
        """,
        number,
    )


async def tables_of_run(connection: Connection, run_no: int) -> dict[tuple[str, str, str], bytes]:
    """The digest of every table that a run of figures froze, by indicator, breakdown, period."""
    rows = await connection.fetch(
        "select indicator, breakdown, period, digest from figure_table where run_no = $1", run_no
    )
    return {(row["indicator"], row["breakdown"], row["period"]): row["digest"] for row in rows}


async def deliveries(
    connection: Connection, programmes: Sequence[int], until: datetime
) -> list[Record]:
    """The deliveries about these programmes that were there at a moment, the newest first."""
    return await connection.fetch(
        """
        select d.delivery_id, coalesce(p.sender_id, 'an officer') as sender_id,
               d.programme_ids, d.cycle, d.sequence, d.mode, d.state, d.received_at,
               d.records, d.stored, d.refused, d.body_bytes, d.body_digest, d.key_kid
        from delivery d left join partner p using (partner_id)
        where d.programme_ids && $1::integer[] and d.received_at <= $2
        order by d.delivery_id desc limit $3
        """,
        list(programmes),
        until,
        MOST_DELIVERIES + 1,
    )


async def programme_codes(connection: Connection) -> dict[str, int]:
    rows = await connection.fetch("select programme_id, code from programme")
    return {row["code"]: row["programme_id"] for row in rows}


async def events(
    connection: Connection,
    kinds: Sequence[str],
    holding: Mapping[str, object],
    since: datetime,
    most: int,
) -> list[Record]:
    """Events of these kinds whose details hold these values, from a moment on, the oldest first.

    An event is sealed after it happened, so none lies before the seals of its time.
    """
    return await connection.fetch(
        """
        select event_id as number, at, kind, actor_kind, actor_id, details::text as details, digest
        from ibr.audit_event
        where event_id > coalesce((select last_id from ibr.audit_seal where at < $3
                                   order by seal_no desc limit 1), 0)
          and kind = any ($1::text[]) and details @> $2::text::jsonb
        order by event_id limit $4
        """,
        list(kinds),
        msgspec.json.encode(holding).decode(),
        since,
        most,
    )
