"""K06: benefits of two programmes that exclude each other, in the same period."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import product
from typing import Annotated, Any, NamedTuple

from msgspec import Meta

from ibr.overlaps.checks import plain_tools as plain
from ibr.overlaps.checks.k06_examples import EXAMPLES
from ibr.overlaps.checks.model import (
    NOW,
    SOON,
    Check,
    Facts,
    Found,
    Parameters,
    Period,
    Row,
    Say,
    Tables,
)
from ibr.overlaps.checks.sql_parts import HEADS, KNOWN, LISTED, active, day, in_force, live, money
from ibr.overlaps.checks.sql_parts import meets as surely_meets
from ibr.overlaps.checks.words import amount, several


class Limits(Parameters, frozen=True, kw_only=True):
    shared_percent: Annotated[
        int,
        Meta(ge=1, le=100, description="percent of the smaller household's people who must be in "
             "both records to take them for one household, where their heads differ"),
    ] = 50  # fmt: skip
    long_months: Annotated[
        int, Meta(ge=1, le=120, description="months from which it is to be looked at now")
    ] = 3


_TOGETHER = """beside as (
    select c.*, greatest(p.first_day, q.first_day) as first_day,
        least(p.last_day, q.last_day) as last_day
    from candidates c join active p on p.record_id = one join active q on q.record_id = two
    where greatest(p.first_day, q.first_day) <= least(p.last_day, q.last_day)
),
both_given as (
    select b.pair_no, b.one, b.two, person_id, x.bucket, x.by_month,
        sum(greatest(0, least(b.last_day, x.ends) - greatest(b.first_day, x.bucket) + 1)) as days,
        any_value(x.minor) as one_minor, any_value(y.minor) as two_minor,
        least(any_value(x.first_on), any_value(y.first_on)) as first_on,
        greatest(any_value(x.last_on), any_value(y.last_on)) as last_on
    from beside b join rules r using (pair_no)
        join sums x on x.record_id = one and x.by_month = r.same_period
        join sums y on y.record_id = two and y.by_month = r.same_period and y.bucket = x.bucket
        join programme f on f.programme_id = r.first_programme
        join programme s on s.programme_id = r.second_programme
    where r.valid_from <= x.ends and coalesce(r.valid_to, x.ends) >= x.bucket
        and (r.cap_minor is null or coalesce(f.currency = r.currency and s.currency = r.currency
            and coalesce(x.minor, 0) + coalesce(y.minor, 0) > r.cap_minor, false))
    group by b.pair_no, b.one, b.two, person_id, x.bucket, x.by_month
),
beyond as (
    select * from both_given join (
        select pair_no, one, two from beside join rules using (pair_no)
        group by pair_no, one, two, tolerance_days
        having sum(last_day - first_day + 1) > tolerance_days
    ) using (pair_no, one, two) where days > 0
),
-- Of two rows of the same two programmes, one after the other, each counts in its own months.
together as (
    select one, two, min(person_id) as person_id, max(pair_no) as pair_no,
        list_sort(list(distinct strftime(bucket, '%Y-%m')) filter (by_month)) as months,
        sum(days)::bigint as days, min(first_on) as first_on, max(last_on) as last_on,
        sum(one_minor)::bigint as one_minor, sum(two_minor)::bigint as two_minor
    from beyond group by one, two
),
sided as (
    select t.*, r.legal_reference, r.keeps is not null as decided,
        r.keeps is not distinct from r.first_programme as one_keeps,
        f.programme_id as f_id, f.code as f_code, f.currency as f_currency,
        s.programme_id as s_id, s.code as s_code, s.currency as s_currency
    from together t join rules r using (pair_no)
        join programme f on f.programme_id = r.first_programme
        join programme s on s.programme_id = r.second_programme
),
valued as (
    select *, case when not decided and f_currency = s_currency
            then if(one_minor is null or two_minor is null, null, least(one_minor, two_minor))
        when not decided then null when one_keeps then two_minor else one_minor end as minor,
        if(one_keeps, s_currency, f_currency) as own_currency
    from sided
)"""
"""What both gave month by month, beyond caps and days of transition, and which side gives way."""


def _sql(limits: Limits, period: Period) -> str:
    return f"""
