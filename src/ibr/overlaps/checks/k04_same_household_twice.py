"""K04: one household enrolled twice in one programme, under different heads."""

from __future__ import annotations

from datetime import date
from itertools import combinations
from typing import Annotated, NamedTuple

from msgspec import Meta

from ibr.overlaps.checks import plain_tools as plain
from ibr.overlaps.checks.model import (
    INFORM,
    NOW,
    SOON,
    Check,
    Example,
    Facts,
    Found,
    Parameters,
    Period,
    Row,
    Say,
    Tables,
)
from ibr.overlaps.checks.sql_parts import active, age, day, earliest_birth, money
from ibr.overlaps.checks.story import Story, Who
from ibr.overlaps.checks.words import amount


class Limits(Parameters, frozen=True, kw_only=True):
    shared_members: Annotated[
        int, Meta(ge=1, le=50, description="people in both records from which they are compared")
    ] = 2
    split_months: Annotated[
        int, Meta(ge=0, le=120, description="months after its enrolment in which a household made "
                  "of people who left another is looked at")
    ] = 12  # fmt: skip
    child_age: Annotated[int, Meta(ge=1, le=30, description="years; younger is a child")] = 18


_PAIRS = """pairs as (
    select x.programme_id, x.record_id as low, y.record_id as high,
        count(*) filter (x.is_now and y.is_now) as shared, count(*) as ever_shared,
        count(*) filter (x.is_now and y.is_now and x.is_child) as low_children_shared,
        count(*) filter (x.is_now and y.is_now and y.is_child) as high_children_shared,
        count(*) filter (x.is_now) as of_low, count(*) filter (y.is_now) as of_high
    from named x join named y using (programme_id, person_id) where x.record_id < y.record_id
    group by all
),
sizes as (
    select record_id, count(*) filter (is_now) as people,
        count(*) filter (is_now and is_child) as children
    from named group by record_id
),
beside as (
    select low, high, min(greatest(p.first_day, q.first_day)) as first_day,
        max(least(p.last_day, q.last_day)) as last_day
    from pairs join active p on p.record_id = low join active q on q.record_id = high
    where greatest(p.first_day, q.first_day) <= least(p.last_day, q.last_day)
    group by low, high
),
ordered as (
    select pairs.*, first_day, last_day, coalesce(a.enrolled_on <= z.enrolled_on, true) as
        low_is_older, a.enrolled_on as low_since, z.enrolled_on as high_since,
        l.people as low_people, h.people as high_people, l.children as low_children,
        h.children as high_children
    from pairs join beside using (low, high)
        join sizes l on l.record_id = low join sizes h on h.record_id = high
        join enrolment a on a.record_id = low join enrolment z on z.record_id = high
)"""
"""Which records of households share people, now or once, and how long both were active."""


def _sql(limits: Limits, period: Period) -> str:
    born = earliest_birth("a")
    return f"""
with {active(period.last)}, {money(period)},
named as (
    select record_id, a.programme_id, person_id, bool_or(member_no is not null) as is_now,
        coalesce(bool_or({age(born, day(period.last))} < {limits.child_age}), false) as is_child
    from appearance a join record r using (record_id) where r.unit <> 1
    group by record_id, a.programme_id, person_id
),
{_PAIRS},
judged as (
    select programme_id, low, high, shared, ever_shared, first_day, last_day,
        if(low_is_older, high, low) as younger, if(low_is_older, low, high) as older,
        if(low_is_older, high_since, low_since) as since,
        if(low_is_older, of_high, of_low) as came,
        if(low_is_older, high_people, low_people) as younger_people,
        shared >= {limits.shared_members}
            or (shared > 0 and shared in (low_people, high_people))
            or (low_children > 0 and low_children_shared = low_children)
            or (high_children > 0 and high_children_shared = high_children) as together
    from ordered
),
kept as (
    select *, last_day >= {day(period.first)} and (together or (came * 2 >= younger_people
        and came > 0 and since + interval {limits.split_months} month >= {day(period.first)}))
        as counts
    from judged
),
paid as (
    select low, high, sum(minor)::bigint as minor, count(*) as times
    from kept join given on record_id = younger and given_on between first_day and last_day
    where counts group by low, high
)
select low || '-' || high as subject,
    if(not together, {INFORM}, if(coalesce(times, 0) > 0, {NOW}, {SOON})) as severity,
    k.programme_id, younger as record_id, older as other_record, first_day, last_day,
    minor as money_minor, if(minor is null, null, p.currency) as currency,
    {{'programme': p.code, 'shared': shared, 'people': younger_people, 'came': came,
      'since': since::varchar, 'together': together, 'first': first_day::varchar,
      'last': last_day::varchar, 'payments': coalesce(times, 0), 'money': minor,
      'currency': if(minor is null, null, p.currency)}} as facts
from kept k join programme p using (programme_id) left join paid using (low, high) where counts
"""


