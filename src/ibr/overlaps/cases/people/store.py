"""SQL of the records that a case is about."""

from __future__ import annotations

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.overlaps.cases.model import Case


async def records(connection: Connection, case: Case, most: int) -> list[Record]:
    """The records of a case in its own programme, with the member of a group that is meant."""
    return await connection.fetch(
        """
        with meant as (
            select m.record_id, a.member_no
            from person_member m
            left join appearance a using (record_id, appearance_no)
            where m.person_id = $1 and m.programme_id = $3
            union
            select $2, null where $1::bigint is null
        )
        select distinct on (b.record_id) b.record_id, b.assistance_unit, b.subject_index,
               b.personal, w.member_no, e.status, e.enrolled_at
        from meant w join beneficiary_record b using (record_id)
        left join enrolment e using (record_id)
        where b.programme_id = $3
        order by b.record_id, w.member_no
        limit $4
        """,
        case.person_id,
        case.record_id,
        case.programme_id,
        most,
    )
