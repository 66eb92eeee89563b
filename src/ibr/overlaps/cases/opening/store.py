"""SQL of opening cases from findings, and of what comes by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.db.staging import prepare
from ibr.overlaps.cases.model import Case
from ibr.overlaps.findings.store import exempt_by

_COLUMNS: Final = ", ".join(f"c.{name}" for name in Case.__struct_fields__)
_STAGED: Final = """
    create temporary table if not exists s_waiting (
        finding_id bigint, programme_id integer, about bigint, case_id bigint,
        is_new boolean not null default false
    ) on commit delete rows
"""


async def begin_round(connection: Connection) -> None:
    """Each statement is planned for what is there now: a plan that was made while the tables were
    empty goes through all of one for each row of another."""
    await connection.execute("set local plan_cache_mode = force_custom_plan")


async def one_at_a_time(connection: Connection) -> None:
    """Until the transaction ends nobody else opens cases: two would open the same one."""
    await connection.execute("select pg_advisory_xact_lock(hashtext('ibr.open_cases'))")


async def exempt(connection: Connection, without: Sequence[str], at: datetime, most: int) -> int:
    """Closes findings that are lawfully exempt before they become a case; how many."""
    said: str = await connection.execute(
        f"""
        update finding f set closed_at = $2, closed_reason = 'exempt'
        where f.finding_id in (
            select g.finding_id from finding g
            where g.closed_at is null and g.case_id is null and g.check_code <> all ($1::text[])
              and {exempt_by("g", "g.check_code", "$2::date")}
            limit $3)
        """,
        list(without),
        at,
        most,
    )
    return int(said.removeprefix("UPDATE "))


async def take_waiting(connection: Connection, without: Sequence[str], most: int) -> int:
    """Puts findings that belong to no case yet and are about somebody beside the open case that
    there is about the same person or record and programme; how many.

    Who was in no person yet when the finding was made has a number below zero there, which no
    later snapshot knows again: of them the case is about the record, and `about` is below zero.
    """
    await prepare(connection, _STAGED)
    said: str = await connection.execute(
        """
        insert into s_waiting (finding_id, programme_id, about)
        select f.finding_id, f.programme_id,
               case when f.person_id > 0 then f.person_id else - f.record_id end
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
    await connection.execute("analyze s_waiting")
    # One statement for both would have no index to go by.
    await connection.execute(
        """
        update s_waiting w set case_id = c.case_id from overlap_case c
        where w.about > 0 and c.programme_id = w.programme_id and c.person_id = w.about
          and c.closed_at is null
        """
    )
    await connection.execute(
        """
        update s_waiting w set case_id = c.case_id from overlap_case c
        where w.about < 0 and c.programme_id = w.programme_id and c.record_id = - w.about
          and c.person_id is null and c.closed_at is null
        """
    )
    return int(said.removeprefix("INSERT 0 "))


async def open_cases(connection: Connection, at: datetime, due_at: datetime) -> list[int]:
    """Makes a case for all that waits about the same and has none; their numbers."""
    await connection.execute(
        """
        with opened as (
            insert into overlap_case (programme_id, person_id, record_id, checks, severity, sex,
                birth_year, region_code, state, step_no, opened_at, since, due_at)
            select x.programme_id, x.person_id, x.record_id, '{}', 1, coalesce(p.sex, 0),
                   p.birth_year, p.region_code, 'triage', 1, $1, $1, $2
            from (
                select programme_id, case when about > 0 then about end as person_id,
                       case when about < 0 then - about end as record_id,
                       min(finding_id) as first_finding
                from s_waiting where case_id is null group by programme_id, about
            ) as x
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
                left join group_member g on g.record_id = w.record_id
                     and g.member_no = a.member_no
                order by b.record_id limit 1
            ) as p on true
            order by x.first_finding
            returning case_id, programme_id, coalesce(person_id, - record_id) as about
        )
        update s_waiting w set case_id = o.case_id, is_new = true from opened o
        where w.case_id is null and o.programme_id = w.programme_id and o.about = w.about
        """,
        at,
        due_at,
    )
    rows = await connection.fetch(
        "select distinct case_id from s_waiting where is_new order by case_id"
    )
    return [row["case_id"] for row in rows]


