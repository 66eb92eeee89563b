"""The page of a delivery that waits: words, buttons for who may decide, one effect each."""

from __future__ import annotations

import json

import asyncpg
import pytest

from tests.database.test_web_pages import token, visitor
from tests.web_country import WebCountry, filled

ANOMALIES = [
    {"code": "total.records", "level": "hold", "found": 120, "expected": 5000},
    {"code": "sequence.gap", "level": "note", "found": 4, "expected": 3},
]


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


async def change(country: WebCountry, statement: str, *values: object) -> None:
    connection = await asyncpg.connect(country.dsn, server_settings={"search_path": "ibr"})
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()


@pytest.fixture
async def held(country: WebCountry) -> int:
    """A delivery of the officer's own programme that waits."""
    rows = await country.read(
        "select d.delivery_id from ibr.delivery d join ibr.programme p "
        "on d.programme_ids = array[p.programme_id] where p.code = 'OAP' order by 1 limit 1"
    )
    number: int = rows[0]["delivery_id"]
    await change(
        country,
        "update delivery set state = 'held', anomalies = $2 where delivery_id = $1",
        number,
        json.dumps(ANOMALIES),
    )
    return number


async def state_of(country: WebCountry, number: int) -> str:
    rows = await country.read(f"select state from ibr.delivery where delivery_id = {number}")
    return str(rows[0]["state"])


async def test_it_says_why_it_waits_and_an_officer_lets_it_go(
    country: WebCountry, held: int
) -> None:
    async with visitor(country, "officer@example.org") as client:
        shown = await client.get(f"/deliveries/{held}")
        assert "It holds 120 records, but its sender says 5,000." in shown.text
        assert "number 3 is missing" in shown.text
        form = {"form_token": token(shown.text), "act": "release", "reason": "Asked by telephone"}
        done = await client.post(f"/deliveries/{held}", data=form)
        after = await client.get(done.headers["location"])
        assert "It is let go." in after.text
        assert "Asked by telephone" in after.text
    assert await state_of(country, held) == "received"


async def test_a_decision_needs_a_reason(country: WebCountry, held: int) -> None:
    async with visitor(country, "officer@example.org") as client:
        shown = await client.get(f"/deliveries/{held}")
        form = {"form_token": token(shown.text), "act": "refuse", "reason": " no "}
        done = await client.post(f"/deliveries/{held}", data=form)
        after = await client.get(done.headers["location"])
    assert "Give a reason of 5 to 500 characters." in after.text
    assert await state_of(country, held) == "held"


async def test_the_second_of_two_decisions_is_told_and_changes_nothing(
    country: WebCountry, held: int
) -> None:
    async with visitor(country, "officer@example.org") as client:
        shown = await client.get(f"/deliveries/{held}")
        form = {"form_token": token(shown.text), "act": "refuse", "reason": "The wrong file"}
        await client.post(f"/deliveries/{held}", data=form)
        done = await client.post(f"/deliveries/{held}", data=form | {"act": "release"})
        after = await client.get(done.headers["location"])
    assert "dealt with meanwhile" in after.text
    assert await state_of(country, held) == "refused"


async def test_who_only_looks_has_no_button_and_no_way_past_it(
    country: WebCountry, held: int
) -> None:
    async with visitor(country, "analyst@example.org") as client:
        shown = await client.get(f"/deliveries/{held}")
        assert "This delivery waits for a look" in shown.text
        assert 'value="release"' not in shown.text
        form = {"form_token": token(shown.text), "act": "release", "reason": "I would like to"}
        refused = await client.post(f"/deliveries/{held}", data=form)
    assert refused.status_code == 403
    assert await state_of(country, held) == "held"


async def test_nobody_decides_about_programmes_out_of_reach(country: WebCountry, held: int) -> None:
    await change(
        country,
        "update delivery set programme_ids = (select array_agg(programme_id) from programme) "
        "where delivery_id = $1",
        held,
    )
    async with visitor(country, "pension@example.org") as client:
        shown = await client.get(f"/deliveries/{held}")
        assert 'value="release"' not in shown.text
        form = {"form_token": token(shown.text), "act": "release", "reason": "I would like to"}
        done = await client.post(f"/deliveries/{held}", data=form)
        after = await client.get(done.headers["location"])
    assert "an administrator must decide" in after.text
    assert await state_of(country, held) == "held"


async def test_what_a_void_would_change_is_said_before_it_is_asked_for(
    country: WebCountry,
) -> None:
    rows = await country.read(
        "select max(delivery_id) as number from ibr.delivery d join ibr.programme p "
        "on d.programme_ids = array[p.programme_id] where p.code = 'OAP' and d.state = 'done'"
    )
    number = rows[0]["number"]
    await change(country, "insert into delivery_touched values ($1, 0, '{}')", number)
    async with visitor(country, "officer@example.org") as client:
        shown = await client.get(f"/deliveries/{number}")
        assert "Records it speaks of" in shown.text
        form = {"form_token": token(shown.text), "act": "void", "reason": "Sent by mistake"}
        done = await client.post(f"/deliveries/{number}", data=form)
        after = await client.get(done.headers["location"])
    assert "It is being undone." in after.text
    assert await state_of(country, number) == "voiding"
