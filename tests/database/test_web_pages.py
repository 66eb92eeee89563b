"""The pages over HTTP: who is let in, what is recorded, what every answer carries."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from ibr.settings import Settings
from tests import people_web
from tests.web_country import WebCountry, application, filled

EVERYBODY = ("/sign-in",)
CLOSED = ("/", "/programmes/OAP", "/person", "/deliveries", "/deliveries/1")


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@asynccontextmanager
async def visitor(
    country: WebCountry,
    email: str | None = None,
    *,
    settings: Settings | None = None,
    later: timedelta = timedelta(0),
    place: str = "127.0.0.1",
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a screen, signed in when an address is given."""
    async with country.services(settings or Settings()) as services:
        # Every look at the clock is a little later: two failures are never of the same moment.
        ticks = itertools.count()
        moved = replace(
            services, now=lambda: people_web.NOW + later + timedelta(milliseconds=next(ticks))
        )
        transport = httpx.ASGITransport(app=application(moved), client=(place, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://ibr.test") as client:
            client.headers["accept"] = "text/html"
            if email:
                answer = await sign_in(client, email)
                assert answer.status_code == 303, answer.text
            yield client


async def sign_in(
    client: httpx.AsyncClient, email: str, password: str = people_web.PASSWORD, after: str = "/"
) -> httpx.Response:
    form = await client.get("/sign-in", params={"next": after})
    fields = {"email": email, "password": password, "form_token": token(form.text), "next": after}
    return await client.post("/sign-in", data=fields)


def token(html: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', html)
    assert found is not None
    return found[1]


async def look_up(client: httpx.AsyncClient, **changed: str) -> httpx.Response:
    form = await client.get("/person")
    fields = {
        "form_token": token(form.text),
        "purpose": "complaint",
        "words": "",
        "kind": "UIN",
        "value": people_web.KNOWN_UIN,
    }
    return await client.post("/person", data=fields | changed)


@pytest.mark.parametrize("path", CLOSED)
async def test_nobody_sees_a_page_without_signing_in(country: WebCountry, path: str) -> None:
    async with visitor(country) as client:
        answer = await client.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")
    assert answer.text == ""


@pytest.mark.parametrize("path", ["/person", "/sign-out"])
async def test_nobody_sends_a_form_without_signing_in(country: WebCountry, path: str) -> None:
    async with visitor(country) as client:
        answer = await client.post(path, data={"form_token": "x"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in"


async def test_an_unknown_address_and_a_wrong_password_look_the_same(country: WebCountry) -> None:
    async with visitor(country, place="10.0.0.1") as client:
        wrong = await sign_in(client, "officer@example.org", "not the password")
        unknown = await sign_in(client, "nobody@example.org", "not the password")
    assert wrong.status_code == unknown.status_code == 400
    plain = [re.sub(r'value="[^"]*"', "", answer.text) for answer in (wrong, unknown)]
    assert plain[0] == plain[1]


async def test_guessing_is_slowed_at_one_place_and_nobody_else_is_locked_out(
    country: WebCountry,
) -> None:
    async with visitor(country, place="10.0.0.2") as guesser:
        for _ in range(5):
            await sign_in(guesser, "help@example.org", "a guess")
        slowed = await sign_in(guesser, "help@example.org")
    async with visitor(country, place="10.0.0.3") as client:
        right = await sign_in(client, "help@example.org")
    assert slowed.status_code == 429
    assert int(slowed.headers["retry-after"]) >= 1
    assert right.status_code == 303


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(country: WebCountry) -> None:
    production = Settings(profile="production")
    async with visitor(country, settings=production) as client:
        answer = await sign_in(client, "officer@example.org")
    cookies = [each for each in answer.headers.get_list("set-cookie") if "ibr_session" in each]
    # httpx keeps Secure cookies from http, so the form's own cookie never came back.
    assert cookies == []
    async with visitor(country) as client:
        answer = await sign_in(client, "officer@example.org")
    cookie = next(each for each in answer.headers.get_list("set-cookie") if "ibr_session" in each)
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    secret = cookie.split("=", 1)[1].split(";")[0]
    assert len(secret) >= 43
    kept = await country.read("select session_digest::text as d from officer_session")
    assert all(secret not in row["d"] for row in kept)


async def test_production_asks_for_an_encrypted_connection(country: WebCountry) -> None:
    async with visitor(country, settings=Settings(profile="production")) as client:
        answer = await client.get("/sign-in")
    assert "Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]
    assert "ar-XB" not in answer.text


async def test_a_session_ends_when_idle_and_when_old(country: WebCountry) -> None:
    async with visitor(country, "officer@example.org") as client:
        cookie = client.cookies["ibr_session"]
    for later, status in ((10, 200), (24, 200), (60, 303)):
        async with visitor(country, later=timedelta(minutes=later)) as client:
            client.cookies["ibr_session"] = cookie
            assert (await client.get("/")).status_code == status
    all_day = Settings(session_minutes=60 * 24)
    async with visitor(country, "officer@example.org", settings=all_day) as client:
        cookie = client.cookies["ibr_session"]
    for hours, status in ((7, 200), (9, 303)):
        late = timedelta(hours=hours)
        async with visitor(country, settings=all_day, later=late) as client:
            client.cookies["ibr_session"] = cookie
            assert (await client.get("/")).status_code == status


async def test_signing_out_ends_the_session_for_good(country: WebCountry) -> None:
    async with visitor(country, "officer@example.org") as client:
        cookie = client.cookies["ibr_session"]
        page = await client.get("/")
        left = await client.post("/sign-out", data={"form_token": token(page.text)})
        client.cookies["ibr_session"] = cookie
        again = await client.get("/")
    assert left.headers["location"] == "/sign-in"
    assert again.status_code == 303


@pytest.mark.parametrize("given", ["", "wrong"])
async def test_a_form_of_another_site_is_refused(country: WebCountry, given: str) -> None:
    async with visitor(country, "officer@example.org") as client:
        answer = await look_up(client, form_token=given)
    assert answer.status_code == 403
    assert people_web.CANARY not in answer.text


async def test_a_browser_that_says_another_site_sent_the_form_is_believed(
    country: WebCountry,
) -> None:
    async with visitor(country, "officer@example.org") as client:
        client.headers["sec-fetch-site"] = "cross-site"
        answer = await look_up(client)
    assert answer.status_code == 403


@pytest.mark.parametrize("path", [*EVERYBODY, *CLOSED, "/nothing-here", "/programmes/NONE"])
async def test_every_answer_is_protected(country: WebCountry, path: str) -> None:
    async with visitor(country, "officer@example.org") as client:
        answer = await client.get(path)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "<style" not in answer.text
    assert " style=" not in answer.text
    assert not re.search(r"<script(?![^>]* src=)", answer.text)


@pytest.mark.parametrize(
    ("email", "path", "status"),
    [
        ("analyst@example.org", "/person", 403),
        ("analyst@example.org", "/", 200),
        ("help@example.org", "/deliveries", 403),
        ("help@example.org", "/person", 200),
        ("pension@example.org", "/programmes/OAP", 200),
        ("pension@example.org", "/programmes/CASH", 404),
        ("pension@example.org", "/deliveries/1", 200),
        ("pension@example.org", "/deliveries/20", 404),
        ("pension@example.org", "/deliveries/999999", 404),
    ],
)
async def test_who_sees_which_page(country: WebCountry, email: str, path: str, status: int) -> None:
    async with visitor(country, email) as client:
        answer = await client.get(path)
    assert answer.status_code == status


async def test_an_analyst_cannot_send_the_look_up_either(country: WebCountry) -> None:
    async with visitor(country, "analyst@example.org") as client:
        page = await client.get("/")
        answer = await client.post(
            "/person",
            data={
                "form_token": token(page.text),
                "purpose": "complaint",
                "kind": "UIN",
                "value": people_web.KNOWN_UIN,
            },
        )
    assert answer.status_code == 403
    assert people_web.CANARY not in answer.text


async def test_a_look_up_shows_records_and_writes_it_down(country: WebCountry) -> None:
    async with visitor(country, "officer@example.org") as client:
        answer = await look_up(client, words="Appeal at the Lake office")
    assert answer.status_code == 200
    assert answer.text.count("<article") == 3
    assert people_web.CANARY in answer.text
    ledger = await country.read(
        "select answer, purpose_text from question_asked where officer_id = 2 "
        "order by asked_at desc limit 1"
    )
    assert dict(ledger[0]) == {"answer": "records", "purpose_text": "Appeal at the Lake office"}
    events = await country.read(
        "select details::text from audit_event where kind = 'question.person_record'"
    )
    assert events
    assert all(people_web.KNOWN_UIN not in row["details"] for row in events)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("purpose", "", "Choose why"),
        ("purpose", "audit", "Choose why"),
        ("value", "", "Write the number of the person"),
        ("value", "١٢٣", "Write the number with letters"),
        ("words", "case of 0712 345 678", "Leave out names and numbers"),
        ("words", f"about {people_web.KNOWN_UIN}", "Leave out names and numbers"),
        ("words", "x" * 201, "at most 200"),
    ],
)
async def test_a_look_up_that_is_not_in_order_shows_nothing(
    country: WebCountry, field: str, value: str, said: str
) -> None:
    async with visitor(country, "officer@example.org") as client:
        answer = await look_up(client, **{field: value})
    assert answer.status_code == 400
    assert said in answer.text
    assert people_web.CANARY not in answer.text


async def test_not_known_and_not_in_reach_look_the_same(country: WebCountry) -> None:
    async with visitor(country, "pension@example.org") as client:
        elsewhere = await look_up(client, kind="HOUSEHOLD_ID", value=people_web.KNOWN_HOUSEHOLD)
        unknown = await look_up(client, kind="HOUSEHOLD_ID", value="HH-NOBODY")
    pages = [
        answer.text.replace(value, "").replace(token(answer.text), "")
        for answer, value in ((elsewhere, people_web.KNOWN_HOUSEHOLD), (unknown, "HH-NOBODY"))
    ]
    assert pages[0] == pages[1]
    assert "nothing to show" in pages[0]


async def test_no_address_holds_an_identifier(country: WebCountry) -> None:
    async with visitor(country, "officer@example.org") as client:
        form = await client.get("/person")
        tried = await client.get("/person", params={"value": people_web.KNOWN_UIN})
    assert 'method="post" action="/person"' in form.text
    assert people_web.CANARY not in tried.text
    assert people_web.KNOWN_UIN not in tried.text


@pytest.mark.parametrize("after", ["//evil.example", "https://evil.example", "/\\evil"])
async def test_signing_in_never_leads_elsewhere(country: WebCountry, after: str) -> None:
    async with visitor(country, place="10.0.0.9") as client:
        answer = await sign_in(client, "officer@example.org", after=after)
    assert answer.headers["location"] == "/"


async def test_an_address_that_leads_nowhere_says_so_in_plain_words(country: WebCountry) -> None:
    async with visitor(country) as client:
        answer = await client.get("/nothing-here")
        machine = await client.get("/nothing-here", headers={"accept": "application/json"})
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
    assert machine.headers["content-type"].startswith("application/json")


async def test_a_lost_database_is_a_page_in_plain_words(country: WebCountry) -> None:
    answer = await client_after_close(country)
    assert answer.status_code == 503
    assert "cannot answer just now" in answer.text


async def client_after_close(country: WebCountry) -> httpx.Response:
    async with country.services() as services:
        await services.database.close()
        transport = httpx.ASGITransport(app=application(services))
        async with httpx.AsyncClient(transport=transport, base_url="http://ibr.test") as client:
            client.cookies["ibr_session"] = "anything"
            return await client.get("/")


async def test_a_failure_nobody_foresaw_tells_nothing(
    country: WebCountry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(people_web.CANARY)

    async with visitor(country, "officer@example.org") as client:
        monkeypatch.setattr("ibr.web.pages.deliveries.number_in", broken)
        answer = await client.get("/deliveries")
    assert answer.status_code == 500
    assert people_web.CANARY not in answer.text
    assert "Something went wrong on our side" in answer.text


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("/review/next", "/review"),
        ("/review/pairs/1-0-2-0/back", "/review/pairs/1-0-2-0"),
        ("/findings/7/exempt", "/findings/7"),
        ("/pairs/7/end", "/pairs"),
        ("/cases/7/undo", "/cases/7"),
        ("/cases/7/money", "/cases/7"),
        ("/sign-out", "/"),
    ],
)
async def test_an_address_that_only_takes_a_form_leads_to_the_page_that_has_it(
    country: WebCountry, address: str, meant: str
) -> None:
    async with visitor(country) as client:
        answer = await client.get(address)
        machine = await client.get(address, headers={"accept": "application/json"})
    assert (answer.status_code, answer.headers.get("location")) == (303, meant)
    assert machine.status_code == 405


@pytest.mark.parametrize(
    ("verb", "address"),
    [
        ("GET", "/review/nothing"),
        ("GET", "/cases/7/nothing"),
        ("GET", "//evil.example/review/next"),
        ("GET", "/review/pairs/a%0d%0ab/back"),
        ("POST", "/cases/figures"),
    ],
)
async def test_control_any_other_address_leads_nowhere(
    country: WebCountry, verb: str, address: str
) -> None:
    async with visitor(country) as client:
        answer = await client.request(verb, "http://ibr.test" + address)
    assert answer.status_code in (404, 405)
    assert "location" not in answer.headers
