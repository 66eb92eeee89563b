"""K16: more than is due in a cycle, or the same benefit twice in one."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from typing import Annotated, NamedTuple

from msgspec import Meta

from ibr.overlaps.checks import plain_tools as plain
from ibr.overlaps.checks.model import (
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
from ibr.overlaps.checks.sql_parts import (
    LISTED,
    OWN,
    age,
    cycle,
    cycle_begins,
    earliest_birth,
    money,
)
from ibr.overlaps.checks.story import Story, Who
from ibr.overlaps.checks.words import amount, number, several


class Limits(Parameters, frozen=True, kw_only=True):
    arrears_cycles: Annotated[
        int, Meta(ge=0, le=60, description="unpaid cycles just before that may be made up for")
    ] = 6
    often: Annotated[
        tuple[int, ...], Meta(description="types of benefit that may come several times a cycle: "
                              "training, days of work, insurance")
    ] = (4, 5, 6)  # fmt: skip
    now_cycles: Annotated[
        int, Meta(ge=1, le=60, description="cycles from which it is to be looked at now")
    ] = 3


_MONTHS = "coalesce(nullif(p.cycle_months, 0), 1)"

_SCHEDULED = f"""scheduled as (
    select distinct programme_id from programme_rule where kind = 'amount'
),
totals as (
    select g.record_id, g.programme_id, {_MONTHS} as months, {cycle("given_on", _MONTHS)} as number,
        min(given_on) as first_on, max(given_on) as last_on, count(*) as times, sum(minor) as minor,
        max(g.currency) as currency
    from given g join programme p using (programme_id)
    where g.programme_id in (select programme_id from scheduled)
    group by g.record_id, g.programme_id, {_MONTHS}, {cycle("given_on", _MONTHS)}
),
sizes as (
    select r.record_id, coalesce(nullif(any_value(r.group_size), 0), nullif(count(l.person_id), 0),
        1) as people
    from record r left join listed l on l.record_id = r.record_id group by r.record_id
),
ages as (
    select record_id, min({earliest_birth("a")}) as born from appearance a
    where is_own and member_no is not null group by record_id
),
-- Of several rows of a schedule the highest that fits is due.
due as (
    select t.record_id, t.number, max(worth) as due,
        max(worth * (100 + coalesce(tolerance, 0))) as ceiling
    from (
        select t.*, coalesce((value->>'tolerance_percent')::integer, 0) as tolerance,
            (value->>'minor')::bigint * if(value->>'per' = 'member', least(s.people,
                coalesce((value->>'most_members')::integer, s.people)), 1) as worth
        from totals t join programme_rule r using (programme_id) join sizes s using (record_id)
            left join ages using (record_id)
        where r.kind = 'amount' and r.valid_from <= t.first_on
            and coalesce(r.valid_to, t.first_on) >= t.first_on
            and value->>'currency' = t.currency
            and (value->>'from_age' is null or born is null
                or {age("born", "t.first_on")} >= (value->>'from_age')::integer)
    ) t group by t.record_id, t.number
)"""


def _sql(limits: Limits, period: Period) -> str:
    often, cycle_no = ", ".join(map(str, limits.often or (-1,))), cycle("given_on", _MONTHS)
    return f"""
with {OWN}, {LISTED}, {money(period)}, {_SCHEDULED},
suspects as (
    select t.record_id, t.programme_id, t.months, t.number, first_on, last_on, times,
        t.minor as minor, due, ceiling, true as by_schedule
    from totals t join due using (record_id, number) where t.minor * 100 > ceiling
    union all
    select g.record_id, g.programme_id, {_MONTHS}, {cycle_no}, min(given_on), max(given_on),
        count(*), any_value(minor), null, null, false
    from given g join programme p using (programme_id)
    where g.programme_id not in (select programme_id from scheduled)
        and g.benefit_type not in ({often})
    group by g.record_id, g.programme_id, {_MONTHS}, {cycle_no}, g.benefit_type, minor
    having count(*) > 1
),
before as (
    select s.record_id, s.number, max({cycle("b.given_on", "s.months")}) as last_paid
    from (select distinct record_id, number, months from suspects) s
        join benefit b on b.record_id = s.record_id
    where {cycle("b.given_on", "s.months")} < s.number group by s.record_id, s.number
),
-- Cycles just before in which nothing was given may be made up for in this one.
open_cycles as (
    select s.*, greatest(0, least({limits.arrears_cycles}, coalesce(number - last_paid - 1,
        number - {cycle("e.enrolled_on", "s.months")}, {limits.arrears_cycles}))) as missing
    from suspects s left join before using (record_id, number)
        left join enrolment e using (record_id)
),
beyond as (
    select *, if(by_schedule, minor - due * (1 + missing), (times - 1 - missing) * minor) as excess
    from open_cycles
    where if(by_schedule, minor * 100 > ceiling * (1 + missing), times > 1 + missing)
),
summed as (
    select record_id, programme_id, min(first_on) as first_on, max(last_on) as last_on,
        list_sort(list(distinct strftime({cycle_begins("number", "months")}, '%Y-%m'))) as cycles,
        sum(times)::bigint as times, sum(excess)::bigint as excess, max(due)::bigint as due,
        sum(missing)::bigint as missing
    from beyond group by record_id, programme_id
)
select s.record_id::varchar as subject,
    if(len(cycles) >= {limits.now_cycles}, {NOW}, {SOON}) as severity,
    s.programme_id, o.person_id, s.record_id, first_on as first_day, last_on as last_day,
    excess as money_minor, if(excess is null, null, p.currency) as currency,
    {{'programme': p.code, 'cycles': cycles, 'payments': times, 'due': due, 'missing': missing,
      'money': excess, 'currency': if(excess is null and due is null, null, p.currency)}} as facts
