"""Callbacks: proven, matched with what was asked, handed over once, acknowledged afterwards."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from nacl.signing import SigningKey

from ibr_client import (
    CallbackReceiver,
    FileMemory,
    Handlers,
    InMemory,
    LocalServer,
    Memory,
    Ticket,
    asgi,
    identifier,
    wsgi,
)
from ibr_client.callbacks import LARGEST_CALLBACK
from ibr_client.memory import LONGEST_HANDLING, REMEMBERED_SECONDS
from ibr_messages.jwk import public_jwk
from ibr_messages.signature import Signer
from ibr_messages.types import MsgCallbackHeader, NotifyEventRequest, SearchResponse
from tests.people import enrolled
from tests.registry_double import MOMENT, REGISTRY, Json, RegistryDouble, http_error

BASE = "/dci/registry"
JSON = {"content-type": "application/json"}


class Desk:
    """A partner's system that asked for something and receives."""

    def __init__(self, registry: RegistryDouble, memory: Memory) -> None:
        self.registry = registry
        self.memory = memory
        self.got: list[tuple[Any, Any]] = []
        self.failures: list[Exception] = []
        self.client = registry.client(memory=memory, callbacks=f"https://spmis.test{BASE}")
        self.ticket = self.client.start_search(identifier("UIN", "1"))
        self.receiver = self.receive_with(self.note)

    def note(self, message: Any, received: Any) -> None:
        self.got.append((message, received))

    def receive_with(self, handler: Callable[..., object]) -> CallbackReceiver:
        return self.client.receiver(
            Handlers(
                on_search=handler,
                on_subscribe=handler,
                on_unsubscribe=handler,
                notify=handler,
                on_status=handler,
            ),
            on_failure=self.failures.append,
        )

    def found(self, **changes: Any) -> Json:
        item = {
            "reference_id": self.ticket.references[0],
            "timestamp": MOMENT,
            "status": "succ",
            "data": {"reg_records": [enrolled("1", "DCI001")]},
            "pagination": {"page_size": 100, "page_number": 1, "total_count": 1},
        }
        return {
            "transaction_id": self.ticket.transaction_id,
            "correlation_id": "corr-1",
            "search_response": [item],
            **changes,
        }

    def post(self, body: bytes, path: str = "on-search", **headers: str) -> tuple[int, Json]:
        status, answer = self.receiver.receive(f"{BASE}/{path}", JSON | headers, body)
        return status, msgspec.json.decode(answer)

    def sealed(self, message: Json | None = None, **header: Any) -> bytes:
        whole = {"action": "on-search", "message_id": "callback-1"} | header
        return self.registry.sealed(message or self.found(), **whole)

    def search_comes(self, **header: Any) -> tuple[int, Json]:
        return self.post(self.sealed(**header))


