"""K07: benefits given after the death of whom they are for."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Annotated

from msgspec import Meta

from ibr.overlaps.checks import plain_tools as plain
from ibr.overlaps.checks.model import (
    Check,
    Example,
    Facts,
    Found,
    Parameters,
    Period,
    Say,
    Tables,
)
from ibr.overlaps.checks.sql_parts import DEAD, LISTED, by_sources, money
from ibr.overlaps.checks.story import Story, Who
from ibr.overlaps.checks.words import amount, number


class Limits(Parameters, frozen=True, kw_only=True):
    grace_days: Annotated[
        int, Meta(ge=0, le=366, description="days after a death in which a payment is still "
                  "lawful, where the programme has no rule of its own")
    ] = 30  # fmt: skip


def _sql(limits: Limits, period: Period) -> str:
    return f"""
with {LISTED}, {DEAD}, {money(period)},
-- A household's benefit is for those who remain; it is found only where nobody does.
gone as (
    select record_id, programme_id, min(person_id) as person_id, max(died_on) as died_on,
        max(known_on) as known_on, min(sources) as sources
    from listed left join dead using (person_id)
    group by record_id, programme_id having count(*) = count(died_on)
),
grace as (
    select programme_id, valid_from, valid_to, (value->>'days')::integer as days
    from programme_rule where kind = 'death_grace'
),
paid as (
    select g.*, b.given_on, b.minor, b.currency,
        coalesce((select max(days) from grace r where r.programme_id = g.programme_id
            and r.valid_from <= b.given_on and coalesce(r.valid_to, b.given_on) >= b.given_on),
            {limits.grace_days}) as grace_days
    from gone g join given b using (record_id)
    where b.given_on > g.died_on and not exists (
        select 1 from programme_rule s join programme o on o.programme_id = s.programme_id
        where s.kind = 'survivor' and s.programme_id = g.programme_id
            and s.value->>'programme' = o.code and s.valid_from <= b.given_on
            and coalesce(s.valid_to, b.given_on) >= b.given_on
    )
),
after_death as (
    select record_id, programme_id, person_id, died_on, known_on, sources, currency,
        count(*) as times, count(*) filter (given_on > known_on) as times_known,
        min(given_on) as first_on, max(given_on) as last_on, sum(minor)::bigint as minor
    from paid where given_on > died_on + grace_days group by all
)
select record_id::varchar as subject,
    {by_sources("times_known = 0")} as severity,
    programme_id, person_id, record_id, first_on as first_day, last_on as last_day,
    minor as money_minor, if(minor is null, null, a.currency) as currency,
    {{'programme': p.code, 'died': died_on::varchar, 'known': known_on::varchar,
      'first': first_on::varchar, 'last': last_on::varchar, 'payments': times,
      'payments_known': times_known, 'sources': sources, 'money': minor,
      'currency': if(minor is null, null, a.currency)}} as facts
