"""Findings in the small country, and cases made of them, for the tests of cases and their pages."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg

from ibr.access.staff.rights import RIGHTS
from ibr.asker import Asker, Purpose
from ibr.db.pool import Database, open_database
from ibr.overlaps.cases.model import Act, Case, Terms
from ibr.overlaps.cases.opening.keep import Kept, keep_cases
from ibr.overlaps.cases.work import Given, take_step
from ibr.overlaps.cases.written import case_from
from ibr.protection.seal import Sealer
from tests import people_web
from tests.web_country import KEYRING, WebCountry

TERMS = Terms(hold_days=14)
SEALER = Sealer(KEYRING)
# What K06 says of two programmes; the sentence is the check's own.
FACTS: dict[str, dict[str, Any]] = {
    "K01": {"programme": "OAP", "records": 2},
    "K06": {
        "programme": "OAP",
        "other": "WORK",
        "months": ["2026-09", "2026-10"],
        "money": 400_000,
        "currency": "KES",
        "law": "Act 5, section 9",
        "decided": True,
        "first": "2026-09-01",
        "last": "2026-10-31",
        "unit": "person",
    },
}


async def owner(dsn: str) -> asyncpg.Connection:
    return await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})


async def a_finding(dsn: str, number: int = 1, /, **changed: Any) -> int:
    """A finding of K06 about a record of the pension; the record is the country's first of it."""
    connection = await owner(dsn)
    try:
        programmes = {
            row["code"]: row["programme_id"]
            for row in await connection.fetch("select code, programme_id from programme")
        }
        record = await connection.fetchval(
            "select record_id from beneficiary_record where programme_id = $1 "
            "order by record_id offset $2 limit 1",
            programmes["OAP"],
            number,
        )
        check = changed.pop("check_code", "K06")
        values: dict[str, Any] = {
            "check_code": check,
            "same_as": f"{check}-{number}".encode(),
            "check_version": 1,
            "severity": 2,
            "programme_id": programmes[changed.pop("programme", "OAP")],
            "other_programme": programmes["WORK"],
            "record_id": record,
            "facts": json.dumps(changed.pop("facts", FACTS.get(check, FACTS["K06"]))),
            "first_day": date(2026, 9, 1),
            "last_day": date(2026, 10, 31),
            "money_minor": 400_000,
            "currency": "KES",
            "first_run": 1,
            "last_run": 1,
            "found_at": people_web.NOW,
        } | changed
        names = ", ".join(values)
        marks = ", ".join(
            f"${number}" + ("::text::jsonb" if name == "facts" else "")
            for number, name in enumerate(values, 1)
        )
        found: int = await connection.fetchval(
            f"insert into finding ({names}) values ({marks}) returning finding_id",
            *values.values(),
        )
        return found
    finally:
        await connection.close()


@asynccontextmanager
async def as_worker(dsn: str) -> AsyncIterator[Database]:
    database = await open_database(dsn, "ibr_worker", size=2, name="cases")
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def as_app(dsn: str) -> AsyncIterator[Database]:
    database = await open_database(dsn, "ibr_app", size=4, name="cases")
    try:
        yield database
    finally:
        await database.close()


async def all_programmes(dsn: str) -> frozenset[int]:
    connection = await owner(dsn)
    try:
        return frozenset(
            row["programme_id"]
            for row in await connection.fetch("select programme_id from programme")
        )
    finally:
        await connection.close()


async def kept(dsn: str, at: datetime = people_web.NOW, terms: Terms = TERMS) -> Kept:
    """A run of the job."""
    async with as_worker(dsn) as database:
        return await keep_cases(database, await all_programmes(dsn), at, terms)


async def officer(dsn: str, email: str) -> Asker:
    """An officer of the country as the gate sees them."""
    connection = await owner(dsn)
    try:
        row = await connection.fetchrow(
            "select officer_id, name, r.role, r.programmes from officer "
            "join officer_role r using (officer_id) where email = $1",
            email,
        )
        everything = await all_programmes(dsn)
    finally:
        await connection.close()
    reach = everything if row["programmes"] is None else frozenset(row["programmes"])
    return Asker(
        kind="officer",
        id=row["officer_id"],
        name=row["name"],
        purpose=Purpose("official_duty"),
        ask=reach,
        scopes=RIGHTS[row["role"]].scopes,
    )


async def the_case(dsn: str, case_id: int | None = None) -> Case:
    """The case, or the newest."""
    connection = await owner(dsn)
    try:
        row = await connection.fetchrow(
            "select * from overlap_case where $1::bigint is null or case_id = $1 "
            "order by case_id desc limit 1",
            case_id,
        )
        return case_from(row)
    finally:
        await connection.close()


async def does(
    dsn: str,
    asker: Asker,
    action: Any,
    *,
    case: Case | None = None,
    at: datetime = people_web.NOW,
    note: str | None = None,
    compose: Any = None,
    terms: Terms = TERMS,
    **how: Any,
) -> Case:
    """One step of the newest case."""
    case = case or await the_case(dsn)
    given = Given(
        case_id=case.case_id, step_no=case.step_no, act=Act(action=action, **how), note=note
    )
    async with as_app(dsn) as database:
        return await take_step(database, SEALER, asker, given, at=at, terms=terms, compose=compose)


async def emptied(country: WebCountry) -> None:
    """No case and no finding any more."""
    connection = await owner(country.dsn)
    try:
        await connection.execute(
            "truncate overlap_case, case_step, case_letter, case_money, case_notice, case_terms, "
            "finding, check_exemption, enrolled_people; delete from question_asked; "
            "delete from audit_event"
        )
    finally:
        await connection.close()


async def three_cases(country: WebCountry) -> None:
    """Three cases of the pension and no others, one of them assigned."""
    await emptied(country)
    for number in (1, 2, 3):
        await a_finding(country.dsn, number)
    await kept(country.dsn)
    omar = await officer(country.dsn, "officer@example.org")
    await does(country.dsn, omar, "assign", officer_id=omar.id)


async def people_enrolled(country: WebCountry, groups: dict[tuple[str, str], int]) -> None:
    """What a snapshot of the day before counted in the pension."""
    connection = await owner(country.dsn)
    number = await connection.fetchval(
        "insert into snapshot (as_known_at, through_change, files, rows, vintages) "
        "values ($1, 0, '[]', '{}', '{}') returning snapshot_no",
        people_web.NOW - timedelta(days=1),
    )
    await connection.executemany(
        "insert into enrolled_people select $1, programme_id, $2, $3, $4 from programme "
        "where code = 'OAP'",
        [(number, what, which, persons) for (what, which), persons in groups.items()],
    )
    await connection.close()