with {active(period.last)}, {live(period)}, {HEADS}, {LISTED}, {KNOWN}, {money(period)},
rules as (select * from pair where relation = 'incompatible' and {in_force("pair", period)}),
sums as (
    select record_id, month as bucket, true as by_month, last_day(month) as ends,
        sum(minor) as minor, min(given_on) as first_on, max(given_on) as last_on
    from given group by record_id, month
    union all select record_id, {day(period.first)}, false, {day(period.last)}, sum(minor),
        min(given_on), max(given_on)
    from given where exists (select 1 from rules where not same_period) group by record_id
),
reached as (
    select l.*, r.unit <> 1 as is_group from listed l join record r using (record_id)
    where record_id in (select record_id from given)
),
{_candidates(limits, period)},
{_TOGETHER}
select one || '-' || two as subject,
    if(len(months) >= {limits.long_months}, {NOW}, {SOON}) as severity,
    if(one_keeps, s_id, f_id) as programme_id, if(one_keeps, f_id, s_id) as other_programme,
    person_id, if(one_keeps, two, one) as record_id, if(one_keeps, one, two) as other_record,
    first_on as first_day, last_on as last_day, minor as money_minor,
    if(minor is null, null, own_currency) as currency,
    {{'programme': if(one_keeps, s_code, f_code), 'other': if(one_keeps, f_code, s_code),
      'months': coalesce(months, []::varchar[]), 'first': first_on::varchar,
      'last': last_on::varchar, 'days': days, 'law': legal_reference, 'decided': decided,
      'money': minor, 'currency': if(minor is null, null, own_currency)}} as facts