from after_death a join programme p using (programme_id)
"""


def _plain(tables: Tables, limits: Limits, period: Period) -> list[Found]:
    dead, given = plain.dead_people(tables), plain.given_in(tables, period)
    programmes = plain.one_by(tables["programme"], "programme_id")
    records, found = plain.one_by(tables["record"], "record_id"), []
    for record, people in plain.people_of(tables).items():
        if not all(person in dead for person in people):
            continue
        programme = programmes[records[record]["programme_id"]]
        died_on = max(dead[person].died_on for person in people)
        known_on = max(dead[person].known_on for person in people)
        sources = min(dead[person].sources for person in people)
        paid = [
            each
            for each in given.get(record, ())
            if _unlawful(tables, programme["programme_id"], died_on, each, limits)
        ]
        if not paid:
            continue
        known, days = sum(each.on > known_on for each in paid), [each.on for each in paid]
        minor, currency = plain.at_stake(paid, programme)
        found.append(
            Found(
                subject=str(record),
                severity=plain.by_sources(sources, informs=not known),
                programme_id=programme["programme_id"],
                person_id=min(people),
                record_id=record,
                first_day=min(days),
                last_day=max(days),
                money_minor=minor,
                currency=currency,
                facts={
                    "programme": programme["code"], "died": str(died_on), "known": str(known_on),
                    "first": str(min(days)), "last": str(max(days)), "payments": len(paid),
                    "payments_known": known, "sources": sources, "money": minor,
                    "currency": currency,
                },
            )
        )  # fmt: skip
    return found


def _unlawful(
    tables: Tables, programme_id: int, died_on: date, given: plain.Given, limits: Limits
) -> bool:
    """Whether something was given too long after a death, and not to survivors."""
    programmes = plain.one_by(tables["programme"], "programme_id")
    rules = [
        (row["kind"], json.loads(row["value"]))
        for row in tables["programme_rule"]
        if row["programme_id"] == programme_id and plain.holds_on(row, given.on)
    ]
    own_code = programmes[programme_id]["code"]
    if any(kind == "survivor" and rule.get("programme") == own_code for kind, rule in rules):
        return False
    grace = [rule["days"] for kind, rule in rules if kind == "death_grace"]
    days = max(grace) if grace else limits.grace_days
    return given.on > died_on + timedelta(days=days)


def _explain(facts: Facts, say: Say) -> str:
    if not number(facts, "payments_known"):
        words = say(
            "{programme} gave {amount} after the death of {died}, from {first} to {last}; all of "
            "it before the registry learned of the death on {known}, so this may be timing alone."
        )
    elif number(facts, "sources") >= 2:
        words = say(
            "{programme} gave {amount} after the death of {died}, from {first} to {last}; "
            "{payments_known} of {payments} payments came after {known}, when the death was known, "
            "and {sources} sources agree on it."
        )
    else:
        words = say(
            "{programme} gave {amount} after the death of {died}, from {first} to {last}; "
            "{payments_known} of {payments} payments came after {known}, when the death was known. "
            "Only one source says so: ask for a second before anything else."
        )
    return words.format(**facts, amount=amount(facts, say))


OTTO = Who(801, "1941-02-11", sex=1)


def _pension() -> Story:
    return Story().programme(1, "OAP").enrol(11, 1, OTTO, paid="07-03 08-03 09-03", amount=1200_00)


CHECK = Check(
    code="K07",
    version=1,
    title="Paid after a death",
    about="Something was given although whom it is for had died. Mostly this is timing: the file "
    "was written before the death was known. Three dates are kept apart: the death, the day on "
    "which the registry learned of it, and the payments.",
    rule="Everybody whom a record names has died; for a person's record that is the person. "
    "Something was given more than the days of grace after the latest of these deaths, by the "
    "programme's own rule (`death_grace`) or `grace_days`. The latest day of death that any source "
    "gives is taken. It is to be looked at now where payments came after "
    "the death was known and two sources agree; soon, where only one source says so; when there is "
    "time, where all of it came before the death was known.",
    safeguards="Wrongly dead: a register that says later that the person lives ends it. One "
    "source alone is never enough to act: two must agree, and the person has a fast way to show "
    "that they live. The payee may be a lawful survivor. Money is recovered only by law.",
    tables=("appearance", "told", "death", "benefit", "programme", "programme_rule", "record"),
    parameters=Limits,
    sql=_sql,
    plain=_plain,
    explain=_explain,
    examples=(
        Example(
            title="Two payments after a death that two sources had reported",
            tables=_pension().died(801, "2026-06-20", "2026-07-15", 2).tables,
            finds=[
                "OAP gave XTS 2,400.00 after the death of 2026-06-20, from 2026-08-03 to "
                "2026-09-03; 2 of 2 payments came after 2026-07-15, when the death was known, "
                "and 2 sources agree on it.",
            ],
        ),
        Example(
            title="The death was learned of after the last payment: timing",
            tables=_pension().died(801, "2026-07-28", "2026-10-02").tables,
            finds=[
                "OAP gave XTS 1,200.00 after the death of 2026-07-28, from 2026-09-03 to "
                "2026-09-03; all of it before the registry learned of the death on 2026-10-02, "
                "so this may be timing alone.",
            ],
        ),
        Example(
            title="Paid three weeks after the death: within the days of grace",
            tables=_pension().died(801, "2026-08-14", "2026-08-20", 2).tables,
            finds=[],
        ),
        Example(
            title="Wrongly dead: the civil register says later that the person lives",
            tables=_pension()
            .died(801, "2026-06-20", "2026-07-15", 2)
            .told(801, "vital_status", '"alive"', "2026-08-01")
            .tables,
            finds=[],
        ),
        Example(
            title="Survivors: the programme pays them by law",
            tables=_pension()
            .rule(1, "survivor", programme="OAP")
            .died(801, "2026-06-20", "2026-07-15", 2)
            .tables,
            finds=[],
        ),
        Example(
            title="A household's transfer goes on for those who remain",
            tables=Story()
            .programme(1, "PCT", unit=2)
            .enrol(11, 1, OTTO, Who(802), paid="07-08 08-08")
            .died(801, "2026-06-20", "2026-07-15", 2)
            .tables,
            finds=[],
        ),
    ),
)
