"""SQL of files that were sent; row-level security narrows it to programmes in reach."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from asyncpg import Record

from ibr.db.pool import Connection

_COLUMNS = """
    file_no, programme_id, partner_id, officer_id, state, name_sealed, format, bytes_said, bytes,
    digest, cycle, sequence, mode, totals::text as totals, as_of, mapping::text as mapping,
    look_sealed, last_row, counts::text as counts, tried_counts::text as tried_counts, delivery_id,
    refused_code, refused_reason, response_format, response_bytes, created_at, touched_at, done_at
"""
_CHANGED = frozenset(
    (
        "state",
        "format",
        "bytes",
        "digest",
        "as_of",
        "mapping",
        "look_sealed",
        "last_row",
        "counts",
        "tried_counts",
        "delivery_id",
        "refused_code",
        "refused_reason",
        "response_format",
        "response_bytes",
        "done_at",
    )
)


async def new_number(connection: Connection) -> int:
    return int(await connection.fetchval("select nextval('file_no')"))


async def add(connection: Connection, values: dict[str, Any]) -> None:
    names = list(values)
    places = ", ".join(f"${place}" for place in range(1, len(names) + 1))
    await connection.execute(
        f"insert into file_sent ({', '.join(names)}) values ({places})", *values.values()
    )


async def change(
    connection: Connection, file_no: int, at: datetime, values: dict[str, Any], *states: str
) -> bool:
    """Changes columns of a file; with `states` only while it is in one of them. Whether it did."""
    unknown = set(values) - _CHANGED
    if unknown:
        raise ValueError(f"no columns to change: {unknown}")
    parts = [f"{name} = ${place}" for place, name in enumerate(values, 4)]
    said: str = await connection.execute(
        f"""
        update file_sent set touched_at = $2, {", ".join(parts)}
        where file_no = $1 and ($3::text[] = '{{}}' or state = any ($3))
        """,
        file_no,
        at,
        list(states),
        *values.values(),
    )
    return said == "UPDATE 1"


async def one(connection: Connection, file_no: int) -> Record | None:
    return await connection.fetchrow(
        f"select {_COLUMNS} from file_sent where file_no = $1", file_no
    )


async def hold(connection: Connection, file_no: int) -> Record | None:
    """The same, and nobody else changes it until the transaction ends."""
    return await connection.fetchrow(
        f"select {_COLUMNS} from file_sent where file_no = $1 for update", file_no
    )


async def newest(
    connection: Connection, partner_id: int | None, limit: int, offset: int
) -> list[Record]:
    return await connection.fetch(
        f"""
        select {_COLUMNS} from file_sent
        where ($1::integer is null or partner_id = $1)
        order by created_at desc, file_no desc limit $2 offset $3
        """,
        partner_id,
        limit,
        offset,
    )


async def same_content(
    connection: Connection, programme_id: int, digest: bytes, cycle: str, file_no: int
) -> int | None:
    found: int | None = await connection.fetchval(
        """
        select file_no from file_sent
        where programme_id = $1 and digest = $2 and cycle = $3 and file_no <> $4
          and state in ('taking', 'done')
        order by file_no desc limit 1
        """,
        programme_id,
        digest,
        cycle,
        file_no,
    )
    return found


async def waiting(connection: Connection, left_before: datetime) -> list[Record]:
    """Files to be worked on: asked for on a page, or left by whoever was at them."""
    return await connection.fetch(
        """
        select f.file_no, f.programme_id from file_sent f left join delivery d using (delivery_id)
        where f.state = 'trying'
           or f.state = 'taking' and (
               f.delivery_id is null or f.touched_at < $1 and coalesce(d.state, '') <> 'held')
        order by f.touched_at limit 200
        """,
        left_before,
    )


async def left_lying(connection: Connection, before: datetime) -> list[Record]:
    """Files that were begun, looked at or refused whole, and that nobody went on with."""
    return await connection.fetch(
        """
        select file_no, state from file_sent f
        where touched_at < $1
          and (state in ('arriving', 'arrived', 'tried')
               or state = 'failed' and exists (
                   select from file_part p where p.file_no = f.file_no))
        order by touched_at limit 200
        """,
        before,
    )


async def add_part(
    connection: Connection,
    file_no: int,
    programme_id: int,
    starts_at: int,
    length: int,
    sealed: bytes,
) -> None:
    await connection.execute(
        """
        insert into file_part (file_no, programme_id, starts_at, length, sealed)
        values ($1, $2, $3, $4, $5)
        """,
        file_no,
        programme_id,
        starts_at,
        length,
        sealed,
    )


async def parts(connection: Connection, file_no: int) -> list[tuple[int, int]]:
    rows = await connection.fetch(
        "select starts_at, length from file_part where file_no = $1 order by starts_at", file_no
    )
    return [(row["starts_at"], row["length"]) for row in rows]


async def part(connection: Connection, file_no: int, starts_at: int) -> bytes:
    sealed: bytes = await connection.fetchval(
        "select sealed from file_part where file_no = $1 and starts_at = $2", file_no, starts_at
    )
    return sealed


async def forget_parts(connection: Connection, file_no: int) -> None:
    await connection.execute("delete from file_part where file_no = $1", file_no)


async def add_outcomes(
    connection: Connection, file_no: int, programme_id: int, first_item: int, outcomes: bytes
) -> None:
    await connection.execute(
        """
        insert into file_outcome (file_no, programme_id, first_item, outcomes)
        values ($1, $2, $3, $4)
        """,
        file_no,
        programme_id,
        first_item,
        outcomes,
    )


async def outcomes(connection: Connection, file_no: int) -> Sequence[bytes]:
    rows = await connection.fetch(
        "select outcomes from file_outcome where file_no = $1 order by first_item", file_no
    )
    return [row["outcomes"] for row in rows]


async def add_response_part(
    connection: Connection, file_no: int, programme_id: int, part_no: int, sealed: bytes
) -> None:
    await connection.execute(
        """
        insert into file_response_part (file_no, programme_id, part_no, sealed)
        values ($1, $2, $3, $4)
        """,
        file_no,
        programme_id,
        part_no,
        sealed,
    )


async def forget_response(connection: Connection, file_no: int) -> None:
    await connection.execute("delete from file_response_part where file_no = $1", file_no)


async def response_part(connection: Connection, file_no: int, part_no: int) -> bytes | None:
    sealed: bytes | None = await connection.fetchval(
        "select sealed from file_response_part where file_no = $1 and part_no = $2",
        file_no,
        part_no,
    )
    return sealed


async def remembered(connection: Connection, programme_id: int, layout: bytes) -> str | None:
    found: str | None = await connection.fetchval(
        "select mapping::text from file_mapping where programme_id = $1 and layout = $2",
        programme_id,
        layout,
    )
    return found


async def remember(
    connection: Connection,
    programme_id: int,
    layout: bytes,
    mapping: str,
    at: datetime,
    by: int | None,
) -> None:
    await connection.execute(
        """
        insert into file_mapping (programme_id, layout, mapping, made_at, made_by)
        values ($1, $2, $3::text::jsonb, $4, $5)
        on conflict (programme_id, layout) do update
        set mapping = excluded.mapping, made_at = excluded.made_at, made_by = excluded.made_by
        """,
        programme_id,
        layout,
        mapping,
        at,
        by,
    )


async def of_delivery(connection: Connection, delivery_id: int) -> Record | None:
    return await connection.fetchrow(
        f"select {_COLUMNS} from file_sent where delivery_id = $1", delivery_id
    )


async def open_of(connection: Connection, partner_id: int, officer_id: int | None) -> int:
    """How many files of a sender were begun and not sent on."""
    found: int = await connection.fetchval(
        """
        select count(*)::integer from file_sent
        where partner_id = $1 and officer_id is not distinct from $2
          and state in ('arriving', 'arrived', 'trying', 'tried')
        """,
        partner_id,
        officer_id,
    )
    return found
