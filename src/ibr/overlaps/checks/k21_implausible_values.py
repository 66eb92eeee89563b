"""K21: values that can hardly be true, of people and of whole offices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated

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
from ibr.overlaps.checks.sql_parts import (
    active,
    age,
    day,
    earliest_birth,
    latest_birth,
    live,
)
from ibr.overlaps.checks.story import Story, Who
from ibr.overlaps.checks.words import number


class Limits(Parameters, frozen=True, kw_only=True):
    oldest: Annotated[int, Meta(ge=90, le=150, description="years; older is hardly true")] = 110
    youngest_head: Annotated[
        int, Meta(ge=1, le=18, description="years; a younger head of a household is hardly true")
    ] = 12
    office_people: Annotated[
        int, Meta(ge=1, le=100000, description="people from which an office is looked at")
    ] = 50
    january_percent: Annotated[
        int, Meta(ge=1, le=100, description="percent of its people born on the first of January "
                  "from which an office is named")
    ] = 25  # fmt: skip
    same_day: Annotated[
        int, Meta(ge=2, le=1000, description="people of an office with one birth date from which "
                  "it is named, if that is ten times what chance would give")
    ] = 8  # fmt: skip


_OFFICES = """dated as (
    select programme_id, district_code, person_id, birth_date, any_value(month(birth_date) = 1
        and day(birth_date) = 1) as is_january
    from shown where birth_precision = 3 and birth_date is not null and district_code is not null
    group by programme_id, district_code, person_id, birth_date
),
offices as (
    select programme_id, district_code, count(*) as people, count(*) filter (is_january) as january,
        max(birth_date) - min(birth_date) + 1 as days
    from dated group by programme_id, district_code
),
days as (
    select programme_id, district_code, birth_date, count(*) as born_then
    from dated where not is_january group by programme_id, district_code, birth_date
)"""


def _sql(limits: Limits, period: Period) -> str:
    last = day(period.last)
    return f"""
with {active(period.last)}, {live(period)},
shown as (
    select a.*, {earliest_birth("a")} as born_from, {latest_birth("a")} as born_to, r.unit,
        r.district_code, e.enrolled_on
    from appearance a join record r using (record_id) left join enrolment e using (record_id)
    where a.member_no is not null and a.record_id in (select record_id from live)
),
{_OFFICES},
persons as (
    select 'old' as kind, record_id, appearance_no, programme_id, person_id,
        {age("born_to", last)} as years, null::varchar as since
    from shown where {age("born_to", last)} > {limits.oldest}
        and person_id not in (select person_id from death)
    union all
    select 'head', record_id, appearance_no, programme_id, person_id,
        {age("born_from", last)}, null
    from shown where is_head and unit <> 1 and {age("born_from", last)} < {limits.youngest_head}
    union all
    select 'unborn', record_id, appearance_no, programme_id, person_id, null, enrolled_on::varchar
    from shown where is_own and unit = 1 and enrolled_on < born_from
    union all
    select 'died', record_id, appearance_no, programme_id, person_id, null, death_date::varchar
    from shown where death_date < born_from
),
found as (
    select kind || ':' || record_id || ':' || appearance_no as subject, {INFORM} as severity,
        programme_id, person_id, record_id, null::varchar as area_code, kind, years, since,
        null::bigint as people, null::bigint as of_all
    from persons
    union all
    select 'january:' || programme_id || ':' || district_code, {SOON}, programme_id, null, null,
        district_code, 'january', null, null, january, people
    from offices where people >= {limits.office_people}
        and january * 100 >= people * {limits.january_percent}
    union all
    select 'same_day:' || programme_id || ':' || district_code || ':' || birth_date, {SOON},
        programme_id, null, null, district_code, 'same_day', null, birth_date::varchar, born_then,
        people
    from days join offices using (programme_id, district_code)
    where born_then >= {limits.same_day} and born_then * days > 10 * people
)
select subject, severity, f.programme_id, person_id, record_id, area_code,
    {{'programme': p.code, 'kind': kind, 'years': years, 'since': since, 'area': area_code,
      'people': people, 'of_all': of_all}} as facts
