"""SQL of disposing: the functions of the database that know what is due and what is held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from ibr.db.pool import Connection


async def begin(connection: Connection, at: datetime) -> int:
    number: int = await connection.fetchval(
        "insert into retention_run (started_at) values ($1) returning run_no", at
    )
    return number


async def end(connection: Connection, run_no: int, at: datetime) -> None:
    await connection.execute("update retention_run set ended_at = $2 where run_no = $1", run_no, at)


async def lately(connection: Connection, since: datetime) -> bool:
    """Whether a run that was begun since then came to its end."""
    found = await connection.fetchval(
        "select exists (select from retention_run where started_at > $1 and ended_at is not null)",
        since,
    )
    return bool(found)


async def note(
    connection: Connection,
    run_no: int,
    data_class: str,
    *,
    rule_no: int,
    through: datetime,
    since: datetime | None,
    disposed: int,
    held: int,
    held_in_all: bool,
) -> None:
    """Adds what one batch did; `held_in_all`: the batch counted everything that is held."""
    await connection.execute(
        """
        insert into retention_disposed as d (run_no, class, rule_no, through, since, disposed, held)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (run_no, class) do update
        set since = least(d.since, excluded.since), disposed = d.disposed + excluded.disposed,
            held = case when $8 then excluded.held else d.held + excluded.held end
        """,
        run_no,
        data_class,
        rule_no,
        through,
        since,
        disposed,
        held,
        held_in_all,
    )


async def dispose(
    connection: Connection, data_class: str, at: datetime, after: int, most: int
) -> Record:
    row = await connection.fetchrow(
        "select disposed, held, since, ids, reached from dispose($1, $2, $3, $4)",
        data_class,
        at,
        after,
        most,
    )
    assert row is not None
    return row


async def due_enrolments(
    connection: Connection, at: datetime, after: int, most: int
) -> list[Record]:
    return await connection.fetch(
        "select record_id, ended_at, held from due_enrolments($1, $2, $3)", at, after, most
    )


async def strip(
    connection: Connection, ids: Sequence[int], blanks: Sequence[bytes], rule: str, at: datetime
) -> int:
    done: int = await connection.fetchval(
        "select strip_records($1::bigint[], $2::bytea[], $3, $4)", list(ids), list(blanks), rule, at
    )
    return done


async def programmes_of(connection: Connection, ids: Sequence[int]) -> list[int]:
    rows = await connection.fetch(
        "select distinct programme_id from enrolment where record_id = any ($1::bigint[])",
        list(ids),
    )
    return [row["programme_id"] for row in rows]
