"""SQL of cases as officers see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.overlaps.cases.model import Case

# Each filter with its place; a filter that is not set is null. $1 is the officer who looks.
_WHERE: Final = """
    ($2::text is null or state = $2)
    and ($3::integer is null or programme_id = $3)
    and ($4::text is null or $4 = any (checks))
    and ($5::smallint is null or severity = $5)
    and ($6::text is null or region_code = $6)
    and case $7::text
        when 'mine' then closed_at is null and officer_id = $1
        when 'unassigned' then closed_at is null and officer_id is null
        when 'due' then closed_at is null and due_at < $8::timestamptz + interval '7 days'
        when 'overdue' then closed_at is null and due_at < $8
        when 'on_hold' then hold_ended_at is null and hold_from <= $8 and hold_until > $8
        when 'to_approve' then state = 'proposed' and proposed_by is distinct from $1
        when 'closed' then closed_at is not null
        else closed_at is null end
"""
_COLUMNS: Final = ", ".join(f"c.{name}" for name in Case.__struct_fields__)


async def listed(
    connection: Connection, values: Sequence[object], most: int, skip: int, *, closed: bool
) -> list[Record]:
    """Cases that fit, the most pressing first; of closed ones the latest first."""
    order = "closed_at desc, case_id desc" if closed else "due_at, case_id"
    return await connection.fetch(
        f"""
        select {_COLUMNS}, o.name as officer_name
        from (select * from overlap_case where {_WHERE} order by {order}
              limit {int(most)} offset {int(skip)}) as c
        left join officer o using (officer_id)
        order by {order}
        """,
        *values,
    )


async def following(
    connection: Connection, values: Sequence[object], due_at: datetime, case_id: int
) -> int | None:
    """The first open case of a list after a place in it."""
    found: int | None = await connection.fetchval(
        f"""
        select case_id from overlap_case
        where {_WHERE} and (due_at, case_id) > ($9, $10) and case_id <> $10
        order by due_at, case_id limit 1
        """,
        *values,
        due_at,
        case_id,
    )
    return found


async def counted(connection: Connection, values: Sequence[object], most: int) -> int:
    """How many fit, counted up to `most`."""
    found: int = await connection.fetchval(
        f"""
        select count(*) from (
            select from overlap_case where {_WHERE} limit {int(most)}) as counted
        """,
        *values,
    )
    return found


async def tally(connection: Connection, officer_id: int, at: datetime) -> Record:
    """What waits: for the reader, for everybody, and what is late."""
    row = await connection.fetchrow(
        """
        select count(*) as open, count(*) filter (where officer_id = $1) as mine,
               count(*) filter (where due_at < $2) as overdue,
               count(*) filter (where due_at < $2 and officer_id = $1) as mine_overdue,
               count(*) filter (where due_at < $2 + interval '7 days') as due,
               count(*) filter (where officer_id is null) as unassigned,
               count(*) filter (where state = 'proposed' and proposed_by is distinct from $1)
                   as to_approve,
               count(*) filter (where hold_ended_at is null and hold_from <= $2
                                and hold_until > $2) as on_hold
        from overlap_case where closed_at is null
        """,
        officer_id,
        at,
    )
    assert row is not None
    return row


async def choices(connection: Connection) -> Record:
    """The checks and regions that open cases have, for the filters."""
    row = await connection.fetchrow(
        """
        select array(select distinct code from overlap_case, unnest(checks) as code
                     where closed_at is null order by 1) as checks,
               array(select distinct region_code from overlap_case
                     where closed_at is null and region_code is not null order by 1) as regions
        """
    )
    assert row is not None
    return row


async def earlier(connection: Connection, case: Case) -> list[Record]:
    """Other cases about the same person or record in the same programme, the newest first."""
    return await connection.fetch(
        """
        select case_id, state, outcome, opened_at, closed_at from overlap_case
        where case_id <> $1 and programme_id = $2
          and (person_id = $3 or ($3::bigint is null and record_id = $4))
        order by case_id desc limit 10
        """,
        case.case_id,
        case.programme_id,
        case.person_id,
        case.record_id,
    )


async def of_records(connection: Connection, record_ids: Sequence[int]) -> list[Record]:
    """Cases about these records, or about the persons they show; open ones first."""
    return await connection.fetch(
        """
        select c.case_id, c.programme_id, c.state, c.outcome, c.opened_at, c.closed_at
        from overlap_case c
        where c.record_id = any ($1::bigint[])
           or c.person_id in (select m.person_id from person_member m
                              join appearance a using (record_id, appearance_no)
                              where m.record_id = any ($1::bigint[]) and a.member_no = -1)
        order by c.closed_at is not null, c.case_id desc limit 20
        """,
        list(record_ids),
    )


async def notices(connection: Connection, most: int, skip: int, *, seen: bool) -> list[Record]:
    """What other programmes decide about, the newest first."""
    return await connection.fetch(
        """
        select n.notice_no, n.programme_id, n.case_id, n.deciding_programme, n.what, n.checks,
               n.at, n.seen_at, o.name as seen_name
        from case_notice n left join officer o on o.officer_id = n.seen_by
        where (n.seen_at is not null) = $3
        order by n.notice_no desc limit $1 offset $2
        """,
        most,
        skip,
        seen,
    )


async def notices_waiting(connection: Connection) -> int:
    found: int = await connection.fetchval("select count(*) from case_notice where seen_at is null")
    return found


async def tick_off(connection: Connection, numbers: Sequence[int], by: int, at: datetime) -> int:
    said: str = await connection.execute(
        """
        update case_notice set seen_by = $2, seen_at = $3
        where notice_no = any ($1::bigint[]) and seen_at is null
        """,
        list(numbers),
        by,
        at,
    )
    return int(said.removeprefix("UPDATE "))


async def areas(connection: Connection, codes: Sequence[str]) -> list[Record]:
    return await connection.fetch(
        "select code, names::text as names from area where code = any ($1::text[])", list(codes)
    )
