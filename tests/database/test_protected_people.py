"""Protected people: nobody finds them or those they live with, whoever must can, and it is told."""

from __future__ import annotations

from datetime import date, timedelta

import asyncpg
import pytest

from ibr.access.staff.rights import RIGHTS
from ibr.asker import Asker, Purpose
from ibr.errors import Conflict, NotAllowed, NotUnderstood
from ibr.identity.persons.look import all_programmes
from ibr.questions.person_record import PersonRecord, Subject, person_record
from ibr.questions.protected_people import (
    end_protection,
    keep_protected,
    protect,
    protections,
)
from ibr.web.services import WebServices
from tests import people_web
from tests.web_country import WebCountry, filled

KNOWN = Subject("UIN", people_web.KNOWN_UIN)
CHILD = Subject("UIN", f"{people_web.KNOWN_UIN}C")
HOUSEHOLD = Subject("HOUSEHOLD_ID", people_web.KNOWN_HOUSEHOLD)
OTHER = Subject("UIN", "UIN-00100-X")
NOW = people_web.NOW


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


def asker(role: str, purpose: str = "complaint") -> Asker:
    return Asker(
        kind="officer",
        id=2,
        name="Omar Officer",
        purpose=Purpose(purpose),
        ask=frozenset({1, 2, 3, 4, 5}),
        scopes=RIGHTS[role].scopes,
        role=role,
    )


OFFICER, WATCHER = asker("programme_officer"), asker("data_protection_officer")


async def look_up(
    services: WebServices, subject: Subject, opened_for: str | None = None
) -> PersonRecord:
    return await person_record(
        services.database,
        services.sealer,
        services.blind_index,
        OFFICER,
        subject=subject,
        budgets=services.budgets,
        at=NOW,
        opened_for=opened_for,
    )


async def mark(services: WebServices, subject: Subject = KNOWN, until: date | None = None) -> int:
    await protect(
        services.database,
        services.blind_index,
        OFFICER,
        subject,
        reason="violence",
        until=until,
        at=NOW,
    )
    return (await protections(services.database, WATCHER))[0].protection_id


async def sight(country: WebCountry, table: str, rights: str) -> int:
    """How many rows of the known person's records the pages' role sees with these rights."""
    connection = await asyncpg.connect(country.dsn, server_settings={"search_path": "ibr"})
    try:
        records = [
            row["record_id"]
            for row in await country.read(
                "select record_id from protected_record union "
                "select record_id from enrolled_index order by 1"
            )
        ]
        async with connection.transaction():
            await connection.execute(
                "select set_config('ibr.programmes', '1,2,3,4,5', true), "
                "set_config('ibr.areas', '*', true), set_config('ibr.rights', $1, true)",
                rights,
            )
            await connection.execute("set local role ibr_app")
            count: int = await connection.fetchval(
                f"select count(*) from {table} t "
                "where exists (select from protected_record p where p.record_id = t.record_id) "
                "and t.record_id = any ($1::bigint[])",
                records,
            )
            return count
    finally:
        await connection.close()


@pytest.mark.parametrize("subject", [KNOWN, CHILD, HOUSEHOLD])
async def test_the_control_before_marking_everybody_is_found(
    country: WebCountry, subject: Subject
) -> None:
    async with country.services() as services:
        found = await look_up(services, subject)
    assert found.records
    assert not found.hidden


@pytest.mark.parametrize("subject", [KNOWN, CHILD, HOUSEHOLD])
async def test_neither_the_person_nor_a_child_nor_the_household_leads_there(
    country: WebCountry, subject: Subject
) -> None:
    async with country.services() as services:
        number = await mark(services)
        try:
            found = await look_up(services, subject)
            other = await look_up(services, OTHER)
        finally:
            await end_protection(services.database, WATCHER, number, "Done.", NOW)
    assert found.records == []
    assert found.hidden
    assert other.records
    assert not other.hidden


async def test_opening_takes_a_reason_and_is_told(country: WebCountry) -> None:
    async with country.services() as services:
        number = await mark(services)
        try:
            with pytest.raises(NotUnderstood):
                await look_up(services, KNOWN, "curious")
            found = await look_up(services, KNOWN, "person_present")
            again = await look_up(services, KNOWN)
        finally:
            await end_protection(services.database, WATCHER, number, "Done.", NOW)
    assert len(found.records) == 3
    assert again.records == []
    alarms = await country.read("select * from asking_alarm where rule = 'protected_opened'")
    assert [(row["asker_kind"], row["asker_id"]) for row in alarms] == [("officer", 2)]
    events = await country.read(
        "select details::text as said from audit_event where kind = 'protection.opened'"
    )
    assert len(events) == 1
    assert people_web.KNOWN_UIN not in events[0]["said"]


async def test_opening_what_nobody_hides_is_an_ordinary_look_up(country: WebCountry) -> None:
    before = len(await country.read("select from asking_alarm"))
    async with country.services() as services:
        found = await look_up(services, OTHER, "safety")
    assert found.records
    assert len(await country.read("select from asking_alarm")) == before


