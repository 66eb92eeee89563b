"""Another registry is asked and answers, over real HTTP, while this one is killed in between.

The worker carries the order out, the outbox delivers, the answer comes in by its own address; what
was ordered before a kill -9 goes on after it, and nobody is asked about twice.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import msgspec
import pytest

from ibr.calls.rules import AddressRules
from ibr.clock import now, written
from ibr.db.pool import owner_transaction
from ibr.interop.dci.source_requests import order_job
from ibr.jobs.queue import Jobs
from ibr.protection.keyring import open_keyring
from ibr.protection.seal import Sealer
from ibr.sources.asked.model import Chosen
from ibr.sources.asked.orders import order
from ibr.sources.register_source import Agreement, add_source, find_source
from tests.other_registry import disabled_person, served
from tests.registry_process import Partner, RegistryProcess, person_record

PEOPLE = 60
SENDER = "dr.example.org"


class Source:
    """A disability registry on 127.0.0.1, in a thread of its own."""

    def __init__(self) -> None:
        self.asked: dict[str, list[str]] = {}
        self.questions: list[dict[str, Any]] = []
        self._stop = threading.Event()
        started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(started)))
        self._thread.start()
        assert started.wait(20)

    async def _serve(self, started: threading.Event) -> None:
        async with served(self) as self.address:
            started.set()
            while not self._stop.is_set():
                await asyncio.sleep(0.05)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(20)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            event = await receive()
            body += event.get("body", b"")
            more = event.get("more_body", False)
        if scope["path"] == "/token":
            said: Any = {"access_token": "abc", "token_type": "bearer", "expires_in": 600}
        else:
            said = self.take(msgspec.json.decode(body))
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": msgspec.json.encode(said)})

    def take(self, question: dict[str, Any]) -> dict[str, Any]:
        message_id = question["header"]["message_id"]
        if message_id not in self.asked:
            self.questions.append(question)
        self.asked[message_id] = [
            each["search_criteria"]["query"]["value"]
            for each in question["message"]["search_request"]
        ]
        ack = {"ack_status": "ACK", "timestamp": written(now()), "correlation_id": message_id}
        return {"message": ack}

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """What it says about each person, in the question's own words."""
        items = [
            {
                "reference_id": each["reference_id"],
                "timestamp": written(now()),
                "status": "succ",
                "data": {
                    "reg_record_type": "DisabledPerson",
                    "reg_records": disabled_person(each["search_criteria"]["query"]["value"]),
                },
            }
            for each in question["message"]["search_request"]
        ]
        return {
            "transaction_id": question["message"]["transaction_id"],
            "correlation_id": question["header"]["message_id"],
            "search_response": items,
        }


@pytest.fixture
def source() -> Iterator[Source]:
    source = Source()
    yield source
    source.close()


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[RegistryProcess]:
    running = RegistryProcess()
    monkeypatch.setenv("IBR_PUBLIC_URL", running.url)
    try:
        yield running
    finally:
        running.stop()


def eventually(what: Callable[[], Any], registry: RegistryProcess, patience: float = 60) -> Any:
    deadline = time.monotonic() + patience
    while not (found := what()):
        assert time.monotonic() < deadline, registry.log()
        time.sleep(0.1)
    return found


def agreed(registry: RegistryProcess, source: Source) -> None:
    """Adds the source, whose messages are so small that an order needs several."""
    given = Agreement(
        sender_id=SENDER,
        kind="disability",
        address=source.address,
        token_address=f"{source.address}/token",
        client_id="ibr",
        client_secret="secret",
        purpose_code="analysis",
        purpose_text="Analysis",
        legal_basis="Act 7",
        batch_size=5,
    )

    async def work() -> None:
        sealer = Sealer(open_keyring(registry.folder / "keys", create=False))
        async with owner_transaction(registry.dsn) as owner:
            await add_source(owner, sealer, AddressRules(local=True), given, now())

    asyncio.run(work())


def ordered(registry: RegistryProcess) -> None:
    async def work() -> None:
        async with owner_transaction(registry.dsn) as owner:
            source = await find_source(owner, SENDER)
            number = await order(owner, source, "search", Chosen(), now())
            kind, arguments, key = order_job(number)
            await Jobs.enqueue(owner, kind, arguments, key=key)

    asyncio.run(work())


def killed_and_started(registry: RegistryProcess) -> None:
    """kill -9, and a start long enough afterwards for the leases of the dead to be over."""
    registry.kill()
    for table in ("job", "outgoing_message"):
        registry.rows(f"update ibr.{table} set leased_until = now() where leased_until > now()")
    registry.start()


def answered(registry: RegistryProcess, partner: Partner, source: Source) -> None:
    """Answers every question, posting as any partner does."""
    with httpx.Client() as client:
        for question in source.questions:
            said = source.answer(question)
            message = {"search_response": said["search_response"]}
            body = json.loads(partner.message("on-search", message, 1))
            content = {
                "header": {**body["header"], "status": "succ", "message_id": uuid.uuid4().hex},
                "message": said,
            }
            signature = partner.signer.sign(
                msgspec.json.encode(content, order="deterministic"), time.time()
            )
            reply = partner.post(
                client,
                "/callbacks/registry/on-search",
                msgspec.json.encode({"signature": signature, **content}),
            )
            assert reply.json()["message"]["ack_status"] == "ACK", reply.text


def test_an_order_survives_a_kill_and_nobody_is_asked_about_twice(
    registry: RegistryProcess, source: Source
) -> None:
    registry.add_programmes("DIS")
    mis = registry.add_partner("mis.example.org", ["DIS"])
    council = registry.add_partner(SENDER, [])
    registry.start()
    people = [f"7{number:08d}" for number in range(PEOPLE)]
    with httpx.Client(timeout=30) as client:
        body = mis.updates([person_record(uin, "DIS", [1000]) for uin in people])
        assert mis.post(client, "/registry/sync/enrollment/updates", body).status_code == 200
    agreed(registry, source)
    ordered(registry)
    eventually(lambda: source.asked, registry)
    killed_and_started(registry)
    eventually(lambda: sum(map(len, source.asked.values())) == PEOPLE, registry, 90)
    named = [value for values in source.asked.values() for value in values]
    assert sorted(named) == people
    answered(registry, council, source)
    told = registry.rows(
        "select count(distinct subject_index) as people, count(*) as news from ibr.known_attribute"
    )
    assert (told[0]["people"], told[0]["news"]) == (PEOPLE, 2 * PEOPLE)
    states = registry.rows(
        "select distinct state, correlation_id = message_id as same from ibr.own_transaction"
    )
    assert [(row["state"], row["same"]) for row in states] == [("answered", True)]
