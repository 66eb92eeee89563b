"""A test callback goes the way of every callback, and its developer sees how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from ibr.asker import Asker, Purpose
from ibr.clock import now
from ibr.interop.dci.developers_desk import DevelopersDesk
from ibr.interop.dci.keys import published_keys
from ibr.outbox.desk.tidy import end_tests
from ibr.questions.developing import CallbackSeen, one_callback
from tests.door import REGISTRY, Door
from tests.post_office import PostOffice, post_office
from tests.right_receiver import PATHS, Receiver, served

PROBLEM = "Nothing was asked that this could be the answer to."


@pytest.fixture
async def office(door: Door) -> AsyncIterator[PostOffice]:
    async with post_office(door.dsn, door.settings) as office:
        yield office


def developer_of(partner_id: int) -> Asker:
    return Asker(
        kind="officer",
        id=1,
        name="",
        purpose=Purpose("official_duty"),
        ask=frozenset(),
        scopes=frozenset({"developers"}),
        partner=partner_id,
    )


async def tried(
    door: Door, office: PostOffice, receiver: Receiver, path: str, kind: str = "on-search"
) -> CallbackSeen:
    """A test to this receiver, once it is settled."""
    async with served(receiver) as url:
        system = await asyncio.to_thread(lambda: door.partner(callback_urls=[url]))
        receiver.receiver_id = system.sender_id
        partner = await office.partner(system.sender_id)
        async with office.database.transaction(()) as connection:
            receiver.trust(await published_keys(connection, now()))
        desk = DevelopersDesk(office.services, REGISTRY, None)
        asker = developer_of(partner.partner_id)
        message_id = await desk.send_test(asker, partner, kind, url + path, now())
        async with office.delivering():
            await office.settled()
    await office.services.recorder.flush()
    return await one_callback(office.database, asker, message_id)


async def test_a_test_that_arrives_is_delivered_and_traced(door: Door, office: PostOffice) -> None:
    receiver = Receiver(REGISTRY, {"keys": []})
    seen = await tried(door, office, receiver, "/registry/on-search")
    assert (seen.message.state, seen.message.last_outcome) == ("delivered", "ack")
    [row] = seen.tries
    # In the default of the trace a delivered callback leaves no row; a test always does.
    assert office.services.recorder.mode == "refused"
    assert (row.verdict, row.http_status, row.direction) == ("accepted", 200, "out")
    [content] = receiver.contents
    assert content["header"]["meta"]["test"] is True
    assert content["message"]["search_response"][0]["data"]["reg_records"] == []


async def test_a_test_of_a_status_is_of_its_own_kind(door: Door, office: PostOffice) -> None:
    receiver = Receiver(REGISTRY, {"keys": []})
    seen = await tried(door, office, receiver, "/registry/txn/on-status", "txn-on-status")
    assert seen.message.state == "delivered"
    assert "txnstatus_response" in receiver.contents[0]["message"]


async def test_a_receiver_that_refuses_the_test_is_told(door: Door, office: PostOffice) -> None:
    class Refusing(Receiver):
        def once(self, message_id: str, content: bytes) -> tuple[int, str, bytes]:
            return self.said(200, "err.request.not_found", PROBLEM)

    seen = await tried(door, office, Refusing(REGISTRY, {"keys": []}), "/registry/on-search")
    assert (seen.message.state, seen.message.last_outcome) == ("dead", "err.request.not_found")
    [row] = seen.tries
    assert (row.verdict, row.code) == ("refused", "err.request.not_found")
    assert PROBLEM not in str(row)


async def test_a_missing_address_is_told(door: Door, office: PostOffice) -> None:
    seen = await tried(door, office, Receiver(REGISTRY, {"keys": []}), "/nowhere")
    assert (seen.message.state, seen.message.last_outcome) == ("dead", "http_404")


async def test_a_test_that_did_not_arrive_alarms_nobody_for_long(
    door: Door, office: PostOffice
) -> None:
    await tried(door, office, Receiver(REGISTRY, {"keys": []}), "/nowhere")
    other = await asyncio.to_thread(lambda: door.partner(callback_urls=["http://127.0.0.1:1/"]))
    await office.promise(other.sender_id, "http://127.0.0.1:1/on-search")
    assert await end_tests(office.database, now()) == 0
    assert await end_tests(office.database, now() + timedelta(hours=2)) == 1
    states = {row["transaction_id"][:5]: row["state"] for row in await office.rows()}
    assert states == {"test-": "withdrawn", "t-0": "waiting"}


def test_the_receiver_of_these_tests_knows_every_path() -> None:
    assert {"/registry/on-search", "/registry/txn/on-status"} <= set(PATHS)
