"""K14: one payee or caregiver who acts for more households than is allowed."""

from __future__ import annotations

import json
from typing import Annotated

from msgspec import Meta

from ibr.overlaps.checks import plain_tools as plain
from ibr.overlaps.checks.k05_child_with_two_payees import PAYEES
from ibr.overlaps.checks.model import (
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
    OWN,
    SOMEBODY,
    active,
    in_force,
    live,
    money,
    text,
    texts,
)
from ibr.overlaps.checks.story import Story, Who
from ibr.overlaps.checks.words import amount

CODE = "K14"


class Limits(Parameters, frozen=True, kw_only=True):
    households: Annotated[
        int, Meta(ge=1, le=1000, description="households that one payee may act for, where the "
                  "programme has no rule of its own")
    ] = 2  # fmt: skip
    ties: Annotated[
        tuple[str, ...], Meta(description="relationships that make somebody a payee")
    ] = PAYEES


def _sql(limits: Limits, period: Period) -> str:
    return f"""
with {active(period.last)}, {live(period)}, {OWN}, {SOMEBODY}, {money(period)},
acts as (
    select distinct n.programme_id, n.kind, n.token, n.record_id,
        coalesce('h' || s.home, 'p' || o.person_id, 'r' || n.record_id) as household
    from number n left join own o on o.record_id = n.record_id
        left join somebody s on s.person_id = o.person_id
    where n.tie in {texts(limits.ties)} and n.record_id in (select record_id from live)
        and not exists (
            select 1 from exemption e where e.check_code = {text(CODE)} and e.token = n.token
                and coalesce(e.programme_id, n.programme_id) = n.programme_id
                and {in_force("e", period)}
        )
),
caps as (
    select programme_id, max((value->>'households')::integer) as households,
        min(legal_reference) as law
    from programme_rule where kind = 'caregiver_cap' and {in_force("programme_rule", period)}
    group by programme_id
),
beyond as (
    select programme_id, kind, token, count(distinct household) as households,
        count(distinct record_id) as records, min(record_id) as record_id,
        coalesce(max(c.households), {limits.households}) as cap, min(c.law) as law
    from acts left join caps c using (programme_id)
    group by programme_id, kind, token having count(distinct household) > cap
),
paid as (
    select b.programme_id, b.kind, b.token, sum(minor)::bigint as minor
    from beyond b join acts a on a.programme_id = b.programme_id and a.kind = b.kind
        and a.token = b.token join given g on g.record_id = a.record_id
    group by b.programme_id, b.kind, b.token
)
select b.programme_id || ':' || b.kind || ':' || b.token as subject, {SOON} as severity,
    b.programme_id, b.record_id, minor as money_minor,
    if(minor is null, null, p.currency) as currency,
    {{'programme': p.code, 'households': households, 'records': records, 'cap': cap, 'law': law,
      'money': minor, 'currency': if(minor is null, null, p.currency)}} as facts
from beyond b join programme p using (programme_id)
    left join paid d on d.programme_id = b.programme_id and d.kind = b.kind and d.token = b.token
"""


def _plain(tables: Tables, limits: Limits, period: Period) -> list[Found]:
    programmes, given = (
        plain.one_by(tables["programme"], "programme_id"),
        plain.given_in(tables, period),
    )
    own, home, found = plain.own_person(tables), plain.homes(tables), []
    acts = plain.by(_acts(tables, limits, period), "programme_id", "kind", "token")
    for (programme_id, kind, token), rows in acts.items():
        records = sorted({row["record_id"] for row in rows})
        households = {
            f"r{each}" if each not in own
            else f"h{home[own[each]]}" if own[each] in home
            else f"p{own[each]}"
            for each in records
        }  # fmt: skip
        rules = [
            row
            for row in tables["programme_rule"]
            if (row["programme_id"], row["kind"]) == (programme_id, "caregiver_cap")
            and plain.holds(row, period)
        ]
        allowed = [json.loads(row["value"])["households"] for row in rules]
        cap = max(allowed) if allowed else limits.households
        if len(households) <= cap:
            continue
        minor, currency = plain.at_stake(
            (g for each in records for g in given.get(each, ())), programmes[programme_id]
        )
        found.append(
            Found(
                subject=f"{programme_id}:{kind}:{token}",
                severity=SOON,
                programme_id=programme_id,
                record_id=records[0],
                money_minor=minor,
                currency=currency,
                facts={
                    "programme": programmes[programme_id]["code"],
                    "households": len(households), "records": len(records), "cap": cap,
                    "law": min((row["legal_reference"] for row in rules), default=None),
                    "money": minor, "currency": currency,
                },
            )
        )  # fmt: skip
    return found


