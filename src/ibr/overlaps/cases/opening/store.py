"""SQL of opening cases from findings, and of what comes by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.overlaps.cases.model import Case

_COLUMNS: Final = ", ".join(f"c.{name}" for name in Case.__struct_fields__)


async def one_at_a_time(connection: Connection) -> None:
    """Until the transaction ends nobody else opens cases: two would open the same one."""
    await connection.execute("select pg_advisory_xact_lock(hashtext('ibr.open_cases'))")


async def exempt(connection: Connection, without: Sequence[str], at: datetime, most: int) -> int:
    """Closes findings that are lawfully exempt before they become a case; how many."""
    said: str = await connection.execute(
        """
        update finding f set closed_at = $2, closed_reason = 'exempt'
        where f.finding_id in (
            select g.finding_id from finding g
            where g.closed_at is null and g.case_id is null and g.check_code <> all ($1::text[])
              and exists (
                select from check_exemption x
                where x.check_code = g.check_code and x.withdrawn_at is null
                  and x.blind_index is null
                  and (x.same_as is null or x.same_as = g.same_as)
                  and (x.only_programme is null or x.only_programme = g.programme_id)
                  and x.valid_from <= $2::date and (x.valid_to is null or x.valid_to >= $2::date))
            limit $3)
        """,
        list(without),
        at,
        most,
    )
    return int(said.removeprefix("UPDATE "))


async def waiting(connection: Connection, without: Sequence[str], most: int) -> list[Record]:
    """Findings that belong to no case yet and are about somebody, with the open case that there is
    about the same person or record and programme.

    Who was in no person yet when the finding was made has a number below zero there, which no
    later snapshot knows again: of them the case is about the record.
    """
    return await connection.fetch(
        """
        select f.finding_id, f.check_code, f.severity, f.programme_id, f.other_programme,
               case when f.person_id > 0 then f.person_id end as person_id, f.record_id,
               f.money_minor, f.currency,
               (select c.case_id from overlap_case c
                where c.programme_id = f.programme_id and c.closed_at is null
                  and case when f.person_id > 0 then c.person_id = f.person_id
                      else c.person_id is null and c.record_id = f.record_id end) as case_id
        from finding f
        where f.closed_at is null and f.case_id is null and f.programme_id is not null
          and (f.person_id > 0 or f.record_id is not null)
          and f.check_code <> all ($1::text[])
        order by f.finding_id limit $2
        for update of f skip locked
        """,
        list(without),
        most,
    )


async def open_cases(
    connection: Connection, rows: str, at: datetime, due_at: datetime
) -> list[Record]:
    """Makes cases of a JSON list; their numbers with what they are about."""
    return await connection.fetch(
        """
        insert into overlap_case (programme_id, other_programmes, person_id, record_id, checks,
            severity, money_minor, currency, sex, birth_year, region_code, state, step_no,
            opened_at, since, due_at)
        select x.programme_id,
               array(select jsonb_array_elements_text(x.others)::integer),
               x.person_id, x.record_id, array(select jsonb_array_elements_text(x.checks)),
               x.severity, x.money_minor, x.currency, coalesce(p.sex, 0), p.birth_year,
               p.region_code, 'triage', 1, $2, $2, $3
        from jsonb_to_recordset($1::text::jsonb) as x(
            programme_id integer, others jsonb, person_id bigint, record_id bigint, checks jsonb,
            severity smallint, money_minor bigint, currency text)
        left join lateral (
            select case when a.member_no >= 0 then g.sex else b.sex end as sex,
                   extract(year from case when a.member_no >= 0 then g.birth_date
                                     else b.birth_date end)::smallint as birth_year,
                   b.region_code
            from (select m.record_id, m.appearance_no from person_member m
                  where m.person_id = x.person_id and m.programme_id = x.programme_id
                  union all
                  select x.record_id, 0::smallint where x.person_id is null) as w
            join beneficiary_record b on b.record_id = w.record_id
            left join appearance a on a.record_id = w.record_id
                 and a.appearance_no = w.appearance_no
            left join group_member g on g.record_id = w.record_id and g.member_no = a.member_no
            order by b.record_id limit 1
        ) as p on true
        returning case_id, programme_id, person_id, record_id
        """,
        rows,
        at,
        due_at,
    )


async def gather(connection: Connection, findings: Sequence[int], cases: Sequence[int]) -> None:
    """Says of findings which case they became part of."""
    await connection.execute(
        """
        update finding f set case_id = x.case_id
        from unnest($1::bigint[], $2::bigint[]) as x (finding_id, case_id)
        where f.finding_id = x.finding_id
        """,
        list(findings),
        list(cases),
    )


async def add_up(connection: Connection, case_ids: Sequence[int]) -> None:
    """Brings what a case says of its findings up to date."""
    await connection.execute(
        """
        update overlap_case c
        set checks = f.checks, severity = f.severity, money_minor = f.money,
            currency = f.currency, other_programmes = f.others
        from (select case_id, array_agg(distinct check_code order by check_code) as checks,
                     max(severity) as severity,
                     -- Sums of two currencies are no sum; and several findings may be about the
                     -- same money, so the largest stands for all.
                     case when count(distinct currency) = 1 then max(money_minor) end as money,
                     case when count(distinct currency) = 1 then max(currency) end as currency,
                     array(select distinct o from unnest(array_agg(other_programme)) as o
                           where o is not null order by o) as others
              from finding where case_id = any ($1::bigint[]) group by case_id) as f
        where c.case_id = f.case_id
        """,
        list(case_ids),
    )


async def gone(connection: Connection, states: Sequence[str], most: int) -> list[Record]:
    """Cases in these states whose findings are all closed, and whether all were exempt."""
    return await connection.fetch(
        f"""
        select {_COLUMNS}, f.exempt
        from overlap_case c cross join lateral (
            select bool_and(f.closed_at is not null) as gone,
                   bool_and(f.closed_reason = 'exempt') as exempt
            from finding f where f.case_id = c.case_id) as f
        where c.closed_at is null and c.state = any ($1::text[]) and f.gone
          and not exists (select from case_step s where s.case_id = c.case_id
                          and s.action = 'note' and s.reason_code = 'finding_gone')
        order by c.case_id limit $2 for update of c skip locked
        """,
        list(states),
        most,
    )


async def holds_over(connection: Connection, at: datetime, most: int) -> list[Record]:
    return await connection.fetch(
        f"""
        select {_COLUMNS} from overlap_case c
        where c.hold_from is not null and c.hold_ended_at is null and c.hold_until <= $1
        order by c.hold_until limit $2 for update skip locked
        """,
        at,
        most,
    )


async def windows_over(connection: Connection, at: datetime, most: int) -> list[Record]:
    return await connection.fetch(
        f"""
        select {_COLUMNS} from overlap_case c
        where c.state = 'appeal_window' and c.appeal_until <= $1
        order by c.appeal_until limit $2 for update skip locked
        """,
        at,
        most,
    )


async def to_settle(connection: Connection, before: datetime, most: int) -> list[Record]:
    return await connection.fetch(
        f"""
        select {_COLUMNS} from overlap_case c
        where c.closed_at <= $1 and c.settled_at is null
        order by c.case_id limit $2 for update skip locked
        """,
        before,
        most,
    )


async def settle(connection: Connection, case_ids: Sequence[int], at: datetime) -> None:
    """Closes what is open of the findings of closed cases: they are decided."""
    await connection.execute(
        """
        update finding set closed_at = $2, closed_reason = 'decided'
        where case_id = any ($1::bigint[]) and closed_at is null
        """,
        list(case_ids),
        at,
    )
    await connection.execute(
        "update overlap_case set settled_at = $2 where case_id = any ($1::bigint[])",
        list(case_ids),
        at,
    )


async def exempt_lawful(connection: Connection, case_ids: Sequence[int], at: datetime) -> None:
    """The findings of these cases are lawful, so they are not to be found again."""
    await connection.execute(
        """
        insert into check_exemption (check_code, only_programme, same_as, reason, valid_from,
                                     entered_by, entered_at)
        select f.check_code, f.programme_id, f.same_as, 'Lawful exception, case ' || f.case_id,
               $2::date, 'case ' || f.case_id, $2
        from finding f where f.case_id = any ($1::bigint[])
          and not exists (select from check_exemption x where x.check_code = f.check_code
                          and x.same_as = f.same_as and x.withdrawn_at is null)
        """,
        list(case_ids),
        at,
    )


async def tell_others(connection: Connection, at: datetime, settled: datetime) -> int:
    """Notes for the other programmes of each case what they have not been told yet; how many.

    Decisions only once they can no longer be taken back.
    """
    said: str = await connection.execute(
        """
        insert into case_notice (programme_id, case_id, deciding_programme, what, checks, at)
        select o.programme_id, c.case_id, c.programme_id, w.what, c.checks, $1
        from overlap_case c
        cross join lateral unnest(c.other_programmes) as o (programme_id)
        cross join lateral (values
            ('opened', c.closed_at is null),
            ('decided', c.decided_at <= $2),
            ('overturned', c.appeal = 'upheld' and c.closed_at <= $2),
            ('ended', c.decided_at is null and c.closed_at <= $2)
        ) as w (what, holds)
        where w.holds and o.programme_id <> c.programme_id
          and (c.closed_at is null or c.closed_at > $2 - interval '30 days')
          and exists (select from programme p where p.programme_id = o.programme_id)
          and (w.what <> 'ended' or exists (
                select from case_notice n where n.programme_id = o.programme_id
                and n.case_id = c.case_id and n.what = 'opened'))
          and not exists (select from case_notice n where n.programme_id = o.programme_id
                          and n.case_id = c.case_id and n.what = w.what)
        limit 1000
        """,
        at,
        settled,
    )
    return int(said.removeprefix("INSERT 0 "))
