"""Pieces of DuckDB statements that several checks share: spans, people, ages, money."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from ibr.codelists.enrolment_status import FINAL
from ibr.overlaps.checks.model import INFORM, NOW, SOON, Period


def day(value: date) -> str:
    return f"date '{value.isoformat()}'"


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def texts(values: Iterable[str]) -> str:
    """A list to look a value up in; an empty one, which SQL does not know, holds nothing."""
    return "(" + (", ".join(text(each) for each in values) or "null") + ")"


def in_force(table: str, period: Period) -> str:
    """Whether a row with valid_from and valid_to holds on some day of the period."""
    return (
        f"{table}.valid_from <= {day(period.last)} "
        f"and coalesce({table}.valid_to, {day(period.last)}) >= {day(period.first)}"
    )


def active(last: date) -> str:
    """Times in which benefits may be due, up to a day; `active(record_id, first_day, last_day)`."""
    return f"""active as (
    select record_id, programme_id, first_day,
        least(coalesce(last_day, {day(last)}), {day(last)}) as last_day
    from span where active and first_day <= {day(last)}
)"""


def live(period: Period) -> str:
    """Records with an active day in the period; `live(record_id)`. Needs `active`."""
    return f"""live as (
    select distinct record_id from active where last_day >= {day(period.first)}
)"""


OWN = """own as (
    select distinct record_id, programme_id, person_id from appearance
    where is_own and member_no is not null
)"""
"""Whom each record is about."""

HEADS = """heads as (
    select distinct a.record_id, a.person_id from appearance a join record r using (record_id)
    where (a.is_own or a.is_head) and a.member_no is not null and r.unit <> 1
)"""
"""Who heads each household: whom the record is about, and whom it names as head."""

LISTED = """listed as (
    select distinct record_id, programme_id, person_id from appearance
    where member_no is not null
)"""
"""Everybody whom each record names now."""

SOMEBODY = """somebody as (
    select person_id, min(record_id) filter (is_group) as home
    from (
        select a.person_id, a.record_id, r.unit <> 1 as is_group
        from appearance a join record r using (record_id) where a.member_no is not null
    ) group by person_id
)"""
"""In which household each person is named: the one with the smallest number, empty for none."""


def money(period: Period) -> str:
    """What each record was given in the period, in its programme's currency, day by day.

    `given(record_id, programme_id, given_on, month, benefit_type, minor, currency)`; things
    without a value and values in other currencies have no `minor`.
    """
    return f"""given as (
    select b.record_id, b.programme_id, b.given_on, b.month, b.benefit_type, g.currency,
        case when coalesce(b.currency, g.currency) = g.currency then b.value_minor end as minor
    from benefit b join programme g using (programme_id)
    where b.given_on between {day(period.first)} and {day(period.last)}
)"""


def age(birth: str, on: str) -> str:
    """Completed years; before birth it is negative."""
    return (
        f"(year({on}) - year({birth}) - "
        f"(month({on}) * 100 + day({on}) < month({birth}) * 100 + day({birth}))::integer)"
    )


def earliest_birth(table: str) -> str:
    """The first day on which somebody may have been born; empty where nothing is known.

    The first of January is what offices write when only the year is known.
    """
    return f"""case
        when {table}.birth_date is null or coalesce({table}.birth_precision, 0) = 0 then null
        else {table}.birth_date end"""


def latest_birth(table: str) -> str:
    """The last day on which somebody may have been born; empty where nothing is known."""
    birth = f"{table}.birth_date"
    return f"""case
        when {birth} is null or coalesce({table}.birth_precision, 0) = 0 then null
        when {table}.birth_precision = 1 or (month({birth}) = 1 and day({birth}) = 1
            and {table}.birth_precision = 3) then make_date(year({birth}), 12, 31)
        when {table}.birth_precision = 2 then last_day({birth})
        else {birth} end"""


def cycle(on: str, months: str) -> str:
    """The number of the cycle that holds a day: months since year 0, by the cycle's length."""
    return f"((year({on}) * 12 + month({on}) - 1) // {months})"


def cycle_begins(number: str, months: str) -> str:
    """The first day of a cycle."""
    return f"make_date(({number} * {months}) // 12, ({number} * {months}) % 12 + 1, 1)"


