"""The page of undelivered callbacks: who may open it, what it shows, what its buttons do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests import people_web
from tests.callbacks_web import emptied, promised
from tests.database.test_web_pages import token, visitor
from tests.web_country import WebCountry, filled

ADMINISTRATOR = "admin@example.org"
OTHERS = [email for email, (_, role, _) in people_web.OFFICERS.items() if role != "administrator"]


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.fixture
def given_up(country: WebCountry) -> Iterator[list[int]]:
    """Two messages that were given up and one that waits, for one partner; their numbers."""
    yield asyncio.run(promised(country.dsn))
    asyncio.run(emptied(country.dsn))


async def states(country: WebCountry) -> list[str]:
    rows = await country.read("select state from outgoing_message order by message_no")
    return [row["state"] for row in rows]


@pytest.mark.parametrize("email", OTHERS)
async def test_only_an_administrator_sees_the_page(
    country: WebCountry, given_up: list[int], email: str
) -> None:
    async with visitor(country, email) as client:
        shown = await client.get("/callbacks")
        home = await client.get("/deliveries")
        form = token(home.text) if home.status_code == 200 else "x"
        sent = await client.post(
            "/callbacks", data={"form_token": form, "message": str(given_up[0])}
        )
    assert shown.status_code == 403
    assert sent.status_code == 403
    assert await states(country) == ["dead", "dead", "waiting"]
    assert '"/callbacks"' not in home.text


async def test_the_page_says_which_and_why(country: WebCountry, given_up: list[int]) -> None:
    async with visitor(country, ADMINISTRATOR) as client:
        page = (await client.get("/callbacks")).text
        waiting = (await client.get("/callbacks?state=waiting")).text
        narrowed = (await client.get("/callbacks?partner=nobody")).text
    assert "Answered with HTTP 301; redirects are not followed" in page
    assert "Refused with err.signature.invalid" in page
    assert f">{given_up[0]}</bdi>" in page
    assert f">{given_up[2]}</bdi>" not in page
    assert "Not tried yet" in waiting
    assert "No message fits" in narrowed
    assert 'aria-current="page">Undelivered callbacks' in page


async def test_one_is_sent_again_with_the_form_of_the_page(
    country: WebCountry, given_up: list[int]
) -> None:
    async with visitor(country, ADMINISTRATOR) as client:
        page = await client.get("/callbacks")
        fields = {"form_token": token(page.text), "message": str(given_up[1])}
        answer = await client.post("/callbacks", data=fields)
        after = await client.get(answer.headers["location"])
        twice = await client.post("/callbacks", data=fields)
    assert answer.status_code == 303
    assert "1 message will be sent again" in after.text
    assert await states(country) == ["dead", "waiting", "waiting"]
    assert twice.status_code == 409
    [event] = await country.read(
        "select actor_kind, actor_id, details::text as said from audit_event "
        "where kind = 'callback.sent_again'"
    )
    assert event["actor_kind"] == "officer"
    assert str(given_up[1]) in event["said"]


async def test_all_of_a_partner_are_sent_again(country: WebCountry, given_up: list[int]) -> None:
    [row] = await country.read("select sender_id from partner order by partner_id limit 1")
    async with visitor(country, ADMINISTRATOR) as client:
        page = await client.get("/callbacks")
        fields = {"form_token": token(page.text), "partner": row["sender_id"]}
        answer = await client.post("/callbacks", data=fields)
        after = await client.get(answer.headers["location"])
        unknown = await client.post("/callbacks", data=fields | {"partner": "nobody"})
    assert "2 messages will be sent again" in after.text
    assert await states(country) == ["waiting"] * 3
    assert unknown.status_code == 404


async def test_a_form_from_elsewhere_sends_nothing(
    country: WebCountry, given_up: list[int]
) -> None:
    async with visitor(country, ADMINISTRATOR) as client:
        answer = await client.post(
            "/callbacks", data={"form_token": "guessed", "message": str(given_up[0])}
        )
    assert answer.status_code == 403
    assert await states(country) == ["dead", "dead", "waiting"]


async def test_where_everything_arrived_the_page_says_so(country: WebCountry) -> None:
    async with visitor(country, ADMINISTRATOR) as client:
        english = (await client.get("/callbacks")).text
        client.cookies.set("ibr_language", "fr")
        french = (await client.get("/callbacks")).text
    assert "Everything has arrived" in english
    assert "Tout est arrivé" in french
