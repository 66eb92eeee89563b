"""A person who signed in, as the database sees them: with the gate's checks switched off, row-level
security alone still shows their own records and nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from ibr.db.classes import sight_of
from ibr.subject.own import limits
from ibr.subject.own.begin import sign_in
from ibr.subject.own.model import OwnSession
from ibr.subject.own.session import session_of
from ibr.subject.visits.during import OWN_PAGES, within
from ibr.subject.visits.model import Proved
from ibr.subject.visits.rules import read_day
from ibr.web.services import WebServices
from tests import visitors
from tests.matrix_ground import switch_the_gate_off
from tests.visitors import now
from tests.web_country import WebCountry

TABLES = (
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
    "person_request",
    "person_member",
    "person_event",
    "change",
    "appearance_number",
)


# Of these nothing at all is shown, though they stand in the country for others.
NOT_THEIRS = (
    "help_visit",
    "help_visit_record",
    "finding",
    "link_pair",
    "link_decision",
    "case_notice",
    "delivery",
    "refused_record",
    "reporting_contact",
)


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


async def signed_in(services: WebServices, value: str, born: str) -> OwnSession:
    secret = await sign_in(
        services.database,
        services.sealer,
        services.blind_index,
        Proved("UIN", value, read_day(born, now())),
        who=limits.counted(services.blind_index, "https://login.test", value, "10.0.0.1"),
        language="en",
        at=now(),
    )
    found = await session_of(services.database, services.sealer, secret, now())
    assert found is not None
    return found


async def test_the_database_shows_the_person_alone(
    services: WebServices, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = await signed_in(services, visitors.TWIN, visitors.TWINS_BORN)
    assert switch_the_gate_off(monkeypatch) > 0
    async with within(services.database, own.asker, own.visit) as connection:
        for table in TABLES:
            rows = await connection.fetch(f"select distinct record_id from {table}")
            assert {row["record_id"] for row in rows} <= {people["twin"]}, table
        assert await connection.fetchval("select count(*) from beneficiary_record") == 1
        subjects = await connection.fetch("select distinct subject_index from question_asked")
        assert {row["subject_index"] for row in subjects} == set(own.visit.subjects)
        # No visit of anybody's, not even their own, and nothing of what others work with.
        for table in NOT_THEIRS:
            assert await connection.fetchval(f"select count(*) from {table}") == 0, table
    # The control: somebody else signed in sees somebody else.
    other = await signed_in(services, visitors.OTHER_TWIN, visitors.TWINS_BORN)
    async with within(services.database, other.asker, other.visit) as connection:
        rows = await connection.fetch("select record_id from beneficiary_record")
    assert [row["record_id"] for row in rows] == [people["other_twin"]]


async def test_without_a_visit_or_by_another_right_a_person_sees_nobody(
    services: WebServices,
) -> None:
    own = await signed_in(services, visitors.TWIN, visitors.TWINS_BORN)
    for right, visit in (
        (OWN_PAGES, None),
        (OWN_PAGES, 0),
        (None, None),
        (None, own.visit.visit_no),
        ("person", own.visit.visit_no),
        ("serve_person", own.visit.visit_no),
        ("begin_own_visit", None),
    ):
        async with services.database.transaction(
            own.asker.reach, asker=own.asker, right=right, visit=visit
        ) as connection:
            for table in (*TABLES, "question_asked"):
                found = await connection.fetchval(f"select count(*) from {table}")
                assert found == 0, (right, visit, table)
    assert sight_of({1}, own.asker, None).rights == ""


async def test_a_person_answers_no_request_and_asks_about_no_other_s_record(
    services: WebServices, people: dict[str, int]
) -> None:
    own = await signed_in(services, visitors.MOTHER, visitors.MOTHER_BORN)
    made = """
        insert into person_request (request_no, visit_no, programme_id, record_id, subject_index,
                                    role, kind, about, proved, before, opened_at, due_at)
        select nextval('ibr.person_request_no'), $1, p.programme_id, $2, $3, 0, 'objection', $4,
               'p', 'b', now(), now() + interval '30 days'
        from programme p where p.code = 'OAP'
    """
    visit, mine = own.visit.visit_no, own.visit.subjects[0]
    for record, subject in ((people["twin"], mine), (people["mother"], b"somebody else's")):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with within(services.database, own.asker, own.visit) as connection:
                await connection.execute(made, visit, record, subject, "processing")
    async with within(services.database, own.asker, own.visit) as connection:
        # The control: about her own record it goes.
        await connection.execute(made, visit, people["mother"], mine, "processing")
        said = await connection.execute(
            "update person_request set answer = 'accepted', reason_code = 'will_stop', "
            "answered_at = now(), answered_kind = 'officer', answered_by = 1"
        )
    assert said == "UPDATE 0"