class _Named(NamedTuple):
    """Whom a household's record names now, those it ever named, and its children now."""

    now: set[int]
    ever: set[int]
    children: set[int]


def _plain(tables: Tables, limits: Limits, period: Period) -> list[Found]:
    times, given = plain.active_times(tables, period.last), plain.given_in(tables, period)
    programmes = plain.one_by(tables["programme"], "programme_id")
    enrolled, named = plain.one_by(tables["enrolment"], "record_id"), _named(tables, limits, period)
    records = [each for each in tables["record"] if each["record_id"] in named]
    found = []
    for x, y in combinations(sorted(records, key=lambda each: int(each["record_id"])), 2):
        low, high = x["record_id"], y["record_id"]
        beside = plain.common(times.get(low, ()), times.get(high, ()))
        if x["programme_id"] != y["programme_id"] or not beside:
            continue
        if not {low, high} <= set(enrolled) or not named[low].ever & named[high].ever:
            continue
        a, z = enrolled[low]["enrolled_on"], enrolled[high]["enrolled_on"]
        older, younger = (low, high) if a is None or z is None or a <= z else (high, low)
        together = _together(named[low], named[high], limits)
        last = max(end for _, end in beside)
        came = len(named[younger].now & named[older].ever)
        since = enrolled[younger]["enrolled_on"]
        left = came > 0 and came * 2 >= len(named[younger].now) and _lately(since, limits, period)
        if last >= period.first and (together or left):
            first = min(beside)[0]
            paid = [one for one in given.get(younger, ()) if first <= one.on <= last]
            facts: Facts = {
                "programme": programmes[x["programme_id"]]["code"],
                "shared": len(named[low].now & named[high].now),
                "people": len(named[younger].now), "came": came,
                "since": None if since is None else str(since), "together": together,
                "first": str(first), "last": str(last), "payments": len(paid),
            }  # fmt: skip
            found.append(_found((low, high), (younger, older), beside, paid, facts,
                                programmes[x["programme_id"]]))  # fmt: skip
    return found


def _named(tables: Tables, limits: Limits, period: Period) -> dict[int, _Named]:
    units = {row["record_id"]: row["unit"] for row in tables["record"]}
    found: dict[int, _Named] = {}
    for row in tables["appearance"]:
        if units.get(row["record_id"], 1) == 1:
            continue
        named = found.setdefault(row["record_id"], _Named(set(), set(), set()))
        named.ever.add(row["person_id"])
        if row["member_no"] is not None:
            named.now.add(row["person_id"])
        born = plain.births(row)
        if born is not None and plain.age(born[0], period.last) < limits.child_age:
            named.children.add(row["person_id"])
    return {each: _Named(n.now, n.ever, n.children & n.now) for each, n in found.items()}


def _together(one: _Named, other: _Named, limits: Limits) -> bool:
    """Whether two records name so many of the same people that they may be one household."""
    shared = one.now & other.now
    return (
        len(shared) >= limits.shared_members
        or (bool(shared) and shared in (one.now, other.now))
        or any(each.children and each.children <= shared for each in (one, other))
    )


def _lately(since: date | None, limits: Limits, period: Period) -> bool:
    return since is not None and since >= plain.month_before(period.first, limits.split_months)


def _found(
    pair: tuple[int, int], sides: tuple[int, int], beside: list[plain.Span],
    paid: list[plain.Given], facts: Facts, programme: Row,
) -> Found:  # fmt: skip
    minor, currency = plain.at_stake(paid, programme)
    return Found(
        subject=f"{pair[0]}-{pair[1]}",
        severity=INFORM if not facts["together"] else NOW if paid else SOON,
        programme_id=programme["programme_id"],
        record_id=sides[0],
        other_record=sides[1],
        first_day=min(beside)[0],
        last_day=max(end for _, end in beside),
        money_minor=minor,
        currency=currency,
        facts={**facts, "money": minor, "currency": currency},
    )


