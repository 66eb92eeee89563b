"""Visits at the help desk and the own view: whose records, for how long, and nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import asyncpg
import msgspec
import pytest

from ibr.access.budgets.model import Limit, UsedUpError
from ibr.access.budgets.spend import Budgets
from ibr.audit.questions_asked import record_question
from ibr.db.pool import open_database
from ibr.errors import Conflict, NotAllowed, NotFound, NotUnderstood
from ibr.registry.protected.mark import mark
from ibr.subject.view.own_view import own_view
from ibr.subject.visits import store
from ibr.subject.visits.begin import begin_visit
from ibr.subject.visits.during import end_visit, keep_visits, visit_of, within
from ibr.web.services import WebServices
from tests import visitors
from tests.visitors import asked_for, begun, now, officer, served
from tests.web_country import WebCountry


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return visitors.visited(dsn)


@pytest.fixture(scope="module")
def people(country: WebCountry) -> dict[str, int]:
    return asyncio.run(visitors.people(country))


@pytest.fixture
async def services(country: WebCountry, people: dict[str, int]) -> AsyncIterator[WebServices]:
    async with visitors.desk(country) as open_services:
        yield open_services


async def test_the_mother_sees_her_own(
    country: WebCountry, services: WebServices, people: dict[str, int]
) -> None:
    asker = await officer(country)
    visit = await served(services, asker, visitors.MOTHER, visitors.MOTHER_BORN)
    view = await own_view(services.database, services.sealer, asker, visit, now())
    found = {each.record_id: each for each in view.records}
    # What carries her number, and what people confirmed; not what the machine believes.
    assert set(found) == {people[name] for name in ("mother", "household", "confirmed")}
    pension = found[people["mother"]]
    assert (pension.programme, pension.status) == ("OAP", 1)
    assert pension.money == {"KES": sum(each.money["KES"] for each in pension.months)}
    assert pension.money["KES"] > 0
    said = {each.code: each.value for each in pension.fields}
    assert said["name"] == "Mariam Hassan"
    assert said["birth_date"] == visitors.MOTHER_BORN
    assert found[people["household"]].months
    assert visitors.CANARY not in repr(view)
    # Of the child in her household her own view holds nothing.
    assert visitors.CHILD not in repr(view)


async def test_a_member_sees_what_the_household_s_record_says_of_them(
    country: WebCountry, services: WebServices, people: dict[str, int]
) -> None:
    asker = await officer(country)
    visit = await served(services, asker, visitors.CHILD, visitors.CHILD_BORN)
    view = await own_view(services.database, services.sealer, asker, visit, now())
    [only] = view.records
    assert only.record_id == people["household"]
    assert only.as_member
    assert (only.months, only.money, only.status, only.statuses) == ([], {}, None, [])
    assert {each.code: each.value for each in only.fields}["birth_date"] == visitors.CHILD_BORN
    assert "Mariam" not in repr(view)
    assert visitors.MOTHER not in repr(view).replace(visitors.CHILD, "")


async def test_twins_each_see_themselves(
    country: WebCountry, services: WebServices, people: dict[str, int]
) -> None:
    for uin, mine, hers in (
        (visitors.TWIN, "twin", f"{visitors.CANARY}2"),
        (visitors.OTHER_TWIN, "other_twin", f"{visitors.CANARY}1"),
    ):
        asker = await officer(country)
        visit = await served(services, asker, uin, visitors.TWINS_BORN)
        view = await own_view(services.database, services.sealer, asker, visit, now())
        assert [each.record_id for each in view.records] == [people[mine]]
        assert hers not in repr(view)


@pytest.mark.parametrize(
    ("value", "born"),
    [
        (visitors.SHARED, visitors.SHARED_BORN),
        (visitors.MOTHER, "1980-05-07"),
        (visitors.MOTHER, visitors.CHILD_BORN),
        ("UIN-99999-X", visitors.MOTHER_BORN),
        ("UIN-9000", visitors.MOTHER_BORN),
    ],
)
async def test_nobody_is_served_under(
    country: WebCountry, services: WebServices, value: str, born: str
) -> None:
    """A number that two share, another birth date, somebody else's, a number that is nobody's or
    only begins like somebody's: all the same, and all in the ledger."""
    asker = await officer(country)
    before = await country.read("select count(*) as n from question_asked")
    assert await begun(services, asker, value, born) is None
    after = await country.read("select count(*) as n from question_asked")
    assert after[0]["n"] == before[0]["n"] + 1
    [event] = await country.read(
        f"select details::text from audit_event where kind = 'visit.not_begun' "
        f"and actor_id = {asker.id}"
    )
    assert event["details"] == '{"acting_as": "help_desk"}'