from summed s join programme p using (programme_id) left join own o using (record_id)
"""


class _Beyond(NamedTuple):
    number: int
    days: list[date]
    due: int | None
    missing: int
    excess: int | None


def _plain(tables: Tables, limits: Limits, period: Period) -> list[Found]:
    programmes, own = plain.one_by(tables["programme"], "programme_id"), plain.own_person(tables)
    records, found = plain.one_by(tables["record"], "record_id"), []
    scheduled = {r["programme_id"] for r in tables["programme_rule"] if r["kind"] == "amount"}
    for record, given in plain.given_in(tables, period).items():
        programme = programmes[records[record]["programme_id"]]
        months = programme["cycle_months"] or 1
        beyond = []
        for cycle_no in sorted({plain.cycle(each.on, months) for each in given}):
            now = [each for each in given if plain.cycle(each.on, months) == cycle_no]
            missing = _missing(tables, record, cycle_no, months, limits)
            if programme["programme_id"] in scheduled:
                beyond += _above_schedule(tables, records[record], now, cycle_no, missing)
            else:
                beyond += _repeated(now, cycle_no, missing, limits)
        if beyond:
            found.append(_found(record, own.get(record), programme, months, beyond, limits))
    return found


def _missing(tables: Tables, record: int, cycle_no: int, months: int, limits: Limits) -> int:
    """Cycles just before in which nothing was given; they may be made up for."""
    paid = [
        plain.cycle(row["given_on"], months)
        for row in tables["benefit"]
        if row["record_id"] == record and plain.cycle(row["given_on"], months) < cycle_no
    ]
    since = next((r["enrolled_on"] for r in tables["enrolment"] if r["record_id"] == record), None)
    if paid:
        missing = cycle_no - max(paid) - 1
    elif since is not None:
        missing = cycle_no - plain.cycle(since, months)
    else:
        missing = limits.arrears_cycles
    return max(0, min(limits.arrears_cycles, missing))


def _above_schedule(
    tables: Tables, record: Row, now: list[plain.Given], cycle_no: int, missing: int
) -> list[_Beyond]:
    own = [
        r for r in plain.present(tables) if r["is_own"] and r["record_id"] == record["record_id"]
    ]
    people = plain.people_of(tables).get(record["record_id"], set())
    size, first = record["group_size"] or len(people) or 1, min(each.on for each in now)
    births = [span[0] for row in own if (span := plain.births(row)) is not None]
    due: list[tuple[int, int]] = []
    for row in tables["programme_rule"]:
        rule = json.loads(row["value"])
        if (row["kind"], row["programme_id"]) != ("amount", record["programme_id"]):
            continue
        old_enough = not births or plain.age(min(births), first) >= rule.get("from_age", -999)
        currency = plain.one_by(tables["programme"], "programme_id")[row["programme_id"]][
            "currency"
        ]
        if plain.holds_on(row, first) and old_enough and rule["currency"] == currency:
            times = min(size, rule.get("most_members", size)) if rule["per"] == "member" else 1
            worth = rule["minor"] * times
            due.append((worth, worth * (100 + rule.get("tolerance_percent", 0))))
    total = plain.total(now)
    if not due or total is None:
        return []
    most, ceiling = max(each[0] for each in due), max(each[1] for each in due)
    if total * 100 <= ceiling * (1 + missing):
        return []
    excess = total - most * (1 + missing)
    return [_Beyond(cycle_no, [each.on for each in now], most, missing, excess)]


def _repeated(now: list[plain.Given], cycle_no: int, missing: int, limits: Limits) -> list[_Beyond]:
    same = Counter((each.kind, each.minor) for each in now if each.kind not in limits.often)
    return [
        _Beyond(
            cycle_no,
            [each.on for each in now if (each.kind, each.minor) == (kind, minor)],
            None,
            missing,
            None if minor is None else (times - 1 - missing) * minor,
        )
        for (kind, minor), times in same.items()
        if times > 1 + missing
    ]


def _found(
    record: int, person: int | None, programme: Row, months: int, beyond: list[_Beyond],
    limits: Limits,
) -> Found:  # fmt: skip
    days = [day for each in beyond for day in each.days]
    cycles = sorted({f"{plain.cycle_begins(each.number, months):%Y-%m}" for each in beyond})
    sums = [each.excess for each in beyond if each.excess is not None]
    excess = sum(sums) if sums else None
    due = max((each.due for each in beyond if each.due is not None), default=None)
    known = excess is not None or due is not None
    return Found(
        subject=str(record),
        severity=NOW if len(cycles) >= limits.now_cycles else SOON,
        programme_id=programme["programme_id"],
        person_id=person,
        record_id=record,
        first_day=min(days),
        last_day=max(days),
        money_minor=excess,
        currency=None if excess is None else programme["currency"],
        facts={
            "programme": programme["code"], "cycles": cycles, "payments": len(days), "due": due,
            "missing": sum(each.missing for each in beyond), "money": excess,
            "currency": programme["currency"] if known else None,
        },
    )  # fmt: skip


def _explain(facts: Facts, say: Say) -> str:
    if facts["due"] is not None:
        words = say(
            "{programme} gave more than the {due} that is due in a cycle, in the cycles that began "
            "in {cycles}: {amount} too much."
        )
    else:
        words = say(
            "{programme} gave the same benefit more than once in the cycles that began in {cycles} "
            "({payments} in all): {amount} too much."
        )
    if number(facts, "missing"):
        words += " " + say("Unpaid cycles just before are taken off already: {missing}.")
    return words.format(
        **{**facts, "cycles": several(facts, "cycles"), "due": amount(facts, say, "due")},
        amount=amount(facts, say),
    )


ANNA = Who(501, "1958-03-14")


def _pension() -> Story:
    story = Story().programme(1, "OAP")
    story.rule(1, "amount", minor=1200_00, currency="XTS", per="unit", tolerance_percent=5)
    return story.rule(1, "amount", minor=1500_00, currency="XTS", per="unit", from_age=80)


CHECK = Check(
    code="K16",
    version=1,
    title="Amount outside the schedule",
    about="More was given in a cycle than the programme's schedule says; or, where there is no "
    "schedule in the registry, the same benefit came twice in one cycle.",
    rule="With a schedule (`amount`): the sum of a cycle is above the highest row that fits, with "
    "its tolerance. Without one: two benefits of the same type and value in one cycle, unless the "
    "type is among `often`. Cycles just before in which nothing was given, at most "
    "`arrears_cycles`, may be made up for: they raise what is due and are named.",
    safeguards="Arrears are lawful and are taken off. Instalments of one amount are no double "
    "payment where a schedule is known. Ask the programme's finance office; the person has done "
    "nothing wrong.",
    tables=("appearance", "record", "enrolment", "benefit", "programme", "programme_rule"),
    parameters=Limits,
    sql=_sql,
    plain=_plain,
    explain=_explain,
    examples=(
        Example(
            title="Two pensions in one month",
            tables=_pension()
            .enrol(11, 1, ANNA, paid="01-03 02-03 03-03 04-03 05-03 06-03", amount=1200_00)
            .pay(11, 1, "07-03 07-20 08-03 09-03", 1200_00)
            .tables,
            finds=[
                "OAP gave more than the XTS 1,200.00 that is due in a cycle, in the cycles that"
                " began in 2026-07: XTS 1,200.00 too much.",
            ],
        ),
        Example(
            title="Arrears: nothing in July, twice the amount in August",
            tables=_pension()
            .enrol(11, 1, ANNA, paid="01-03 02-03 03-03 04-03 05-03 06-03", amount=1200_00)
            .pay(11, 1, "08-03", 2400_00)
            .tables,
            finds=[],
        ),
        Example(
            title="More from 80, and within the tolerance",
            tables=_pension()
            .enrol(11, 1, Who(502, "1940-02-02"), since="2026-07-01", paid="07-03", amount=1500_00)
            .enrol(12, 1, ANNA, since="2026-07-01", paid="07-03", amount=1250_00)
            .tables,
            finds=[],
        ),
        Example(
            title="No schedule: the same basket twice in one quarter",
            tables=Story()
            .programme(1, "FOOD", unit=2, cycle=3)
            .enrol(11, 1, ANNA, since="2026-07-01", paid="07-15 08-15", amount=640_00, kind=3)
            .tables,
            finds=[
                "FOOD gave the same benefit more than once in the cycles that began in 2026-07 "
                "(2 in all): XTS 640.00 too much.",
            ],
        ),
    ),
)
