"""K13: one account or telephone for many people who have nothing to do with each other."""

from __future__ import annotations

import json
from typing import Annotated

from msgspec import Meta

from ibr.overlaps.checks import plain_tools as plain
from ibr.overlaps.checks.model import (
    INFORM,
    NOW,
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
from ibr.overlaps.checks.sql_parts import SOMEBODY, active, in_force, live, money, text, texts
from ibr.overlaps.checks.story import Story, Who
from ibr.overlaps.checks.words import amount, several

CODE = "K13"


class Limits(Parameters, frozen=True, kw_only=True):
    account_people: Annotated[
        int, Meta(ge=1, le=10000, description="unrelated people that one account may stand for")
    ] = 3
    phone_people: Annotated[
        int, Meta(ge=1, le=10000, description="unrelated people that one telephone may stand for")
    ] = 10
    accounts: Annotated[tuple[str, ...], Meta(description="kinds of number that are accounts")] = (
        "ACCOUNT", "IBAN",
    )  # fmt: skip
    phones: Annotated[tuple[str, ...], Meta(description="kinds of number that are telephones")] = (
        "PHONE", "MOBILE", "PHONE_NUMBER",
    )  # fmt: skip
    now_times: Annotated[
        int, Meta(ge=1, le=1000, description="times the limit from which it is looked at now")
    ] = 3


def _sql(limits: Limits, period: Period) -> str:
    return f"""
with {active(period.last)}, {live(period)}, {SOMEBODY}, {money(period)},
uses as (
    select distinct n.kind, n.token, n.record_id, n.programme_id, a.person_id,
        coalesce('h' || s.home, 'p' || a.person_id) as household
    from number n join appearance a using (record_id, appearance_no)
        join somebody s on s.person_id = a.person_id
    where n.kind in {texts((*limits.accounts, *limits.phones))} and a.member_no is not null
        and n.record_id in (select record_id from live) and not exists (
            select 1 from exemption e where e.check_code = {text(CODE)} and e.token = n.token
                and coalesce(e.programme_id, n.programme_id) = n.programme_id
                and {in_force("e", period)}
        )
),
caps as (
    select programme_id, max((value->>'people')::integer) as people from programme_rule
    where kind = 'account_cap' and {in_force("programme_rule", period)} group by programme_id
),
shared as (
    select kind, token, count(distinct household) as households,
        count(distinct person_id) as people, count(distinct record_id) as records,
        min(record_id) as record_id, list_sort(list(distinct p.code)) as programmes,
        greatest(if(kind in {texts(limits.accounts)}, {limits.account_people},
            {limits.phone_people}), coalesce(max(c.people), 0)) as cap
    from uses u join programme p using (programme_id) left join caps c using (programme_id)
    group by kind, token having count(distinct household) > cap
),
paid as (
    select kind, token, sum(minor)::bigint as minor, count(distinct currency) as currencies,
        min(currency) as currency
    from (
        select distinct kind, token, record_id from uses
        where (kind, token) in (select (kind, token) from shared)
    ) join given using (record_id) where minor is not null group by kind, token
),
valued as (
    select s.*, if(currencies = 1, minor, null) as minor, if(currencies = 1, currency, null) as
        currency
    from shared s left join paid using (kind, token)
)
select kind || ':' || token as subject,
    case when households > cap * {limits.now_times} and kind in {texts(limits.accounts)} then {NOW}
        when kind in {texts(limits.accounts)} then {SOON} else {INFORM} end as severity,
    r.programme_id, v.record_id, minor as money_minor, currency,
    {{'phone': kind in {texts(limits.phones)}, 'households': households, 'people': people,
      'records': records, 'cap': cap, 'programmes': programmes, 'money': minor,
      'currency': currency}} as facts
from valued v join record r using (record_id)
"""


def _plain(tables: Tables, limits: Limits, period: Period) -> list[Found]:
    records, given = plain.one_by(tables["record"], "record_id"), plain.given_in(tables, period)
    programmes = plain.one_by(tables["programme"], "programme_id")
    home, caps, found = plain.homes(tables), _caps(tables, period), []
    for (kind, token), rows in plain.by(_uses(tables, limits, period), "kind", "token").items():
        at = sorted({row["record_id"] for row in rows})
        within = {row["programme_id"] for row in rows}
        people = {row["person_id"] for row in rows}
        households = {f"h{home[p]}" if p in home else f"p{p}" for p in people}
        is_account = kind in limits.accounts
        own_cap = limits.account_people if is_account else limits.phone_people
        cap = max(own_cap, *(caps.get(each, 0) for each in within))
        if len(households) <= cap:
            continue
        valued = [each for each in at if plain.total(given.get(each, ())) is not None]
        currencies = {programmes[records[each]["programme_id"]]["currency"] for each in valued}
        alone = len(currencies) == 1
        minor = plain.total(g for each in valued for g in given[each]) if alone else None
        currency = currencies.pop() if alone else None
        far_beyond = len(households) > cap * limits.now_times
        found.append(
            Found(
                subject=f"{kind}:{token}",
                severity=INFORM if not is_account else NOW if far_beyond else SOON,
                programme_id=records[at[0]]["programme_id"],
                record_id=at[0],
                money_minor=minor,
                currency=currency,
                facts={
                    "phone": kind in limits.phones, "households": len(households),
                    "people": len(people), "records": len(at), "cap": cap,
                    "programmes": sorted(programmes[each]["code"] for each in within),
                    "money": minor, "currency": currency,
                },
            )
        )  # fmt: skip
    return found


def _uses(tables: Tables, limits: Limits, period: Period) -> list[Row]:
    """Every use of an account or telephone by an active record, exempt ones left out."""
    alive = plain.live_records(plain.active_times(tables, period.last), period)
    people = {
        (row["record_id"], row["appearance_no"]): row["person_id"] for row in plain.present(tables)
    }
    exempt = {
        (row["token"], row["programme_id"])
        for row in tables["exemption"]
        if row["check_code"] == CODE and plain.holds(row, period)
    }
    return [
        row | {"person_id": people[row["record_id"], row["appearance_no"]]}
        for row in tables["number"]
        if row["kind"] in (*limits.accounts, *limits.phones)
        and row["record_id"] in alive
        and (row["record_id"], row["appearance_no"]) in people
        and not {(row["token"], None), (row["token"], row["programme_id"])} & exempt
    ]


def _caps(tables: Tables, period: Period) -> dict[int, int]:
    """What a programme's own rule allows, where it is more generous."""
    found: dict[int, int] = {}
    for row in tables["programme_rule"]:
        if row["kind"] == "account_cap" and plain.holds(row, period):
            people = json.loads(row["value"])["people"]
            programme = row["programme_id"]
            found[programme] = max(found.get(programme, people), people)
    return found


def _explain(facts: Facts, say: Say) -> str:
    words = say(
        "One account stands on {records} records of {households} households or single people in "
        "{programmes}; {cap} are allowed. They were given {amount} in the period."
    )
    if facts["phone"]:
        words = say(
            "One telephone stands on {records} records of {households} households or single "
            "people in {programmes}; up to {cap} are taken as usual. They were given {amount} in "
            "the period."
        )
    return words.format(
        **{**facts, "programmes": several(facts, "programmes")}, amount=amount(facts, say)
    )


def _village(kind: str, people: int, *, token: int = 7001) -> Story:
    story = Story().programme(1, "OAP")
    for number in range(people):
        story.enrol(11 + number, 1, Who(501 + number), paid="07-03", amount=1200_00)
        story.number(11 + number, 1, kind, token)
    return story


CHECK = Check(
    code=CODE,
    version=1,
    title="One account or telephone for many",
    about="An account or a telephone stands on the records of many unrelated people: an agent who "
    "collects for others, or somebody who enrolled people who do not exist.",
    rule="Active records of the period with the same account or telephone, of more households than "
    "the limit. A person named by a household's record counts with that household, anybody else "
    "alone. A programme's own rule (`account_cap`) counts where it allows more.",
    safeguards="Shared telephones are normal in poor villages: they are for information only, and "
    "from a higher number. Institutions, agents and payment points are exempt by their number. "
    "Ask the payment provider for the holder, and call back.",
    tables=("span", "number", "appearance", "record", "benefit", "programme", "programme_rule"),
    parameters=Limits,
    sql=_sql,
    plain=_plain,
    explain=_explain,
    examples=(
        Example(
            title="Four unrelated pensioners, one account",
            tables=_village("ACCOUNT", 4).tables,
            finds=[
                "One account stands on 4 records of 4 households or single people in OAP; 3 are"
                " allowed. They were given XTS 4,800.00 in the period.",
            ],
        ),
        Example(
            title="Six people of one village share a telephone",
            tables=_village("PHONE", 6).tables,
            finds=[],
        ),
        Example(
            title="An old people's home receives for its residents, and is exempt",
            tables=_village("ACCOUNT", 8).exempt(CODE, token=7001).tables,
            finds=[],
        ),
        Example(
            title="Four members of one household, one account",
            tables=_village("ACCOUNT", 4)
            .programme(2, "PCT", unit=2)
            .enrol(91, 2, Who(501), Who(502), Who(503), Who(504))
            .tables,
            finds=[],
        ),
    ),
)
