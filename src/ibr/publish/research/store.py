"""SQL of extracts for research."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from asyncpg import Record

from ibr.db.pool import Connection

_SEEN = """
    select x.extract_no, x.asked_by, a.name as asked_by_name, p.name as approved_by_name,
           x.approved_at, x.wanted::text as wanted, x.form, x.expires_at, x.state, x.made_at,
           x.rows, x.left_out, x.coarsened, x.protected_left_out, x.bytes as size, x.digest,
           x.taken_at, x.reason
    from research_extract x
    left join officer a on a.officer_id = x.asked_by
    left join officer p on p.officer_id = x.approved_by
"""


async def add(
    connection: Connection,
    wanted: str,
    form: str,
    *,
    asked_by: int,
    approved_by: int,
    at: datetime,
    expires_at: datetime,
) -> int:
    number: int = await connection.fetchval(
        """
        insert into research_extract (asked_by, approved_by, approved_at, wanted, form, expires_at)
        values ($1, $2, $3, $4, $5, $6) returning extract_no
        """,
        asked_by,
        approved_by,
        at,
        wanted,
        form,
        expires_at,
    )
    return number


async def listed(connection: Connection, asked_by: int | None, most: int) -> list[Record]:
    return await connection.fetch(
        f"{_SEEN} where $1::integer is null or x.asked_by = $1 order by x.extract_no desc limit $2",
        asked_by,
        most,
    )


async def to_make(connection: Connection, at: datetime) -> list[Record]:
    return await connection.fetch(
        f"{_SEEN} where x.state = 'approved' and x.expires_at > $1 order by x.extract_no", at
    )


async def programmes(connection: Connection, codes: Sequence[str] | None = None) -> dict[str, int]:
    rows = await connection.fetch(
        """
        select code, programme_id from programme
        where $1::text[] is null or code = any ($1) order by code
        """,
        None if codes is None else list(codes),
    )
    return {row["code"]: row["programme_id"] for row in rows}


async def records(
    connection: Connection,
    programme_ids: Sequence[int],
    after: int,
    most: int,
    first: date,
    end: date,
) -> list[Record]:
    """Records of these programmes that were paid something in these months, from a number on."""
    return await connection.fetch(
        """
        select b.record_id, p.code as programme, b.assistance_unit, b.sex, b.birth_date,
               b.birth_precision, b.region_code, b.sub_region_code, b.is_disabled, b.group_size,
               e.status, e.enrolled_at,
               exists (select from protected_record h where h.record_id = b.record_id) as hidden,
               exists (select from benefit g
                       where g.record_id = b.record_id and g.given_at >= $4 and g.given_at < $5)
                   as paid
        from beneficiary_record b
        join enrolment e on e.record_id = b.record_id
        join programme p on p.programme_id = b.programme_id
        where b.programme_id = any ($1::integer[]) and b.record_id > $2
        order by b.record_id limit $3
        """,
        list(programme_ids),
        after,
        most,
        first,
        end,
    )


async def paid(
    connection: Connection, record_ids: Sequence[int], first: date, end: date
) -> list[Record]:
    return await connection.fetch(
        """
        select record_id, to_char(given_at at time zone 'UTC', 'YYYY-MM') as month, currency,
               sum(value_minor)::bigint as minor
        from benefit
        where record_id = any ($1::bigint[]) and given_at >= $2 and given_at < $3
          and value_minor is not null
        group by record_id, month, currency order by record_id, month, currency
        """,
        list(record_ids),
        first,
        end,
    )


async def add_part(connection: Connection, number: int, part_no: int, sealed: bytes) -> None:
    await connection.execute(
        "insert into research_extract_part (extract_no, part_no, sealed) values ($1, $2, $3)",
        number,
        part_no,
        sealed,
    )


async def parts(connection: Connection, number: int) -> list[bytes]:
    rows = await connection.fetch(
        "select sealed from research_extract_part where extract_no = $1 order by part_no", number
    )
    return [row["sealed"] for row in rows]


async def made(
    connection: Connection,
    number: int,
    *,
    rows: int,
    left_out: int,
    coarsened: int,
    protected_left_out: int,
    size: int,
    digest: bytes,
    at: datetime,
) -> bool:
    done = await connection.fetchval(
        """
        update research_extract
        set state = 'ready', rows = $2, left_out = $3, coarsened = $4, protected_left_out = $5,
            bytes = $6, digest = $7, made_at = $8
        where extract_no = $1 and state = 'approved' returning true
        """,
        number,
        rows,
        left_out,
        coarsened,
        protected_left_out,
        size,
        digest,
        at,
    )
    return bool(done)


async def failed(connection: Connection, number: int, code: str) -> None:
    await connection.execute(
        "update research_extract set state = 'failed', reason = $2 where extract_no = $1",
        number,
        code,
    )


async def take(connection: Connection, number: int, by: int, at: datetime) -> Record | None:
    """The extract, once and for whoever asked for it."""
    return await connection.fetchrow(
        """
        update research_extract set state = 'taken', taken_at = $3
        where extract_no = $1 and asked_by = $2 and state = 'ready' and expires_at > $3
        returning form, digest, bytes
        """,
        number,
        by,
        at,
    )


async def forget_file(connection: Connection, number: int) -> None:
    await connection.execute("delete from research_extract_part where extract_no = $1", number)


async def expire(connection: Connection, at: datetime) -> list[int]:
    rows = await connection.fetch(
        """
        update research_extract set state = 'expired'
        where state in ('approved', 'ready') and expires_at <= $1 returning extract_no
        """,
        at,
    )
    return [row["extract_no"] for row in rows]
