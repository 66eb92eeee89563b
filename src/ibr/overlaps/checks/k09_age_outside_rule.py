"""K09: benefits given at an age for which the programme is not meant."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Annotated, NamedTuple

from msgspec import Meta

from ibr.overlaps.checks import plain_tools as plain
from ibr.overlaps.checks.model import (
    INFORM,
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
from ibr.overlaps.checks.sql_parts import OWN, age, earliest_birth, latest_birth, money
from ibr.overlaps.checks.story import Story, Who
from ibr.overlaps.checks.words import amount


class Limits(Parameters, frozen=True, kw_only=True):
    grace_days: Annotated[
        int, Meta(ge=0, le=366, description="days before the youngest or after the oldest age in "
                  "which a payment is still lawful")
    ] = 31  # fmt: skip


_ASKED = f"""rules as (
    select rule_no, programme_id, kind, (value->>'years')::integer as years,
        coalesce(value->>'of', 'person') as whose, legal_reference, valid_from, valid_to
    from programme_rule where kind in ('age_from', 'age_to')
),
asked as (
    select r.rule_no, a.record_id, a.person_id,
        {earliest_birth("a")} as born_from, {latest_birth("a")} as born_to
    from rules r join appearance a using (programme_id)
    where a.member_no is not null and (r.whose = 'member' or a.is_own
        or (r.whose = 'head' and a.is_head))
),
-- Whoever may just fit decides; where one birth date is not known, nobody is found.
judged as (
    select rule_no, record_id, min(born_from) as born_from, max(born_to) as born_to
    from asked group by rule_no, record_id having count(*) = count(born_from)
)"""


def _sql(limits: Limits, period: Period) -> str:
    grace = limits.grace_days
    young = f"kind = 'age_from' and {age('born_from', f'(given_on + {grace})')} < years"
    old = f"kind = 'age_to' and {age('born_to', f'(given_on - {grace})')} > years"
    fits_from = age("o.born_from", f"(first_on + {grace})")
    fits_to = age("o.born_to", f"(first_on - {grace})")
    return f"""
with {money(period)}, {OWN}, {_ASKED},
outside as (
    select g.record_id, g.programme_id, r.kind, min(given_on) as first_on,
        max(given_on) as last_on, if(r.kind = 'age_from', max(years), min(years)) as years,
        min(legal_reference) as law, min(born_from) as born_from, max(born_to) as born_to
    from given g join rules r using (programme_id)
        join judged j on j.rule_no = r.rule_no and j.record_id = g.record_id
    where r.valid_from <= given_on and coalesce(r.valid_to, given_on) >= given_on
        and (({young}) or ({old}))
    group by g.record_id, g.programme_id, r.kind
),
valued as (
    select o.*, (select sum(minor)::bigint from given g
        where g.record_id = o.record_id and g.given_on between first_on and last_on) as minor,
        if(kind = 'age_from', {age("born_from", "first_on")}, {age("born_to", "first_on")}) as age
    from outside o
),
-- Another record of the same person may know the birth date better.
others as (
    select distinct a.record_id, {earliest_birth("b")} as born_from,
        {latest_birth("b")} as born_to
    from asked a join appearance b using (person_id)
    where b.member_no is not null and b.record_id <> a.record_id
        and a.record_id in (select record_id from outside)
),
doubted as (
    select distinct record_id, kind from valued v join others o using (record_id)
    where (kind = 'age_from' and {fits_from} >= years) or (kind = 'age_to' and {fits_to} <= years)
)
select kind || ':' || record_id as subject,
    if(d.record_id is null, {SOON}, {INFORM}) as severity, v.programme_id,
    w.person_id, record_id,
    first_on as first_day, last_on as last_day, minor as money_minor,
    if(minor is null, null, p.currency) as currency,
    {{'programme': p.code, 'kind': kind, 'age': age, 'limit': years, 'law': law,
      'first': first_on::varchar, 'last': last_on::varchar,
      'doubt': d.record_id is not null, 'money': minor,
      'currency': if(minor is null, null, p.currency)}} as facts
from valued v join programme p using (programme_id)
    left join own w using (record_id) left join doubted d using (record_id, kind)
