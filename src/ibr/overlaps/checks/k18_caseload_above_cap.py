"""K18: more active records in an area than were approved."""

from __future__ import annotations

import json

from ibr.overlaps.checks import plain_tools as plain
from ibr.overlaps.checks.model import (
    INFORM,
    Check,
    Example,
    Facts,
    Found,
    Parameters,
    Period,
    Say,
    Tables,
)
from ibr.overlaps.checks.sql_parts import active, day, in_force
from ibr.overlaps.checks.story import Story, Who


class Limits(Parameters, frozen=True, kw_only=True):
    """This check has no parameters: the caps are the programmes' rules."""


def _sql(_limits: Limits, period: Period) -> str:
    last = Period(period.last, period.last)
    return f"""
with {active(period.last)},
caps as (
    select programme_id, value->>'area' as area, max((value->>'records')::integer) as cap,
        min(legal_reference) as law
    from programme_rule where kind = 'caseload_cap' and {in_force("programme_rule", last)}
    group by programme_id, value->>'area'
),
placed as (
    select r.record_id, r.programme_id, region_code, district_code, d.parent
    from record r left join area d on d.code = r.district_code
    where r.record_id in (
        select record_id from active
        where first_day <= {day(period.last)} and last_day >= {day(period.last)}
    )
),
counted as (
    select c.programme_id, c.area, c.cap, c.law, count(*) as records
    from caps c join placed x on x.programme_id = c.programme_id and (c.area is null
        or c.area = x.region_code or c.area = x.district_code or c.area = x.parent)
    group by c.programme_id, c.area, c.cap, c.law having count(*) > c.cap
)
select programme_id || ':' || coalesce(area, '') as subject, {INFORM} as severity, programme_id,
    area as area_code,
    {{'programme': p.code, 'area': area, 'records': records, 'cap': cap, 'law': law,
      'on': {day(period.last)}::varchar}} as facts
from counted join programme p using (programme_id)
"""


def _plain(tables: Tables, _limits: Limits, period: Period) -> list[Found]:
    times = plain.active_times(tables, period.last)
    codes = {row["programme_id"]: row["code"] for row in tables["programme"]}
    parents = {row["code"]: row["parent"] for row in tables["area"]}
    rules = [
        (row, json.loads(row["value"]))
        for row in tables["programme_rule"]
        if row["kind"] == "caseload_cap" and plain.holds_on(row, period.last)
    ]
    found = []
    for programme_id, area in {(row["programme_id"], rule.get("area")) for row, rule in rules}:
        own = [
            (row, rule)
            for row, rule in rules
            if (row["programme_id"], rule.get("area")) == (programme_id, area)
        ]
        cap = max(rule["records"] for _, rule in own)
        count = sum(
            area in (None, row["region_code"], row["district_code"],
                     parents.get(row["district_code"]))
            for row in tables["record"]
            if row["programme_id"] == programme_id
            and plain.is_active_on(times.get(row["record_id"], ()), period.last)
        )  # fmt: skip
        if count > cap:
            facts: Facts = {
                "programme": codes[programme_id], "area": area, "records": count, "cap": cap,
                "law": min(row["legal_reference"] for row, _ in own), "on": str(period.last),
            }  # fmt: skip
            found.append(
                Found(
                    subject=f"{programme_id}:{area or ''}",
                    severity=INFORM,
                    programme_id=programme_id,
                    area_code=area,
                    facts=facts,
                )
            )
    return found


def _explain(facts: Facts, say: Say) -> str:
    words = say(
        "{programme} had {records} active records in {area} on {on}; {cap} are approved ({law})."
    )
    if facts["area"] is None:
        words = say("{programme} had {records} active records on {on}; {cap} are approved ({law}).")
    return words.format(**facts)


def _district(people: int, cap: int) -> Story:
    story = Story().programme(1, "PWK")
    story.rule(1, "caseload_cap", "Works Plan 2026", area="D11", records=cap)
    for number in range(people):
        story.enrol(11 + number, 1, Who(501 + number))
    return story.enrol(91, 1, Who(601), district="D12")


CHECK = Check(
    code="K18",
    version=1,
    title="Above the approved caseload",
    about="A programme has more active records in an area than its plan or budget allows. It "
    "concerns planners; no person is meant.",
    rule="On the last day of the period, more records of a programme are active in an area than "
    "its rule (`caseload_cap`) says. An area is that of the region or district of the record's "
    "address, or the one its district lies in; without an area the rule is for all.",
    safeguards="Nobody is affected: nobody is asked, stopped or chosen because of it.",
    tables=("span", "record", "programme", "programme_rule", "area"),
    parameters=Limits,
    sql=_sql,
    plain=_plain,
    explain=_explain,
    examples=(
        Example(
            title="Three where two were approved",
            tables=_district(3, 2).tables,
            finds=[
                "PWK had 3 active records in D11 on 2026-09-30; 2 are approved (Works Plan 2026).",
            ],
        ),
        Example(title="As many as approved", tables=_district(2, 2).tables, finds=[]),
    ),
)
