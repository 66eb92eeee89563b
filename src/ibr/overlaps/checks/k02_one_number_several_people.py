"""K02: one identity number on the records of people who cannot be one."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

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
from ibr.overlaps.checks.plain_tools import (
    active_times,
    births,
    by,
    given_in,
    live_records,
    one_by,
    present,
)
from ibr.overlaps.checks.sql_parts import active, day, earliest_birth, live, texts
from ibr.overlaps.checks.story import Story, Who
from ibr.overlaps.checks.words import several


class Limits(Parameters, frozen=True, kw_only=True):
    kinds: Annotated[
        tuple[str, ...], Meta(description="kinds of number that belong to one person alone")
    ] = ("UIN", "NID", "NATIONALID", "NATIONAL_ID", "BRN", "PASSPORT", "DISABILITY_ID")
    years: Annotated[
        int, Meta(ge=0, le=100, description="years by which years of birth may differ by mistake")
    ] = 2


def _sql(limits: Limits, period: Period) -> str:
    return f"""
with {active(period.last)}, {live(period)},
holders as (
    select n.kind, n.token, a.person_id, min(year({earliest_birth("a")})) as year,
        min(sex) filter (sex in (1, 2)) as sex, min(record_id) as record_id,
        list(distinct record_id) as records
    from number n join appearance a using (record_id, appearance_no)
    where n.tie = '' and n.kind in {texts(limits.kinds)} and a.member_no is not null
    group by n.kind, n.token, a.person_id
),
clashes as (
    select kind, token, count(*) as people, flatten(list(records)) as records,
        list_sort(list(distinct record_id)) as firsts
    from holders group by kind, token
    having count(*) > 1 and (max(year) - min(year) > {limits.years} or count(distinct sex) > 1)
),
borne_by as (
    select kind, token, people, firsts[1] as record_id, firsts[2] as other_record,
        unnest(records) as any_record
    from clashes
),
judged as (
    select kind, token, people, a.record_id, other_record,
        count(distinct any_record) as records,
        bool_or(any_record in (select record_id from live)) as is_live,
        count(distinct any_record) filter (any_record in (select record_id from benefit
            where given_on between {day(period.first)} and {day(period.last)})) as paid,
        list_sort(list(distinct p.code)) as programmes
    from borne_by a join record r on r.record_id = any_record join programme p using (programme_id)
    group by kind, token, people, a.record_id, other_record
)
select kind || ':' || token as subject, if(paid > 1, {NOW}, {SOON}) as severity,
    r.programme_id, o.programme_id as other_programme, j.record_id, other_record,
    {{'kind': kind, 'people': people, 'records': records, 'paid': paid,
      'programmes': programmes}} as facts
from judged j join record r on r.record_id = j.record_id
    left join record o on o.record_id = other_record