def _explain(facts: Facts, say: Say) -> str:
    words = say(
        "Two households in {programme} have people in common ({shared}; the later one names "
        "{people} in all), and both were active from {first} to {last}; the later one was given "
        "{amount} in that time."
    )
    if not facts["together"]:
        words = say(
            "A household enrolled in {programme} on {since} is made of people who were in another "
            "one there: {came} of {people}. The other no longer names them; see that both are "
            "paid for the right people. The new one was given {amount}."
        )
    return words.format(**facts, amount=amount(facts, say))


def _family() -> Story:
    """A family of four, enrolled since 2025."""
    story = Story().programme(1, "PCT", unit=2)
    return story.enrol(11, 1, HANA, ALI, LEILA, SAMI, since="2025-02-01", paid="07-08 08-08")


HANA, ALI = Who(701, "1985-05-17"), Who(702, "1983-09-30", sex=1)
LEILA, SAMI = Who(703, "2015-03-08"), Who(704, "2018-11-21", sex=1)
GRANDMOTHER = Who(705, "1950-06-06")

CHECK = Check(
    code="K04",
    version=1,
    title="Same household under different heads",
    about="One household is enrolled twice in a programme for households, the second time with "
    "another head; or it was split on paper to be paid twice.",
    rule="Two records of households in one programme, both active at the same time in the period, "
    "name `shared_members` of the same people; or all of one are in the other; or all children of "
    "one are. Also, for information: a household enrolled within `split_months` of which half or "
    "more were once in another one that no longer names them.",
    safeguards="Extended and polygamous families, separated parents, refugees and people who "
    "share a dwelling are several households. A grown child who founds a household leaves a "
    "record that is only corrected later. Ask who lives together before anything else.",
    tables=("span", "appearance", "record", "enrolment", "benefit", "programme"),
    parameters=Limits,
    sql=_sql,
    plain=_plain,
    explain=_explain,
    examples=(
        Example(
            title="The husband is enrolled as head with both children",
            tables=_family()
            .enrol(12, 1, ALI, LEILA, SAMI, since="2026-05-01", paid="07-08 08-08", amount=800_00)
            .tables,
            finds=[
                "Two households in PCT have people in common (3; the later one names 3 in all),"
                " and both were active from 2026-05-01 to 2026-09-30; the later one was given "
                "XTS 1,600.00 in that time.",
            ],
        ),
        Example(
            title="A son founded a household and is still named in the old one",
            tables=_family().enrol(12, 1, SAMI, since="2026-05-01", unit=2).tables,
            finds=[
                "Two households in PCT have people in common (1; the later one names 1 in all),"
                " and both were active from 2026-05-01 to 2026-09-30; the later one was given "
                "nothing in that time.",
            ],
        ),
        Example(
            title="Mother and children left, and the old record says so: information only",
            tables=Story()
            .programme(1, "PCT", unit=2)
            .enrol(11, 1, ALI, HANA._replace(gone=True), LEILA._replace(gone=True), GRANDMOTHER)
            .enrol(12, 1, HANA, LEILA, since="2026-05-01", paid="07-08")
            .tables,
            finds=[
                "A household enrolled in PCT on 2026-05-01 is made of people who were in "
                "another one there: 2 of 2. The other no longer names them; see that both are "
                "paid for the right people. The new one was given XTS 500.00.",
            ],
        ),
        Example(
            title="Separated parents: one of two children is named by both",
            tables=Story()
            .programme(1, "PCT", unit=2)
            .enrol(11, 1, HANA, LEILA, SAMI)
            .enrol(12, 1, ALI, LEILA, Who(706, "2022-01-20"))
            .tables,
            finds=[],
        ),
        Example(
            title="A grandmother cares for two households",
            tables=Story()
            .programme(1, "PCT", unit=2)
            .enrol(11, 1, HANA, LEILA, GRANDMOTHER)
            .enrol(12, 1, ALI, SAMI, GRANDMOTHER)
            .tables,
            finds=[],
        ),
        Example(
            title="The first record ended before the second began",
            tables=Story()
            .programme(1, "PCT", unit=2)
            .enrol(11, 1, HANA, ALI, LEILA, SAMI, since="2025-02-01", until="2026-06-30")
            .enrol(12, 1, ALI, HANA, LEILA, SAMI, since="2026-07-01")
            .tables,
            finds=[],
        ),
    ),
)