async def gather(connection: Connection) -> list[int]:
    """Says of all that waits which case it became part of; the cases that were open before."""
    await connection.execute(
        """
        update finding f set case_id = w.case_id from s_waiting w
        where f.finding_id = w.finding_id
        """
    )
    rows = await connection.fetch(
        "select distinct case_id from s_waiting where not is_new order by case_id"
    )
    return [row["case_id"] for row in rows]


async def add_up(connection: Connection, case_ids: Sequence[int]) -> None:
    """Brings what cases say of their findings up to date.

    Money of each currency stands by itself, as sums of two currencies are no sum; and several
    findings may be about the same money, so the largest of a currency stands for all. Where only
    one sum can be shown, it is the one in the currency of the programme that decides.
    """
    await connection.execute(
        """
        update overlap_case c
        set checks = f.checks, severity = f.severity, other_programmes = f.others,
            at_stake = m.at_stake, currency = m.shown,
            money_minor = (m.at_stake ->> m.shown)::bigint
        from unnest($1::bigint[]) as x (case_id)
        join overlap_case k on k.case_id = x.case_id
        join programme p on p.programme_id = k.programme_id
        cross join lateral (
            select array_agg(distinct check_code order by check_code) as checks,
                   max(severity) as severity,
                   array(select distinct o from unnest(array_agg(other_programme)) as o
                         where o is not null order by o) as others
            from finding where case_id = k.case_id
        ) as f
        cross join lateral (
            select coalesce(jsonb_object_agg(currency, most), '{}') as at_stake,
                   coalesce(max(currency) filter (where currency = p.currency), min(currency))
                       as shown
            from (select currency, max(money_minor) as most from finding
                  where case_id = k.case_id and money_minor is not null and currency is not null
                  group by currency) as each_currency
        ) as m
        where c.case_id = x.case_id and f.checks is not null
        """,
        list(case_ids),
    )


async def gone(connection: Connection, states: Sequence[str], most: int) -> list[Record]:
    """Cases in these states whose findings are all closed, and whether all were exempt."""
    return await connection.fetch(
        f"""
        select {_COLUMNS}, f.exempt
        from overlap_case c cross join lateral (
            select bool_and(f.closed_reason = 'exempt') as exempt
            from finding f where f.case_id = c.case_id) as f
        where c.closed_at is null and c.state = any ($1::text[])
          -- Not within the part above: then it would be asked of one case after the other.
          and not exists (select from finding o where o.case_id = c.case_id
                          and o.closed_at is null)
          and f.exempt is not null
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
    """Closes what is open of the findings of closed cases.

    They are decided and not found again; what is lawful only as long as its exemption holds.
    """
    await connection.execute(
        """
        update finding f set closed_at = $2, closed_reason =
            case when c.outcome = 'lawful_exception' then 'exempt' else 'decided' end
        from overlap_case c
        where f.case_id = any ($1::bigint[]) and f.closed_at is null and c.case_id = f.case_id
        """,
        list(case_ids),
        at,
    )
    await connection.execute(
        "update overlap_case set settled_at = $2 where case_id = any ($1::bigint[])",
        list(case_ids),
        at,
    )


async def tell_others(connection: Connection, at: datetime, settled: datetime, most: int) -> int:
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
            ('overturned', c.appeal = 'upheld' and c.closed_at <= $2
                or c.closed_why = 'exception_ended'),
            ('ended', c.decided_at is null and c.closed_at <= $2)
        ) as w (what, holds)
        where w.holds and o.programme_id <> c.programme_id
          and (c.closed_at is null or greatest(c.closed_at, c.since) > $2 - interval '30 days')
          and exists (select from programme p where p.programme_id = o.programme_id)
          and (w.what <> 'ended' or exists (
                select from case_notice n where n.programme_id = o.programme_id
                and n.case_id = c.case_id and n.what = 'opened'))
          and not exists (select from case_notice n where n.programme_id = o.programme_id
                          and n.case_id = c.case_id and n.what = w.what)
        limit $3
        """,
        at,
        settled,
        most,
    )
    return int(said.removeprefix("INSERT 0 "))