from found f join programme p using (programme_id)
"""


def _plain(tables: Tables, limits: Limits, period: Period) -> list[Found]:
    alive = plain.live_records(plain.active_times(tables, period.last), period)
    rows = [row for row in plain.present(tables) if row["record_id"] in alive]
    return [
        *_of_people(tables, rows, limits, period),
        *_of_offices(tables, rows, limits),
    ]


def _of_people(tables: Tables, rows: list[Row], limits: Limits, period: Period) -> Iterator[Found]:
    codes = {row["programme_id"]: row["code"] for row in tables["programme"]}
    units = {row["record_id"]: row["unit"] for row in tables["record"]}
    enrolled = {row["record_id"]: row["enrolled_on"] for row in tables["enrolment"]}
    dead = {row["person_id"] for row in tables["death"]}
    for row in rows:
        born = plain.births(row)
        if born is None:
            continue
        since, record = enrolled.get(row["record_id"]), row["record_id"]
        wrong: list[tuple[str, int | None, date | None]] = []
        if (years := plain.age(born[1], period.last)) > limits.oldest:
            wrong += [("old", years, None)] if row["person_id"] not in dead else []
        years, single = plain.age(born[0], period.last), units[record] == 1
        if row["is_head"] and not single and years < limits.youngest_head:
            wrong.append(("head", years, None))
        if row["is_own"] and single and since is not None and since < born[0]:
            wrong.append(("unborn", None, since))
        if row["death_date"] is not None and row["death_date"] < born[0]:
            wrong.append(("died", None, row["death_date"]))
        for kind, old, on in wrong:
            yield Found(
                subject=f"{kind}:{record}:{row['appearance_no']}",
                severity=INFORM,
                programme_id=row["programme_id"],
                person_id=row["person_id"],
                record_id=record,
                facts={
                    "programme": codes[row["programme_id"]], "kind": kind, "years": old,
                    "since": None if on is None else str(on), "area": None, "people": None,
                    "of_all": None,
                },
            )  # fmt: skip


def _of_offices(tables: Tables, rows: list[Row], limits: Limits) -> Iterator[Found]:
    codes = {row["programme_id"]: row["code"] for row in tables["programme"]}
    districts = {row["record_id"]: row["district_code"] for row in tables["record"]}
    dated = {
        (row["programme_id"], districts[row["record_id"]], row["person_id"], row["birth_date"])
        for row in rows
        if row["birth_precision"] == 3 and row["birth_date"] is not None
    }
    for programme, district in {(row[0], row[1]) for row in dated if row[1] is not None}:
        days = [row[3] for row in dated if row[:2] == (programme, district)]
        january = sum((each.month, each.day) == (1, 1) for each in days)
        span = (max(days) - min(days)).days + 1
        named: list[tuple[str, int, date | None]] = []
        if (
            len(days) >= limits.office_people
            and january * 100 >= len(days) * limits.january_percent
        ):
            named.append(("january", january, None))
        for each in {one for one in days if (one.month, one.day) != (1, 1)}:
            then = days.count(each)
            if then >= limits.same_day and then * span > 10 * len(days):
                named.append(("same_day", then, each))
        for kind, people, on in named:
            ending = "" if on is None else f":{on}"
            yield Found(
                subject=f"{kind}:{programme}:{district}{ending}",
                severity=SOON,
                programme_id=programme,
                area_code=district,
                facts={
                    "programme": codes[programme], "kind": kind, "years": None,
                    "since": None if on is None else str(on), "area": district, "people": people,
                    "of_all": len(days),
                },
            )  # fmt: skip


def _explain(facts: Facts, say: Say) -> str:
    words = {
        "old": say("A record of {programme} says that somebody is {years} years old."),
        "head": say("A record of {programme} says that the head of a household is {years}."),
        "unborn": say("{programme} enrolled somebody on {since}, before the day of birth."),
        "died": say("A record of {programme} says that somebody died on {since}, before birth."),
        "january": say(
            "In {area}, {programme} has {people} of {of_all} people born on the first of January: "
            "the office may write it where the day is not known."
        ),
        "same_day": say(
            "In {area}, {programme} has {people} of {of_all} people born on one day, {since}."
        ),
    }
    years = number(facts, "years")
    return words[str(facts["kind"])].format(**{**facts, "years": years})


def _office(births: list[str]) -> Story:
    story = Story().programme(1, "OAP")
    for place, birth in enumerate(births):
        story.enrol(11 + place, 1, Who(501 + place, birth))
    return story


CHECK = Check(
    code="K21",
    version=1,
    title="Implausible values",
    about="Values that can hardly be true: somebody of 118, a head of a household of five, an "
    "enrolment before birth; and offices that write one date where they do not know.",
    rule="Of active records: an age surely above `oldest` of somebody not known to have died; a "
    "head of a household surely below `youngest_head`; an enrolment before birth; a death before "
    "birth. Of a programme's people in one district: at least `january_percent` of "
    "`office_people` or more born on the first of January; at least `same_day` people born on one "
    "other day, and ten times as many as chance would give.",
    safeguards="The source is asked to correct it; of an office, its practice is meant and no "
    "person. Children do head households after a disaster, and some people are very old.",
    tables=("span", "appearance", "record", "enrolment", "death", "programme"),
    parameters=Limits,
    sql=_sql,
    plain=_plain,
    explain=_explain,
    examples=(
        Example(
            title="Somebody of 118, and somebody enrolled before birth",
            tables=Story()
            .programme(1, "OAP")
            .enrol(11, 1, Who(501, "1908-02-02"))
            .enrol(12, 1, Who(502, "2026-03-05"))
            .tables,
            finds=[
                "A record of OAP says that somebody is 118 years old.",
                "OAP enrolled somebody on 2026-01-10, before the day of birth.",
            ],
        ),
        Example(
            title="A head of five years",
            tables=Story()
            .programme(1, "PCT", unit=2)
            .enrol(11, 1, Who(501, "2021-03-05"), Who(502))
            .tables,
            finds=[
                "A record of PCT says that the head of a household is 5.",
            ],
        ),
        Example(
            title="An office where every other birth is on the first of January",
            tables=_office(
                [f"{1936 + n}-{'01-01' if n % 2 else '07-14'}" for n in range(25)] * 2
            ).tables,
            finds=[
                "In D11, OAP has 24 of 50 people born on the first of January: the office may "
                "write it where the day is not known.",
            ],
        ),
        Example(
            title="Twins and triplets are born on one day",
            tables=_office(["2021-05-05"] * 3 + ["2019-02-10"] * 2).tables,
            finds=[],
        ),
        Example(
            title="Only the year is known, and somebody of 101",
            tables=Story()
            .programme(1, "OAP")
            .enrol(11, 1, Who(501, "1916-01-01", 1))
            .enrol(12, 1, Who(502, "1925-04-04"))
            .tables,
            finds=[],
        ),
    ),
)