where is_live
"""


def _plain(tables: Tables, limits: Limits, period: Period) -> list[Found]:
    alive, given = live_records(active_times(tables, period.last), period), given_in(tables, period)
    records = one_by(tables["record"], "record_id")
    codes = {row["programme_id"]: row["code"] for row in tables["programme"]}
    named = {(row["record_id"], row["appearance_no"]): row for row in present(tables)}
    numbers = [
        row
        for row in tables["number"]
        if row["tie"] == ""
        and row["kind"] in limits.kinds
        and (row["record_id"], row["appearance_no"]) in named
    ]
    found = []
    for (kind, token), rows in by(numbers, "kind", "token").items():
        people = by((named[row["record_id"], row["appearance_no"]] for row in rows), "person_id")
        at = {row["record_id"] for row in rows}
        firsts = sorted({min(row["record_id"] for row in shown) for shown in people.values()})
        if len(people) < 2 or not at & alive or not _disagree(list(people.values()), limits):
            continue
        other = firsts[1] if len(firsts) > 1 else None
        paid = len(at & set(given))
        found.append(
            Found(
                subject=f"{kind}:{token}",
                severity=NOW if paid > 1 else SOON,
                programme_id=records[firsts[0]]["programme_id"],
                other_programme=None if other is None else records[other]["programme_id"],
                record_id=firsts[0],
                other_record=other,
                facts={
                    "kind": kind, "people": len(people), "records": len(at), "paid": paid,
                    "programmes": sorted({codes[records[each]["programme_id"]] for each in at}),
                },
            )
        )  # fmt: skip
    return found


def _disagree(people: list[list[dict[str, object]]], limits: Limits) -> bool:
    """Whether the people differ in sex, or in year of birth by more than a mistake."""
    years, sexes = [], set()
    for rows in people:
        known = [span[0].year for row in rows if (span := births(row)) is not None]
        years += [min(known)] if known else []
        sexes |= {min((row["sex"] for row in rows if row["sex"] in (1, 2)), default=None)}
    apart = bool(years) and max(years) - min(years) > limits.years
    return apart or len(sexes - {None}) > 1


def _explain(facts: Facts, say: Say) -> str:
    return say(
        "One number of the kind {kind} stands on {records} records of {people} people who differ "
        "in sex or year of birth, in {programmes}; {paid} of these records were given benefits in "
        "the period. Somebody's number may have been mistyped, or used by somebody else."
    ).format(**{**facts, "programmes": several(facts, "programmes")})


CHECK = Check(
    code="K02",
    version=1,
    title="One number, different people",
    about="A number that belongs to one person stands on the records of several who cannot be "
    "one: it was mistyped, or somebody uses another person's number.",
    rule="A number of one of the `kinds` is the own number of two or more linked people whose "
    "years of birth differ by more than `years`, or whose sexes differ. One of the records is "
    "active in the period.",
    safeguards="Whoever holds the number is possibly the victim, not the culprit. Ask each source "
    "and verify in the civil register; the programmes keep paying meanwhile. People of the same "
    "sex and age are not found here: they may be one person, which is for linkage to say.",
    tables=("span", "number", "appearance", "record", "benefit", "programme"),
    parameters=Limits,
    sql=_sql,
    plain=_plain,
    explain=_explain,
    examples=(
        Example(
            title="An old woman and a young man with one national number",
            tables=Story()
            .programme(1, "OAP")
            .programme(2, "PWK")
            .enrol(11, 1, Who(501, "1951-03-14"), paid="07-03")
            .enrol(21, 2, Who(502, "1996-07-02", sex=1), paid="07-20")
            .number(11, 1, "UIN", 9001)
            .number(21, 2, "UIN", 9001)
            .tables,
            finds=[
                "One number of the kind UIN stands on 2 records of 2 people who differ in sex "
                "or year of birth, in OAP, PWK; 2 of these records were given benefits in the "
                "period. Somebody's number may have been mistyped, or used by somebody else.",
            ],
        ),
        Example(
            title="One person in two programmes, linked",
            tables=Story()
            .programme(1, "OAP")
            .programme(2, "HIF")
            .enrol(11, 1, Who(501, "1951-03-14"))
            .enrol(21, 2, Who(501, "1951-01-01"))
            .number(11, 1, "UIN", 9001)
            .number(21, 2, "UIN", 9001)
            .tables,
            finds=[],
        ),
        Example(
            title="Not linked, but the same sex and year: for linkage, not for this check",
            tables=Story()
            .programme(1, "OAP")
            .programme(2, "HIF")
            .enrol(11, 1, Who(501, "1951-03-14"))
            .enrol(21, 2, Who(502, "1952-03-14"))
            .number(11, 1, "UIN", 9001)
            .number(21, 2, "UIN", 9001)
            .tables,
            finds=[],
        ),
        Example(
            title="A household's telephone is nobody's alone",
            tables=Story()
            .programme(1, "OAP")
            .programme(2, "PWK")
            .enrol(11, 1, Who(501, "1951-03-14"))
            .enrol(21, 2, Who(502, "1996-07-02", sex=1))
            .number(11, 1, "PHONE", 9002)
            .number(21, 2, "PHONE", 9002)
            .tables,
            finds=[],
        ),
    ),
)
