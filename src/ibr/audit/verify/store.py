"""SQL of verifying: everything that was recorded, in order, read with the auditor's rights."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from ibr.audit.seals.model import Seal
from ibr.audit.seals.store import SEAL_COLUMNS, Gap, seal_of
from ibr.audit.store import ROW_COLUMNS
from ibr.db.pool import Connection

_AT_ONCE: Final = 2_000
_SEALS_AT_ONCE: Final = 200


async def read_as_auditor(connection: Connection) -> None:
    """From here on the transaction reads with the auditor's rights alone, for as long as it takes:
    a trail of years is read from end to end."""
    await connection.execute("set local role ibr_auditor; set local statement_timeout = 0")


async def chain(connection: Connection) -> str:
    """The chain of seals; empty until sealing began."""
    found: str = await connection.fetchval("select coalesce(max(chain), '') from ibr.audit_sealing")
    return found


async def sealed_up_to(connection: Connection) -> tuple[int, list[Gap]]:
    """The last number that is sealed, and the gaps before it that may still be filled."""
    row = await connection.fetchrow("select last_id, open_gaps from ibr.audit_sealing")
    if row is None:
        return 0, []
    return row["last_id"], msgspec.json.decode(row["open_gaps"], type=list[Gap])


async def seal_at(connection: Connection, moment: datetime, *, before: bool) -> int | None:
    """The number of the last seal made before a moment, or of the first made from it on."""
    statement = (
        "select max(seal_no) from ibr.audit_seal where at < $1"
        if before
        else "select min(seal_no) from ibr.audit_seal where at >= $1"
    )
    found: int | None = await connection.fetchval(statement, moment)
    return found


async def newest_seal(connection: Connection) -> int:
    found: int = await connection.fetchval("select coalesce(max(seal_no), 0) from ibr.audit_seal")
    return found


async def seals(connection: Connection, first: int, last: int) -> AsyncIterator[Seal]:
    async for row in connection.cursor(
        f"select {SEAL_COLUMNS} from ibr.audit_seal where seal_no between $1 and $2 "
        "order by seal_no",
        first,
        last,
        prefetch=_SEALS_AT_ONCE,
    ):
        yield seal_of(row)


async def late_numbers(connection: Connection, first: int) -> dict[int, int]:
    """Numbers that a later seal closes than the one whose range they lie in: by number its seal."""
    rows = await connection.fetch(
        """
        select number, seal_no from ibr.audit_seal, unnest(late) as number
        where seal_no >= $1 and cardinality(late) > 0
        """,
        first,
    )
    return {row["number"]: row["seal_no"] for row in rows}


async def recorded(
    connection: Connection, first: int, last: int, besides: Sequence[int]
) -> AsyncIterator[asyncpg.Record]:
    """Events and batches of the ledger by number, with those named besides."""
    async for row in connection.cursor(
        """
        select event_id as number, false as is_batch, at, kind, actor_kind, actor_id,
               details::text as details, digest, null::integer as rows, null::boolean as of_before
        from ibr.audit_event where event_id between $1 and $2 or event_id = any ($3::bigint[])
        union all
        select batch_id, true, at, null, null, null, null, digest, rows, of_before
        from ibr.ledger_batch where batch_id between $1 and $2 or batch_id = any ($3::bigint[])
        order by number
        """,
        first,
        last,
        list(besides),
        prefetch=_AT_ONCE,
    ):
        yield row


async def asked(
    connection: Connection, first: int, last: int, besides: Sequence[int], *, from_start: bool
) -> AsyncIterator[asyncpg.Record]:
    """Rows of the ledger by their batch, those of before sealing began first."""
    async for row in connection.cursor(
        f"""
        select {ROW_COLUMNS}, batch_id from ibr.question_asked
        where batch_id between $1 and $2 or batch_id = any ($3::bigint[])
              or batch_id = 0 and $4
        order by batch_id, subject_index, asked_at, question_id
        """,
        first,
        last,
        list(besides),
        from_start,
        prefetch=_AT_ONCE,
    ):
        yield row


async def of_one_seal(
    connection: Connection, numbers: Sequence[int], first: int, last: int
) -> list[asyncpg.Record]:
    """Events and batches of one seal, without the rows of the ledger."""
    return await connection.fetch(
        """
        select event_id as number, false as is_batch, at, kind, actor_kind, actor_id,
               details::text as details, digest, null::integer as rows, null::boolean as of_before
        from ibr.audit_event where event_id between $2 and $3 or event_id = any ($1::bigint[])
        union all
        select batch_id, true, at, null, null, null, null, digest, rows, of_before
        from ibr.ledger_batch where batch_id between $2 and $3 or batch_id = any ($1::bigint[])
        order by number
        """,
        list(numbers),
        first,
        last,
    )


async def lines_of(connection: Connection, batch_id: int) -> list[asyncpg.Record]:
    return await connection.fetch(
        f"select {ROW_COLUMNS} from ibr.question_asked where batch_id = $1 "
        "order by subject_index, asked_at, question_id",
        batch_id,
    )
