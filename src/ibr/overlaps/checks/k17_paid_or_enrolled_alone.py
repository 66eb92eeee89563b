"""K17: given without an active enrolment, or actively enrolled and never given anything."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from msgspec import Meta

from ibr.overlaps.checks import plain_tools as plain
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
from ibr.overlaps.checks.sql_parts import OWN, active, money, quiet
from ibr.overlaps.checks.story import Story, Who
from ibr.overlaps.checks.words import amount


class Limits(Parameters, frozen=True, kw_only=True):
    before_days: Annotated[
        int, Meta(ge=0, le=366, description="days before an enrolment in which a payment is usual")
    ] = 31
    after_days: Annotated[
        int, Meta(ge=0, le=366, description="days after its end in which arrears are usual")
    ] = 62
    cycles: Annotated[
        int, Meta(ge=1, le=60, description="cycles without a first benefit from which it is found")
    ] = 3


def _sql(limits: Limits, period: Period) -> str:
    return f"""
with {active(period.last)}, {OWN}, {money(period)}, {quiet(limits.cycles, period)},
uncovered as (
    select g.* from given g where not exists (
        select 1 from span s where s.record_id = g.record_id and s.active
            and s.first_day - {limits.before_days} <= g.given_on
            and coalesce(s.last_day, g.given_on) + {limits.after_days} >= g.given_on
    )
),
without as (
    select u.record_id, u.programme_id, count(*) as times, min(given_on) as first_on,
        max(given_on) as last_on, sum(minor)::bigint as minor, any_value(currency) as currency
    from uncovered u group by u.record_id, u.programme_id
),
ended as (
    select w.record_id, max(s.last_day) as last_active
    from without w join span s on s.record_id = w.record_id and s.active and s.last_day < w.first_on
    group by w.record_id
),
found as (
    select 'paid:' || w.record_id as subject, if(last_active is null, {NOW}, {SOON}) as severity,
        w.programme_id, w.record_id, first_on as first_day, last_on as last_day,
        minor as money_minor, if(minor is null, null, currency) as currency, 'paid' as kind,
        times, last_active::varchar as ended
    from without w left join ended using (record_id)
    union all
    select 'unpaid:' || q.record_id, {SOON}, q.programme_id, q.record_id, starts, ends, null,
        null, 'unpaid', {limits.cycles}, null
    from quiet q where last_given is null
)
select f.subject, f.severity, f.programme_id, o.person_id, f.record_id, f.first_day, f.last_day,
    f.money_minor, f.currency,
    {{'programme': p.code, 'kind': kind, 'times': times, 'first': first_day::varchar,
      'last': last_day::varchar, 'ended': ended, 'money': money_minor,
      'currency': f.currency}} as facts
