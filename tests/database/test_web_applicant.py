"""Checking an applicant on its page: with and without script, for programme officers only."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from ibr.db.pool import open_database
from ibr.identity.persons.reading.read_appearances import AppearanceReader
from ibr.identity.persons.run import Linkage
from ibr.protection.seal import Sealer
from tests import people_web
from tests.web_country import KEYRING, WebCountry, application, filled

KNOWN = {
    "given_name": "አበበ",
    "surname": f"በቀለ {people_web.CANARY}",
    "birth_date": "1956-03-01",
    "sex": "female",
}
PART = {"hx-request": "true"}
OFFICER = "officer@example.org"
OF_PENSIONS = "pension@example.org"


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    """The small country, linked."""
    made = filled(dsn)
    asyncio.run(linked(dsn))
    return made


async def linked(dsn: str) -> None:
    database = await open_database(dsn, "ibr_worker", size=6, name="test linkage")
    try:
        run = await Linkage(
            database,
            Sealer(KEYRING),
            lambda programmes: AppearanceReader(database, KEYRING, programmes),
        ).run("changes")
    finally:
        await database.close()
    assert run is not None
    assert run.state == "applied", run.reason


@asynccontextmanager
async def visitor(country: WebCountry, email: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a screen, signed in."""
    async with country.services() as services:
        transport = httpx.ASGITransport(app=application(services))
        async with httpx.AsyncClient(transport=transport, base_url="http://ibr.test") as client:
            form = await client.get("/sign-in")
            fields = {"email": email, "password": people_web.PASSWORD, "next": "/"}
            await client.post("/sign-in", data={**fields, "form_token": token(form.text)})
            yield client


def token(html: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', html)
    assert found is not None
    return found[1]


async def check(
    client: httpx.AsyncClient, form: dict[str, str], headers: dict[str, str] | None = None
) -> httpx.Response:
    page = await client.get("/applicant")
    sent = {"form_token": token(page.text), **form}
    return await client.post("/applicant", data=sent, headers=headers or {})


async def test_without_script_the_whole_page_comes_back(country: WebCountry) -> None:
    async with visitor(country, OFFICER) as client:
        answer = await check(client, KNOWN)
    assert answer.status_code == 200
    assert "<html" in answer.text
    assert "Likely the same person" in answer.text
    assert "Old Age Pension" in answer.text
    assert f'value="{KNOWN["given_name"]}"' in answer.text


async def test_while_typing_only_the_answer_comes(country: WebCountry) -> None:
    async with visitor(country, OFFICER) as client:
        answer = await check(client, KNOWN, PART)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "Likely the same person" in answer.text
    assert "1956" in answer.text


async def test_no_name_is_told_but_initials(country: WebCountry) -> None:
    async with visitor(country, OFFICER) as client:
        answer = await check(client, KNOWN, PART)
    assert people_web.CANARY not in answer.text
    assert people_web.KNOWN_UIN not in answer.text
    assert KNOWN["given_name"] not in answer.text


async def test_of_other_programmes_an_officer_learns_only_that_there_is_one(
    country: WebCountry,
) -> None:
    async with visitor(country, OF_PENSIONS) as client:
        answer = await check(client, KNOWN, PART)
    assert "Old Age Pension" in answer.text
    assert "known in another programme" in answer.text
    assert "Public Works" not in answer.text
    assert "Family Cash" not in answer.text


async def test_control_who_may_see_them_sees_them(country: WebCountry) -> None:
    async with visitor(country, OFFICER) as client:
        answer = await check(client, KNOWN, PART)
    assert "Public Works" in answer.text
    assert "known in another programme" not in answer.text


async def test_nobody_alike(country: WebCountry) -> None:
    stranger = {"given_name": "Xiomara", "surname": "Quetzal", "birth_date": "1901"}
    async with visitor(country, OFFICER) as client:
        answer = await check(client, stranger, PART)
    assert "Nobody alike is known" in answer.text


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"given_name": "Amina"},
        {"given_name": "A" * 300, "birth_date": "1990"},
        {"given_name": "<script>alert(1)</script>", "surname": "🙂\u202e"},
    ],
)
async def test_too_little_is_no_fault_while_typing_and_one_when_sent(
    country: WebCountry, form: dict[str, str]
) -> None:
    async with visitor(country, OFFICER) as client:
        typing = await check(client, form, PART)
        sent = await check(client, form)
    assert typing.status_code == 200
    assert 'id="problem"' in typing.text
    assert sent.status_code == 400
    assert "<script>alert" not in sent.text


@pytest.mark.parametrize(
    ("email", "status"),
    [
        (OFFICER, 200),
        ("admin@example.org", 403),
        ("analyst@example.org", 403),
        ("auditor@example.org", 403),
        ("help@example.org", 403),
    ],
)
async def test_who_may_check_applicants(country: WebCountry, email: str, status: int) -> None:
    async with visitor(country, email) as client:
        assert (await client.get("/applicant")).status_code == status
        sent = await client.post("/applicant", data={**KNOWN, "form_token": "none"})
    assert sent.status_code == 403
    assert "Likely the same" not in sent.text


async def test_every_check_is_in_the_ledger_with_its_purpose(country: WebCountry) -> None:
    async with visitor(country, OFFICER) as client:
        await check(client, KNOWN, PART)
    rows = await country.read(
        """
        select question, purpose_code, answer, subject_index from question_asked
        where question = 'possible_duplicates' order by asked_at desc limit 1
        """
    )
    assert (rows[0]["purpose_code"], rows[0]["answer"]) == ("enrolment_check", "records")
    subjects = await country.read("select distinct subject_index from beneficiary_record")
    assert rows[0]["subject_index"] in {row["subject_index"] for row in subjects}


async def test_in_french(country: WebCountry) -> None:
    async with visitor(country, OFFICER) as client:
        client.headers["accept-language"] = "fr"
        answer = await check(client, KNOWN)
    assert "Probablement la même personne" in answer.text
    assert "même" in answer.text
