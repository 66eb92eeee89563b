"""The pages of the help desk, of people's requests, and of checking a statement."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests import visitors
from tests.database.test_web_pages import sign_in, token
from tests.visitors import HELP, as_owner
from tests.web_country import WebCountry, application


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    made = visitors.visited(dsn)
    asyncio.run(visitors.people(made))
    return made


@pytest.fixture(autouse=True)
async def nobody_is_served(country: WebCountry) -> None:
    await as_owner(
        country,
        "update help_visit set ended_at = begun_at, ended_how = 'officer' where ended_at is null",
    )


@asynccontextmanager
async def anybody(country: WebCountry) -> AsyncIterator[httpx.AsyncClient]:
    async with visitors.desk(country) as services:
        transport = httpx.ASGITransport(app=application(services))
        async with httpx.AsyncClient(transport=transport, base_url="http://ibr.test") as client:
            client.headers["accept"] = "text/html"
            yield client


@asynccontextmanager
async def officer(country: WebCountry, email: str) -> AsyncIterator[httpx.AsyncClient]:
    async with anybody(country) as client:
        answer = await sign_in(client, email)
        assert answer.status_code == 303, answer.text
        yield client


def form(page: httpx.Response, **changed: str) -> dict[str, str]:
    given = {
        "form_token": token(page.text),
        "kind": "UIN",
        "value": visitors.MOTHER,
        "birth_date": visitors.MOTHER_BORN,
        "proof": "identity_card",
        "agreed_by": "person",
        "agreed": "yes",
    }
    return {key: value for key, value in (given | changed).items() if value}


async def begin(client: httpx.AsyncClient, **changed: str) -> httpx.Response:
    return await client.post("/visits", data=form(await client.get("/visits"), **changed))


async def test_a_visit_from_beginning_to_end(country: WebCountry) -> None:
    async with officer(country, HELP) as client:
        begun = await begin(client)
        assert begun.status_code == 303
        address = begun.headers["location"]
        shown = await client.get(address)
        assert shown.status_code == 200
        assert "Mariam Hassan" in shown.text
        assert visitors.CANARY not in shown.text
        assert visitors.MOTHER not in address
        # Who is being served is found again from the first page of the desk.
        assert (await client.get("/visits")).headers["location"] == address
        ended = await client.post(f"{address}/end", data={"form_token": token(shown.text)})
        assert ended.headers["location"] == "/visits?done=ended"
        again = await client.get(address)
        assert again.headers["location"] == "/visits?done=over"
        twice = await client.post(f"{address}/end", data={"form_token": token(shown.text)})
        assert twice.headers["location"] == "/visits?done=over"


@pytest.mark.parametrize(
    "changed",
    [
        {"value": "UIN-99999-X"},
        {"birth_date": "1980-05-07"},
        {"value": visitors.SHARED, "birth_date": visitors.SHARED_BORN},
    ],
)
async def test_nobody_found_looks_the_same(country: WebCountry, changed: dict[str, str]) -> None:
    async with officer(country, HELP) as client:
        answer = await begin(client, **changed)
    assert answer.status_code == 200
    assert "Nobody can be served" in answer.text
    assert "Hassan" not in answer.text


@pytest.mark.parametrize("left_out", ["agreed", "agreed_by", "proof", "birth_date", "value"])
async def test_what_is_missing_is_said_at_its_field(country: WebCountry, left_out: str) -> None:
    async with officer(country, HELP) as client:
        answer = await begin(client, **{left_out: ""})
    assert answer.status_code == 400
    assert f'href="#{left_out}"' in answer.text
    assert f'id="{left_out}-error"' in answer.text


async def test_another_officer_s_visit_is_nothing(country: WebCountry) -> None:
    async with officer(country, HELP) as client:
        address = (await begin(client)).headers["location"]
    number = int(address.rpartition("/")[2])
    await as_owner(country, "update help_visit set officer_id = 7777 where visit_no = $1", number)
    async with officer(country, HELP) as client:
        page = await client.get("/visits")
        assert (await client.get(address)).status_code == 404
        fields = {"form_token": token(page.text), "form": "json", "kind": "objection"}
        for what in ("end", "requests", "statement"):
            assert (await client.post(f"{address}/{what}", data=fields)).status_code == 404
        assert (await client.get("/visits/99999999")).status_code == 404
    await as_owner(
        country,
        "update help_visit set officer_id = (select officer_id from officer where email = $2) "
        "where visit_no = $1",
        number,
        HELP,
    )
    async with officer(country, HELP) as client:
        assert (await client.get(address)).status_code == 200


@pytest.mark.parametrize(
    ("email", "path", "status"),
    [
        ("admin@example.org", "/visits", 403),
        ("officer@example.org", "/visits", 403),
        ("auditor@example.org", "/visits", 403),
        ("watcher@example.org", "/visits", 403),
        (HELP, "/requests", 403),
        ("analyst@example.org", "/requests", 403),
        ("admin@example.org", "/requests", 200),
        ("officer@example.org", "/requests", 200),
        ("watcher@example.org", "/requests", 200),
    ],
)
async def test_who_opens_which_page(
    country: WebCountry, email: str, path: str, status: int
) -> None:
    async with officer(country, email) as client:
        assert (await client.get(path)).status_code == status


async def test_a_request_goes_round(country: WebCountry) -> None:
    record = await _record(country)
    async with officer(country, HELP) as client:
        address = (await begin(client)).headers["location"]
        page = await client.get(address)
        fields = {
            "form_token": token(page.text),
            "record": str(record),
            "kind": "correction",
            "about": "birth_date",
        }
        wrong = await client.post(f"{address}/requests", data=fields | {"value": "soon"})
        assert wrong.status_code == 400
        assert f'id="value-{record}-correction-error"' in wrong.text
        right = await client.post(f"{address}/requests", data=fields | {"value": "1979-05-06"})
        assert right.status_code == 303
        shown = await client.get(right.headers["location"].partition("#")[0])
        assert "Waits for the programme" in shown.text
        twice = await client.post(f"{address}/requests", data=fields | {"value": "1979-05-06"})
        assert twice.status_code == 400
    number = int((await country.read("select max(request_no) as n from person_request"))[0]["n"])
    async with officer(country, "watcher@example.org") as client:
        listed = await client.get("/requests")
        assert f"/requests/{number}" in listed.text
        seen = await client.get(f"/requests/{number}")
        assert "Hassan" not in seen.text
        assert "1979" not in seen.text
        refused = await client.post(
            f"/requests/{number}",
            data={"form_token": token(seen.text), "answer": "refused:law_requires"},
        )
        assert refused.status_code == 403
    async with officer(country, "pension@example.org") as client:
        seen = await client.get(f"/requests/{number}")
        assert "Mariam Hassan" in seen.text
        assert "1979-05-06" in seen.text
        fields = {"form_token": token(seen.text)}
        nothing = await client.post(f"/requests/{number}", data=fields | {"answer": "accepted:x"})
        assert nothing.status_code == 400
        fields["answer"] = "accepted:will_be_corrected"
        assert (await client.post(f"/requests/{number}", data=fields)).status_code == 303
        assert (await client.post(f"/requests/{number}", data=fields)).status_code == 400
    async with officer(country, HELP) as client:
        again = await client.get((await client.get("/visits")).headers["location"])
        assert "Accepted, not yet in a delivery" in again.text
    await as_owner(country, "delete from person_request")


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_statement_is_made_and_checked(country: WebCountry, language: str) -> None:
    made = {}
    async with officer(country, HELP) as client:
        address = (await begin(client)).headers["location"]
        page = await client.get(address)
        for kind in ("pdf", "json"):
            fields = {"form_token": token(page.text), "form": kind, "language": language}
            answer = await client.post(f"{address}/statement", data=fields)
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "no-store"
            made[kind] = answer.content
    assert made["pdf"].startswith(b"%PDF-")
    said = json.loads(made["json"])
    assert said["person"]["name"] == "Mariam Hassan"
    assert {each["programme"] for each in said["records"]} == {"OAP", "CASH", "PWD"}
    assert visitors.CANARY not in made["json"].decode()
    assert "Hala" not in made["json"].decode()
    async with anybody(country) as client:
        for content, expected in (
            (made["pdf"], "Ours, and unchanged"),
            (made["json"], "Ours, and unchanged"),
            (made["json"].replace(b"Mariam", b"Miriam"), "Not ours"),
        ):
            digest = hashlib.sha256(content).hexdigest().upper()
            answer = await client.post("/statements/check", data={"digest": digest})
            assert expected in answer.text
            assert "Hassan" not in answer.text
        number = said["statement"]["check_number"]
        for fields, expected in (
            ({"number": number}, "The check number is ours"),
            ({"number": number, "sums": "1"}, "Not with these sums"),
            ({"number": number[::-1]}, "Not ours"),
            ({"digest": "x"}, "Not ours"),
        ):
            answer = await client.post("/statements/check", data=fields)
            assert answer.status_code == 200
            assert expected in answer.text


async def test_the_form_of_a_statement_is_one_of_two(country: WebCountry) -> None:
    async with officer(country, HELP) as client:
        address = (await begin(client)).headers["location"]
        page = await client.get(address)
        fields = {"form_token": token(page.text), "form": "docx"}
        assert (await client.post(f"{address}/statement", data=fields)).status_code == 400


async def _record(country: WebCountry) -> int:
    rows = await country.read(
        "select r.record_id from beneficiary_record r join programme p using (programme_id) "
        "where p.code = 'OAP' and r.record_id > 900000 order by r.record_id limit 1"
    )
    return int(rows[0]["record_id"])