@pytest.fixture(params=["in memory", "in a file"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Memory]:
    if request.param == "in memory":
        yield InMemory()
        return
    kept = FileMemory(tmp_path / "memory.db")
    yield kept
    kept.close()


@pytest.fixture
def desk(registry: RegistryDouble, memory: Memory) -> Desk:
    return Desk(registry, memory)


def error(answer: tuple[int, Json]) -> tuple[int, str]:
    status, body = answer
    assert body["message"]["ack_status"] == "ERR"
    return status, body["message"]["error"]["code"]


def accepted(answer: tuple[int, Json]) -> bool:
    return answer[0] == 200 and answer[1]["message"]["ack_status"] == "ACK"


def test_what_was_asked_for_is_handed_over(desk: Desk) -> None:
    status, body = desk.search_comes()
    assert (status, body["message"]["ack_status"]) == (200, "ACK")
    assert body["message"]["correlation_id"] == "corr-1"
    [(message, received)] = desk.got
    assert isinstance(message, SearchResponse)
    assert message.search_response[0].data.reg_records[0].own_id == "urn:test:1"
    assert received.ticket.transaction_id == desk.ticket.transaction_id


def test_pages_of_one_search_come_one_by_one(desk: Desk) -> None:
    assert accepted(desk.search_comes(message_id="page-1"))
    assert accepted(desk.search_comes(message_id="page-2"))
    assert len(desk.got) == 2


# Proven


def test_a_forged_one_is_refused(desk: Desk) -> None:
    other = SigningKey.generate()
    forged = Signer(REGISTRY, desk.registry.jwk["kid"], other)
    assert error(desk.search_comes(signer=forged)) == (200, "err.signature.invalid")
    unknown = Signer(REGISTRY, public_jwk(other.verify_key)["kid"], other)
    assert error(desk.search_comes(signer=unknown)) == (200, "err.signature.invalid")
    assert desk.got == []


def test_an_unsigned_one_is_refused(desk: Desk) -> None:
    body = msgspec.json.decode(desk.sealed())
    for signature in ("", "unsigned-stub", None):
        sent = msgspec.json.encode({**body, "signature": signature})
        code = error(desk.post(sent))[1]
        assert code in ("err.signature.missing", "err.signature.invalid", "err.request.bad")
    del body["signature"]
    assert error(desk.post(msgspec.json.encode(body))) == (200, "err.signature.missing")
    assert desk.got == []


def test_a_changed_one_is_refused(desk: Desk) -> None:
    body = desk.sealed().replace(b'"total_count":1}', b'"total_count":2}')
    assert error(desk.post(body)) == (200, "err.signature.invalid")


def test_an_expired_one_is_refused(desk: Desk) -> None:
    body = desk.sealed()
    desk.registry.clock.now += 361
    assert error(desk.post(body)) == (200, "err.signature.invalid")
    assert accepted(desk.search_comes())


def test_one_from_the_future_is_refused(desk: Desk) -> None:
    desk.registry.clock.now += 120
    body = desk.sealed()
    desk.registry.clock.now -= 120
    assert error(desk.post(body)) == (200, "err.signature.invalid")


def test_one_of_another_sender_is_refused(desk: Desk) -> None:
    assert error(desk.search_comes(sender_id="other")) == (200, "err.sender_id.invalid")
    partner = Signer("spmis.example.org", "kid", desk.registry.partner_key)
    assert error(desk.search_comes(signer=partner)) == (200, "err.sender_id.invalid")


def test_one_for_another_receiver_is_refused(desk: Desk) -> None:
    assert error(desk.search_comes(receiver_id="other")) == (200, "err.receiver_id.invalid")


def test_one_with_the_action_of_another_address_is_refused(desk: Desk) -> None:
    assert error(desk.search_comes(action="notify")) == (200, "err.request.bad")
    assert error(desk.search_comes(action="search")) == (200, "err.request.bad")
    assert error(desk.post(desk.sealed(), "on-subscribe")) == (200, "err.request.bad")


@pytest.mark.parametrize("body", [b"", b"{}", b"no JSON", b"[]", b'{"header":{},"message":{}}'])
def test_what_is_no_message_is_refused(desk: Desk, body: bytes) -> None:
    assert error(desk.post(body)) == (200, "err.request.bad")


def test_a_proven_message_of_another_shape_is_refused(desk: Desk) -> None:
    body = desk.sealed(desk.found(search_response="none"))
    assert error(desk.post(body)) == (200, "err.request.bad")


def test_one_address_may_serve_every_kind(desk: Desk) -> None:
    """The registry sends everything to the registered address where none was named."""
    status, _ = desk.receiver.receive("/", JSON, desk.sealed())
    news_status, _ = desk.receiver.receive(
        "/", JSON, desk.sealed(news(), action="notify", message_id="n")
    )
    assert (status, news_status, len(desk.got)) == (200, 200, 2)


def test_a_kind_without_a_handler_is_not_served(desk: Desk) -> None:
    only_searches = desk.client.receiver(Handlers(on_search=desk.note))
    body = desk.sealed(news(), action="notify")
    assert only_searches.receive(f"{BASE}/notify", JSON, body)[0] == 404


def test_a_version_that_is_not_read_is_said_so(desk: Desk) -> None:
    assert error(desk.search_comes(version="2.0.0")) == (200, "err.version.not_supported")
    assert accepted(desk.search_comes(version="1.3.0"))


def test_other_kinds_of_content_are_not_read(desk: Desk) -> None:
    assert desk.post(desk.sealed(), **{"content-type": "text/plain"})[0] == 415
    assert desk.post(desk.sealed(), **{"content-encoding": "gzip"})[0] == 415
    assert accepted(desk.post(desk.sealed(), **{"Content-Type": "application/json;charset=utf-8"}))


def test_a_body_that_is_too_large_is_not_read(desk: Desk) -> None:
    assert desk.post(b" " * (LARGEST_CALLBACK + 1))[0] == 413
    small = desk.client.receiver(Handlers(on_search=desk.note), largest=100)
    assert small.receive("/on-search", JSON, desk.sealed())[0] == 413


def test_without_the_registrys_keys_it_is_asked_to_come_again(desk: Desk) -> None:
    answer = desk.registry.answer
    desk.client._http._transport = httpx.MockTransport(http_error(503))
    assert error(desk.search_comes()) == (503, "err.service.unavailable")
    desk.client._http._transport = httpx.MockTransport(answer)
    assert accepted(desk.search_comes())


def test_an_encrypted_one_is_opened(desk: Desk) -> None:
    desk.registry.encrypts = True
    body = desk.sealed()
    assert desk.ticket.transaction_id.encode() not in body
    assert accepted(desk.post(body))
    assert desk.got[0][0].transaction_id == desk.ticket.transaction_id


def test_one_encrypted_for_somebody_else_is_refused(desk: Desk) -> None:
    desk.registry.encrypts = True
    body = desk.sealed()
    desk.registry.credentials.decryption_keys = []
    assert error(desk.post(body)) == (200, "err.encryption.invalid")


# Matched


def test_an_answer_to_nothing_is_refused(desk: Desk) -> None:
    body = desk.sealed(desk.found(transaction_id="nobody asked"))
    assert error(desk.post(body)) == (200, "err.request.not_found")


def test_an_answer_with_another_correlation_is_refused(desk: Desk) -> None:
    body = desk.sealed(desk.found(correlation_id="corr-2"))
    assert error(desk.post(body)) == (200, "err.request.not_found")


def test_an_answer_before_the_acknowledgement_is_taken(desk: Desk) -> None:
    desk.memory.remember(Ticket("search", desk.ticket.transaction_id, "m", [], 0.0))
    assert accepted(desk.search_comes())


def test_an_answer_to_another_kind_of_question_is_refused(desk: Desk) -> None:
    subscribed = {
        "transaction_id": desk.ticket.transaction_id,
        "correlation_id": "corr-1",
        "subscribe_response": [],
    }
    body = desk.sealed(subscribed, action="on-subscribe")
    assert error(desk.post(body, "on-subscribe")) == (200, "err.request.not_found")


def test_each_kind_of_answer_is_typed(desk: Desk) -> None:
    client = desk.client
    subscribe = client.subscribe(identifier("UIN", "1"), "enrollement")
    unsubscribe = client.unsubscribe("sub-1")
    status = client.start_status("receipt", "transaction_id", "t")
    comes = {
        "on-subscribe": (subscribe, {"subscribe_response": []}, "on-subscribe"),
        "on-unsubscribe": (unsubscribe, {"timestamp": MOMENT, "status": "succ"}, "on-unsubscribe"),
        "txn/on-status": (
            status,
            {
                "txnstatus_response": {
                    "txn_type": "receipt",
                    "txn_status": {"transaction_id": "t", "correlation_id": "c"},
                }
            },
            "txn-on-status",
        ),
    }
    for path, (ticket, content, action) in comes.items():
        message = {
            "transaction_id": ticket.transaction_id,
            "correlation_id": "corr-1",
            **content,
        }
        assert accepted(desk.post(desk.sealed(message, action=action, message_id=path), path))
    assert [type(message).__name__ for message, _ in desk.got] == [
        "SubscribeResponse",
        "UnSubscribeResponse",
        "TxnStatusResponse",
    ]


def news(code: str | None = "sub-1") -> Json:
    data = {"reg_record_type": "Beneficiary", "reg_records": enrolled("1", "DCI001")}
    if code:
        data["subscription_code"] = code
    event = {"reference_id": "r", "timestamp": MOMENT, "data": data}
    return {"transaction_id": "the registry's", "notify_event": [event]}


def test_news_names_its_subscription(desk: Desk) -> None:
    desk.memory.subscribed("sub-1")
    assert accepted(desk.post(desk.sealed(news(), action="notify"), "notify"))
    [(message, received)] = desk.got
    assert isinstance(message, NotifyEventRequest)
    assert (received.subscription_code, received.known) == ("sub-1", True)


def test_news_of_an_unknown_subscription_is_handed_over_and_marked(desk: Desk) -> None:
    """A system that lost its memory must not lose its news."""
    assert accepted(desk.post(desk.sealed(news("sub-2"), action="notify"), "notify"))
    assert desk.got[0][1].known is False


def test_the_code_may_stand_in_the_header_only(desk: Desk) -> None:
    body = desk.sealed(news(None), action="notify", meta={"subscription_code": "sub-3"})
    desk.post(body, "notify")
    assert desk.got[0][1].subscription_code == "sub-3"


def test_the_code_of_a_new_subscription_is_remembered(desk: Desk) -> None:
    ticket = desk.client.subscribe(identifier("UIN", "1"), "enrollement")
    given = {"code": "sub-9", "status": "subscribe", "timestamp": MOMENT}
    item = {
        "reference_id": ticket.references[0],
        "timestamp": MOMENT,
        "status": "succ",
        "subscriptions": [given],
    }
    message = {
        "transaction_id": ticket.transaction_id,
        "correlation_id": "corr-1",
        "subscribe_response": [item],
    }
    assert accepted(desk.post(desk.sealed(message, action="on-subscribe"), "on-subscribe"))
    assert desk.memory.is_subscribed("sub-9")


# Once


def test_the_same_message_again_is_acknowledged_and_not_handed_over(desk: Desk) -> None:
    assert accepted(desk.search_comes())
    desk.registry.clock.now += 3600
    assert accepted(desk.search_comes())
    assert len(desk.got) == 1


def test_the_same_message_encrypted_anew_is_the_same(desk: Desk) -> None:
    desk.registry.encrypts = True
    assert accepted(desk.search_comes())
    assert accepted(desk.search_comes())
    desk.registry.encrypts = False
    assert accepted(desk.search_comes())
    assert len(desk.got) == 1


def test_the_same_id_with_another_content_is_refused(desk: Desk) -> None:
    desk.search_comes()
    _, body = desk.post(desk.sealed(desk.found(search_response=[])))
    assert "rjct.message_id.duplicate" in body["message"]["error"]["message"]
    assert error(desk.search_comes(total_count=2)) == (200, "err.request.bad")
    assert len(desk.got) == 1


def test_a_message_whose_handler_failed_comes_again(desk: Desk) -> None:
    def fails(message: Any, received: Any) -> None:
        raise RuntimeError("the disk is full")

    good = desk.receiver
    desk.receiver = desk.receive_with(fails)
    assert error(desk.search_comes()) == (500, "err.service.unavailable")
    assert [str(each) for each in desk.failures] == ["the disk is full"]
    desk.receiver = good
    assert accepted(desk.search_comes())
    assert len(desk.got) == 1


def test_a_coroutine_that_nobody_awaits_is_not_taken_for_done(desk: Desk) -> None:
    async def never_awaited(message: Any, received: Any) -> None:
        raise AssertionError("it ran")

    desk.receiver = desk.receive_with(never_awaited)
    assert error(desk.search_comes()) == (500, "err.service.unavailable")
    assert "AsyncRegistryClient" in str(desk.failures[0])


def test_what_went_wrong_inside_is_not_told_outside(desk: Desk) -> None:
    def fails(message: Any, received: Any) -> None:
        raise RuntimeError("password=12345")

    desk.receiver = desk.receive_with(fails)
    assert "12345" not in str(desk.search_comes())


def test_a_message_that_is_being_dealt_with_is_not_dealt_with_twice(desk: Desk) -> None:
    inside: list[tuple[int, str]] = []

    def meanwhile(message: Any, received: Any) -> None:
        if not inside:
            inside.append(error(desk.search_comes()))

    desk.receiver = desk.receive_with(meanwhile)
    assert accepted(desk.search_comes())
    assert inside == [(503, "err.service.unavailable")]


def test_a_message_that_was_never_finished_may_be_begun_again(memory: Memory) -> None:
    assert memory.claim("m", b"1", 1000.0) == "new"
    assert memory.claim("m", b"1", 1000.0 + LONGEST_HANDLING - 1) == "under way"
    assert memory.claim("m", b"1", 1000.0 + LONGEST_HANDLING) == "new"
    memory.finish("m")
    assert memory.claim("m", b"1", 1000.0 + LONGEST_HANDLING * 2) == "done"
    assert memory.claim("m", b"2", 1000.0) == "other content"


def test_a_stranger_cannot_be_finished(memory: Memory) -> None:
    memory.finish("never begun")
    assert memory.claim("never begun", b"1", 0.0) == "new"


def test_a_file_remembers_when_the_process_ends(tmp_path: Path) -> None:
    first = FileMemory(tmp_path / "memory.db")
    first.remember(Ticket("search", "t", "m", ["r"], 1000.0))
    first.subscribed("sub-1")
    first.claim("m", b"1", 1000.0)
    first.finish("m")
    first.close()
    again = FileMemory(tmp_path / "memory.db")
    assert again.ticket("t") == Ticket("search", "t", "m", ["r"], 1000.0)
    assert again.is_subscribed("sub-1")
    assert again.claim("m", b"1", 2000.0) == "done"
    again.close()


def test_a_file_forgets_what_is_old(tmp_path: Path) -> None:
    memory = FileMemory(tmp_path / "memory.db")
    memory.remember(Ticket("search", "old", "m", [], 1000.0))
    memory.remember(Ticket("search", "new", "m", [], 1001.0 + REMEMBERED_SECONDS))
    memory.claim("old", b"1", 1000.0)
    memory.finish("old")
    memory.claim("new", b"1", 1001.0 + REMEMBERED_SECONDS)
    assert (memory.ticket("old"), memory.claim("old", b"1", 1.0)) == (None, "new")
    memory.close()


def test_two_processes_may_share_a_file(tmp_path: Path) -> None:
    one, two = FileMemory(tmp_path / "memory.db"), FileMemory(tmp_path / "memory.db")
    assert one.claim("m", b"1", 1.0) == "new"
    assert two.claim("m", b"1", 1.0) == "under way"
    one.finish("m")
    assert two.claim("m", b"1", 1.0) == "done"
    one.close()
    two.close()


# Behind servers


def test_a_server_on_this_machine_receives(desk: Desk) -> None:
    with LocalServer(desk.receiver) as server:
        address = f"{server.address}{BASE}/on-search"
        answer = httpx.post(address, content=desk.sealed(), headers=JSON, trust_env=False)
        assert accepted((answer.status_code, answer.json()))
        assert httpx.get(address, trust_env=False).status_code == 405
        chunked = httpx.post(address, content=iter([b"{}"]), headers=JSON, trust_env=False)
        assert chunked.status_code == 411
    assert server.address.startswith("http://127.0.0.1:")


def test_a_wsgi_application_receives(desk: Desk) -> None:
    transport = httpx.WSGITransport(wsgi(desk.receiver))
    with httpx.Client(transport=transport, base_url="http://spmis.test") as http:
        answer = http.post(f"{BASE}/on-search", content=desk.sealed(), headers=JSON)
        assert accepted((answer.status_code, answer.json()))
        assert http.get(f"{BASE}/on-search").status_code == 405


async def test_an_asgi_application_receives(desk: Desk) -> None:
    transport = httpx.ASGITransport(asgi(desk.receiver))
    async with httpx.AsyncClient(transport=transport, base_url="http://spmis.test") as http:
        answer = await http.post(f"{BASE}/on-search", content=desk.sealed(), headers=JSON)
        assert accepted((answer.status_code, answer.json()))
        assert (await http.get(f"{BASE}/on-search")).status_code == 405
        large = b" " * (LARGEST_CALLBACK + 1)
        assert (await http.post(f"{BASE}/on-search", content=large)).status_code == 413


async def test_an_awaiting_receiver_awaits_its_handlers(registry: RegistryDouble) -> None:
    got: list[MsgCallbackHeader] = []

    async def note(message: SearchResponse, received: Any) -> None:
        await asyncio.sleep(0)
        got.append(received.header)

    client = registry.async_client()
    ticket = await client.start_search(identifier("UIN", "1"))
    application = asgi(client.receiver(Handlers(on_search=note)))
    message = {
        "transaction_id": ticket.transaction_id,
        "correlation_id": "corr-1",
        "search_response": [],
    }
    body = registry.sealed(message, action="on-search")
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://spmis.test") as http:
        answer = await http.post("/on-search", content=body, headers=JSON)
    assert accepted((answer.status_code, answer.json()))
    assert len(got) == 1


async def test_an_asgi_application_starts_and_ends(desk: Desk) -> None:
    events = iter(["lifespan.startup", "lifespan.shutdown"])
    sent: list[str] = []

    async def receive() -> Json:
        return {"type": next(events)}

    async def send(event: Json) -> None:
        sent.append(event["type"])

    await asgi(desk.receiver)({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_many_threads_hand_over_once(desk: Desk) -> None:
    body = desk.sealed()
    answers: list[int] = []

    def post() -> None:
        answers.append(desk.post(body)[0])

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(desk.got) == 1
    assert set(answers) <= {200, 503}
