"""K03: two people who may be one, registered with different numbers or none."""

from __future__ import annotations

import math
from typing import Annotated

from msgspec import Meta

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
from ibr.overlaps.checks.plain_tools import (
    active_times,
    at_stake,
    by,
    given_in,
    live_records,
)
from ibr.overlaps.checks.sql_parts import active, live, money, texts
from ibr.overlaps.checks.story import Story, Who
from ibr.overlaps.checks.words import number


class Limits(Parameters, frozen=True, kw_only=True):
    least_weight: Annotated[
        float, Meta(ge=-20, le=40, description="log2 of the odds from which a pair is looked at")
    ] = 0.0
    kinds: Annotated[
        tuple[str, ...], Meta(description="kinds of number that belong to one person alone")
    ] = ("UIN", "NID", "NATIONALID", "NATIONAL_ID", "BRN", "PASSPORT", "DISABILITY_ID")


def _sql(limits: Limits, period: Period) -> str:
    return f"""
with {active(period.last)}, {live(period)}, {money(period)},
-- Of all pairs of appearances of the same two people the heaviest speaks for them.
best as (
    select *, least(low_person, high_person) as one, greatest(low_person, high_person) as two
    from link_open
    where low_person <> high_person and weight >= {limits.least_weight!r}
        and low_record in (select record_id from live)
        and high_record in (select record_id from live)
    qualify row_number() over (
        partition by least(low_person, high_person), greatest(low_person, high_person)
        order by weight desc, low_record, low_no, high_record, high_no
    ) = 1
),
own_numbers as (
    select distinct a.person_id, n.kind, n.token
    from number n join appearance a using (record_id, appearance_no)
    where n.tie = '' and n.kind in {texts(limits.kinds)} and a.member_no is not null
),
numbered as (
    select b.one, b.two, bool_or(x.token <> y.token) as differ
    from best b join own_numbers x on x.person_id = b.one
        join own_numbers y on y.person_id = b.two and y.kind = x.kind
    group by b.one, b.two
),
paid as (select record_id, sum(minor)::bigint as minor from given group by record_id)
select one || '-' || two as subject,
    if(low_programme = high_programme, {SOON}, {INFORM}) as severity,
    low_programme as programme_id, high_programme as other_programme, one as person_id,
    low_record as record_id, high_record as other_record, h.minor as money_minor,
    if(h.minor is null, null, q.currency) as currency,
    {{'programme': p.code, 'other': q.code, 'bits': floor(weight)::integer,
      'differ': coalesce(differ, false), 'money': h.minor,
      'currency': if(h.minor is null, null, q.currency)}} as facts
from best b join programme p on p.programme_id = low_programme
    join programme q on q.programme_id = high_programme
    left join numbered using (one, two) left join paid h on h.record_id = high_record
"""


def _plain(tables: Tables, limits: Limits, period: Period) -> list[Found]:
    alive, given = live_records(active_times(tables, period.last), period), given_in(tables, period)
    programmes = {row["programme_id"]: row for row in tables["programme"]}
    pairs = [
        row | {"people": tuple(sorted((row["low_person"], row["high_person"])))}
        for row in tables["link_open"]
        if row["low_person"] != row["high_person"]
        and row["weight"] >= limits.least_weight
        and {row["low_record"], row["high_record"]} <= alive
    ]
    own, found = _own_numbers(tables, limits), []
    for (one, two), rows in by(pairs, "people").items():
        best = min(rows, key=_heaviest)
        first = programmes[best["low_programme"]]
        second = programmes[best["high_programme"]]
        minor, currency = at_stake(given.get(best["high_record"], ()), second)
        found.append(
            Found(
                subject=f"{one}-{two}",
                severity=SOON if first is second else INFORM,
                programme_id=first["programme_id"],
                other_programme=second["programme_id"],
                person_id=one,
                record_id=best["low_record"],
                other_record=best["high_record"],
                money_minor=minor,
                currency=currency,
                facts={
                    "programme": first["code"], "other": second["code"],
                    "bits": math.floor(best["weight"]),
                    "differ": any(
                        kind == its_kind and token != its_token
                        for kind, token in own.get(one, ())
                        for its_kind, its_token in own.get(two, ())
                    ),
                    "money": minor, "currency": currency,
                },
            )
        )  # fmt: skip
    return found


