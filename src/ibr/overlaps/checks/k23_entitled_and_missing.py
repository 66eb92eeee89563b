"""K23: people who are entitled to a programme and are not in it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, NamedTuple

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
    Say,
    Tables,
)
from ibr.overlaps.checks.sql_parts import KNOWN, LISTED, age, day, held, in_force
from ibr.overlaps.checks.story import Story, Who


class Limits(Parameters, frozen=True, kw_only=True):
    """This check has no parameters: who is entitled is said by the programmes' rules."""


def _offers(last: str, in_force_now: str) -> str:
    """Programmes whose rules say that whoever meets them is entitled, with these rules."""
    return f"""rules as (select * from programme_rule where {in_force_now}),
offers as (
    select p.programme_id, p.code,
        max((value->>'years')::integer) filter (kind = 'age_from') as age_from,
        min((value->>'years')::integer) filter (kind = 'age_to') as age_to,
        min((value->>'sex')::integer) filter (kind = 'sex') as sex,
        coalesce(bool_or((value->>'required')::boolean) filter (kind = 'disability'), false)
            as needs_disability,
        max(legal_reference) filter (kind = 'entitles') as law
    from programme p join rules r using (programme_id)
    where coalesce(p.assistance_unit, 1) = 1 and coalesce(p.valid_to, {last}) >= {last}
    group by p.programme_id, p.code
    having bool_or(kind = 'entitles' and coalesce((value->>'everybody')::boolean, false))
        and not bool_or(kind in ('age_from', 'age_to')
            and coalesce(value->>'of', 'person') <> 'person')
)"""


def _sql(_limits: Limits, period: Period) -> str:
    last, today = day(period.last), Period(period.last, period.last)
    return f"""
with {LISTED}, {KNOWN}, {held(period)}, {_offers(last, in_force("programme_rule", today))},
-- Who has what excludes the offer is asked nothing: changing over is for the two programmes.
excluded as (
    select h.person_id, o.programme_id from offers o
        join pair p on p.relation = 'incompatible' and {in_force("p", today)}
            and o.programme_id in (p.first_programme, p.second_programme)
        join held h on h.programme_id in (p.first_programme, p.second_programme)
            and h.programme_id <> o.programme_id
),
missing as (
    select o.*, known.person_id, known.born_from, known.born_to
    from offers o cross join known
    where (age_from is null or {age("known.born_to", last)} >= age_from)
        and (age_to is null or {age("known.born_from", last)} <= age_to)
        and (o.sex is null or known.sex = o.sex) and (not needs_disability or known.is_disabled)
        and known.person_id not in (select person_id from death)
        and (known.person_id, o.programme_id) not in (select (person_id, programme_id) from held)
        and (known.person_id, o.programme_id) not in (
            select (person_id, programme_id) from excluded)
),
named as (
    select m.person_id, m.programme_id, min(l.record_id) as record_id
    from missing m join listed l using (person_id) group by m.person_id, m.programme_id
)
select m.programme_id || ':' || m.person_id as subject,
    if(m.person_id in (select person_id from held), {INFORM}, {SOON}) as severity, m.programme_id,
    m.person_id, n.record_id, r.district_code as area_code,
    {{'programme': code, 'law': law, 'age': if(age_from is null and age_to is null, null,
        {age("born_to", last)}), 'disability': needs_disability,
      'since': if(age_from is null or born_from <> born_to, null,
        (born_from + to_years(age_from))::date::varchar),
      'in_any': m.person_id in (select person_id from held)}} as facts
from missing m join named n on n.person_id = m.person_id and n.programme_id = m.programme_id
    join record r on r.record_id = n.record_id
"""


class _Offer(NamedTuple):
    programme_id: int
    code: str
    age_from: int | None
    age_to: int | None
    sex: int | None
    needs_disability: bool
    law: str


def _plain(tables: Tables, _limits: Limits, period: Period) -> list[Found]:
    offers, known = list(_plain_offers(tables, period)), plain.known_people(tables)
    held, dead = plain.held_programmes(tables, period.last), plain.by(tables["death"], "person_id")
    districts = {row["record_id"]: row["district_code"] for row in tables["record"]}
    apart = {
        (pair[one], pair[two])
        for pair in tables["pair"]
        if pair["relation"] == "incompatible" and plain.holds_on(pair, period.last)
        for one, two in (
            ("first_programme", "second_programme"),
            ("second_programme", "first_programme"),
        )
    }
    found = []
    for person, who in known.items():
        own = held.get(person, set())
        records = [row["record_id"] for row in plain.present(tables) if row["person_id"] == person]
        for offer in offers:
            excluded = any((each, offer.programme_id) in apart for each in own)
            if person in dead or offer.programme_id in own or excluded:
                continue
            if not _entitled(offer, who, period.last):
                continue
            found.append(
                Found(
                    subject=f"{offer.programme_id}:{person}",
                    severity=INFORM if own else SOON,
                    programme_id=offer.programme_id,
                    person_id=person,
                    record_id=min(records),
                    area_code=districts[min(records)],
                    facts=_facts(offer, who, period.last, in_any=bool(own)),
                )
            )
    return found