async def test_a_protected_person_looks_like_nobody(
    country: WebCountry, services: WebServices
) -> None:
    asker = await officer(country)
    protector = msgspec.structs.replace(asker)
    index = services.blind_index.of("UIN", visitors.NEIGHBOUR)
    number = await mark(
        services.database,
        protector,
        asker.reach,
        index=index,
        reason="violence",
        until=None,
        at=now(),
    )
    try:
        assert await begun(services, asker, visitors.NEIGHBOUR, visitors.NEIGHBOUR_BORN) is None
        alarms = "select rule from asking_alarm where rule = 'protected_opened'"
        assert await country.read(alarms) == []
        visit = await served(
            services,
            asker,
            visitors.NEIGHBOUR,
            visitors.NEIGHBOUR_BORN,
            opened_for="person_present",
        )
        assert len(await country.read(alarms)) == 1
        view = await own_view(services.database, services.sealer, asker, visit, now())
        assert [each.programme for each in view.records] == ["OAP"]
    finally:
        await visitors.as_owner(
            country,
            "update protected_person set ended_at = now(), ended_by = 1, ended_why = 'x' "
            "where protection_id = $1",
            number,
        )
        await visitors.as_owner(country, "delete from protected_record")
        await visitors.as_owner(country, "delete from protected_number")


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("agreed", {"agreed": False}),
        ("agreed_by", {"agreed_by": "neighbour"}),
        ("proof", {"proof": ""}),
        ("note", {"note": "her number is 12345678"}),
        ("note", {"note": "x" * 201}),
        ("birth_date", {"birth_date": "1980-05"}),
        ("birth_date", {"birth_date": "2999-01-01"}),
        ("opened_for", {"opened_for": "curious"}),
        ("identifier_value", {"value": "*"}),
    ],
)
async def test_without_proof_or_consent_nothing_begins(
    country: WebCountry, services: WebServices, field: str, changed: dict[str, str]
) -> None:
    asker = await officer(country)
    given = {"value": visitors.MOTHER, "born": visitors.MOTHER_BORN}
    with pytest.raises(NotUnderstood) as wrong:
        await begin_visit(
            services.database,
            services.sealer,
            services.blind_index,
            asker,
            msgspec.structs.replace(asked_for(given["value"], given["born"]), **changed),
            budgets=Budgets(),
            at=now(),
        )
    assert wrong.value.field == field
    assert await country.read(f"select 1 from help_visit where officer_id = {asker.id}") == []


async def test_what_was_proved_and_agreed_is_kept(
    country: WebCountry, services: WebServices
) -> None:
    asker = await officer(country)
    visit = await served(
        services, asker, visitors.MOTHER, visitors.MOTHER_BORN, language="fr", note="By herself"
    )
    [row] = await country.read(f"select * from help_visit where visit_no = {visit.visit_no}")
    assert (row["proof_code"], row["consent_by"], row["consent_language"]) == (
        "identity_card",
        "person",
        "fr",
    )
    assert row["consent_version"] == "2026-1"
    assert visitors.MOTHER.encode() not in row["proved"]
    await end_visit(services.database, asker, visit.visit_no, now())
    events = await country.read(
        f"select kind from audit_event where actor_id = {asker.id} order by event_id"
    )
    assert [each["kind"] for each in events] == ["visit.begun", "visit.ended"]


async def test_only_who_serves_people_begins(country: WebCountry, services: WebServices) -> None:
    for role in ("administrator", "programme_officer", "auditor", "data_protection_officer"):
        asker = await officer(country, role)
        with pytest.raises(NotAllowed):
            await begun(services, asker, visitors.MOTHER, visitors.MOTHER_BORN)


async def test_another_s_number_in_the_address_finds_nothing(
    country: WebCountry, services: WebServices
) -> None:
    hers, his = await officer(country), await officer(country)
    visit = await served(services, hers, visitors.MOTHER, visitors.MOTHER_BORN)
    with pytest.raises(NotFound):
        await visit_of(services.database, services.sealer, his, visit.visit_no, now())
    with pytest.raises(NotFound):
        await end_visit(services.database, his, visit.visit_no, now())
    # The control: it is hers, and lasts.
    found = await visit_of(services.database, services.sealer, hers, visit.visit_no, now())
    assert found.visit_no == visit.visit_no


