"""K01: the same person with two active enrolments in one programme."""

from __future__ import annotations

from datetime import date
from itertools import combinations
from typing import Annotated

from msgspec import Meta

from ibr.overlaps.checks.model import (
    NOW,
    SOON,
    Check,
    Example,
    Facts,
    Found,
    Parameters,
    Period,
    Say,
    Tables,
)
from ibr.overlaps.checks.plain_tools import (
    active_times,
    at_stake,
    by,
    common,
    days_of,
    given_in,
    one_by,
    own_person,
)
from ibr.overlaps.checks.sql_parts import OWN, active, day, money
from ibr.overlaps.checks.story import Story, Who
from ibr.overlaps.checks.words import amount


class Limits(Parameters, frozen=True, kw_only=True):
    tolerance_days: Annotated[
        int, Meta(ge=0, le=366, description="days both may be active, as when moving to an office")
    ] = 1


_BESIDE = """twice as (
    select x.programme_id, x.person_id, x.record_id as low, y.record_id as high
    from own x join own y using (programme_id, person_id) where x.record_id < y.record_id
),
beside as (
    select t.*, greatest(p.first_day, q.first_day) as first_day,
        least(p.last_day, q.last_day) as last_day
    from twice t join active p on p.record_id = t.low join active q on q.record_id = t.high
    where greatest(p.first_day, q.first_day) <= least(p.last_day, q.last_day)
)"""

_SIDES = """since as (
    select record_id, coalesce(e.enrolled_on, min(s.first_day)) as since
    from enrolment e join span s using (record_id)
    where record_id in (select low from both_active union select high from both_active)
    group by record_id, e.enrolled_on
),
ordered as (
    select b.*, a.since < z.since or (a.since = z.since) as low_is_older, a.since as low_since,
        z.since as high_since
    from both_active b join since a on a.record_id = low join since z on z.record_id = high
),
sides as (
    select *, if(low_is_older, low, high) as older, if(low_is_older, high, low) as younger,
        if(low_is_older, low_since, high_since) as older_since,
        if(low_is_older, high_since, low_since) as younger_since
    from ordered
)"""
"""Which of the two is the older right: the one enrolled first."""


def _sql(limits: Limits, period: Period) -> str:
    return f"""
with {active(period.last)}, {OWN}, {money(period)},
{_BESIDE},
both_active as (
    select programme_id, person_id, low, high, min(first_day) as first_day,
        max(last_day) as last_day
    from beside group by all
    having sum(last_day - first_day + 1) > {limits.tolerance_days}
        and max(last_day) >= {day(period.first)}
),
{_SIDES},
paid as (
    select low, high, count(*) filter (is_younger) as times,
        sum(minor) filter (is_younger)::bigint as minor,
        count(*) filter (not is_younger) as older_times
    from (
        select low, high, first_day, last_day, younger as record_id, true as is_younger from sides
        union all select low, high, first_day, last_day, older, false from sides
    ) join given using (record_id)
    where given_on between first_day and last_day
    group by low, high
)
select low || '-' || high as subject,
    if(coalesce(times, 0) > 0 and coalesce(older_times, 0) > 0, {NOW}, {SOON}) as severity,
    s.programme_id, person_id, younger as record_id, older as other_record, first_day, last_day,
    minor as money_minor, if(minor is null, null, g.currency) as currency,
    {{'programme': g.code, 'since': older_since::varchar, 'again': younger_since::varchar,
      'first': first_day::varchar, 'last': last_day::varchar, 'payments': coalesce(times, 0),
      'money': minor, 'currency': if(minor is null, null, g.currency)}} as facts
from sides s join programme g using (programme_id) left join paid using (low, high)
"""