def _plain_offers(tables: Tables, period: Period) -> list[_Offer]:
    """Programmes whose rules say that whoever meets them is entitled, with these rules."""
    offers = []
    for programme in tables["programme"]:
        rules = [
            (row["kind"], json.loads(row["value"]), row["legal_reference"])
            for row in tables["programme_rule"]
            if row["programme_id"] == programme["programme_id"] and plain.holds_on(row, period.last)
        ]
        everybody = any(kind == "entitles" and rule.get("everybody") for kind, rule, _ in rules)
        of_others = any(
            kind in ("age_from", "age_to") and rule.get("of", "person") != "person"
            for kind, rule, _ in rules
        )
        ended = programme["valid_to"] is not None and programme["valid_to"] < period.last
        if not everybody or of_others or ended or programme["assistance_unit"] not in (None, 1):
            continue
        offers.append(
            _Offer(
                programme["programme_id"],
                programme["code"],
                max((rule["years"] for kind, rule, _ in rules if kind == "age_from"), default=None),
                min((rule["years"] for kind, rule, _ in rules if kind == "age_to"), default=None),
                min((rule["sex"] for kind, rule, _ in rules if kind == "sex"), default=None),
                any(kind == "disability" and rule["required"] for kind, rule, _ in rules),
                max(law for kind, _, law in rules if kind == "entitles"),
            )
        )
    return offers


def _entitled(offer: _Offer, who: plain.Known, on: date) -> bool:
    conditions: dict[str, Any] = {"min_age": offer.age_from, "max_age": offer.age_to}
    conditions["sex"] = offer.sex
    return plain.meets(conditions, who, on) and (not offer.needs_disability or who.is_disabled)


def _facts(offer: _Offer, who: plain.Known, on: date, *, in_any: bool) -> Facts:
    since = None
    if offer.age_from is not None and who.born is not None and who.born[0] == who.born[1]:
        born = who.born[0]
        leap = (born.month, born.day) == (2, 29) and (born.year + offer.age_from) % 4 != 0
        since = str(born.replace(year=born.year + offer.age_from, day=28 if leap else born.day))
    aged = who.born is not None and (offer.age_from, offer.age_to) != (None, None)
    return {
        "programme": offer.code, "law": offer.law,
        "age": plain.age(who.born[1], on) if aged and who.born is not None else None,
        "disability": offer.needs_disability, "since": since, "in_any": in_any,
    }  # fmt: skip


def _explain(facts: Facts, say: Say) -> str:
    words = say("Somebody is entitled to {programme} ({law}) and is not in it.")
    if facts["since"] is not None:
        words = say("Somebody is entitled to {programme} since {since} ({law}) and is not in it.")
    if not facts["in_any"]:
        words += " " + say("No programme here reaches this person at all.")
    if facts["disability"]:
        words += " " + say("A disability is on record.")
    return words.format(**facts)


def _pension() -> Story:
    story = Story().programme(1, "OAP").programme(2, "HIF").rule(1, "age_from", years=65)
    return story.rule(1, "entitles", "Pensions Act, section 3", everybody=True)


CHECK = Check(
    code="K23",
    version=1,
    title="Entitled, and not in the programme",
    about="The other way round: somebody the registry knows meets every rule of a programme that "
    "is for all who do, and is not in it. They turned 65, had a disability certified, or were "
    "never reached. It is a list for outreach, not for control.",
    rule="A programme for persons has the rule `entitles`. Somebody named by any record now "
    "surely meets its ages, sex and disability on the last day of the period, is not in it in any "
    "status but a final one, is not in a programme that excludes it, and nobody says that they "
    "died. Where records disagree about birth or sex, all of them must fit.",
    safeguards="It knows whom some record names, and of them age, sex and disability. It does not "
    "know income, means, work or where somebody lives, nor anybody whom no record names, as a "
    "newborn whom only the civil register knows: a programme that asks for such things must not "
    "have the rule `entitles`. Outreach needs a legal basis, and the person may not want the "
    "benefit. Nothing is refused because of this list, and who is not on it may be entitled all "
    "the same.",
    tables=("span", "appearance", "told", "record", "death", "programme", "programme_rule", "pair"),
    parameters=Limits,
    sql=_sql,
    plain=_plain,
    explain=_explain,
    helps=True,
    examples=(
        Example(
            title="Turned 65 in August, known from the health fund",
            tables=_pension().enrol(21, 2, Who(501, "1961-08-14")).tables,
            finds=[
                "Somebody is entitled to OAP since 2026-08-14 (Pensions Act, section 3) and is "
                "not in it.",
            ],
        ),
        Example(
            title="An enrolment that ended: no programme reaches this person now",
            tables=_pension().enrol(21, 2, Who(501, "1950-08-14"), until="2026-03-31").tables,
            finds=[
                "Somebody is entitled to OAP since 2015-08-14 (Pensions Act, section 3) and is "
                "not in it. No programme here reaches this person at all.",
            ],
        ),
        Example(
            title="Already in it; and one who died",
            tables=_pension()
            .enrol(21, 2, Who(501, "1950-08-14"))
            .enrol(11, 1, Who(501, "1950-08-14"))
            .enrol(22, 2, Who(502, "1950-02-02"))
            .died(502, "2026-06-01", "2026-06-20")
            .tables,
            finds=[],
        ),
        Example(
            title="Only the year is known: perhaps 64",
            tables=_pension().enrol(21, 2, Who(501, "1961-01-01")).tables,
            finds=[],
        ),
        Example(
            title="In a programme that excludes it",
            tables=_pension()
            .programme(3, "DIS")
            .pair(1, 3)
            .enrol(31, 3, Who(501, "1950-08-14"))
            .tables,
            finds=[],
        ),
    ),
)