async def test_a_visit_ends_by_its_time(country: WebCountry, services: WebServices) -> None:
    asker = await officer(country)
    visit = await served(services, asker, visitors.MOTHER, visitors.MOTHER_BORN)
    await own_view(services.database, services.sealer, asker, visit, now())
    await _make_over(country, visit.visit_no)
    # The program still believes in it; the database does not.
    with pytest.raises(Conflict) as over:
        await own_view(services.database, services.sealer, asker, visit, now())
    assert over.value.code == "visit.over"
    with pytest.raises(Conflict):
        await visit_of(services.database, services.sealer, asker, visit.visit_no, now())
    worker = await open_database(country.dsn, "ibr_worker", size=1, name="visits")
    try:
        assert await keep_visits(worker, now()) >= 1
        assert await keep_visits(worker, now()) == 0
    finally:
        await worker.close()
    [row] = await country.read(
        f"select ended_how from help_visit where visit_no = {visit.visit_no}"
    )
    assert row["ended_how"] == "time"
    ended = await country.read(
        f"select 1 from audit_event where kind = 'visit.ended' "
        f"and details->>'visit' = '{visit.visit_no}'"
    )
    assert len(ended) == 1


async def test_who_lets_a_visit_run_out_may_begin_another(
    country: WebCountry, services: WebServices
) -> None:
    asker = await officer(country)
    first = await begun(services, asker, visitors.MOTHER, visitors.MOTHER_BORN)
    assert first is not None
    with pytest.raises(Conflict):
        await begun(services, asker, visitors.TWIN, visitors.TWINS_BORN)
    await _make_over(country, first)
    assert await begun(services, asker, visitors.TWIN, visitors.TWINS_BORN) is not None


async def test_of_two_beginnings_at_once_one_is_left(
    country: WebCountry, services: WebServices
) -> None:
    for _ in range(5):
        asker = await officer(country)
        outcomes = await asyncio.gather(
            begun(services, asker, visitors.MOTHER, visitors.MOTHER_BORN),
            begun(services, asker, visitors.TWIN, visitors.TWINS_BORN),
            return_exceptions=True,
        )
        assert sorted(type(each).__name__ for each in outcomes) == ["Conflict", "int"]
        rows = await country.read(
            f"select 1 from help_visit where officer_id = {asker.id} and ended_at is null"
        )
        assert len(rows) == 1


