"""SQL of traced messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec
from asyncpg import Record

from ibr.db.pool import Connection
from ibr.trace.model import Row, Wanted
from ibr_messages.diagnose import Diagnosis

_COLUMNS = (
    "trace_id, at, partner_id, direction, path, verdict, signature, action, message_id, "
    "transaction_id, http_status, code, standard_code, sentence, kid, diagnosis, bytes, "
    "milliseconds"
)


async def count_day(
    connection: Connection, partner_id: int, day: date, rows: int, content_bytes: int
) -> tuple[int, int]:
    """Counts rows and content of a partner's day; both counts as they stood before."""
    row = await connection.fetchrow(
        """
        insert into trace_day as d (partner_id, day, seen, content_bytes) values ($1, $2, $3, $4)
        on conflict (partner_id, day) do update
        set seen = d.seen + excluded.seen, content_bytes = d.content_bytes + excluded.content_bytes
        returning seen, content_bytes
        """,
        partner_id,
        day,
        rows,
        content_bytes,
    )
    assert row is not None
    return row["seen"] - rows, row["content_bytes"] - content_bytes


async def add(
    connection: Connection, rows: Sequence[tuple[Row, bytes | None, bytes | None]]
) -> None:
    """Keeps rows with their sealed content and answer."""
    await connection.executemany(
        f"""
        insert into message_trace ({_COLUMNS}, content, answer)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                $19, $20)
        """,
        [(*_values(row), content, answer) for row, content, answer in rows],
    )


def _values(row: Row) -> list[object]:
    values = [getattr(row, name.strip()) for name in _COLUMNS.split(",")]
    diagnosis = row.diagnosis
    return [
        msgspec.json.encode(diagnosis).decode() if value is diagnosis and value else value
        for value in values
    ]


def _row(record: Record) -> Row:
    values: Mapping[str, object] = dict(record)
    written = record["diagnosis"]
    diagnosis = msgspec.json.decode(written, type=Diagnosis) if written else None
    return Row(**{**values, "diagnosis": diagnosis})  # type: ignore[arg-type]  # its own columns


_WANTED = """
    ($1::integer is null or partner_id = $1) and ($2::text is null or direction = $2)
    and ($3::text is null or verdict = $3)
    and ($4::text is null or message_id = $4 or transaction_id = $4 or code = $4
         or standard_code = $4 or path = $4 or action = $4)
"""


async def count(connection: Connection, wanted: Wanted) -> int:
    return int(
        await connection.fetchval(
            f"select count(*) from message_trace where {_WANTED}", *_wanted(wanted)
        )
    )


async def page(connection: Connection, wanted: Wanted, limit: int, offset: int) -> list[Row]:
    """The newest first."""
    found = await connection.fetch(
        f"""
        select {_COLUMNS} from message_trace where {_WANTED}
        order by at desc, trace_id limit $5 offset $6
        """,
        *_wanted(wanted),
        limit,
        offset,
    )
    return [_row(each) for each in found]


def _wanted(wanted: Wanted) -> tuple[object, ...]:
    return wanted.partner_id, wanted.direction, wanted.verdict, wanted.text


async def one(
    connection: Connection, trace_id: str, partner_id: int | None
) -> tuple[Row, bytes | None, bytes | None] | None:
    """One row, of this partner where one is named, with its sealed content and answer."""
    found = await connection.fetchrow(
        f"""
        select {_COLUMNS}, content, answer from message_trace
        where trace_id = $1 and ($2::integer is null or partner_id = $2)
        """,
        trace_id,
        partner_id,
    )
    if found is None:
        return None
    kept = {name: value for name, value in dict(found).items() if name not in ("content", "answer")}
    written = kept["diagnosis"]
    kept["diagnosis"] = msgspec.json.decode(written, type=Diagnosis) if written else None
    return Row(**kept), found["content"], found["answer"]


async def sent(connection: Connection, partner_id: int, message_id: str) -> list[Row]:
    """Every try of one message that was sent to a partner, the newest first."""
    found = await connection.fetch(
        f"""
        select {_COLUMNS} from message_trace
        where partner_id = $1 and message_id = $2 and direction = 'out'
        order by at desc, trace_id limit 50
        """,
        partner_id,
        message_id,
    )
    return [_row(each) for each in found]


async def seen_on(connection: Connection, partner_id: int | None, day: date) -> list[int]:
    """How many messages of a day were to be traced, of one partner or of each."""
    found = await connection.fetch(
        "select seen from trace_day where day = $2 and ($1::integer is null or partner_id = $1)",
        partner_id,
        day,
    )
    return [row["seen"] for row in found]


async def forget(connection: Connection, before: datetime, most: int) -> int:
    """Forgets up to so many of the oldest rows; how many they were."""
    said: str = await connection.execute(
        """
        delete from message_trace where trace_id in (
            select trace_id from message_trace where at < $1 order by at limit $2
        )
        """,
        before,
        most,
    )
    await connection.execute("delete from trace_day where day < $1::timestamptz::date", before)
    return int(said.removeprefix("DELETE "))
