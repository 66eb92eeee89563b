"""SQL of erasures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from asyncpg import Record

from ibr.db.pool import Connection

_SEEN = """
    select e.erasure_id, e.record_ids, e.ground, e.with_bytes, e.state, a.name as asked_by_name,
           p.name as approved_by_name, e.approved_at, e.rows_gone_at, e.done_at, e.counts,
           e.replayed,
           (select coalesce(sum(k.refused), 0)::integer from erased_key k
            where k.erasure_id = e.erasure_id) as refused
    from erasure e
    left join officer a on a.officer_id = e.asked_by
    left join officer p on p.officer_id = e.approved_by
"""


async def found(connection: Connection, blind_index: bytes, most: int) -> list[Record]:
    """Records in which a number stands, with whether it is the person's own record alone."""
    return await connection.fetch(
        """
        select record_id, bool_or(role = 0 and assistance_unit = 1) as own
        from enrolled_index where blind_index = $1 group by record_id order by record_id limit $2
        """,
        blind_index,
        most,
    )


async def there(connection: Connection, ids: Sequence[int]) -> set[int]:
    rows = await connection.fetch(
        "select record_id from beneficiary_record where record_id = any ($1::bigint[])", list(ids)
    )
    return {row["record_id"] for row in rows}


async def held(connection: Connection, ids: Sequence[int]) -> list[int]:
    numbers: list[int] = await connection.fetchval("select held_among($1::bigint[])", list(ids))
    return numbers


async def open_cases(connection: Connection, ids: Sequence[int]) -> int:
    count: int = await connection.fetchval(
        """
        select count(distinct c.case_id)::integer from overlap_case c
        where c.closed_at is null and (
            c.record_id = any ($1::bigint[])
            or c.person_id in (select m.person_id from person_member m
                               where m.record_id = any ($1::bigint[])
                                 and m.programme_id = c.programme_id)
            or c.case_id in (select f.case_id from finding f
                             where f.case_id is not null
                               and (f.record_id = any ($1::bigint[])
                                    or f.other_record = any ($1::bigint[]))))
        """,
        list(ids),
    )
    return count


async def add(
    connection: Connection,
    ids: Sequence[int],
    ground: str,
    *,
    with_bytes: bool,
    asked_by: int | None,
    approved_by: int | None,
    at: datetime,
    replayed: int = 0,
) -> int:
    number: int = await connection.fetchval(
        """
        insert into erasure (record_ids, ground, with_bytes, asked_by, approved_by, approved_at,
                             replayed)
        values ($1, $2, $3, $4, $5, $6, $7) returning erasure_id
        """,
        list(ids),
        ground,
        with_bytes,
        asked_by,
        approved_by,
        at,
        replayed,
    )
    return number


async def listed(connection: Connection, most: int) -> list[Record]:
    return await connection.fetch(f"{_SEEN} order by e.erasure_id desc limit $1", most)


async def one(connection: Connection, erasure_id: int) -> Record | None:
    return await connection.fetchrow(f"{_SEEN} where e.erasure_id = $1", erasure_id)


async def open_ones(connection: Connection) -> list[int]:
    rows = await connection.fetch(
        "select erasure_id from erasure where state <> 'done' order by erasure_id"
    )
    return [row["erasure_id"] for row in rows]


async def programmes_of(connection: Connection, ids: Sequence[int]) -> list[int]:
    rows = await connection.fetch(
        """
        select distinct programme_id from beneficiary_record where record_id = any ($1::bigint[])
        """,
        list(ids),
    )
    return [row["programme_id"] for row in rows]


async def take_out(connection: Connection, erasure_id: int, at: datetime) -> dict[str, Any]:
    """Takes the rows out; what it was, by kind. The database refuses what is held."""
    counts: str = await connection.fetchval("select take_out_erased($1, $2)", erasure_id, at)
    found: dict[str, Any] = msgspec.json.decode(counts)
    await connection.execute(
        """
        update erasure set state = 'rows_gone', rows_gone_at = $2, counts = $3
        where erasure_id = $1
        """,
        erasure_id,
        at,
        counts,
    )
    return found


async def keys_of(connection: Connection, erasure_id: int) -> list[bytes]:
    rows = await connection.fetch(
        "select record_key from erased_key where erasure_id = $1 order by record_key", erasure_id
    )
    return [row["record_key"] for row in rows]


async def done(connection: Connection, erasure_id: int, at: datetime) -> bool:
    now = await connection.fetchval(
        """
        update erasure set state = 'done', done_at = $2
        where erasure_id = $1 and state = 'rows_gone' returning true
        """,
        erasure_id,
        at,
    )
    return bool(now)


async def late(connection: Connection, keys: Iterable[bytes]) -> list[Record]:
    return await connection.fetch(
        "select record_key, erased_at from erased_key where record_key = any ($1::bytea[])",
        list(keys),
    )


async def count_refused(connection: Connection, keys: Sequence[bytes], at: datetime) -> None:
    await connection.execute(
        """
        update erased_key set refused = refused + 1, refused_at = $2
        where record_key = any ($1::bytea[])
        """,
        sorted(keys),
        at,
    )


async def is_known(connection: Connection, approved_at: datetime, ids: Sequence[int]) -> bool:
    """Whether the database knows this erasure as carried out or under way."""
    found_it = await connection.fetchval(
        """
        select exists (select from erasure where approved_at = $1 and record_ids = $2::bigint[])
        """,
        approved_at,
        list(ids),
    )
    return bool(found_it)


async def still_there(
    connection: Connection, ids: Sequence[int], keys: Sequence[bytes]
) -> list[int]:
    """Those of these records that stand again under one of these keys."""
    rows = await connection.fetch(
        """
        select distinct record_id from record_key
        where record_key = any ($1::bytea[]) and record_id = any ($2::bigint[])
        """,
        list(keys),
        list(ids),
    )
    return [row["record_id"] for row in rows]


async def remember(
    connection: Connection, erasure_id: int, keys: Sequence[bytes], at: datetime
) -> None:
    """The keyed hashes again that a restored database has forgotten."""
    await connection.execute(
        """
        insert into erased_key (record_key, erasure_id, erased_at)
        select each, $1, $3 from unnest($2::bytea[]) each
        on conflict (record_key) do update
        set erasure_id = excluded.erasure_id, erased_at = excluded.erased_at
        """,
        erasure_id,
        list(keys),
        at,
    )


async def nothing_left(connection: Connection, erasure_id: int, at: datetime) -> None:
    await connection.execute(
        """
        update erasure set state = 'done', rows_gone_at = $2, done_at = $2 where erasure_id = $1
        """,
        erasure_id,
        at,
    )


async def number_beyond(connection: Connection, highest: int) -> None:
    """No number of a record is given again whose key was destroyed."""
    await connection.execute(
        """
        select setval('record_id', $1::bigint)
        from record_id where last_value < $1::bigint
        """,
        highest + 1000,
    )


async def done_records(connection: Connection) -> list[int]:
    rows = await connection.fetch(
        """
        select distinct unnest(record_ids) as record_id from erasure where state = 'done'
        """
    )
    return [row["record_id"] for row in rows]
