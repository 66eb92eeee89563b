"""The pages of privacy: alarms, budgets of their own, protected people, what is left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import asyncpg
import httpx
import pytest

from ibr.access.approvals.acts import register
from ibr.access.approvals.decide import approve
from ibr.access.budgets.give import BUDGET_ACTS
from ibr.access.budgets.judge import Alarm
from ibr.access.budgets.model import Limit
from ibr.access.budgets.rules import OFFICERS
from ibr.access.budgets.watching.alarms import raise_alarms
from ibr.access.staff.add_officer import add_officer
from ibr.access.staff.rights import RIGHTS
from ibr.asker import Asker, Purpose
from ibr.errors import NotAllowed
from tests import people_web
from tests.database.test_web_pages import look_up, sign_in, token
from tests.web_country import WebCountry, application, filled

WATCHER, SECOND = "dora@example.org", "daniel@example.org"


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.fixture(autouse=True)
async def watchers(country: WebCountry) -> dict[str, int]:
    """Two data-protection officers, and the acts that need two people."""
    register(BUDGET_ACTS)
    connection = await asyncpg.connect(country.dsn, server_settings={"search_path": "ibr"})
    try:
        for email in (WATCHER, SECOND):
            known = await connection.fetchval("select true from officer where email = $1", email)
            if not known:
                await add_officer(
                    connection,
                    email,
                    email.partition("@")[0].title(),
                    "data_protection_officer",
                    None,
                    people_web.PASSWORD,
                )
        rows = await connection.fetch("select email, officer_id from officer")
        return {row["email"]: row["officer_id"] for row in rows}
    finally:
        await connection.close()


@asynccontextmanager
async def visitor(
    country: WebCountry, email: str, later: timedelta = timedelta(0)
) -> AsyncIterator[httpx.AsyncClient]:
    async with country.services() as services:
        moved = replace(services, now=lambda: people_web.NOW + later)
        transport = httpx.ASGITransport(app=application(moved))
        async with httpx.AsyncClient(transport=transport, base_url="http://ibr.test") as client:
            client.headers["accept"] = "text/html"
            answer = await sign_in(client, email)
            assert answer.status_code == 303, answer.text
            yield client


async def alarm(country: WebCountry, about: int, rule: str = "guessing") -> int:
    """An alarm about an officer; its number."""
    async with country.services() as services, services.database.transaction(()) as connection:
        raised = Alarm(
            rule=rule,
            kind="officer",
            id=about,
            day=people_web.NOW.date(),
            hour=9,
            facts={"people": 1_234, "found": 3},
        )
        await raise_alarms(connection, [raised], people_web.NOW)
        number: int = await connection.fetchval("select max(alarm_id) from asking_alarm")
    return number


async def test_a_watcher_begins_with_the_alarms(country: WebCountry) -> None:
    async with visitor(country, WATCHER) as client:
        answer = await client.get("/")
        assert answer.headers["location"] == "/privacy"
        shown = await client.get("/privacy")
    assert shown.status_code == 200
    assert "Who asked about how many people" in shown.text


@pytest.mark.parametrize(
    ("email", "path", "status"),
    [
        ("officer@example.org", "/privacy", 403),
        ("analyst@example.org", "/privacy", 403),
        ("admin@example.org", "/privacy", 403),
        ("officer@example.org", "/protect", 200),
        ("help@example.org", "/protect", 200),
        ("analyst@example.org", "/protect", 403),
        (WATCHER, "/protect", 200),
        (WATCHER, "/person", 403),
    ],
)
async def test_who_sees_what_of_privacy(
    country: WebCountry, email: str, path: str, status: int
) -> None:
    async with visitor(country, email) as client:
        answer = await client.get(path)
    assert answer.status_code == status


async def test_an_alarm_is_looked_at_once_and_with_words(
    country: WebCountry, watchers: dict[str, int]
) -> None:
    number = await alarm(country, watchers["officer@example.org"])
    async with visitor(country, WATCHER) as client:
        listed = await client.get("/privacy")
        assert "1,234" in listed.text
        assert "Omar Officer" in listed.text
        page = await client.get(f"/privacy/alarms/{number}")
        fields = {"form_token": token(page.text), "outcome": "explained", "note": ""}
        empty = await client.post(f"/privacy/alarms/{number}", data=fields)
        assert empty.status_code == 400
        fields["note"] = "It was the yearly check."
        done = await client.post(f"/privacy/alarms/{number}", data=fields)
        assert done.headers["location"] == "/privacy?done=looked"
        again = await client.post(f"/privacy/alarms/{number}", data=fields)
        assert again.status_code == 409
        closed = await client.get("/privacy?looked=yes")
    assert "Explained: it was work" in closed.text


async def test_nobody_closes_an_alarm_about_themselves(
    country: WebCountry, watchers: dict[str, int]
) -> None:
    number = await alarm(country, watchers[WATCHER], "at_night")
    async with visitor(country, WATCHER) as client:
        page = await client.get(f"/privacy/alarms/{number}")
        fields = {"form_token": token(page.text), "outcome": "explained", "note": "Fine."}
        answer = await client.post(f"/privacy/alarms/{number}", data=fields)
    assert answer.status_code == 400
    assert "somebody else looks at it" in answer.text


async def test_a_budget_takes_two_people(country: WebCountry, watchers: dict[str, int]) -> None:
    async with visitor(country, WATCHER) as client:
        page = await client.get("/privacy")
        fields = {
            "form_token": token(page.text),
            "who": "mis.example.org",
            "purpose": "",
            "an_hour": "20000",
            "a_day": "10",
            "days": "7",
            "reason": "Campaign in the north.",
        }
        wrong = await client.post("/privacy/budgets", data=fields)
        assert wrong.status_code == 400
        fields["a_day"] = "50000"
        asked = await client.post("/privacy/budgets", data=fields)
        assert asked.headers["location"].startswith("/privacy?done=asked")
    assert not await country.read("select from budget")
    [proposal] = await country.read("select max(proposal_id) as number from proposal")
    async with country.services() as services:
        for email in (WATCHER, SECOND):
            asker = _watcher(watchers[email])
            try:
                async with services.database.transaction((), asker=asker) as connection:
                    await approve(connection, asker, proposal["number"], people_web.NOW)
            except NotAllowed:
                assert email == WATCHER
    [given] = await country.read("select * from budget")
    assert (given["asked_by"], given["given_by"]) == (watchers[WATCHER], watchers[SECOND])
    assert given["people_a_day"] == 50_000
    async with visitor(country, WATCHER) as client:
        page = await client.get("/privacy")
        assert "Campaign in the north." in page.text
        ended = await client.post(
            f"/privacy/budgets/{given['budget_id']}/end", data={"form_token": token(page.text)}
        )
    assert ended.headers["location"] == "/privacy?done=ended#budgets"


def _watcher(number: int) -> Asker:
    return Asker(
        kind="officer",
        id=number,
        name="x",
        purpose=Purpose("official_duty"),
        ask=frozenset(),
        scopes=RIGHTS["data_protection_officer"].scopes,
        role="data_protection_officer",
    )


async def test_marking_hides_the_records_and_opening_shows_them(country: WebCountry) -> None:
    async with visitor(country, "help@example.org") as client:
        before = await look_up(client)
        assert people_web.CANARY in before.text
        page = await client.get("/protect")
        fields = {
            "form_token": token(page.text),
            "kind": "UIN",
            "value": people_web.KNOWN_UIN,
            "reason": "",
            "until": "",
        }
        wrong = await client.post("/protect", data=fields)
        assert wrong.status_code == 400
        fields["reason"] = "violence"
        marked = await client.post("/protect", data=fields)
        assert marked.headers["location"] == "/protect?done=marked"
        hidden = await look_up(client)
        assert people_web.CANARY not in hidden.text
        assert "Records are hidden to protect somebody" in hidden.text
        opened = await look_up(client, opened_for="person_present")
        assert people_web.CANARY in opened.text
        assert "The data-protection officer has been told" in opened.text
    async with visitor(country, WATCHER) as client:
        told = await client.get("/privacy")
        assert "Records of a protected person opened" in told.text
        page = await client.get("/protect")
        assert people_web.KNOWN_UIN not in page.text
        [number] = await country.read(
            "select protection_id from protected_person where ended_at is null"
        )
        path = f"/protect/{number['protection_id']}/end"
        fields = {"form_token": token(page.text), "why": ""}
        assert (await client.post(path, data=fields)).status_code == 400
        fields["why"] = "The danger is over."
        assert (await client.post(path, data=fields)).status_code == 303


async def test_an_officer_whose_budget_is_used_up_reads_why(
    country: WebCountry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(OFFICERS, "complaint", Limit(3, 10))
    async with visitor(country, "officer@example.org", timedelta(hours=1)) as client:
        form = await client.get("/person")
        assert "You can look up 3 more people in this hour." in form.text
        for number in range(100, 103):
            answer = await look_up(client, value=f"UIN-{number:05d}-X")
            assert answer.status_code == 200
        used_up = await look_up(client, value="UIN-00299-X")
        again = await look_up(client, value="UIN-00100-X")
        form = await client.get("/person")
    assert used_up.status_code == 429
    assert int(used_up.headers["retry-after"]) > 0
    assert "as many different people as your role may" in used_up.text
    assert again.status_code == 200
    assert "You can look up 0 more people in this hour." in form.text
