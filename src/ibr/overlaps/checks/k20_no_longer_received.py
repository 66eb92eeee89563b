"""K20: actively enrolled, once paid, and nothing for some time."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ibr.overlaps.checks import plain_tools as plain
from ibr.overlaps.checks.model import (
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
from ibr.overlaps.checks.sql_parts import OWN, active, quiet
from ibr.overlaps.checks.story import Story, Who


class Limits(Parameters, frozen=True, kw_only=True):
    cycles: Annotated[
        int, Meta(ge=1, le=60, description="cycles without a benefit from which it is found")
    ] = 3


def _sql(limits: Limits, period: Period) -> str:
    return f"""
with {active(period.last)}, {OWN}, {quiet(limits.cycles, period)}
select q.record_id::varchar as subject, {SOON} as severity, q.programme_id, o.person_id,
    q.record_id, starts as first_day, ends as last_day,
    {{'programme': p.code, 'cycles': {limits.cycles}, 'received': last_given::varchar,
      'first': starts::varchar, 'last': ends::varchar}} as facts
from quiet q join programme p using (programme_id) left join own o using (record_id)
where last_given is not null
"""


def _plain(tables: Tables, limits: Limits, period: Period) -> list[Found]:
    codes = {row["programme_id"]: row["code"] for row in tables["programme"]}
    own = plain.own_person(tables)
    return [
        Found(
            subject=str(each.record_id),
            severity=SOON,
            programme_id=each.programme_id,
            person_id=own.get(each.record_id),
            record_id=each.record_id,
            first_day=each.starts,
            last_day=each.ends,
            facts={
                "programme": codes[each.programme_id], "cycles": limits.cycles,
                "received": str(each.last_given), "first": str(each.starts),
                "last": str(each.ends),
            },
        )
        for each in plain.quiet_records(tables, limits.cycles, period)
        if each.last_given is not None
    ]  # fmt: skip


def _explain(facts: Facts, say: Say) -> str:
    return say(
        "Actively enrolled in {programme}, which last gave something on {received} and nothing in "
        "the {cycles} cycles from {first} to {last} in which it paid others. Whether payments were "
        "tried and failed is not reported to the registry."
    ).format(**facts)


ANNA, BELA = Who(501, "1958-03-14"), Who(502, "1957-07-07")


def _story(received: str, since: str = "2026-01-10") -> Story:
    story = Story().programme(1, "OAP").enrol(11, 1, ANNA, paid="06-03 07-03 08-03 09-03")
    return story.enrol(12, 1, BELA, paid=received, since=since)


CHECK = Check(
    code="K20",
    version=1,
    title="Active, and no longer received",
    about="Somebody is actively enrolled and used to receive something, and has received nothing "
    "for some cycles while others did: the account was closed, nobody comes to collect, or the "
    "person is ill, has moved or has died.",
    rule="The enrolment was active through the last `cycles` cycles in which the programme gave "
    "anything to anybody; the record received something before them and nothing since.",
    safeguards="The registry is told what was given, not which payments failed: that must be "
    "asked. It may be illness or distance. Reach out and offer proof of life at home; "
    "never stop anything because of it.",
    tables=("span", "appearance", "record", "benefit", "programme"),
    parameters=Limits,
    sql=_sql,
    plain=_plain,
    explain=_explain,
    helps=True,
    examples=(
        Example(
            title="Last paid in June, others in July, August and September",
            tables=_story("05-03 06-03").tables,
            finds=[
                "Actively enrolled in OAP, which last gave something on 2026-06-03 and nothing "
                "in the 3 cycles from 2026-07-01 to 2026-09-30 in which it paid others. Whether"
                " payments were tried and failed is not reported to the registry.",
            ],
        ),
        Example(title="Paid again in August", tables=_story("06-03 08-03").tables, finds=[]),
        Example(title="Never paid: that is K17", tables=_story("").tables, finds=[]),
    ),
)
