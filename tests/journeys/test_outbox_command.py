"""`ibr outbox` and the metrics: what did not arrive is seen, and sent again, from a terminal."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from click.testing import Result
from litestar import Litestar
from typer.testing import CliRunner

from ibr.cli.main import app
from ibr.cli.show import console
from ibr.db.pool import open_database
from ibr.operation import callbacks
from ibr.operation.health import handlers
from tests.door import Door, System
from tests.post_office import PostOffice, post_office
from tests.receivers import Receiver, answering, http

Ibr = Callable[..., Result]


def work(door: Door, what: Callable[[PostOffice], Awaitable[None]]) -> None:
    """Does something with a post office, in an event loop of its own."""

    async def inside() -> None:
        async with post_office(door.dsn, door.settings) as office:
            await what(office)

    asyncio.run(inside())


@pytest.fixture
def ibr(door: Door, monkeypatch: pytest.MonkeyPatch) -> Ibr:
    """The command line over the door's database."""
    monkeypatch.setenv("IBR_DATABASE_URL", door.dsn)
    monkeypatch.setenv("IBR_DATA_DIR", str(door.settings.data_dir))
    monkeypatch.setattr(console, "width", 250)
    return lambda *arguments: CliRunner().invoke(app, ["outbox", *arguments])


def as_json(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def partners(door: Door) -> tuple[System, System]:
    return tuple(
        door.partner(name, callback_urls=["http://127.0.0.1:9/callback"])
        for name in ("spmis-one.example", "spmis-two.example")
    )


@pytest.fixture
def dead(door: Door, partners: tuple[System, System]) -> dict[str, list[int]]:
    """Three dead messages and a waiting one of one partner, a dead and a delivered one of another;
    their numbers."""
    numbers: dict[str, list[int]] = {}

    async def promise(office: PostOffice) -> None:
        async with Receiver(answering(http(b"", "404 Not Found"))).running() as receiver:
            for partner, count in zip(partners, (3, 1), strict=True):
                await office.owner(
                    "update partner set callback_urls = array[$2] where sender_id = $1",
                    partner.sender_id,
                    receiver.url,
                )
                await office.promise(partner.sender_id, receiver.url, count)
            async with office.delivering():
                rows = await office.settled()
            await office.promise(partners[0].sender_id, receiver.url)
            numbers["one"] = [row["message_no"] for row in rows[:3]]
            numbers["two"] = [rows[3]["message_no"]]
        async with Receiver(answering(http())).running() as receiver:
            await office.owner(
                "update partner set callback_urls = array[$2] where sender_id = $1",
                partners[1].sender_id,
                receiver.url,
            )
            await office.promise(partners[1].sender_id, receiver.url, 2)
            async with office.delivering():
                await office.until(lambda rows: rows[-1]["state"] == "delivered", 9)
                await office.until(lambda rows: rows[-2]["state"] == "delivered", 9)
            rows = await office.rows()
            numbers["delivered"] = [row["message_no"] for row in rows[-2:]]

    work(door, promise)
    return numbers


def state_of(door: Door, number: int) -> str:
    [row] = door.owner("select state from outgoing_message where message_no = $1", number)
    return row["state"]


def test_a_list_shows_what_was_given_up(ibr: Ibr, dead: dict[str, list[int]]) -> None:
    found = as_json(ibr("list", "--json"))
    assert [each["message_no"] for each in found] == [*dead["two"], *reversed(dead["one"])]
    assert {each["in_words"] for each in found} == {"Answered with HTTP 404"}
    shown = ibr("list")
    assert shown.exit_code == 0
    assert "Answered with HTTP 404" in shown.stdout
    assert "spmis-two.example" in shown.stdout


def test_a_list_is_narrowed(ibr: Ibr, dead: dict[str, list[int]]) -> None:
    of_one = as_json(ibr("list", "--partner", "spmis-one.example", "--json"))
    assert len(of_one) == 3
    assert as_json(ibr("list", "--kind", "notify", "--json")) == []
    assert len(as_json(ibr("list", "--state", "delivered", "--most", "1", "--json"))) == 1
    assert as_json(ibr("list", "--partner", "nobody", "--json")) == []
    for wrong in (["--state", "lost"], ["--kind", "gossip"]):
        assert ibr("list", *wrong).exit_code == 1


def test_one_is_shown_but_not_what_it_says(ibr: Ibr, dead: dict[str, list[int]]) -> None:
    found = as_json(ibr("show", str(dead["two"][0]), "--json"))
    assert (found["state"], found["last_outcome"], found["attempts"]) == ("dead", "http_404", 1)
    assert as_json(ibr("show", found["message_id"], "--json")) == found
    assert "message_id" in ibr("show", found["message_id"]).stdout
    assert "content" not in found
    unknown = ibr("show", "999999999")
    assert unknown.exit_code == 1
    assert "no promised message" in unknown.stderr


def test_one_is_sent_again(door: Door, ibr: Ibr, dead: dict[str, list[int]]) -> None:
    first, second, _ = dead["one"]
    assert as_json(ibr("resend", str(first), "--json")) == {"again": 1}
    assert (state_of(door, first), state_of(door, second)) == ("waiting", "dead")
    assert ibr("resend", str(first)).exit_code == 1
    assert ibr("resend").exit_code == 1
    assert ibr("resend", str(second), "--all-of", "spmis-one.example").exit_code == 1


def test_all_of_a_partner_are_sent_again(door: Door, ibr: Ibr, dead: dict[str, list[int]]) -> None:
    assert "3 messages will be sent again" in ibr("resend", "--all-of", "spmis-one.example").stdout
    assert {state_of(door, number) for number in dead["one"]} == {"waiting"}
    assert state_of(door, dead["two"][0]) == "dead"
    assert ibr("resend", "--all-of", "spmis-one.example").exit_code == 3
    assert ibr("resend", "--all-of", "nobody").exit_code == 1


def test_a_replay_begins_after_the_last_that_the_partner_has(
    door: Door, ibr: Ibr, dead: dict[str, list[int]]
) -> None:
    first, second = dead["delivered"]
    done = as_json(ibr("replay", "spmis-two.example", "--after", str(first), "--json"))
    assert done == {"again": 1, "dropped": 0}
    assert (state_of(door, first), state_of(door, second)) == ("delivered", "waiting")
    assert ibr("replay", "spmis-two.example", "--after", str(first)).exit_code == 3
    assert ibr("replay", "spmis-two.example", "--after", "no such message").exit_code == 1
    assert ibr("replay", "nobody", "--after", "0").exit_code == 1
    assert ibr("replay", "spmis-two.example").exit_code == 2


def test_metrics_say_how_much_waits(
    door: Door, dead: dict[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def asked() -> str:
        database = await open_database(door.dsn, "ibr_app", size=1, name="metrics test")
        try:
            told = Litestar(handlers(database), openapi_config=None)
            transport = httpx.ASGITransport(told)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                return (await client.get("/metrics")).text
        finally:
            await database.close()

    monkeypatch.setattr(callbacks._Counted, "at", float("-inf"))
    text = asyncio.run(asked())
    assert 'ibr_outbox_messages{state="dead"} 4.0' in text
    assert 'ibr_outbox_messages{state="waiting"} 1.0' in text
    [oldest] = [
        line for line in text.splitlines() if line.startswith("ibr_outbox_oldest_waiting_seconds ")
    ]
    assert 0 < float(oldest.split()[1]) < 60
