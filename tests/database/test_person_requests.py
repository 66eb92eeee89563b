"""Requests of people: to the programme, answered, and done when a delivery carries the change; and
statements that are handed out and checked."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from ibr.access.budgets.spend import Budgets
from ibr.asker import Asker
from ibr.db.pool import open_database
from ibr.errors import Conflict, NotAllowed, NotFound, NotUnderstood
from ibr.subject.requests.ask import ask, of_visitor
from ibr.subject.requests.follow import follow_requests
from ibr.subject.requests.look import answer, one_request, request_to_answer, requests
from ibr.subject.requests.model import Wish
from ibr.subject.statements.check import check_file, check_paper
from ibr.subject.statements.give import give_statement
from ibr.subject.view.own_view import own_view
from ibr.subject.visits.model import HelpVisit
from ibr.web.services import WebServices
from tests import visitors
from tests.visitors import now, officer, served
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
    await visitors.as_owner(country, "delete from person_request")


async def mother(country: WebCountry, services: WebServices) -> tuple[Asker, HelpVisit]:
    asker = await officer(country)
    visit = await served(services, asker, visitors.MOTHER, visitors.MOTHER_BORN)
    return asker, visit


async def asks(services: WebServices, asker: Asker, visit: HelpVisit, wish: Wish) -> int:
    return await ask(
        services.database, services.sealer, services.blind_index, asker, visit, wish, now()
    )


def correction(record: int, value: str = "1979-05-06", about: str = "birth_date") -> Wish:
    return Wish(record_id=record, kind="correction", about=about, value=value)


async def followed(country: WebCountry, services: WebServices) -> int:
    worker = await open_database(country.dsn, "ibr_worker", size=1, name="requests")
    try:
        rows = await country.read("select programme_id from programme")
        reach = [row["programme_id"] for row in rows]
        return await follow_requests(worker, services.sealer, services.blind_index, reach, now())
    finally:
        await worker.close()


async def test_a_correction_goes_to_the_programme_and_comes_back(
    country: WebCountry, services: WebServices, people: dict[str, int]
) -> None:
    asker, visit = await mother(country, services)
    number = await asks(services, asker, visit, correction(people["mother"]))
    pension = await officer(country, "programme_officer", programmes=["OAP"])
    [listed] = (await requests(services.database, pension, "open", 1, now())).requests
    assert (listed.request_no, listed.about) == (number, "birth_date")
    found = await request_to_answer(
        services.database, services.sealer, pension, number, budgets=Budgets(), at=now()
    )
    assert found.whose is not None
    assert (found.whose.stands, found.whose.wished) == (visitors.MOTHER_BORN, "1979-05-06")
    await answer(services.database, pension, number, "accepted", "will_be_corrected", now())
    # Accepted is not done: nothing has changed.
    assert await followed(country, services) == 0
    [mine] = await of_visitor(services.database, asker, visit)
    assert mine.state(now()) == "awaited"
    await visitors.reported_anew(country, people["mother"], birth_date="1979-05-06")
    try:
        assert await followed(country, services) == 1
        assert await followed(country, services) == 0
        [mine] = await of_visitor(services.database, asker, visit)
        assert (mine.state(now()), mine.done_how) == ("done", "as_asked")
    finally:
        await visitors.reported_anew(country, people["mother"], birth_date=visitors.MOTHER_BORN)


async def test_another_value_than_was_asked_is_told_as_such(
    country: WebCountry, services: WebServices, people: dict[str, int]
) -> None:
    asker, visit = await mother(country, services)
    number = await asks(services, asker, visit, correction(people["mother"]))
    pension = await officer(country, "programme_officer", programmes=["OAP"])
    await answer(services.database, pension, number, "accepted", "will_be_corrected", now())
    # A change of something else is no answer to what was asked.
    await visitors.reported_anew(country, people["mother"], sex="other")
    assert await followed(country, services) == 0
    await visitors.reported_anew(country, people["mother"], birth_date="1978-01-01", sex="female")
    try:
        assert await followed(country, services) == 1
        [mine] = await of_visitor(services.database, asker, visit)
        assert mine.done_how == "otherwise"
    finally:
        await visitors.reported_anew(country, people["mother"], birth_date=visitors.MOTHER_BORN)


async def test_objections_are_done_by_a_status_or_by_the_number_s_going(
    country: WebCountry, services: WebServices, people: dict[str, int]
) -> None:
    asker, visit = await mother(country, services)
    pension = await officer(country, "programme_officer", programmes=["OAP", "CASH"])
    first = await asks(
        services,
        asker,
        visit,
        Wish(record_id=people["mother"], kind="objection", about="processing"),
    )
    second = await asks(
        services,
        asker,
        visit,
        Wish(record_id=people["household"], kind="objection", about="not_mine"),
    )
    await answer(services.database, pension, first, "accepted", "will_stop", now())
    await answer(services.database, pension, second, "accepted", "not_theirs", now())
    assert await followed(country, services) == 0
    await visitors.as_owner(
        country,
        "update enrolment set status = 4, status_at = now() where record_id = $1",
        people["mother"],
    )
    await visitors.as_owner(
        country,
        "update enrolled_index set role = 9 where record_id = $1 and role = 0",
        people["household"],
    )
    try:
        assert await followed(country, services) == 2
    finally:
        await visitors.as_owner(
            country,
            "update enrolled_index set role = 0 where record_id = $1 and role = 9",
            people["household"],
        )


async def test_the_same_is_asked_once_and_answered_once(
    country: WebCountry, services: WebServices, people: dict[str, int]
) -> None:
    asker, visit = await mother(country, services)
    outcomes = await asyncio.gather(
        *(asks(services, asker, visit, correction(people["mother"])) for _ in range(2)),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in outcomes) == ["Conflict", "int"]
    number = next(each for each in outcomes if isinstance(each, int))
    pension = await officer(country, "programme_officer", programmes=["OAP"])
    await answer(services.database, pension, number, "refused", "proof_missing", now())
    with pytest.raises(Conflict):
        await answer(services.database, pension, number, "accepted", "will_be_corrected", now())
    # Answered, the same may be asked again.
    assert await asks(services, asker, visit, correction(people["mother"])) != number


async def test_control_without_the_index_the_same_is_asked_twice(
    country: WebCountry, services: WebServices, people: dict[str, int]
) -> None:
    await visitors.as_owner(country, "drop index ibr.person_request_once")
    _, visit = await mother(country, services)
    try:
        for _ in range(2):
            await _ask_anyway(country, visit, people["mother"])
        rows = await country.read("select 1 from person_request where answer is null")
        assert len(rows) == 2
        await visitors.as_owner(country, "delete from person_request")
    finally:
        await visitors.as_owner(
            country,
            "create unique index person_request_once on ibr.person_request "
            "(record_id, subject_index, kind, about) where answer is null",
        )


async def _ask_anyway(country: WebCountry, visit: HelpVisit, record: int) -> None:
    await visitors.as_owner(
        country,
        """
        insert into person_request (request_no, visit_no, programme_id, record_id, subject_index,
                                    role, kind, about, proved, before, opened_at, due_at)
        values (nextval('ibr.person_request_no'), $1, 1, $2, $3, 0, 'objection', 'processing', 'p',
                'b', now(), now())
        """,
        visit.visit_no,
        record,
        visit.subjects[0],
    )


@pytest.mark.parametrize(
    ("field", "wish"),
    [
        ("about", {"about": "shoe_size"}),
        ("about", {"kind": "objection", "about": "birth_date"}),
        ("about", {"kind": "deletion"}),
        ("value", {"value": ""}),
        ("value", {"value": "x" * 121}),
        ("value", {"value": "06.05.1979"}),
        ("value", {"value": "2999-01-01"}),
        ("value", {"value": visitors.MOTHER_BORN}),
        ("value", {"about": "sex", "value": "queen"}),
        ("value", {"about": "identifier:UIN", "value": "not a number!"}),
    ],
)
async def test_what_may_not_be_asked(
    country: WebCountry,
    services: WebServices,
    people: dict[str, int],
    field: str,
    wish: dict[str, str],
) -> None:
    asker, visit = await mother(country, services)
    given = {"kind": "correction", "about": "birth_date", "value": "1979-05-06"} | wish
    with pytest.raises(NotUnderstood) as wrong:
        await asks(services, asker, visit, Wish(record_id=people["mother"], **given))
    assert wrong.value.field == field
    assert await country.read("select 1 from person_request") == []


async def test_nothing_is_asked_about_another_s_record(
    country: WebCountry, services: WebServices, people: dict[str, int]
) -> None:
    asker, visit = await mother(country, services)
    for name in ("twin", "believed", "neighbour"):
        with pytest.raises(NotFound):
            await asks(services, asker, visit, correction(people[name]))


async def test_who_only_watches_learns_that_it_is_late_and_not_of_whom(
    country: WebCountry, services: WebServices, people: dict[str, int]
) -> None:
    asker, visit = await mother(country, services)
    number = await asks(services, asker, visit, correction(people["mother"]))
    later = now() + timedelta(days=31)
    for role in ("data_protection_officer", "administrator"):
        watcher = await officer(country, role)
        assert (await requests(services.database, watcher, "late", 1, now())).total == 0
        found = await requests(services.database, watcher, "late", 1, later)
        assert [each.request_no for each in found.requests] == [number]
        one = await one_request(services.database, watcher, number)
        assert (one.whose, one.may_answer) == (None, False)
        with pytest.raises(NotAllowed):
            await answer(services.database, watcher, number, "refused", "law_requires", now())
        async with services.database.transaction(
            watcher.reach, asker=watcher, right="requests"
        ) as connection:
            assert await connection.fetchval("select count(*) from beneficiary_record") == 0
            assert await connection.fetchval("select count(*) from person_request") == 1


async def test_another_programme_s_officers_see_nothing_of_it(
    country: WebCountry, services: WebServices, people: dict[str, int]
) -> None:
    asker, visit = await mother(country, services)
    number = await asks(services, asker, visit, correction(people["mother"]))
    works = await officer(country, "programme_officer", programmes=["WORK"])
    assert (await requests(services.database, works, "open", 1, now())).total == 0
    with pytest.raises(NotFound):
        await answer(services.database, works, number, "refused", "law_requires", now())


async def test_another_visitor_sees_nothing_of_it(
    country: WebCountry, services: WebServices, people: dict[str, int]
) -> None:
    asker, visit = await mother(country, services)
    await asks(services, asker, visit, correction(people["household"], "Amira", "name"))
    other = await officer(country)
    child = await served(services, other, visitors.CHILD, visitors.CHILD_BORN)
    assert await of_visitor(services.database, other, child) == []
    assert len(await of_visitor(services.database, asker, visit)) == 1


async def test_nothing_of_what_is_wished_stands_in_the_clear(
    country: WebCountry, services: WebServices, people: dict[str, int]
) -> None:
    asker, visit = await mother(country, services)
    await asks(services, asker, visit, correction(people["mother"], "Zenobia Canary", "name"))
    [row] = await country.read("select person_request::text as said from person_request")
    assert "Zenobia" not in row["said"]
    assert b"Zenobia".hex() not in row["said"]
    [event] = await country.read(
        "select details::text as said from audit_event where kind = 'person_request.made' "
        "order by event_id desc limit 1"
    )
    assert "Zenobia" not in event["said"]
    assert json.loads(event["said"])["about"] == "name"


async def test_a_statement_is_known_again_by_file_number_and_sums(
    country: WebCountry, services: WebServices
) -> None:
    asker, visit = await mother(country, services)
    numbers: list[str] = []

    def draw(number: str) -> bytes:
        numbers.append(number)
        return f"statement {number}".encode()

    content = await give_statement(
        services.database,
        asker,
        visit,
        form="json",
        language="en",
        sums="KES\u00a03,400",
        draw=draw,
        at=now(),
    )
    [number] = numbers
    async with services.database.transaction(()) as connection:
        file = await check_file(connection, hashlib.sha256(content).digest())
        assert file is not None
        assert file.unchanged
        assert await check_file(connection, hashlib.sha256(content + b" ").digest()) is None
        for sums, right in (
            ("3\u202f400 KES", True),
            ("KES 3,400.00", True),
            ("KES 34,000", False),
            ("", None),
        ):
            paper = await check_paper(connection, number.lower().replace("-", " "), sums)
            assert paper is not None
            assert paper.sums is right
        other = ("1" if number[0] != "1" else "2") + number[1:]
        assert await check_paper(connection, other, "") is None
        assert await check_paper(connection, "x", "") is None
    [row] = await country.read("select statement_given::text as said from statement_given")
    assert number.replace("-", "") not in row["said"]


async def test_the_ledger_tells_the_person_that_the_programme_looked(
    country: WebCountry, services: WebServices, people: dict[str, int]
) -> None:
    asker, visit = await mother(country, services)
    number = await asks(services, asker, visit, correction(people["mother"]))
    pension = await officer(country, "programme_officer", programmes=["OAP"])
    await request_to_answer(
        services.database, services.sealer, pension, number, budgets=Budgets(), at=now()
    )
    view = await own_view(services.database, services.sealer, asker, visit, now())
    assert "data_correction" in {each.purpose for each in view.asked}
