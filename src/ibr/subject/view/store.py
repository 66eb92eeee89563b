"""SQL of the own view. Each statement names the visitor's records, and row-level security lets
through no others."""

from __future__ import annotations

from collections.abc import Sequence

from asyncpg import Record

from ibr.db.pool import Connection


async def records(connection: Connection, ids: Sequence[int]) -> list[Record]:
    return await connection.fetch(
        """
        select r.record_id, r.programme_id, r.assistance_unit, r.personal, r.as_of, r.known_at,
               e.status, e.status_at, e.enrolled_at
        from beneficiary_record r join enrolment e using (record_id)
        where r.record_id = any ($1::bigint[]) order by r.record_id
        """,
        list(ids),
    )


async def versions(connection: Connection, ids: Sequence[int], most: int) -> list[Record]:
    """What these records said before, the newest first, some of each."""
    return await connection.fetch(
        """
        select v.record_id, v.as_of, v.personal
        from unnest($1::bigint[]) as wanted (record_id)
        cross join lateral (
            select b.record_id, b.as_of, b.personal from beneficiary_version b
            where b.record_id = wanted.record_id order by b.as_of desc, b.known_at desc limit $2
        ) as v
        order by v.record_id, v.as_of desc
        """,
        list(ids),
        most,
    )


async def statuses(connection: Connection, ids: Sequence[int]) -> list[Record]:
    return await connection.fetch(
        """
        select record_id, changed_at, status from status_change
        where record_id = any ($1::bigint[]) and status <> 0 order by changed_at desc, status
        """,
        list(ids),
    )


async def given(connection: Connection, ids: Sequence[int], most: int) -> list[Record]:
    """What was given by record and month, the newest months first."""
    return await connection.fetch(
        """
        select record_id, date_trunc('month', given_at at time zone 'UTC')::date as month,
               currency, description, count(*)::integer as benefits,
               sum(value_minor)::bigint as value_minor, sum(quantity)::bigint as quantity
        from benefit where record_id = any ($1::bigint[])
        group by 1, 2, 3, 4 order by 2 desc, 3, 4 limit $2
        """,
        list(ids),
        most,
    )


async def asked(connection: Connection, subjects: Sequence[bytes], most: int) -> list[Record]:
    """Questions about these numbers, one row a question, the newest first; of an officer the roles
    that they held at that moment, with the programmes of each. The person's own looks are one row
    a day."""
    return await connection.fetch(
        """
        with asked as (
            select max(q.asked_at) as at, q.partner_id, q.officer_id, q.programme_id, q.question,
                   q.purpose_code, max(q.answer) as answer,
                   q.purpose_code = 'own_access' and q.partner_id is null
                       and q.officer_id is null as by_self
            from question_asked q where q.subject_index = any ($1::bytea[])
            group by case when q.purpose_code = 'own_access' and q.partner_id is null
                               and q.officer_id is null
                          then date_trunc('day', q.asked_at at time zone 'UTC')::text
                          else q.question_id::text end,
                     q.partner_id, q.officer_id, q.programme_id, q.question, q.purpose_code
            order by 1 desc limit $2
        )
        select a.*, p.name as partner,
               array(select r.role from officer_role r
                     where r.officer_id = a.officer_id and r.given_at <= a.at
                       and coalesce(r.ended_at > a.at, true) order by r.role_id) as roles,
               (select coalesce(jsonb_object_agg(r.role, r.programmes), '{}')::text
                from officer_role r
                where r.officer_id = a.officer_id and r.given_at <= a.at
                  and coalesce(r.ended_at > a.at, true)) as offices
        from asked a left join partner p using (partner_id)
        order by a.at desc, a.question, a.programme_id
        """,
        list(subjects),
        most,
    )


async def letters(connection: Connection, ids: Sequence[int], most: int) -> list[Record]:
    """Letters that told the person of a decision, the newest first."""
    return await connection.fetch(
        """
        select l.case_id, l.letter_no, l.kind, l.made_at, c.programme_id
        from overlap_case c join case_letter l using (case_id)
        where c.record_id = any ($1::bigint[]) and l.voided_at is null
        order by l.letter_no desc limit $2
        """,
        list(ids),
        most,
    )
