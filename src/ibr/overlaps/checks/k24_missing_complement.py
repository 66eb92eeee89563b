"""K24: in one programme, entitled to another that belongs to it, and not in that."""

from __future__ import annotations

import json
from typing import Any

from ibr.overlaps.checks import plain_tools as plain
from ibr.overlaps.checks.model import (
    INFORM,
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
from ibr.overlaps.checks.sql_parts import KNOWN, LISTED, active, day, held, in_force, meets
from ibr.overlaps.checks.story import Story, Who


class Limits(Parameters, frozen=True, kw_only=True):
    """This check has no parameters: who is entitled is said by the programme pairs."""


def _sql(_limits: Limits, period: Period) -> str:
    last, today = day(period.last), Period(period.last, period.last)
    return f"""
with {active(period.last)}, {LISTED}, {KNOWN}, {held(period)},
rules as (
    select p.*, o.programme_id as offered, o.code as offered_code,
        if(o.programme_id = first_programme, second_programme, first_programme) as having_it
    from pair p join programme o on o.programme_id in (first_programme, second_programme)
    where relation = 'complementary' and {in_force("p", today)} and o.code = coalesce(
        json_extract_string(conditions, '$.entitled_to'),
        (select code from programme s where s.programme_id = second_programme))
),
now as (select record_id from active where first_day <= {last} and last_day >= {last}),
entitled as (
    select r.pair_no, r.unit, r.offered, r.offered_code, r.having_it, r.legal_reference,
        l.record_id, l.person_id
    from rules r join listed l on l.programme_id = r.having_it
        join known on known.person_id = l.person_id
    where l.record_id in (select record_id from now)
        and {meets("coalesce(r.conditions, '{}')", last)}
        and l.person_id not in (select person_id from death)
),
-- For a pair of households it is enough that one of the household has the other.
lacking as (
    select * from entitled e where if(unit = 'household', not exists (
        select 1 from listed m join held h using (person_id)
        where m.record_id = e.record_id and h.programme_id = e.offered
    ), not exists (
        select 1 from held h where h.person_id = e.person_id and h.programme_id = e.offered
    ))
),
once as (
    select offered, if(unit = 'household', 'h' || record_id, 'p' || person_id) as whom,
        min(offered_code) as code, min(having_it) as having_it, min(record_id) as record_id,
        min(person_id) as person_id, max(unit = 'household') as of_household,
        min(legal_reference) as law, count(distinct person_id) as people
    from lacking group by offered, if(unit = 'household', 'h' || record_id, 'p' || person_id)
)
select offered || ':' || whom as subject, {INFORM} as severity, offered as programme_id,
    having_it as other_programme, if(of_household, null, person_id) as person_id, o.record_id,
    r.district_code as area_code,
    {{'programme': o.code, 'other': p.code, 'law': law, 'household': of_household,
      'people': people}} as facts
from once o join record r using (record_id) join programme p on p.programme_id = o.having_it
"""


def _plain(tables: Tables, _limits: Limits, period: Period) -> list[Found]:
    programmes = plain.one_by(tables["programme"], "programme_id")
    records = plain.one_by(tables["record"], "record_id")
    lacking = [
        row
        for pair in tables["pair"]
        if pair["relation"] == "complementary" and plain.holds_on(pair, period.last)
        for row in _lacking(tables, pair, programmes, records, period)
    ]
    found = []
    for (offered, whom), rows in plain.by(lacking, "offered", "whom").items():
        of_household, record = whom.startswith("h"), min(row["record_id"] for row in rows)
        having = programmes[min(row["having"] for row in rows)]
        facts: Facts = {
            "programme": programmes[offered]["code"], "other": having["code"],
            "law": min(row["law"] for row in rows), "household": of_household,
            "people": len({row["person_id"] for row in rows}),
        }  # fmt: skip
        found.append(
            Found(
                subject=f"{offered}:{whom}",
                severity=INFORM,
                programme_id=offered,
                other_programme=having["programme_id"],
                person_id=None if of_household else min(row["person_id"] for row in rows),
                record_id=record,
                area_code=records[record]["district_code"],
                facts=facts,
            )
        )
    return found


def _lacking(
    tables: Tables, pair: Row, programmes: dict[Any, Row], records: dict[Any, Row], period: Period
) -> list[Row]:
    """Who is in the one and entitled to the other, and is not in it."""
    conditions = json.loads(pair["conditions"] or "{}")
    sides = (pair["first_programme"], pair["second_programme"])
    wanted = conditions.get("entitled_to", programmes[sides[1]]["code"])
    offered = next((each for each in sides if programmes[each]["code"] == wanted), None)
    if offered is None:
        return []
    having = sides[1] if offered == sides[0] else sides[0]
    held, known = plain.held_programmes(tables, period.last), plain.known_people(tables)
    times, dead = plain.active_times(tables, period.last), plain.by(tables["death"], "person_id")
    found = []
    for record, people in plain.people_of(tables).items():
        active = plain.is_active_on(times.get(record, ()), period.last)
        if records[record]["programme_id"] != having or not active:
            continue
        for person in people:
            of_household = pair["unit"] == "household"
            whose = people if of_household else {person}
            if person in dead or any(offered in held.get(each, ()) for each in whose):
                continue
            if plain.meets(conditions, known[person], period.last):
                whom = f"h{record}" if of_household else f"p{person}"
                found.append({"offered": offered, "having": having, "whom": whom,
                              "record_id": record, "person_id": person,
                              "law": pair["legal_reference"]})  # fmt: skip
    return found


def _explain(facts: Facts, say: Say) -> str:
    words = say("Somebody in {other} is entitled to {programme} as well ({law}) and is not in it.")
    if facts["household"]:
        words = say(
            "A household in {other} is entitled to {programme} as well ({law}), for {people} of "
            "its people, and nobody of it is in it."
        )
    return words.format(**facts)


def _transfer_and_grant() -> Story:
    story = Story().programme(1, "CHG").programme(2, "PCT", unit=2)
    return story.pair(
        1, 2, "complementary", unit="household", law="Children Act, section 34", max_age=5,
        entitled_to="CHG",
    )  # fmt: skip


MOTHER, CHILD = Who(701, "1990-05-05"), Who(702, "2023-04-04")

CHECK = Check(
    code="K24",
    version=1,
    title="Missing benefit that belongs to another",
    about="Two programmes belong together: who is in the one is entitled to the other. Somebody "
    "is in the one only. It is a list for outreach, not for control.",
    rule="A pair is complementary on the last day of the period. Somebody is active in the one, "
    "surely meets the pair's conditions, and is not in the other in any status but a final one. "
    "`entitled_to` of the pair names the other; without it that is the second. Where the pair is "
    "about households, nobody of the household is in it.",
    safeguards="Outreach needs a legal basis, and people may not want the benefit. Nothing is "
    "refused because of this list.",
    tables=("span", "appearance", "told", "record", "death", "programme", "pair"),
    parameters=Limits,
    sql=_sql,
    plain=_plain,
    explain=_explain,
    helps=True,
    examples=(
        Example(
            title="A poor household with a child of three, without the child grant",
            tables=_transfer_and_grant().enrol(21, 2, MOTHER, CHILD).tables,
            finds=[
                "A household in PCT is entitled to CHG as well (Children Act, section 34), for "
                "1 of its people, and nobody of it is in it.",
            ],
        ),
        Example(
            title="The child has the grant",
            tables=_transfer_and_grant().enrol(21, 2, MOTHER, CHILD).enrol(11, 1, CHILD).tables,
            finds=[],
        ),
        Example(
            title="The child is too old",
            tables=_transfer_and_grant().enrol(21, 2, MOTHER, Who(702, "2016-04-04")).tables,
            finds=[],
        ),
        Example(
            title="A person's pair: disability allowance goes with the health fund",
            tables=Story()
            .programme(1, "DIS")
            .programme(2, "HIF")
            .pair(1, 2, "complementary", law="Health Act, section 8")
            .enrol(11, 1, Who(501))
            .tables,
            finds=[
                "Somebody in DIS is entitled to HIF as well (Health Act, section 8) and is not "
                "in it.",
            ],
        ),
    ),
)