"""


class _Outside(NamedTuple):
    on: date
    years: int
    law: str
    born_from: date
    born_to: date


def _plain(tables: Tables, limits: Limits, period: Period) -> list[Found]:
    programmes = plain.one_by(tables["programme"], "programme_id")
    records, found = plain.one_by(tables["record"], "record_id"), []
    named, own = plain.by(plain.present(tables), "record_id"), plain.own_person(tables)
    for record, given in plain.given_in(tables, period).items():
        programme = programmes[records[record]["programme_id"]]
        for kind in ("age_from", "age_to"):
            outside = [
                wrong
                for rule in tables["programme_rule"]
                if (rule["programme_id"], rule["kind"]) == (programme["programme_id"], kind)
                for each in given
                if plain.holds_on(rule, each.on)
                if (wrong := _outside(rule, named.get(record, []), each.on, limits))
            ]
            if outside:
                first, last = min(each.on for each in outside), max(each.on for each in outside)
                minor = plain.total(each for each in given if first <= each.on <= last)
                doubt = _doubted(tables, kind, record, outside, limits)
                person = own.get(record)
                found.append(_found(kind, record, person, programme, outside, minor, doubt=doubt))
    return found


def _asked(rule: Row, rows: list[Row]) -> list[Row]:
    whose = json.loads(rule["value"]).get("of", "person")
    return [
        row
        for row in rows
        if whose == "member" or row["is_own"] or (whose == "head" and row["is_head"])
    ]


def _outside(rule: Row, rows: list[Row], on: date, limits: Limits) -> _Outside | None:
    years, asked = json.loads(rule["value"])["years"], _asked(rule, rows)
    spans = [span for row in asked if (span := plain.births(row)) is not None]
    if not asked or len(spans) < len(asked):
        return None
    wrong = _Outside(
        on, years, rule["legal_reference"], min(spans)[0], max(last for _, last in spans)
    )
    if rule["kind"] == "age_from":
        ok = plain.age(wrong.born_from, on + timedelta(days=limits.grace_days)) >= years
    else:
        ok = plain.age(wrong.born_to, on - timedelta(days=limits.grace_days)) <= years
    return None if ok else wrong


def _doubted(
    tables: Tables, kind: str, record: int, outside: list[_Outside], limits: Limits
) -> bool:
    """Whether another record of the same people has a birth date that would fit."""
    rules = [row for row in tables["programme_rule"] if row["kind"] in ("age_from", "age_to")]
    own = [row for row in plain.present(tables) if row["record_id"] == record]
    people = {
        row["person_id"]
        for rule in rules
        if rule["programme_id"] == own[0]["programme_id"]
        for row in _asked(rule, own)
    }
    first = min(each.on for each in outside)
    for row in plain.present(tables):
        born = plain.births(row)
        if row["person_id"] not in people or row["record_id"] == record or born is None:
            continue
        if kind == "age_from":
            oldest = plain.age(born[0], first + timedelta(days=limits.grace_days))
            if oldest >= max(each.years for each in outside):
                return True
        elif plain.age(born[1], first - timedelta(days=limits.grace_days)) <= min(
            each.years for each in outside
        ):
            return True
    return False


def _found(
    kind: str, record: int, person: int | None, programme: Row, outside: list[_Outside],
    minor: int | None, *, doubt: bool,
) -> Found:  # fmt: skip
    first, last = min(each.on for each in outside), max(each.on for each in outside)
    years = [each.years for each in outside]
    currency = None if minor is None else programme["currency"]
    at = (
        plain.age(min(each.born_from for each in outside), first)
        if kind == "age_from"
        else plain.age(max(each.born_to for each in outside), first)
    )
    return Found(
        subject=f"{kind}:{record}",
        severity=INFORM if doubt else SOON,
        programme_id=programme["programme_id"],
        person_id=person,
        record_id=record,
        first_day=first,
        last_day=last,
        money_minor=minor,
        currency=currency,
        facts={
            "programme": programme["code"], "kind": kind, "age": at,
            "limit": max(years) if kind == "age_from" else min(years),
            "law": min(each.law for each in outside), "first": str(first), "last": str(last),
            "doubt": doubt, "money": minor, "currency": currency,
        },
    )  # fmt: skip


def _explain(facts: Facts, say: Say) -> str:
    words = say(
        "{programme} gave {amount} from {first} to {last} at an age of {age}; its youngest age is "
        "{limit} ({law})."
    )
    if facts["kind"] == "age_to":
        words = say(
            "{programme} gave {amount} from {first} to {last} at an age of {age}; its oldest age "
            "is {limit} ({law})."
        )
    if facts["doubt"]:
        words += " " + say("Another record of the same person has a birth date that would fit.")
    return words.format(**facts, amount=amount(facts, say))


def _pension(birth: str | None, precision: int = 3) -> Story:
    story = Story().programme(1, "OAP").rule(1, "age_from", "Pensions Act, section 3", years=65)
    return story.enrol(11, 1, Who(501, birth, precision), paid="07-03 08-03", amount=1200_00)


CHECK = Check(
    code="K09",
    version=1,
    title="Age outside the rule",
    about="Something was given although the person is surely too young or too old for the "
    "programme. More often than not it is the birth date that is wrong.",
    rule="At the day of the benefit the person (or the head, or every member, as the rule says) is "
    "surely younger than the youngest age or older than the oldest, by more than `grace_days`. A "
    "birth date known by its year or month counts as its whole year or month; the first of "
    "January counts as a year, because offices write it when they do not know the day.",
    safeguards="Many old people do not know their birth date, and other calendars are converted "
    "wrongly: nobody with an unknown birth date is found. Ask for the birth date first.",
    tables=("appearance", "benefit", "programme", "programme_rule", "record"),
    parameters=Limits,
    sql=_sql,
    plain=_plain,
    explain=_explain,
    examples=(
        Example(
            title="Pension at 58",
            tables=_pension("1968-05-14").tables,
            finds=[
                "OAP gave XTS 2,400.00 from 2026-07-03 to 2026-08-03 at an age of 58; its "
                "youngest age is 65 (Pensions Act, section 3).",
            ],
        ),
        Example(
            title="The health fund knows another birth date of the same person",
            tables=_pension("1968-05-14")
            .programme(2, "HIF")
            .enrol(21, 2, Who(501, "1958-05-14"))
            .tables,
            finds=[
                "OAP gave XTS 2,400.00 from 2026-07-03 to 2026-08-03 at an age of 58; its "
                "youngest age is 65 (Pensions Act, section 3). Another record of the same "
                "person has a birth date that would fit.",
            ],
        ),
        Example(
            title="Born on the first of January of the year: perhaps old enough",
            tables=_pension("1961-01-01").tables,
            finds=[],
        ),
        Example(title="Birth date not known", tables=_pension(None).tables, finds=[]),
        Example(title="Only the year is known", tables=_pension("1961-01-01", 1).tables, finds=[]),
        Example(title="Turns 65 within the grace", tables=_pension("1961-07-30").tables, finds=[]),
    ),
)