def _heaviest(row: Row) -> tuple[float, int, int, int, int]:
    return (
        -row["weight"], row["low_record"], row["low_no"], row["high_record"], row["high_no"]
    )  # fmt: skip


def _own_numbers(tables: Tables, limits: Limits) -> dict[int, set[tuple[str, int]]]:
    people = {
        (row["record_id"], row["appearance_no"]): row["person_id"]
        for row in tables["appearance"]
        if row["member_no"] is not None
    }
    found: dict[int, set[tuple[str, int]]] = {}
    for row in tables["number"]:
        person = people.get((row["record_id"], row["appearance_no"]))
        if row["tie"] == "" and row["kind"] in limits.kinds and person is not None:
            found.setdefault(person, set()).add((row["kind"], row["token"]))
    return found


def _explain(facts: Facts, say: Say) -> str:
    odds = 2.0 ** number(facts, "bits")
    share = min(99, int(100 * odds / (1 + odds)))
    words = say(
        "A person in {programme} and one in {other} may be the same: about {share} in 100 pairs "
        "like this are. Nobody has looked at it yet."
    )
    if facts["programme"] == facts["other"]:
        words = say(
            "Two people in {programme} may be the same: about {share} in 100 pairs like this are. "
            "Nobody has looked at it yet."
        )
    if facts["differ"]:
        words += " " + say("They bear different numbers of the same kind.")
    return words.format(**facts, share=share)


CHECK = Check(
    code="K03",
    version=1,
    title="Perhaps the same person, not linked",
    about="Linkage found two people who may be one but is not sure enough to say so; often one is "
    "registered with another number or with none. Whether they are one is decided in the review "
    "of links, not here; the finding keeps it in sight while both are active.",
    rule="A pair of appearances waits for review, weighs at least `least_weight`, belongs to two "
    "different people, and both records are active in the period. One finding for two people, "
    "made of their heaviest pair.",
    safeguards="A name in another script, a married name, a patronymic, twins and cousins look "
    "alike on paper. A second reviewer looks at a share of all pairs. Nothing follows from a "
    "possible link before a person has confirmed it.",
    tables=("span", "link_open", "number", "appearance", "benefit", "programme"),
    parameters=Limits,
    sql=_sql,
    plain=_plain,
    explain=_explain,
    examples=(
        Example(
            title="Two records of one programme, likely one person with two numbers",
            tables=Story()
            .programme(1, "OAP")
            .enrol(11, 1, Who(501, "1951-03-14"), paid="07-03")
            .enrol(12, 1, Who(502, "1951-03-15"), paid="07-03")
            .number(11, 1, "UIN", 9001)
            .number(12, 1, "UIN", 9002)
            .open_link((11, 1), (12, 1), 3.4)
            .tables,
            finds=[
                "Two people in OAP may be the same: about 88 in 100 pairs like this are. Nobody"
                " has looked at it yet. They bear different numbers of the same kind.",
            ],
        ),
        Example(
            title="The second record has ended",
            tables=Story()
            .programme(1, "OAP")
            .enrol(11, 1, Who(501, "1951-03-14"), paid="07-03")
            .enrol(12, 1, Who(502, "1951-03-15"), until="2026-05-31")
            .open_link((11, 1), (12, 1), 3.4)
            .tables,
            finds=[],
        ),
        Example(
            title="Too light: twins of one family",
            tables=Story()
            .programme(1, "CHG")
            .enrol(11, 1, Who(501, "2023-02-02"), paid="07-08")
            .enrol(12, 1, Who(502, "2023-02-02"), paid="07-08")
            .open_link((11, 1), (12, 1), -1.5)
            .tables,
            finds=[],
        ),
    ),
)
