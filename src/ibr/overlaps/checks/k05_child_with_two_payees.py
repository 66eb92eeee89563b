"""K05: one child for whom two payees receive a benefit of the same kind."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Annotated, Any

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
    Say,
    Tables,
)
from ibr.overlaps.checks.sql_parts import (
    HEADS,
    LISTED,
    active,
    age,
    day,
    earliest_birth,
    in_force,
    live,
    money,
    texts,
)
from ibr.overlaps.checks.story import Story, Who
from ibr.overlaps.checks.words import amount, several

PAYEES = ("PAYEE", "CAREGIVER", "GUARD", "GUARDIAN", "POWATT", "PROXY", "TRUSTEE")


class Limits(Parameters, frozen=True, kw_only=True):
    child_age: Annotated[int, Meta(ge=1, le=30, description="years; younger is a child")] = 18
    ties: Annotated[
        tuple[str, ...], Meta(description="relationships that make somebody a payee")
    ] = PAYEES


_PAYEES = """known_numbers as (
    select distinct n.kind, n.token, l.person_id
    from number n join appearance a using (record_id, appearance_no)
        join listed l on l.record_id = n.record_id and l.person_id = a.person_id
    where n.tie = ''
),
payees as (
    select n.record_id, coalesce('p' || k.person_id, 't' || n.kind || n.token) as payee
    from acting n left join known_numbers k using (kind, token)
    union select record_id, 'p' || person_id from heads
),
paid_to as (select record_id, list(distinct payee) as payees from payees group by record_id)"""
"""To whom each record is paid: those named as payees, and the head of a household."""


def _sql(limits: Limits, period: Period) -> str:
    born = earliest_birth("a")
    return f"""
with {active(period.last)}, {live(period)}, {HEADS}, {LISTED}, {money(period)},
acting as (select * from number where tie in {texts(limits.ties)}),
{_PAYEES},
-- Programmes for children are those whose rules have an oldest age below that of an adult.
for_children as (
    select distinct programme_id from programme_rule
    where kind = 'age_to' and (value->>'years')::integer < {limits.child_age}
        and {in_force("programme_rule", period)}
),
children as (
    select distinct a.person_id, a.record_id, a.programme_id, p.benefit_type,
        p.programme_id in (select programme_id from for_children) as is_for_children
    from appearance a join programme p using (programme_id)
    where a.member_no is not null
        and {age(born, day(period.last))} < {limits.child_age}
        and a.record_id in (select record_id from live)
),
claimed as (
    select x.person_id, x.record_id as low, y.record_id as high
    from children x join children y using (person_id)
    where x.record_id < y.record_id and (x.programme_id = y.programme_id
        or (x.is_for_children and y.is_for_children and x.benefit_type = y.benefit_type))
),
sums as (select record_id, month, sum(minor) as minor from given group by record_id, month),
both_paid as (
    select c.person_id, low, high, list_sort(list(strftime(x.month, '%Y-%m'))) as months,
        sum(y.minor)::bigint as minor, min(x.month) as first_day,
        last_day(max(x.month)) as last_day
    from claimed c join paid_to a on a.record_id = low join paid_to z on z.record_id = high
        join sums x on x.record_id = low join sums y on y.record_id = high and y.month = x.month
    where not list_has_any(a.payees, z.payees)
    group by c.person_id, low, high
)
select low || '-' || high || ':' || person_id as subject,
    if(l.programme_id = h.programme_id, {NOW}, {SOON}) as severity,
    h.programme_id, l.programme_id as other_programme, person_id, high as record_id,
    low as other_record, first_day, last_day, minor as money_minor,
    if(minor is null, null, q.currency) as currency,
    {{'programme': q.code, 'other': p.code, 'months': months, 'money': minor,
      'currency': if(minor is null, null, q.currency)}} as facts
from both_paid join record l on l.record_id = low join record h on h.record_id = high
    join programme p on p.programme_id = l.programme_id
    join programme q on q.programme_id = h.programme_id