async def test_control_without_the_index_two_beginnings_are_left(
    country: WebCountry, services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check before the insert alone lets both through."""
    await visitors.as_owner(country, "drop index ibr.help_visit_open")
    both = asyncio.Barrier(2)
    real = store.open_number

    async def together(connection: asyncpg.Connection, officer_id: int, at: datetime) -> int | None:
        found = await real(connection, officer_id, at)
        await both.wait()
        return found

    monkeypatch.setattr(store, "open_number", together)
    monkeypatch.setattr(store, "add", _add_anyway)
    asker = await officer(country)
    try:
        found = await asyncio.gather(
            begun(services, asker, visitors.MOTHER, visitors.MOTHER_BORN),
            begun(services, asker, visitors.TWIN, visitors.TWINS_BORN),
        )
        assert len(set(found)) == 2
    finally:
        await visitors.as_owner(country, "delete from help_visit_record")
        await visitors.as_owner(
            country, "update help_visit set ended_at = begun_at, ended_how = 'officer'"
        )
        await visitors.as_owner(
            country,
            "create unique index help_visit_open on ibr.help_visit (officer_id) "
            "where ended_at is null",
        )


async def _add_anyway(connection: asyncpg.Connection, visit: object, proved: bytes) -> bool:
    given = msgspec.to_builtins(visit, builtin_types=(bytes,))
    await connection.execute(
        """
        insert into help_visit (visit_no, officer_id, subjects, proved, proof_code, consent_version,
                                consent_digest, consent_language, consent_by, consent_at, begun_at,
                                until)
        values ($1, $2, array['s'::bytea], $3, 'passport', 'v', sha256('v'), 'en', 'person', now(),
                now(), now() + interval '1 minute')
        """,
        given["visit_no"],
        given["officer_id"],
        proved,
    )
    return True


async def test_looking_counts_against_the_budget(
    country: WebCountry, services: WebServices
) -> None:
    asker = await officer(country)
    budgets = Budgets()
    object.__setattr__(budgets, "limit", lambda _: Limit(2, 2))
    for number in range(3):
        asked = asked_for(f"UIN-7777{number}-X", visitors.MOTHER_BORN)
        work = begin_visit(
            services.database,
            services.sealer,
            services.blind_index,
            asker,
            asked,
            budgets=budgets,
            at=now(),
        )
        if number < 2:
            assert await work is None
        else:
            with pytest.raises(UsedUpError):
                await work


async def test_in_a_visit_the_database_shows_nobody_else(
    country: WebCountry, services: WebServices, people: dict[str, int]
) -> None:
    """Statements that name nobody see the visitor alone; without a visit they see nobody; the
    control is the same transaction by another right."""
    asker = await officer(country)
    visit = await served(services, asker, visitors.TWIN, visitors.TWINS_BORN)
    tables = (
        "beneficiary_record",
        "identifier",
        "benefit",
        "status_change",
        "enrolment",
        "enrolled_index",
        "group_member",
        "beneficiary_version",
        "appearance",
        "overlap_case",
    )
    async with within(services.database, asker, visit) as connection:
        for table in tables:
            rows = await connection.fetch(f"select distinct record_id from {table}")
            assert {row["record_id"] for row in rows} <= {people["twin"]}, table
        assert await connection.fetchval("select count(*) from beneficiary_record") == 1
    async with services.database.transaction(
        asker.reach, asker=asker, right="serve_person"
    ) as connection:
        assert await connection.fetchval("select count(*) from beneficiary_record") == 0
        assert await connection.fetchval("select count(*) from question_asked") == 0
    async with services.database.transaction(
        asker.reach, asker=asker, right="person"
    ) as connection:
        assert await connection.fetchval("select count(*) from beneficiary_record") > 100


async def test_who_asked_is_told_by_role_and_never_by_name(
    country: WebCountry, services: WebServices
) -> None:
    other = await officer(country, "programme_officer", programmes=["OAP"])
    mine = services.blind_index.of("UIN", visitors.MOTHER)
    hers = services.blind_index.of("UIN", visitors.TWIN)
    [row] = await country.read("select officer_id from officer where name = 'Pia Pension'")
    other = msgspec.structs.replace(
        other, id=row["officer_id"], purpose=_purpose("complaint", f"{visitors.CANARY} said so")
    )
    async with services.database.transaction(other.reach) as connection:
        for subject, purpose in ((mine, "complaint"), (hers, "enrolment_check")):
            await record_question(
                connection,
                msgspec.structs.replace(other, purpose=_purpose(purpose, visitors.CANARY)),
                question="person_record",
                subjects=[subject],
                programme_id=None,
                answer="records",
                message_key=None,
                at=now(),
            )
    asker = await officer(country)
    visit = await served(services, asker, visitors.MOTHER, visitors.MOTHER_BORN)
    view = await own_view(services.database, services.sealer, asker, visit, now())
    asked = [each for each in view.asked if each.purpose == "complaint"]
    assert [(each.role, each.office) for each in asked] == [("programme_officer", ("OAP",))]
    assert "enrolment_check" not in {each.purpose for each in view.asked}
    assert "Pia" not in repr(view)
    assert visitors.CANARY not in repr(view)


async def test_a_number_that_another_record_carries_tells_nothing(
    country: WebCountry, services: WebServices, people: dict[str, int]
) -> None:
    """A clerk wrote the neighbour's number into the twin's record too: who asked about the
    neighbour is not the twin's to know."""
    index = services.blind_index.of("UIN", visitors.NEIGHBOUR)
    await visitors.as_owner(
        country,
        """
        insert into identifier (record_id, blind_index, role, programme_id, type_id, value_sealed,
                                as_of)
        select $1, $2, 0, programme_id, type_id, 'x', now() from identifier
        where record_id = $1 and role = 0 limit 1
        """,
        people["twin"],
        index,
    )
    asker = await officer(country)
    visit = await served(services, asker, visitors.TWIN, visitors.TWINS_BORN)
    assert index not in visit.subjects
    assert visit.subjects == (services.blind_index.of("UIN", visitors.TWIN),)


async def test_a_desk_of_one_programme_shows_that_one(
    country: WebCountry, services: WebServices
) -> None:
    asker = await officer(country, programmes=["OAP"])
    visit = await served(services, asker, visitors.MOTHER, visitors.MOTHER_BORN)
    view = await own_view(services.database, services.sealer, asker, visit, now())
    assert [each.programme for each in view.records] == ["OAP"]
    assert not view.whole


async def test_fields_say_since_which_report_they_stand(
    country: WebCountry, services: WebServices, people: dict[str, int]
) -> None:
    record = people["other_twin"]
    await visitors.keep_version(country, record, "2020-01-01", surname="Otieno")
    await visitors.keep_version(country, record, "2022-01-01")
    asker = await officer(country)
    visit = await served(services, asker, visitors.OTHER_TWIN, visitors.TWINS_BORN)
    view = await own_view(services.database, services.sealer, asker, visit, now())
    since = {each.code: f"{each.since:%Y}" for each in view.records[0].fields}
    assert since["name"] == "2022"
    assert since["birth_date"] == "2020"


async def _make_over(country: WebCountry, number: int) -> None:
    await visitors.as_owner(
        country,
        "update help_visit set begun_at = begun_at - interval '20 minutes', "
        "until = until - interval '20 minutes' where visit_no = $1",
        number,
    )


def _purpose(code: str, text: str) -> visitors.Purpose:
    return visitors.Purpose(code, text)
