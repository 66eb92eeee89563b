"""SQL of a whole person; row-level security narrows it to the programmes in reach."""

from __future__ import annotations

from datetime import datetime

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.identity.model import Appearance


async def members(connection: Connection, person_id: int, most: int) -> list[Record]:
    """The records that make up a person, each with what is needed to read it."""
    return await connection.fetch(
        """
        select m.record_id, m.appearance_no, m.programme_id, m.since, a.member_no,
               r.assistance_unit, r.personal, e.status, e.status_at,
               case when a.member_no >= 0
                    then coalesce(g.subject_index, r.subject_index) else r.subject_index end
                   as subject_index
        from person_member m
        join appearance a on a.record_id = m.record_id and a.appearance_no = m.appearance_no
        join beneficiary_record r on r.record_id = m.record_id
        join enrolment e on e.record_id = m.record_id
        left join group_member g on g.record_id = a.record_id and g.member_no = a.member_no
        where m.person_id = $1
        order by m.record_id, m.appearance_no limit $2
        """,
        person_id,
        most,
    )


async def compared(connection: Connection, person_id: int, most: int) -> list[Record]:
    """The pairs among a person's appearances that are near or that people spoke about, the heaviest
    first, with the run that weighed them."""
    return await connection.fetch(
        """
        with own as materialized (
            select record_id, appearance_no from person_member where person_id = $1
        ), near as (
            select p.low_record, p.low_no, p.high_record, p.high_no
            from own one
            join link_pair p on p.low_record = one.record_id and p.low_no = one.appearance_no
            where p.state <> 'gone'
            union
            select d.low_record, d.low_no, d.high_record, d.high_no
            from own one
            join link_decision d on d.low_record = one.record_id and d.low_no = one.appearance_no
        )
        select n.low_record, n.low_no, n.high_record, n.high_no, p.weight, p.levels, p.state,
               r.model_no, coalesce(r.finished_at, r.started_at) as weighed_at
        from near n
        join own other on other.record_id = n.high_record and other.appearance_no = n.high_no
        left join link_pair p on p.low_record = n.low_record and p.low_no = n.low_no
            and p.high_record = n.high_record and p.high_no = n.high_no and p.state <> 'gone'
        left join link_run r on r.run_no = p.run_no
        order by p.weight desc nulls last, n.low_record, n.low_no, n.high_record, n.high_no
        limit $2
        """,
        person_id,
        most,
    )


async def own_partings(
    connection: Connection, each: Appearance, officer: int
) -> list[tuple[Record, datetime]]:
    """The pairs of an appearance that this officer parted with the newest first opinion that there
    is about them, the latest first."""
    rows = await connection.fetch(
        """
        select d.low_record, d.low_no, d.high_record, d.high_no, d.decided_at
        from link_decision d
        where (d.low_record, d.low_no) = ($1, $2::smallint)
          and d.decided_by = $3 and d.decision = 'different' and d.opinion = 1
          and not exists (
                select from link_decision n
                where n.low_record = d.low_record and n.low_no = d.low_no
                  and n.high_record = d.high_record and n.high_no = d.high_no
                  and n.opinion = 1 and n.decision_no > d.decision_no)
        union all
        select d.low_record, d.low_no, d.high_record, d.high_no, d.decided_at
        from link_decision d
        where (d.high_record, d.high_no) = ($1, $2::smallint)
          and d.decided_by = $3 and d.decision = 'different' and d.opinion = 1
          and not exists (
                select from link_decision n
                where n.low_record = d.low_record and n.low_no = d.low_no
                  and n.high_record = d.high_record and n.high_no = d.high_no
                  and n.opinion = 1 and n.decision_no > d.decision_no)
        order by decided_at desc
        """,
        *each,
        officer,
    )
    return [(row, row["decided_at"]) for row in rows]