@pytest.mark.parametrize(
    "table",
    ["beneficiary_record", "group_member", "identifier"],
)
async def test_the_database_itself_hides_them(country: WebCountry, table: str) -> None:
    async with country.services() as services:
        number = await mark(services)
        try:
            hidden = await sight(country, table, "people links cases findings ledger")
            opened = await sight(country, table, "people protected")
        finally:
            await end_protection(services.database, WATCHER, number, "Done.", NOW)
    assert hidden == 0
    assert opened > 0


async def test_counts_of_the_country_do_not_change(country: WebCountry) -> None:
    async with country.services() as services:
        number = await mark(services)
        try:
            counted = await sight(country, "beneficiary_record", "counts deliveries")
        finally:
            await end_protection(services.database, WATCHER, number, "Done.", NOW)
    assert counted > 0


async def test_a_protection_is_over_after_its_last_day(country: WebCountry) -> None:
    async with country.services() as services:
        await mark(services, until=NOW.date())
        assert (await look_up(services, KNOWN)).hidden
        await keep_protected(services.database, NOW + timedelta(days=1))
        found = await look_up(services, KNOWN)
    assert len(found.records) == 3
    left = await country.read("select from protected_number")
    assert not left


async def test_what_is_reported_later_is_hidden_too(country: WebCountry) -> None:
    later = Subject("UIN", "UIN-LATER-1")
    async with country.services() as services:
        number = await mark(services, later)
        index = services.blind_index.of(later.kind, later.value)
        owner = await asyncpg.connect(country.dsn, server_settings={"search_path": "ibr"})
        try:
            await owner.execute("select set_config('ibr.programmes', '1,2,3,4,5', false)")
            record = await owner.fetchval("select min(record_id) from beneficiary_record")
            await owner.execute(
                """
                insert into enrolled_index (blind_index, programme_id, record_id, role,
                                            assistance_unit, status, status_at, status_rank)
                select $1, programme_id, record_id, 0, assistance_unit, 1, now(), 1
                from beneficiary_record where record_id = $2
                """,
                index,
                record,
            )
            assert (await look_up(services, later)).records
            assert await keep_protected(services.database, NOW) >= 1
            found = await look_up(services, later)
        finally:
            await owner.execute("delete from enrolled_index where blind_index = $1", index)
            await owner.close()
            await end_protection(services.database, WATCHER, number, "Done.", NOW)
    assert found.hidden
    assert not found.records


async def test_who_may_mark_end_and_list(country: WebCountry) -> None:
    async with country.services() as services:
        number = await mark(services)
        with pytest.raises(NotAllowed):
            await end_protection(services.database, OFFICER, number, "x", NOW)
        with pytest.raises(NotAllowed):
            await protections(services.database, OFFICER)
        await end_protection(services.database, WATCHER, number, "Moved away.", NOW)
        with pytest.raises(Conflict):
            await end_protection(services.database, WATCHER, number, "Again.", NOW)
        with pytest.raises(NotAllowed):
            await protect(
                services.database,
                services.blind_index,
                asker("auditor"),
                KNOWN,
                reason="violence",
                until=None,
                at=NOW,
            )


@pytest.mark.parametrize(
    ("reason", "until", "field"),
    [("because", None, "reason"), ("violence", date(2020, 1, 1), "until")],
)
async def test_a_mark_that_is_not_in_order_marks_nobody(
    country: WebCountry, reason: str, until: date | None, field: str
) -> None:
    before = len(await country.read("select from protected_person"))
    async with country.services() as services:
        with pytest.raises(NotUnderstood) as refused:
            await protect(
                services.database,
                services.blind_index,
                OFFICER,
                KNOWN,
                reason=reason,
                until=until,
                at=NOW,
            )
    assert refused.value.field == field
    assert len(await country.read("select from protected_person")) == before


async def test_a_number_that_everybody_carries_protects_nobody(country: WebCountry) -> None:
    shared = Subject("UIN", "UIN-SHARED")
    async with country.services() as services:
        index = services.blind_index.of(shared.kind, shared.value)
        owner = await asyncpg.connect(country.dsn, server_settings={"search_path": "ibr"})
        try:
            await owner.execute("select set_config('ibr.programmes', '1,2,3,4,5', false)")
            await owner.execute(
                """
                insert into enrolled_index (blind_index, programme_id, record_id, role,
                                            assistance_unit, status, status_at, status_rank)
                select $1, programme_id, record_id, 0, assistance_unit, 1, now(), 1
                from beneficiary_record order by record_id limit 30
                """,
                index,
            )
            with pytest.raises(NotUnderstood) as refused:
                await mark(services, shared)
        finally:
            await owner.execute("delete from enrolled_index where blind_index = $1", index)
            await owner.close()
        assert await all_programmes(services.database)
    assert refused.value.code == "protection.shared"
