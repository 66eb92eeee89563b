"""SQL of one applicant: who shares a key, and what may be told of them."""

from __future__ import annotations

from collections.abc import Sequence

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.identity.model import Appearance


async def sharing(
    connection: Connection, keys: Sequence[int], most: int, standard: int
) -> list[Record]:
    """Who shares a key that at most `most` have, still sealed, with person and programme."""
    return await connection.fetch(
        """
        with near as materialized (
            select distinct record_id, appearance_no from who_share($1::bigint[], $2)
        )
        select a.record_id, a.appearance_no, a.programme_id, a.features, m.person_id
        from near
        join appearance a using (record_id, appearance_no)
        left join person_member m using (record_id, appearance_no)
        where a.standard = $3
        order by a.record_id, a.appearance_no
        """,
        list(keys),
        most,
        standard,
    )


async def areas(connection: Connection) -> list[Record]:
    """Regions and districts, by code."""
    return await connection.fetch(
        """
        select code, parent, level, names::text as names from area
        where level in (1, 2) order by code
        """
    )


async def facts(connection: Connection, among: Sequence[Appearance]) -> list[Record]:
    """Programme, status and subject of these appearances."""
    return await connection.fetch(
        """
        select w.record_id, w.appearance_no, p.code, p.names::text as names,
               coalesce(e.status, 0) as status,
               coalesce(g.subject_index, r.subject_index) as subject
        from unnest($1::bigint[], $2::smallint[]) as w (record_id, appearance_no)
        join appearance a using (record_id, appearance_no)
        join programme p on p.programme_id = a.programme_id
        left join beneficiary_record r on r.record_id = w.record_id
        left join enrolment e on e.record_id = w.record_id
        left join group_member g on g.record_id = w.record_id and g.member_no = a.member_no
        """,
        [each.record_id for each in among],
        [each.appearance_no for each in among],
    )


async def living_in(
    connection: Connection, records: Sequence[int], areas: Sequence[str]
) -> list[int]:
    """Which of these records are of people who live in these areas or in what lies in them."""
    found = await connection.fetch(
        """
        with recursive within as (
            select unnest($2::text[]) as code
            union
            select below.code from area below join within on below.parent = within.code
        )
        select record_id from beneficiary_record r
        where record_id = any ($1::bigint[])
          and exists (select from within where code in (r.region_code, r.sub_region_code))
        """,
        list(records),
        list(areas),
    )
    return [row["record_id"] for row in found]
