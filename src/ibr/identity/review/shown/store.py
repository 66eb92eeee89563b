"""SQL of the two records of a pair; row-level security narrows it to the programmes in reach."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.identity.model import Pair


async def sides(connection: Connection, pair: Pair) -> list[Record]:
    """Both appearances with their records and enrolments, in the order of the pair."""
    return await connection.fetch(
        """
        select a.record_id, a.appearance_no, a.programme_id, a.member_no, r.assistance_unit,
               r.personal, r.as_of, r.death_date,
               case when a.member_no >= 0
                    then coalesce(m.subject_index, r.subject_index) else r.subject_index end
                   as subject_index,
               e.enrolled_at, e.status, e.status_at, e.benefit_count, e.last_benefit_at,
               pm.person_id
        from appearance a
        join beneficiary_record r on r.record_id = a.record_id
        join enrolment e on e.record_id = a.record_id
        left join group_member m on m.record_id = a.record_id and m.member_no = a.member_no
        left join person_member pm on pm.record_id = a.record_id
            and pm.appearance_no = a.appearance_no
        where (a.record_id, a.appearance_no) in (($1, $2::smallint), ($3, $4::smallint))
        order by a.record_id, a.appearance_no
        """,
        *pair[0],
        *pair[1],
    )


async def months(
    connection: Connection, records: Sequence[int], since: datetime, most: int
) -> list[Record]:
    """What each record received by month, kind and currency, the newest first."""
    return await connection.fetch(
        """
        select record_id, date_trunc('month', given_at at time zone 'UTC')::date as month,
               benefit_type, coalesce(currency, '') as currency,
               count(*)::integer as benefits, coalesce(sum(value_minor), 0)::bigint as value_minor
        from benefit where record_id = any ($1::bigint[]) and given_at >= $2
        group by 1, 2, 3, 4 order by 2 desc, 3, 4 limit $3
        """,
        list(records),
        since,
        most,
    )


async def statuses(connection: Connection, records: Sequence[int], most: int) -> list[Record]:
    """Every status that the enrolments have had, the newest first."""
    return await connection.fetch(
        """
        select record_id, changed_at, status from status_change
        where record_id = any ($1::bigint[]) and status <> 0
        order by changed_at desc, status limit $2
        """,
        list(records),
        most,
    )


async def others_of(connection: Connection, persons: Sequence[int], pair: Pair) -> list[Record]:
    """In which programmes each person appears besides these two appearances, and how often."""
    return await connection.fetch(
        """
        select person_id, programme_id, count(*)::integer as many from person_member
        where person_id = any ($1::bigint[])
          and (record_id, appearance_no) not in (($2, $3::smallint), ($4, $5::smallint))
        group by person_id, programme_id order by person_id, programme_id
        """,
        list(persons),
        *pair[0],
        *pair[1],
    )


async def programmes(connection: Connection, ids: Collection[int]) -> list[Record]:
    return await connection.fetch(
        """
        select programme_id, code, names::text, currency from programme
        where programme_id = any ($1::integer[]) order by code
        """,
        list(ids),
    )


async def areas(connection: Connection, codes: Collection[str]) -> list[Record]:
    return await connection.fetch(
        "select code, names::text from area where code = any ($1::text[])", list(codes)
    )


async def model(connection: Connection, model_no: int | None) -> Record | None:
    """The model that weighed the pair; the current one where that is not known."""
    return await connection.fetchrow(
        """
        select model_no, content::text from link_model
        where model_no = $1 or $1::integer is null and state = 'current'
        """,
        model_no,
    )


async def thresholds(connection: Connection) -> Record | None:
    """Where looking begins and ends by the current model, without reading all of it."""
    return await connection.fetchrow(
        """
        select coalesce((content ->> 'review')::real, 0.0) as review,
               coalesce((content ->> 'link')::real, 5.0) as link
        from link_model where state = 'current'
        """
    )


async def officers(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    rows = await connection.fetch(
        "select officer_id, name from officer where officer_id = any ($1::integer[])", list(ids)
    )
    return {row["officer_id"]: row["name"] for row in rows}