def _acts(tables: Tables, limits: Limits, period: Period) -> list[Row]:
    """Every time that somebody is named as payee of an active record, exempt ones left out."""
    alive = plain.live_records(plain.active_times(tables, period.last), period)
    exempt = {
        (row["token"], row["programme_id"])
        for row in tables["exemption"]
        if row["check_code"] == CODE and plain.holds(row, period)
    }
    return [
        row
        for row in tables["number"]
        if row["tie"] in limits.ties
        and row["record_id"] in alive
        and not {(row["token"], None), (row["token"], row["programme_id"])} & exempt
    ]


def _explain(facts: Facts, say: Say) -> str:
    words = say(
        "One payee of {programme} acts for {households} households or single people; {cap} are "
        "allowed ({law}). They were given {amount} in the period."
    )
    if facts["law"] is None:
        words = say(
            "One payee of {programme} acts for {households} households or single people; up to "
            "{cap} are taken as usual. They were given {amount} in the period."
        )
    return words.format(**facts, amount=amount(facts, say))


def _children(people: int) -> Story:
    story = Story().programme(1, "CHG")
    for number in range(people):
        story.enrol(11 + number, 1, Who(501 + number, "2020-03-03"), paid="07-08", amount=350_00)
        story.number(11 + number, 1, "UIN", 9001, tie="GUARD")
    return story


CHECK = Check(
    code=CODE,
    version=1,
    title="Payee or caregiver above the limit",
    about="One person is named as payee, guardian or caregiver for more households of a programme "
    "than its rule allows.",
    rule="The same number stands as that of a payee (a relationship among `ties`) on active "
    "records of one programme, for more households than its rule (`caregiver_cap`) or "
    "`households` allow. A person named by a household's record counts with that household.",
    safeguards="Orphanages, homes and relatives who take in many children: institutions are exempt "
    "by their number. The programme reviews; nobody's benefit waits for it.",
    tables=("span", "number", "appearance", "record", "benefit", "programme", "programme_rule"),
    parameters=Limits,
    sql=_sql,
    plain=_plain,
    explain=_explain,
    examples=(
        Example(
            title="One caregiver for a household is allowed, and this one has two",
            tables=_children(2).rule(1, "caregiver_cap", "Grants Order 7", households=1).tables,
            finds=[
                "One payee of CHG acts for 2 households or single people; 1 are allowed (Grants"
                " Order 7). They were given XTS 700.00 in the period.",
            ],
        ),
        Example(
            title="No rule: three children who live in no common household",
            tables=_children(3).tables,
            finds=[
                "One payee of CHG acts for 3 households or single people; up to 2 are taken as "
                "usual. They were given XTS 1,050.00 in the period.",
            ],
        ),
        Example(
            title="Brothers and sisters of one household",
            tables=_children(3)
            .programme(2, "PCT", unit=2)
            .enrol(91, 2, Who(600), *(Who(501 + each, "2020-03-03") for each in range(3)))
            .tables,
            finds=[],
        ),
        Example(
            title="An orphanage, exempt by its number",
            tables=_children(9).exempt(CODE, token=9001).tables,
            finds=[],
        ),
    ),
)