def _plain(tables: Tables, limits: Limits, period: Period) -> list[Found]:
    times, given = active_times(tables, period.last), given_in(tables, period)
    programmes = one_by(tables["programme"], "programme_id")
    since, found = _since(tables), []
    for low, high in _twice(tables):
        beside = common(times.get(low, ()), times.get(high, ()))
        if days_of(beside) <= limits.tolerance_days:
            continue
        first, last = min(beside)[0], max(end for _, end in beside)
        if last < period.first or not {low, high} <= set(since):
            continue
        older, younger = sorted((low, high), key=lambda each: (since[each], each))
        paid = {
            each: [one for one in given.get(each, ()) if first <= one.on <= last]
            for each in (low, high)
        }
        programme = programmes[one_by(tables["record"], "record_id")[low]["programme_id"]]
        minor, currency = at_stake(paid[younger], programme)
        found.append(
            Found(
                subject=f"{low}-{high}",
                severity=NOW if paid[low] and paid[high] else SOON,
                programme_id=programme["programme_id"],
                person_id=own_person(tables)[low],
                record_id=younger,
                other_record=older,
                first_day=first,
                last_day=last,
                money_minor=minor,
                currency=currency,
                facts={
                    "programme": programme["code"], "since": str(since[older]),
                    "again": str(since[younger]), "first": str(first), "last": str(last),
                    "payments": len(paid[younger]), "money": minor, "currency": currency,
                },
            )
        )  # fmt: skip
    return found


def _twice(tables: Tables) -> list[tuple[int, int]]:
    """Pairs of records of one programme about the same person."""
    programmes = {row["record_id"]: row["programme_id"] for row in tables["record"]}
    own = [
        {"programme": programmes[record], "person": person, "record": record}
        for record, person in own_person(tables).items()
    ]
    return [
        pair
        for rows in by(own, "programme", "person").values()
        for pair in combinations(sorted(row["record"] for row in rows), 2)
    ]


def _since(tables: Tables) -> dict[int, date]:
    """Since when each record is enrolled, by its own word or else by its first status."""
    firsts = {
        record: min(row["first_day"] for row in rows)
        for record, rows in by(tables["span"], "record_id").items()
    }
    return {
        row["record_id"]: row["enrolled_on"] or firsts[row["record_id"]]
        for row in tables["enrolment"]
        if row["record_id"] in firsts
    }


def _explain(facts: Facts, say: Say) -> str:
    return say(
        "One person is enrolled twice in {programme}, since {since} and again since {again}; both "
        "were active at the same time from {first} to {last}, and the later one was given "
        "{amount} in that time."
    ).format(**facts, amount=amount(facts, say))


ANNA = Who(501, "1958-03-14")

CHECK = Check(
    code="K01",
    version=1,
    title="Same person twice in one programme",
    about="Two records of one programme are about the same person, and both are active at the "
    "same time: somebody was registered again, by mistake or on purpose.",
    rule="Two records of one programme whose own person is the same linked person, both active on "
    "more than `tolerance_days` days, at least one of them in the period. The later enrolment is "
    "the one to look at; what it was given in that time is the money at stake.",
    safeguards="Twins, cousins of one name, father and son may have been linked wrongly: confirm "
    "who is who first. The older right stays. Moving to another office leaves a day or two.",
    tables=("span", "appearance", "record", "benefit", "programme", "enrolment"),
    parameters=Limits,
    sql=_sql,
    plain=_plain,
    explain=_explain,
    examples=(
        Example(
            title="Registered again eight weeks later, and paid twice",
            tables=Story()
            .programme(1, "OAP")
            .enrol(11, 1, ANNA, paid="07-03 08-03 09-03")
            .enrol(12, 1, ANNA, since="2026-03-08", paid="07-03 08-03")
            .tables,
            finds=[
                "One person is enrolled twice in OAP, since 2026-01-10 and again since 2026-03-08; "
                "both were active at the same time from 2026-03-08 to 2026-09-30, and the later "
                "one was given XTS 1,000.00 in that time."
            ],
        ),
        Example(
            title="Twins: same birth date and household, but two people",
            tables=Story()
            .programme(1, "CHG")
            .enrol(11, 1, Who(501, "2023-02-02"), paid="07-08")
            .enrol(12, 1, Who(502, "2023-02-02"), paid="07-08")
            .tables,
            finds=[],
        ),
        Example(
            title="Moved to another office: one ends on the day on which the other begins",
            tables=Story()
            .programme(1, "OAP")
            .enrol(11, 1, ANNA, until="2026-08-12", paid="07-03 08-03")
            .enrol(12, 1, ANNA, since="2026-08-12", paid="09-03")
            .tables,
            finds=[],
        ),
        Example(
            title="In two programmes: what that means is said by K06",
            tables=Story()
            .programme(1, "OAP")
            .programme(2, "HIF")
            .enrol(11, 1, ANNA, paid="07-03")
            .enrol(12, 2, ANNA, paid="07-03")
            .tables,
            finds=[],
        ),
    ),
)
