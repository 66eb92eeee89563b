"""K10: sex or disability as recorded does not fit the programme's rule."""

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
    Row,
    Say,
    Tables,
)
from ibr.overlaps.checks.sql_parts import KNOWN, active, in_force, live
from ibr.overlaps.checks.story import Story, Who


class Limits(Parameters, frozen=True, kw_only=True):
    """This check has no parameters."""


def _sql(_limits: Limits, period: Period) -> str:
    return f"""
with {active(period.last)}, {live(period)}, {KNOWN},
rules as (
    select programme_id, kind, value, legal_reference from programme_rule
    where kind in ('sex', 'disability') and {in_force("programme_rule", period)}
),
reported as (
    select a.record_id, a.programme_id, a.person_id, a.sex, a.is_disabled
    from appearance a join record r using (record_id)
    where a.is_own and a.member_no is not null and r.unit = 1
        and a.record_id in (select record_id from live)
),
outside as (
    select o.record_id, o.programme_id, o.person_id, kind, min(r.legal_reference) as law
    from reported o join rules r using (programme_id)
    where (kind = 'sex' and sex in (1, 2) and sex <> (value->>'sex')::integer)
        or (kind = 'disability' and (value->>'required')::boolean and is_disabled = false)
    group by o.record_id, o.programme_id, o.person_id, kind
),
-- Whether anything else that is known of the person would fit the rule.
elsewhere as (
    select o.record_id, o.kind, bool_or(case when o.kind = 'disability' then k.is_disabled
        else a.sex in (1, 2) and a.sex <> own.sex end) as fits
    from outside o join known k using (person_id) join appearance a using (person_id)
        join reported own on own.record_id = o.record_id
    where a.member_no is not null group by o.record_id, o.kind
)
select o.kind || ':' || o.record_id as subject, {INFORM} as severity, o.programme_id,
    o.person_id, o.record_id,
    {{'programme': p.code, 'kind': o.kind, 'law': law, 'elsewhere': fits}} as facts
from outside o join programme p using (programme_id)
    join elsewhere e on e.record_id = o.record_id and e.kind = o.kind
where not (o.kind = 'disability' and fits)
"""


def _plain(tables: Tables, _limits: Limits, period: Period) -> list[Found]:
    alive = plain.live_records(plain.active_times(tables, period.last), period)
    units = {row["record_id"]: row["unit"] for row in tables["record"]}
    codes = {row["programme_id"]: row["code"] for row in tables["programme"]}
    people, known = plain.by(plain.present(tables), "person_id"), plain.known_people(tables)
    found = []
    for row in plain.present(tables):
        if not row["is_own"] or units[row["record_id"]] != 1 or row["record_id"] not in alive:
            continue
        for kind in ("sex", "disability"):
            laws = [
                rule["legal_reference"]
                for rule in tables["programme_rule"]
                if (rule["programme_id"], rule["kind"]) == (row["programme_id"], kind)
                and plain.holds(rule, period)
                and _outside(kind, json.loads(rule["value"]), row)
            ]
            others = {other["sex"] for other in people[row["person_id"]]} & {1, 2}
            elsewhere = bool(others - {row["sex"]})
            if kind == "disability":
                elsewhere = known[row["person_id"]].is_disabled
            if laws and not (kind == "disability" and elsewhere):
                found.append(
                    Found(
                        subject=f"{kind}:{row['record_id']}",
                        severity=INFORM,
                        programme_id=row["programme_id"],
                        person_id=row["person_id"],
                        record_id=row["record_id"],
                        facts={
                            "programme": codes[row["programme_id"]], "kind": kind,
                            "law": min(laws), "elsewhere": elsewhere,
                        },
                    )
                )  # fmt: skip
    return found


def _outside(kind: str, rule: dict[str, int | bool], row: Row) -> bool:
    if kind == "sex":
        return row["sex"] in (1, 2) and row["sex"] != rule["sex"]
    return bool(rule["required"]) and row["is_disabled"] is False


def _explain(facts: Facts, say: Say) -> str:
    if facts["kind"] == "disability":
        words = say(
            "{programme} is for people with a disability ({law}), and this record says that the "
            "person has none. Ask for the record to be corrected first."
        )
    else:
        words = say(
            "{programme} is for the other sex than this record says ({law}). Ask for the record "
            "to be corrected first."
        )
    if facts["elsewhere"]:
        words += " " + say("Another record of the same person says otherwise.")
    return words.format(**facts)


def _maternity(*people: Who) -> Story:
    story = Story().programme(1, "MAT").rule(1, "sex", "Maternity Act, section 2", sex=2)
    for place, who in enumerate(people):
        story.enrol(11 + place, 1, who)
    return story


CHECK = Check(
    code="K10",
    version=1,
    title="Sex or disability outside the rule",
    about="A programme for one sex, or for people with a disability, has an active record that "
    "says otherwise. It is nearly always the record that is wrong.",
    rule="A person's record is active in the period; its programme's rule names a sex and the "
    "record another, or the rule asks for a disability and the record says there is none. Unknown "
    "and other sex are never found; a disability that any record or register knows of ends it.",
    safeguards="Recording errors, and trans and intersex people: for information only, and never "
    "a reason to stop anything. The programme is asked to correct the record.",
    tables=("span", "appearance", "told", "record", "programme", "programme_rule"),
    parameters=Limits,
    sql=_sql,
    plain=_plain,
    explain=_explain,
    examples=(
        Example(
            title="Maternity benefit on a record that says male",
            tables=_maternity(Who(501, sex=1), Who(502)).tables,
            finds=[
                "MAT is for the other sex than this record says (Maternity Act, section 2). Ask"
                " for the record to be corrected first.",
            ],
        ),
        Example(
            title="Sex not recorded, or recorded as other",
            tables=_maternity(Who(501, sex=0), Who(502, sex=3)).tables,
            finds=[],
        ),
        Example(
            title="No disability in the record",
            tables=Story()
            .programme(1, "DIS")
            .rule(1, "disability", "Disability Act, section 4", required=True)
            .enrol(11, 1, Who(501, disabled=False))
            .enrol(12, 1, Who(502, disabled=None))
            .tables,
            finds=[
                "DIS is for people with a disability (Disability Act, section 4), and this "
                "record says that the person has none. Ask for the record to be corrected "
                "first.",
            ],
        ),
        Example(
            title="The disability register knows of it",
            tables=Story()
            .programme(1, "DIS")
            .rule(1, "disability", required=True)
            .enrol(11, 1, Who(501, disabled=False))
            .told(501, "is_disabled", "true")
            .tables,
            finds=[],
        ),
    ),
)