from valued
"""


def _candidates(limits: Limits, period: Period) -> str:
    """Two records that reach the same person, or the same household where the pair says so."""
    return f"""met as (
    select r.pair_no, r.unit, x.record_id as one, y.record_id as two, x.person_id,
        x.is_group and y.is_group as both_groups
    from rules r join reached x on x.programme_id = r.first_programme
        join reached y on y.programme_id = r.second_programme and y.person_id = x.person_id
        join known on known.person_id = x.person_id
    where {surely_meets("coalesce(r.conditions, '{}')", day(period.last))}
),
home as (
    select l.person_id, l.record_id from listed l join record r using (record_id)
    where r.unit <> 1 and record_id in (select record_id from live)
),
kin as (
    select r.pair_no, x.record_id as one, y.record_id as two, x.person_id
    from rules r join reached x on x.programme_id = r.first_programme
        join home hx on hx.person_id = x.person_id join home hy on hy.record_id = hx.record_id
        join reached y on y.person_id = hy.person_id and y.programme_id = r.second_programme
        join known on known.person_id = x.person_id
    where r.unit = 'household' and not (x.is_group and y.is_group)
        and {surely_meets("coalesce(r.conditions, '{}')", day(period.last))}
),
sizes as (select record_id, count(*) as people from listed group by record_id),
same_head as (
    select distinct m.one, m.two
    from met m join heads h on h.record_id = m.one
        join heads g on g.record_id = m.two and g.person_id = h.person_id
),
same_home as (
    select pair_no, one, two, min(m.person_id) as person_id
    from met m join sizes x on x.record_id = one join sizes y on y.record_id = two
    where unit = 'household' and both_groups
    group by pair_no, one, two, x.people, y.people
    having (one, two) in (select (one, two) from same_head)
        or count(*) * 100 >= least(x.people, y.people) * {limits.shared_percent}
),
candidates as (
    select pair_no, one, two, min(person_id) as person_id from (
        select pair_no, one, two, person_id from met
        where not (unit = 'household' and both_groups)
        union all select * from same_home union all select * from kin
    ) group by pair_no, one, two
)"""


class _Both(NamedTuple):
    """A month, or the whole period, in which two records were both given something."""

    pair: Row
    begins: date
    days: int
    one: list[plain.Given]
    two: list[plain.Given]


def _plain(tables: Tables, limits: Limits, period: Period) -> list[Found]:
    times, given = plain.active_times(tables, period.last), plain.given_in(tables, period)
    programmes = plain.one_by(tables["programme"], "programme_id")
    both: dict[tuple[int, int], list[_Both]] = defaultdict(list)
    people: dict[tuple[int, int], int] = {}
    for pair in tables["pair"]:
        if pair["relation"] != "incompatible" or not plain.holds(pair, period):
            continue
        for (one, two), person in _reaching(tables, pair, limits, period, set(given)).items():
            beside = plain.common(times.get(one, ()), times.get(two, ()))
            months = _given_together(pair, programmes, beside, given[one], given[two], period)
            kept = [each for each in months if each.days]
            if kept and plain.days_of(beside) > pair["tolerance_days"]:
                both[one, two] += kept
                people[one, two] = min(person, people.get((one, two), person))
    return [
        _found(records, people[records], rows, programmes, limits) for records, rows in both.items()
    ]


def _reaching(
    tables: Tables, pair: Row, limits: Limits, period: Period, paid: set[int]
) -> dict[tuple[int, int], int]:
    """Pairs of records that reach the same person or household, with the smallest person."""
    listed, known = plain.people_of(tables), plain.known_people(tables)
    heads, records = plain.heads_of(tables), plain.one_by(tables["record"], "record_id")
    conditions = json.loads(pair["conditions"] or "{}")
    alive = plain.live_records(plain.active_times(tables, period.last), period)
    homes = [people for record, people in listed.items()
             if records[record]["unit"] != 1 and record in alive]  # fmt: skip
    found = {}
    for one, two in product(
        *(
            [r for r in listed if records[r]["programme_id"] == pair[side] and r in paid]
            for side in ("first_programme", "second_programme")
        )
    ):
        fit = {each for each in listed[one] if plain.meets(conditions, known[each], period.last)}
        shared = fit & listed[two]
        both_groups = records[one]["unit"] != 1 and records[two]["unit"] != 1
        if pair["unit"] == "household" and both_groups:
            smaller = min(len(listed[one]), len(listed[two]))
            same_head = bool(heads.get(one, set()) & heads.get(two, set()))
            if not same_head and len(shared) * 100 < smaller * limits.shared_percent:
                continue
        elif pair["unit"] == "household":
            shared |= {
                each for each in fit for home in homes if each in home and home & listed[two]
            }
        if shared:
            found[one, two] = min(shared)
    return found


def _given_together(
    pair: Row, programmes: dict[Any, Row], beside: list[plain.Span], one: list[plain.Given],
    two: list[plain.Given], period: Period,
) -> Iterator[_Both]:  # fmt: skip
    """The months, or the period, in which both gave, as far as the pair holds."""
    own_currencies = {
        programmes[pair[side]]["currency"] for side in ("first_programme", "second_programme")
    }
    buckets: Iterable[plain.Span] = [(period.first, period.last)]
    if pair["same_period"]:
        months = sorted({each.month for each in one} & {each.month for each in two})
        buckets = [(month, plain.last_of_month(month)) for month in months]
    for first, last in buckets:
        x = [each for each in one if not pair["same_period"] or each.month == first]
        y = [each for each in two if not pair["same_period"] or each.month == first]
        if not plain.holds(pair, Period(first, last)):
            continue
        if pair["cap_minor"] is not None:
            if own_currencies != {pair["currency"]}:
                continue
            if (plain.total(x) or 0) + (plain.total(y) or 0) <= pair["cap_minor"]:
                continue
        yield _Both(pair, first, plain.days_of(plain.common(beside, [(first, last)])), x, y)


def _found(
    records: tuple[int, int], person: int, both: list[_Both], programmes: dict[Any, Row],
    limits: Limits,
) -> Found:  # fmt: skip
    one, two = records
    pair = max((each.pair for each in both), key=lambda each: int(each["pair_no"]))
    first, second = programmes[pair["first_programme"]], programmes[pair["second_programme"]]
    months = sorted({f"{each.begins:%Y-%m}" for each in both if each.pair["same_period"]})
    sums = (
        plain.total(g for b in both for g in b.one),
        plain.total(g for b in both for g in b.two),
    )
    one_keeps = pair["keeps"] == pair["first_programme"]
    minor = sums[1] if one_keeps else sums[0]
    if pair["keeps"] is None:
        known = None not in sums and first["currency"] == second["currency"]
        minor = min(each for each in sums if each is not None) if known else None
    gives_way, keeps = (second, first) if one_keeps else (first, second)
    currency = None if minor is None else gives_way["currency"]
    days = [each.on for b in both for each in (*b.one, *b.two)]
    return Found(
        subject=f"{one}-{two}",
        severity=NOW if len(months) >= limits.long_months else SOON,
        programme_id=gives_way["programme_id"],
        other_programme=keeps["programme_id"],
        person_id=person,
        record_id=two if one_keeps else one,
        other_record=one if one_keeps else two,
        first_day=min(days),
        last_day=max(days),
        money_minor=minor,
        currency=currency,
        facts={
            "programme": gives_way["code"], "other": keeps["code"], "months": months,
            "first": str(min(days)), "last": str(max(days)),
            "days": sum(each.days for each in both), "law": pair["legal_reference"],
            "decided": pair["keeps"] is not None, "money": minor, "currency": currency,
        },
    )  # fmt: skip


_LONG_LIST = len("2026-01, ") * 6


def _explain(facts: Facts, say: Say) -> str:
    words = say(
        "{programme} and {other} exclude each other ({law}), and both gave benefits in {months}."
    )
    if not facts["months"]:
        words = say(
            "{programme} and {other} exclude each other ({law}), and both gave benefits between "
            "{first} and {last}."
        )
    elif len(several(facts, "months")) > _LONG_LIST:
        words = say(
            "{programme} and {other} exclude each other ({law}), and both gave benefits in "
            "{count} months between {first} and {last}."
        )
    stays = say("{other} stays; {programme} gave {amount} in that time.")
    if not facts["decided"]:
        stays = say("The rule does not say which of them stays; at stake is {amount}.")
    return f"{words} {stays}".format(
        **{**facts, "months": several(facts, "months")},
        count=several(facts, "months").count(",") + 1,
        amount=amount(facts, say),
    )


CHECK = Check(
    code="K06",
    version=1,
    title="Programmes that exclude each other",
    about="The law lets nobody receive the two together, and both gave something for the same "
    "time. Which of them stays, and what is allowed all the same, stands with the pair.",
    rule="A pair of programmes is incompatible in the period. One record of each reaches the same "
    "person (or the same household, where the pair is about households), both gave something in "
    "the same month (or in the same period, where the pair says so), both were active on some day "
    "of it, and all in all both were active on more days than the pair's days of transition. "
    "Where the pair has a cap, only months count in which both together gave more. Two records of "
    "households are one household if their heads are one person, or if `shared_percent` of the "
    "smaller one's people are in both.",
    safeguards="A month of transition is lawful. Pairs that may go together or belong together "
    "are never found. Payments after the end of an enrolment are arrears and do not count here.",
    tables=("span", "appearance", "told", "record", "benefit", "programme", "pair"),
    parameters=Limits,
    sql=_sql,
    plain=_plain,
    explain=_explain,
    examples=EXAMPLES,
)