DEAD = """contested as (
    select person_id, max(since) as alive_on from told
    where attribute = 'vital_status' and value = '"alive"' group by person_id
),
dead as (
    select person_id, max(died_on) as died_on, min(known_on) as known_on,
        max(sources_agreeing) as sources
    from death
    where person_id not in (
        select d.person_id from death d join contested c using (person_id)
        where c.alive_on > d.died_on
    )
    group by person_id having max(died_on) is not null
)"""
"""Who died, by the latest day that anybody says, unless a register says later that they live."""


def by_sources(informs: str) -> str:
    """When to look at what rests on a death with `sources`: one alone is never pressing."""
    return f"if({informs}, {INFORM}, if(sources >= 2, {NOW}, {SOON}))"


KNOWN = f"""known as (
    select person_id, min({earliest_birth("a")}) as born_from, max({latest_birth("a")}) as born_to,
        case when min(sex) filter (sex in (1, 2)) = max(sex) filter (sex in (1, 2))
            then min(sex) filter (sex in (1, 2)) end as sex,
        coalesce(bool_or(a.is_disabled), false) or person_id in (
            select person_id from told where attribute = 'is_disabled' and value = 'true'
        ) as is_disabled
    from appearance a where member_no is not null group by person_id
)"""
"""What is known of a person from everything that names them: `known(person_id, born_from, born_to,
sex, is_disabled)`; the sex is empty where records disagree."""


def meets(conditions: str, on: str) -> str:
    """Whether somebody in `known` surely meets the conditions of a pair on a day."""

    def of(name: str) -> str:
        return f"json_extract_string({conditions}, '$.{name}')"

    return (
        f"coalesce(({of('min_age')} is null or {age('known.born_to', on)} >= "
        f"{of('min_age')}::integer) and ({of('max_age')} is null or "
        f"{age('known.born_from', on)} <= {of('max_age')}::integer) and ({of('sex')} is null or "
        f"known.sex = {of('sex')}::integer) and ({of('is_disabled')} is null or "
        f"known.is_disabled = {of('is_disabled')}::boolean), false)"
    )


def quiet(cycles: int, period: Period) -> str:
    """Records active through the last cycles in which their programme gave anything, and given
    nothing since: `quiet(record_id, programme_id, starts, ends, last_given)`. Needs `active`.

    A programme that did not report is thereby no fault of anybody: only cycles count in which it
    gave something to somebody, and that are over.
    """
    months = "coalesce(nullif(p.cycle_months, 0), 1)"
    last = day(period.last)
    return f"""paying as (
    select programme_id, months, number,
        row_number() over (partition by programme_id order by number desc) as back
    from (
        select distinct programme_id, {months} as months, {cycle("b.given_on", months)} as number
        from benefit b join programme p using (programme_id) where b.given_on <= {last}
    ) where {cycle_begins("(number + 1)", "months")} <= {last} + 1
),
windows as (
    select programme_id, {cycle_begins("min(number)", "any_value(months)")} as starts,
        {cycle_begins("(max(number) + 1)", "any_value(months)")} - 1 as ends
    from paying where back <= {cycles} group by programme_id having count(*) = {cycles}
),
steady as (
    select a.record_id, a.programme_id, w.starts, w.ends
    from active a join windows w using (programme_id)
    where a.first_day <= w.ends and a.last_day >= w.starts
    group by a.record_id, a.programme_id, w.starts, w.ends
    having sum(least(a.last_day, w.ends) - greatest(a.first_day, w.starts) + 1)
        = w.ends - w.starts + 1
),
last_gifts as (
    select record_id, max(given_on) as last_given from benefit
    where given_on <= {last} group by record_id
),
quiet as (
    select s.*, last_given from steady s left join last_gifts using (record_id)
    where last_given is null or last_given < s.starts
)"""


def held(period: Period) -> str:
    """Who is in which programme on the period's last day, in any status but a final one."""
    last = day(period.last)
    return f"""held as (
    select distinct l.person_id, l.programme_id from listed l join span s using (record_id)
    where s.first_day <= {last} and coalesce(s.last_day, {last}) >= {last}
        and s.status not in ({", ".join(str(each) for each in FINAL)})
)"""
