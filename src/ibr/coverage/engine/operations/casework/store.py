"""SQL of figures of cases: what began, what was decided, who was held, what was saved, by month.

Every statement gets the months as three lists: what they are called, their first moment, and the
first moment after them or the moment of counting where that comes before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

import msgspec
from asyncpg import Record

from ibr.db.pool import Connection
from ibr.overlaps.cases.model import CONFIRMED, ERRORS


class Span(msgspec.Struct, frozen=True):
    """A month as statements get it."""

    period: str
    first: datetime
    after: datetime


def _listed(outcomes: Collection[str]) -> str:
    return ", ".join(f"'{each}'" for each in sorted(outcomes))


_MONTHS: Final = """
    months as (
        select * from unnest($1::text[], $2::timestamptz[], $3::timestamptz[])
            as m (period, first_moment, after)
    )
"""
_OURS: Final = "c.programme_id = any ($4::integer[])"
_DECIDED: Final = "(c.decided_at is not null and c.state <> 'withdrawn')"
_STANDS: Final = f"(c.outcome in ({_listed(CONFIRMED)}) and c.appeal is distinct from 'upheld')"
_IN_MONTH: Final = "c.{0} >= m.first_moment and c.{0} < m.after"
_OPEN: Final = "c.opened_at < m.after and (c.closed_at is null or c.closed_at >= m.after)"
# The last day of a month as far as it is counted.
_LAST_DAY: Final = "((m.after - interval '1 microsecond') at time zone 'UTC')::date"
_AGE: Final = f"{_LAST_DAY} - (c.opened_at at time zone 'UTC')::date"


def _arguments(months: Sequence[Span], programmes: Collection[int]) -> list[object]:
    return [
        [each.period for each in months],
        [each.first for each in months],
        [each.after for each in months],
        sorted(programmes),
    ]


async def begun_and_open(
    connection: Connection, months: Sequence[Span], programmes: Collection[int]
) -> list[Record]:
    """Cases opened and decided in each month, open at its end and how old, by programme and, under
    an empty one, of all."""
    return await connection.fetch(
        f"""
        with {_MONTHS}
        select m.period, c.programme_id,
               count(*) filter (where {_IN_MONTH.format("opened_at")}) as opened,
               count(*) filter (where {_DECIDED} and {_IN_MONTH.format("decided_at")}) as decided,
               count(*) filter (where {_OPEN}) as open,
               percentile_disc(0.5) within group (order by {_AGE}) filter (where {_OPEN})
                   as age_p50,
               percentile_disc(0.9) within group (order by {_AGE}) filter (where {_OPEN})
                   as age_p90
        from months m join overlap_case c on c.opened_at < m.after and {_OURS}
        group by grouping sets ((m.period, c.programme_id), (m.period))
        """,
        *_arguments(months, programmes),
    )


async def past_due(
    connection: Connection, months: Sequence[Span], programmes: Collection[int]
) -> list[Record]:
    """Cases open at the end of each month whose next step was due before it.

    When a step was due at an earlier moment is told by the first step after it, which keeps the
    case as it was before; where none came since, by the case itself. Steps before the end of the
    first month tell nothing of that.
    """
    return await connection.fetch(
        f"""
        with {_MONTHS},
        later as (
            select s.case_id, s.step_no, s.at, s.before from case_step s
            where s.programme_id = any ($4::integer[]) and s.at >= (select min(after) from months)
        ),
        stood as (
            select s.case_id,
                   lag(s.at, 1, '-infinity'::timestamptz)
                       over (partition by s.case_id order by s.step_no) as after_step,
                   s.at as until_step, (s.before ->> 'due_at')::timestamptz as due_at
            from later s
            union all
            select c.case_id, coalesce(l.at, '-infinity'), 'infinity', c.due_at
            from overlap_case c
            left join (select case_id, max(at) as at from later group by case_id) l using (case_id)
            where {_OURS} and c.due_at is not null
        )
        select m.period, c.programme_id, count(*) as past_due
        from months m
        join overlap_case c on {_OPEN} and {_OURS}
        join stood s on s.case_id = c.case_id and s.due_at < m.after
                    and s.after_step < m.after and m.after <= s.until_step
        group by grouping sets ((m.period, c.programme_id), (m.period))
        """,
        *_arguments(months, programmes),
    )


async def outcomes(
    connection: Connection, months: Sequence[Span], programmes: Collection[int]
) -> list[Record]:
    """What was decided in each month, as it stands: the outcome, `overturned` where an appeal was
    upheld; and what was withdrawn in it. `adverse`, `appealed`, `settled` and `upheld` are of
    decisions that take something from somebody."""
    return await connection.fetch(
        f"""
        with {_MONTHS},
        ended as (
            select c.programme_id,
                   case when c.state = 'withdrawn' then 'withdrawn'
                        when c.appeal = 'upheld' then 'overturned'
                        when c.outcome in ({_listed(ERRORS)}) then 'error'
                        else c.outcome end as part,
                   case when c.state = 'withdrawn' then c.closed_at else c.decided_at end as at,
                   {_DECIDED} and c.outcome in ({_listed(ERRORS)}) as adverse, c.appeal
            from overlap_case c
            where {_OURS} and (c.state = 'withdrawn' or {_DECIDED})
        )
        select m.period, c.programme_id, c.part, count(*) as cases,
               count(*) filter (where c.adverse) as adverse,
               count(*) filter (where c.adverse and c.appeal is not null) as appealed,
               count(*) filter (where c.adverse and c.appeal in ('upheld', 'rejected')) as settled,
               count(*) filter (where c.adverse and c.appeal = 'upheld') as upheld
        from months m join ended c on {_IN_MONTH.format("at")}
        group by m.period, c.programme_id, c.part
        """,
        *_arguments(months, programmes),
    )


async def held(
    connection: Connection, months: Sequence[Span], programmes: Collection[int], at: datetime
) -> list[Record]:
    """People whose benefit was held in each month, the days of that, and those of whom nothing was
    confirmed in the end; by programme, and under an empty one of all."""
    return await connection.fetch(
        f"""
        with {_MONTHS},
        holds as (
            select c.programme_id, coalesce(c.person_id, -c.record_id) as person, c.hold_from,
                   least(c.hold_ended_at, c.hold_until, $5) as hold_end,
                   c.closed_at < $5 and not ({_DECIDED} and {_STANDS}) as wrongly
            from overlap_case c where {_OURS} and c.hold_from < $5
        ),
        parts as (
            select m.period, c.programme_id, c.person, c.wrongly,
                   greatest(c.hold_from, m.first_moment) as begins,
                   least(c.hold_end, m.after) as ends
            from months m
            join holds c on c.hold_from < m.after and c.hold_end > m.first_moment
                        and c.hold_end > c.hold_from
        )
        select c.period, c.programme_id, count(distinct c.person) as persons,
               sum(((c.ends - interval '1 microsecond') at time zone 'UTC')::date
                   - (c.begins at time zone 'UTC')::date + 1)::bigint as days,
               count(distinct c.person) filter (where c.wrongly) as wrongly
        from parts c group by grouping sets ((c.period, c.programme_id), (c.period))
        """,
        *_arguments(months, programmes),
        at,
    )


async def by_group(
    connection: Connection, months: Sequence[Span], programmes: Collection[int]
) -> list[Record]:
    """Cases opened in each month, and of those decided in it how many were not confirmed, by
    programme, sex, year of birth and region."""
    return await connection.fetch(
        f"""
        with {_MONTHS},
        counted as (
            select m.period, g.what, g.which,
                   {_IN_MONTH.format("opened_at")} as opened,
                   {_DECIDED} and {_IN_MONTH.format("decided_at")} as decided,
                   {_STANDS} as stands
            from months m
            join overlap_case c on {_OURS} and ({_IN_MONTH.format("opened_at")}
                                                or {_IN_MONTH.format("decided_at")})
            cross join lateral (values
                ('programme', c.programme_id::text), ('sex', c.sex::text),
                ('birth_year', coalesce(c.birth_year::text, '')),
                ('region', coalesce(c.region_code, ''))) as g (what, which)
        )
        select period, what, which, count(*) filter (where opened) as opened,
               count(*) filter (where decided) as decided,
               count(*) filter (where decided and stands is not true) as unconfirmed
        from counted group by period, what, which
        """,
        *_arguments(months, programmes),
    )


async def enrolled(connection: Connection, programmes: Collection[int]) -> list[Record]:
    """People enrolled as last counted, by programme and group; each once in each programme."""
    return await connection.fetch(
        """
        select programme_id, what, which, persons from enrolled_people
        where programme_id = any ($1::integer[])
        """,
        sorted(programmes),
    )


async def saved(
    connection: Connection, months: Sequence[Span], programmes: Collection[int]
) -> list[Record]:
    """Sums confirmed in each month, by programme and currency, of decisions that stand: stopped and
    recovered once in effect, less what was given back."""
    return await connection.fetch(
        f"""
        with {_MONTHS}
        select m.period, c.programme_id, e.currency,
               sum(case e.kind when 'restored' then -e.amount_minor else e.amount_minor end)::bigint
                   as amount
        from months m
        join case_money e on e.confirmed_at >= m.first_moment and e.confirmed_at < m.after
        join overlap_case c on c.case_id = e.case_id and {_OURS} and {_DECIDED} and {_STANDS}
                           and (e.kind = 'restored' or c.state in ('effective', 'closed'))
        group by m.period, c.programme_id, e.currency
        """,
        *_arguments(months, programmes),
    )


async def by_check(
    connection: Connection, months: Sequence[Span], programmes: Collection[int]
) -> list[Record]:
    """Cases decided in each month and confirmed, once for each check whose findings they gather."""
    return await connection.fetch(
        f"""
        with {_MONTHS}
        select m.period, f.check_code, count(*) as decided,
               count(*) filter (where {_STANDS}) as confirmed
        from months m
        join overlap_case c on {_OURS} and {_DECIDED} and {_IN_MONTH.format("decided_at")}
        cross join lateral (
            select distinct f.check_code from finding f where f.case_id = c.case_id) as f
        group by m.period, f.check_code
        """,
        *_arguments(months, programmes),
    )


# The newest first opinion about each pair that counts: not taken back, sure, and not contradicted
# by a second one; where two were asked for, agreed by both.
_STANDING_PAIRS: Final = """
    select low_record, decision, decided_at from (
        select distinct on (d.low_record, d.low_no, d.high_record, d.high_no)
               d.low_record, d.decision, greatest(d.decided_at, second.decided_at) as decided_at,
               d.four_eyes, second.decision as second
        from link_decision d
        left join lateral (
            select s.decision, s.decided_at from link_decision s
            where s.low_record = d.low_record and s.low_no = d.low_no
              and s.high_record = d.high_record and s.high_no = d.high_no and s.opinion = 2
              and s.decision_no > d.decision_no and s.decided_at < $4
            order by s.decision_no desc limit 1
        ) as second on true
        where d.opinion = 1 and d.decided_at < $4
        order by d.low_record, d.low_no, d.high_record, d.high_no, d.decision_no desc
    ) as newest
    where decision in ('same', 'different')
      and (second is null and not four_eyes or second = decision
           or second in ('unsure', 'withdrawn') and not four_eyes)