"""


def _plain(tables: Tables, limits: Limits, period: Period) -> list[Found]:
    given = plain.given_in(tables, period)
    alive = plain.live_records(plain.active_times(tables, period.last), period)
    programmes = plain.one_by(tables["programme"], "programme_id")
    for_children = {
        row["programme_id"]
        for row in tables["programme_rule"]
        if row["kind"] == "age_to"
        and json.loads(row["value"])["years"] < limits.child_age
        and plain.holds(row, period)
    }
    children: dict[int, dict[int, int]] = {}
    for row in plain.present(tables):
        born = plain.births(row)
        young = born is not None and plain.age(born[0], period.last) < limits.child_age
        if young and row["record_id"] in alive:
            children.setdefault(row["person_id"], {})[row["record_id"]] = row["programme_id"]
    payees, found = _payees(tables, limits), []
    for person, records in children.items():
        for low, high in combinations(sorted(records), 2):
            one, two = programmes[records[low]], programmes[records[high]]
            both = {one["programme_id"], two["programme_id"]} <= for_children
            if one is not two and not (both and one["benefit_type"] == two["benefit_type"]):
                continue
            a, z = payees.get(low, set()), payees.get(high, set())
            months = {x.month for x in given.get(low, ())} & {x.month for x in given.get(high, ())}
            if months and a and z and not a & z:
                paid = [each for each in given[high] if each.month in months]
                found.append(_found((low, high, person), one, two, sorted(months), paid))
    return found


def _payees(tables: Tables, limits: Limits) -> dict[int, set[str]]:
    """To whom each record is paid: those named as payees, and the head of a household."""
    people = {
        (row["record_id"], row["appearance_no"]): row["person_id"] for row in plain.present(tables)
    }
    bearers: dict[tuple[str, int], set[int]] = {}
    for row in tables["number"]:
        person = people.get((row["record_id"], row["appearance_no"]))
        if row["tie"] == "" and person is not None:
            bearers.setdefault((row["kind"], row["token"]), set()).add(person)
    found: dict[int, set[str]] = {}
    for row in tables["number"]:
        if row["tie"] in limits.ties:
            known = bearers.get((row["kind"], row["token"]), set())
            unknown = {f"t{row['kind']}{row['token']}"}
            found.setdefault(row["record_id"], set()).update({f"p{each}" for each in known}
                                                             or unknown)  # fmt: skip
    for record, people_there in plain.heads_of(tables).items():
        found.setdefault(record, set()).update(f"p{each}" for each in people_there)
    return found


def _found(
    subject: tuple[int, int, int], one: dict[str, Any], two: dict[str, Any], months: list[Any],
    paid: list[plain.Given],
) -> Found:  # fmt: skip
    low, high, person = subject
    minor, currency = plain.at_stake(paid, two)
    return Found(
        subject=f"{low}-{high}:{person}",
        severity=NOW if one is two else SOON,
        programme_id=two["programme_id"],
        other_programme=one["programme_id"],
        person_id=person,
        record_id=high,
        other_record=low,
        first_day=months[0],
        last_day=plain.last_of_month(months[-1]),
        money_minor=minor,
        currency=currency,
        facts={
            "programme": two["code"], "other": one["code"],
            "months": [f"{month:%Y-%m}" for month in months], "money": minor,
            "currency": currency,
        },
    )  # fmt: skip


def _explain(facts: Facts, say: Say) -> str:
    words = say(
        "For one child {other} and {programme} both gave benefits in {months}, to two different "
        "payees; the second record was given {amount}."
    )
    if facts["programme"] == facts["other"]:
        words = say(
            "For one child {programme} gave benefits to two different payees in {months}; the "
            "second record was given {amount}."
        )
    return words.format(**{**facts, "months": several(facts, "months")}, amount=amount(facts, say))


CHILD = Who(901, "2019-04-04")

CHECK = Check(
    code="K05",
    version=1,
    title="Child claimed by two payees",
    about="Two payees receive benefits of the same kind for one child in the same month. The "
    "child is entitled once; who receives it is for the programme to decide.",
    rule="A linked person surely younger than `child_age` is named by two records active in the "
    "period: of one programme, or of two programmes for children that give the same kind of "
    "benefit. Both gave something in the same month, and their payees are known and are not the "
    "same: payees named in the record, or the head of the household.",
    safeguards="Separated parents and relatives who take children in. There may be violence: "
    "never tell one side where the other lives, or that it applied. Ask for custody papers.",
    tables=("span", "appearance", "number", "record", "benefit", "programme", "programme_rule"),
    parameters=Limits,
    sql=_sql,
    plain=_plain,
    explain=_explain,
    examples=(
        Example(
            title="Mother and aunt both receive the child grant",
            tables=Story()
            .programme(1, "CHG")
            .enrol(11, 1, CHILD, paid="07-08 08-08", amount=350_00)
            .enrol(12, 1, CHILD, paid="07-08 08-08", amount=350_00)
            .number(11, 1, "UIN", 9001, tie="PAYEE")
            .number(12, 1, "UIN", 9002, tie="GUARD")
            .tables,
            finds=[
                "For one child CHG gave benefits to two different payees in 2026-07, 2026-08; "
                "the second record was given XTS 700.00.",
            ],
        ),
        Example(
            title="Child grant and school meals: not the same kind of benefit",
            tables=Story()
            .programme(1, "CHG")
            .programme(2, "SCH", gives=3)
            .rule(1, "age_to", years=5)
            .rule(2, "age_to", years=15)
            .enrol(11, 1, CHILD, paid="07-08")
            .enrol(21, 2, CHILD, paid="07-25", kind=3, amount=None)
            .number(11, 1, "UIN", 9001, tie="PAYEE")
            .number(21, 2, "UIN", 9002, tie="PAYEE")
            .tables,
            finds=[],
        ),
        Example(
            title="The same mother in both records: that is K01",
            tables=Story()
            .programme(1, "CHG")
            .enrol(11, 1, CHILD, paid="07-08")
            .enrol(12, 1, CHILD, paid="07-08")
            .number(11, 1, "UIN", 9001, tie="PAYEE")
            .number(12, 1, "UIN", 9001, tie="PAYEE")
            .tables,
            finds=[],
        ),
        Example(
            title="Separated parents: the grant changed over from one to the other",
            tables=Story()
            .programme(1, "CHG")
            .enrol(11, 1, CHILD, until="2026-07-31", paid="07-08")
            .enrol(12, 1, CHILD, since="2026-08-01", paid="08-08 09-08")
            .number(11, 1, "UIN", 9001, tie="PAYEE")
            .number(12, 1, "UIN", 9002, tie="PAYEE")
            .tables,
            finds=[],
        ),
    ),
)
