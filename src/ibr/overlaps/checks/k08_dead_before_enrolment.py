"""K08: people who had died before they were enrolled."""

from __future__ import annotations

from datetime import timedelta
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
from ibr.overlaps.checks.sql_parts import DEAD, LISTED, OWN, active, by_sources, live, money
from ibr.overlaps.checks.story import Story, Who
from ibr.overlaps.checks.words import amount, number


class Limits(Parameters, frozen=True, kw_only=True):
    margin_days: Annotated[
        int, Meta(ge=0, le=366, description="days between application and enrolment in which a "
                  "death may pass unseen")
    ] = 0  # fmt: skip


def _sql(limits: Limits, period: Period) -> str:
    return f"""
with {active(period.last)}, {live(period)}, {OWN}, {LISTED}, {DEAD}, {money(period)},
early as (
    select l.record_id, l.programme_id, l.person_id, d.died_on, d.known_on, d.sources,
        e.enrolled_on, o.record_id is not null as is_own
    from listed l join dead d using (person_id) join enrolment e using (record_id)
        left join own o on o.record_id = l.record_id and o.person_id = l.person_id
    where d.died_on + {limits.margin_days} < e.enrolled_on
        and l.record_id in (select record_id from live)
),
paid as (
    select record_id, sum(minor)::bigint as minor, count(*) as times
    from given where record_id in (select record_id from early where is_own) group by record_id
),
valued as (
    select e.*, p.code, if(is_own, minor, null) as minor,
        if(is_own, coalesce(times, 0), 0) as times,
        if(is_own and minor is not null, p.currency, null) as currency
    from early e join programme p using (programme_id) left join paid using (record_id)
)
select record_id || ':' || person_id as subject,
    {by_sources("not is_own")} as severity,
    programme_id, person_id, record_id, died_on as first_day, enrolled_on as last_day,
    minor as money_minor, currency,
    {{'programme': code, 'died': died_on::varchar, 'known': known_on::varchar,
      'enrolled': enrolled_on::varchar, 'sources': sources, 'member': not is_own,
      'payments': times, 'money': minor, 'currency': currency}} as facts
from valued
"""


def _plain(tables: Tables, limits: Limits, period: Period) -> list[Found]:
    dead, given = plain.dead_people(tables), plain.given_in(tables, period)
    own = plain.own_person(tables)
    alive = plain.live_records(plain.active_times(tables, period.last), period)
    programmes = plain.one_by(tables["programme"], "programme_id")
    enrolled, found = plain.one_by(tables["enrolment"], "record_id"), []
    for record, people in plain.people_of(tables).items():
        since = enrolled[record]["enrolled_on"] if record in enrolled else None
        if record not in alive or since is None:
            continue
        for person in people & set(dead):
            death, is_own = dead[person], own.get(record) == person
            if death.died_on + timedelta(days=limits.margin_days) >= since:
                continue
            programme = programmes[enrolled[record]["programme_id"]]
            paid = given.get(record, ()) if is_own else ()
            minor, currency = plain.at_stake(paid, programme)
            found.append(
                Found(
                    subject=f"{record}:{person}",
                    severity=plain.by_sources(death.sources, informs=not is_own),
                    programme_id=programme["programme_id"],
                    person_id=person,
                    record_id=record,
                    first_day=death.died_on,
                    last_day=since,
                    money_minor=minor,
                    currency=currency,
                    facts={
                        "programme": programme["code"], "died": str(death.died_on),
                        "known": str(death.known_on), "enrolled": str(since),
                        "sources": death.sources, "member": not is_own, "payments": len(paid),
                        "money": minor, "currency": currency,
                    },
                )
            )  # fmt: skip
    return found


def _explain(facts: Facts, say: Say) -> str:
    if facts["member"]:
        words = say(
            "{programme} counts a member of the household who had died on {died}, before the "
            "household was enrolled on {enrolled}."
        )
    elif number(facts, "sources") >= 2:
        words = say(
            "{programme} enrolled on {enrolled} somebody who had died on {died}, as {sources} "
            "sources say, and gave {amount} in the period."
        )
    else:
        words = say(
            "{programme} enrolled on {enrolled} somebody who had died on {died}, as one source "
            "says, and gave {amount} in the period. Ask for a second source first."
        )
    return words.format(**facts, amount=amount(facts, say))


CHECK = Check(
    code="K08",
    version=1,
    title="Died before being enrolled",
    about="Somebody was enrolled, or counted as a member of a household, who had died before. "
    "Either the death is wrong, or the records of two people were taken for one, or somebody uses "
    "the name of the dead.",
    rule="The latest day of death that any source gives, and `margin_days`, lie before the day of "
    "enrolment; the enrolment is active in the period. A dead member of a household is found for "
    "information only.",
    safeguards="Wrongly dead, and wrongly linked: a child named after a dead grandparent. Confirm "
    "the death from a second source and who is who. A register that says later that the person "
    "lives ends it.",
    tables=("span", "appearance", "told", "death", "benefit", "programme", "enrolment"),
    parameters=Limits,
    sql=_sql,
    plain=_plain,
    explain=_explain,
    examples=(
        Example(
            title="Enrolled in March, died in the November before; two sources agree",
            tables=Story()
            .programme(1, "OAP")
            .enrol(11, 1, Who(801, "1941-02-11"), since="2026-03-01", paid="07-03 08-03")
            .died(801, "2025-11-20", "2026-07-15", 2)
            .tables,
            finds=[
                "OAP enrolled on 2026-03-01 somebody who had died on 2025-11-20, as 2 sources "
                "say, and gave XTS 1,000.00 in the period.",
            ],
        ),
        Example(
            title="A member of the household who had died before; one source",
            tables=Story()
            .programme(1, "PCT", unit=2)
            .enrol(11, 1, Who(802), Who(801, "1941-02-11"), since="2026-03-01", paid="07-03")
            .died(801, "2025-11-20", "2026-07-15")
            .tables,
            finds=[
                "PCT counts a member of the household who had died on 2025-11-20, before the "
                "household was enrolled on 2026-03-01.",
            ],
        ),
        Example(
            title="Died after enrolment: that is K07",
            tables=Story()
            .programme(1, "OAP")
            .enrol(11, 1, Who(801, "1941-02-11"), since="2025-03-01", paid="07-03 08-03")
            .died(801, "2025-11-20", "2026-07-15", 2)
            .tables,
            finds=[],
        ),
        Example(
            title="Wrongly dead: alive by a later word of the civil register",
            tables=Story()
            .programme(1, "OAP")
            .enrol(11, 1, Who(801, "1941-02-11"), since="2026-03-01", paid="07-03")
            .died(801, "2025-11-20", "2026-07-15")
            .told(801, "vital_status", '"alive"', "2026-02-01")
            .tables,
            finds=[],
        ),
    ),
)