"""


async def pairs_decided(
    connection: Connection, months: Sequence[Span], at: datetime
) -> list[Record]:
    """Pairs that people decided in each month, and those of them that are one person."""
    return await connection.fetch(
        f"""
        with {_MONTHS}
        select m.period, count(*) as decided,
               count(*) filter (where p.decision = 'same') as same
        from months m join ({_STANDING_PAIRS}) as p
          on p.decided_at >= m.first_moment and p.decided_at < m.after
        group by m.period
        """,
        *_arguments(months, ())[:3],
        at,
    )


async def looked_at_twice(
    connection: Connection, months: Sequence[Span], at: datetime
) -> list[Record]:
    """The first and the second answer about pairs whose newest second opinion is of each month."""
    return await connection.fetch(
        f"""
        with {_MONTHS},
        twice as (
            select distinct on (s.low_record, s.low_no, s.high_record, s.high_no)
                   first.decision as first, s.decision as second, s.decided_at
            from link_decision s
            join lateral (
                select f.decision from link_decision f
                where f.low_record = s.low_record and f.low_no = s.low_no
                  and f.high_record = s.high_record and f.high_no = s.high_no
                  and f.opinion = 1 and f.decision_no < s.decision_no
                order by f.decision_no desc limit 1
            ) as first on first.decision <> 'withdrawn'
            where s.opinion = 2 and s.decided_at < $4
            order by s.low_record, s.low_no, s.high_record, s.high_no, s.decision_no desc
        )
        select m.period, t.first, t.second, count(*) as pairs
        from months m join twice t
          on t.decided_at >= m.first_moment and t.decided_at < m.after and t.second <> 'withdrawn'
        group by m.period, t.first, t.second
        """,
        *_arguments(months, ())[:3],
        at,
    )


async def measured(connection: Connection, months: Sequence[Span]) -> list[tuple[str, str, str]]:
    """The newest measurement of the current way of linkage before the end of each month, by kind:
    what was measured, as JSON."""
    rows = await connection.fetch(
        f"""
        with {_MONTHS}
        select distinct on (m.period, q.kind) m.period, q.kind, q.measured::text as measured
        from months m join link_quality q on q.measured_at < m.after
        order by m.period, q.kind, q.quality_no desc
        """,
        *_arguments(months, ())[:3],
    )
    return [(row["period"], row["kind"], row["measured"]) for row in rows]


async def confirmed_copies(connection: Connection) -> list[tuple[int, int, str]]:
    """Appearances that are one person because people said so, each with what the person is
    called."""
    rows = await connection.fetch(
        """
        select record_id, appearance_no, first_record || '.' || first_no as of_person
        from confirmed_person order by record_id, appearance_no
        """
    )
    return [(row["record_id"], row["appearance_no"], row["of_person"]) for row in rows]