from found f join programme p using (programme_id) left join own o using (record_id)
"""


def _plain(tables: Tables, limits: Limits, period: Period) -> list[Found]:
    programmes, own = plain.one_by(tables["programme"], "programme_id"), plain.own_person(tables)
    records, found = plain.one_by(tables["record"], "record_id"), []
    spans = plain.by((row for row in tables["span"] if row["active"]), "record_id")
    for record, given in plain.given_in(tables, period).items():
        programme = programmes[records[record]["programme_id"]]
        alone = [each for each in given if not _covered(spans.get(record, []), each.on, limits)]
        if not alone:
            continue
        first, last = min(each.on for each in alone), max(each.on for each in alone)
        ends = [row["last_day"] for row in spans.get(record, []) if row["last_day"] is not None]
        ended = max((each for each in ends if each < first), default=None)
        minor, currency = plain.at_stake(alone, programme)
        found.append(
            Found(
                subject=f"paid:{record}",
                severity=NOW if ended is None else SOON,
                programme_id=programme["programme_id"],
                person_id=own.get(record),
                record_id=record,
                first_day=first,
                last_day=last,
                money_minor=minor,
                currency=currency,
                facts={
                    "programme": programme["code"], "kind": "paid", "times": len(alone),
                    "first": str(first), "last": str(last),
                    "ended": None if ended is None else str(ended), "money": minor,
                    "currency": currency,
                },
            )
        )  # fmt: skip
    for quiet_one in plain.quiet_records(tables, limits.cycles, period):
        if quiet_one.last_given is None:
            code = programmes[quiet_one.programme_id]["code"]
            found.append(_unpaid(quiet_one, own.get(quiet_one.record_id), code, limits))
    return found


def _covered(spans: list[dict[str, date | None]], on: date, limits: Limits) -> bool:
    """Whether some active time of the enrolment, or the days around it, holds a day."""
    return any(
        first - timedelta(days=limits.before_days)
        <= on
        <= (row["last_day"] or on) + timedelta(days=limits.after_days)
        for row in spans
        if (first := row["first_day"]) is not None
    )


def _unpaid(record: plain.Quiet, person: int | None, code: str, limits: Limits) -> Found:
    return Found(
        subject=f"unpaid:{record.record_id}",
        severity=SOON,
        programme_id=record.programme_id,
        person_id=person,
        record_id=record.record_id,
        first_day=record.starts,
        last_day=record.ends,
        facts={
            "programme": code, "kind": "unpaid", "times": limits.cycles,
            "first": str(record.starts), "last": str(record.ends), "ended": None, "money": None,
            "currency": None,
        },
    )  # fmt: skip


def _explain(facts: Facts, say: Say) -> str:
    if facts["kind"] == "unpaid":
        words = say(
            "Actively enrolled in {programme} and never given anything: none in the last {times} "
            "cycles in which it paid others, from {first} to {last}. Somebody may be missing out."
        )
    elif facts["ended"] is None:
        words = say(
            "{programme} gave {amount} from {first} to {last} ({times} times) to somebody who was "
            "not actively enrolled before."
        )
    else:
        words = say(
            "{programme} gave {amount} from {first} to {last} ({times} times), although the "
            "enrolment was last active on {ended}."
        )
    return words.format(**facts, amount=amount(facts, say))


ANNA, BELA = Who(501, "1958-03-14"), Who(502, "1957-07-07")

CHECK = Check(
    code="K17",
    version=1,
    title="Paid but not enrolled, enrolled but never paid",
    about="Payments and enrolments are reported by different parts of a programme and do not "
    "agree. The one side costs money; the other is an error against the person.",
    rule="Something was given in the period on a day that no active part of the enrolment covers, "
    "with `before_days` before and `after_days` after it. Or: the enrolment was active through the "
    "last `cycles` cycles in which the programme gave anything to anybody, and the record never "
    "received anything.",
    safeguards="Arrears after the end of an enrolment are usual. A programme that did not report "
    "a cycle is no fault of the person: such cycles are not counted. Ask the programme to "
    "reconcile its lists; where nothing was ever given, ask the person what hinders them.",
    tables=("span", "appearance", "record", "benefit", "programme"),
    parameters=Limits,
    sql=_sql,
    plain=_plain,
    explain=_explain,
    examples=(
        Example(
            title="Paid four months after the end",
            tables=Story()
            .programme(1, "OAP")
            .enrol(11, 1, ANNA, until="2026-04-30", paid="09-03", amount=1200_00)
            .tables,
            finds=[
                "OAP gave XTS 1,200.00 from 2026-09-03 to 2026-09-03 (1 times), although the "
                "enrolment was last active on 2026-04-30.",
            ],
        ),
        Example(
            title="Arrears a month after the end",
            tables=Story()
            .programme(1, "OAP")
            .enrol(11, 1, ANNA, until="2026-06-30", paid="07-25")
            .tables,
            finds=[],
        ),
        Example(
            title="Others were paid three times; this one never",
            tables=Story()
            .programme(1, "OAP")
            .enrol(11, 1, ANNA, paid="07-03 08-03 09-03")
            .enrol(12, 1, BELA)
            .tables,
            finds=[
                "Actively enrolled in OAP and never given anything: none in the last 3 cycles "
                "in which it paid others, from 2026-07-01 to 2026-09-30. Somebody may be "
                "missing out.",
            ],
        ),
        Example(
            title="The programme reported one cycle only",
            tables=Story()
            .programme(1, "OAP")
            .enrol(11, 1, ANNA, paid="07-03")
            .enrol(12, 1, BELA)
            .tables,
            finds=[],
        ),
        Example(
            title="Enrolled in August: two cycles are not enough to say so",
            tables=Story()
            .programme(1, "OAP")
            .enrol(11, 1, ANNA, paid="07-03 08-03 09-03")
            .enrol(12, 1, BELA, since="2026-08-01")
            .tables,
            finds=[],
        ),
    ),
)
