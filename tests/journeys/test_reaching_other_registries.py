"""Questions on their way to another registry: with a token of ours there, signed, acknowledged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from ibr.clock import now, written
from ibr.interop.dci.deliver import Deliverer
from ibr.interop.dci.services import Services
from ibr.interop.dci.source_ways import SourceWays
from ibr.outbox.model import InHand, Try
from ibr_messages.jwk import public_key
from ibr_messages.signature import read_signature, verify
from ibr_messages.strict_json import canonical
from tests.door import JWKS, Door, Json
from tests.other_registry import (
    OtherRegistry,
    Sent,
    disabled_person,
    served,
    values_of,
    worker_of,
)
from tests.people import a_number, enrolled


class Server:
    """The made-up registry's server: gives tokens, reads questions, acknowledges."""

    def __init__(self) -> None:
        self.tokens = ["first", "second", "third"]
        self.given: list[str] = []
        self.refused_tokens: set[str] = set()
        self.token_answer: tuple[int, Any] | None = None
        self.ack: Json = {"ack_status": "ACK", "timestamp": written(now()), "correlation_id": "c-7"}
        self.forms: list[dict[str, list[str]]] = []
        self.questions: list[tuple[str, str, Json]] = []

    async def __call__(self, scope: Json, receive: Any, send: Any) -> None:
        event = await receive()
        status, said = self.answer(scope["path"], dict(scope["headers"]), event["body"])
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", b"application/json")],
            }
        )
        await send({"type": "http.response.body", "body": msgspec.json.encode(said)})

    def answer(self, path: str, headers: dict[bytes, bytes], body: bytes) -> tuple[int, Any]:
        if path.endswith("/oauth2/client/token"):
            self.forms.append(parse_qs(body.decode()))
            if self.token_answer is not None:
                return self.token_answer
            self.given.append(self.tokens.pop(0))
            return 200, {
                "access_token": self.given[-1],
                "token_type": "bearer",
                "expires_in": "600",
            }
        bearer = headers.get(b"authorization", b"").decode().removeprefix("Bearer ")
        if bearer not in self.given or bearer in self.refused_tokens:
            return 401, {"errors": [{"code": "err.request.unauthorized", "message": "No."}]}
        self.questions.append((path, bearer, msgspec.json.decode(body)))
        return 200, {"message": self.ack}


@pytest.fixture(scope="module")
def worker(door: Door) -> Iterator[Services]:
    with worker_of(door) as services:
        yield services


class Line:
    """A source whose server listens, and the deliverer in front of it."""

    def __init__(self, door: Door, worker: Services) -> None:
        self.door = door
        self.worker = worker
        self.server = Server()
        self.deliverer = Deliverer(worker, SourceWays(worker))
        self._serving = served(self.server)
        address = door.run(self._serving.__aenter__())
        self.registry = OtherRegistry(door, worker, "disability", address=f"{address}/dci")
        self.uin = a_number()
        assert door.partner().report(enrolled(self.uin, "DCI001")).outcomes == ["succ"]

    def close(self) -> None:
        self.door.run(self._serving.__aexit__(None, None, None))

    def ask(self) -> Sent:
        return next(each for each in self.registry.order("search") if self.uin in each.values)

    def deliver(self, sent: Sent) -> Try:
        return self.door.run(self._deliver(sent))

    async def _deliver(self, sent: Sent) -> Try:
        async with self.worker.database.transaction(()) as connection:
            row = await connection.fetchrow(
                "select message_no, partner_id, kind, address, message_id, transaction_id, "
                "correlation_id from outgoing_message where message_id = $1",
                sent.header["message_id"],
            )
        message = InHand(
            **dict(row), origin="", programmes=(), stream=None, sealed=None, attempts=0
        )
        return await self.deliverer.deliver(message)

    def question(self, sent: Sent) -> Json:
        [row] = self.door.owner(
            "select state, reason, correlation_id, acknowledged_at from own_transaction "
            "where transaction_id = $1",
            sent.transaction_id,
        )
        return dict(row)


@pytest.fixture
def line(door: Door, worker: Services) -> Iterator[Line]:
    line = Line(door, worker)
    yield line
    line.close()


def test_a_question_arrives_signed_under_our_token_and_its_correlation_id_is_kept(
    door: Door, line: Line
) -> None:
    sent = line.ask()
    assert line.deliver(sent).delivered
    [form] = line.server.forms
    assert (form["grant_type"], form["client_id"]) == (["client_credentials"], ["ibr-there"])
    assert form["client_secret"] == ["a secret of ours"]
    [(path, bearer, envelope)] = line.server.questions
    assert (path, bearer) == ("/dci/registry/search", "first")
    content = canonical({"header": envelope["header"], "message": envelope["message"]})
    jwks = door.request("GET", JWKS).body["keys"]
    read = read_signature(envelope["signature"])
    key = next(each for each in jwks if each["kid"] == read.kid)
    verify(read, public_key(key), [hashlib.sha256(content).digest()])
    question = line.question(sent)
    assert (question["state"], question["correlation_id"]) == ("open", "c-7")
    assert question["acknowledged_at"] is not None
    record = {line.uin: disabled_person(line.uin)}
    assert line.registry.answer(sent, record, correlation_id="another").error is not None
    assert line.registry.answer(sent, record, correlation_id="c-7").error is None
    assert values_of(line.registry, line.uin)["is_disabled"] == [True]


def test_the_token_is_kept_and_renewed_when_it_no_longer_counts(line: Line) -> None:
    for _ in range(2):
        assert line.deliver(line.ask()).delivered
    assert line.server.given == ["first"]
    line.server.refused_tokens.add("first")
    sent = line.ask()
    tried = line.deliver(sent)
    assert (tried.outcome, tried.again, tried.delivered) == ("http_401", True, False)
    assert line.deliver(sent).delivered
    assert [bearer for _, bearer, _ in line.server.questions] == ["first", "first", "second"]


@pytest.mark.parametrize(
    "answer",
    [
        (401, {"error": "invalid_client"}),
        (200, {"access_token": "a\r\nX-Evil: 1", "token_type": "bearer"}),
        (200, {"access_token": "", "token_type": "bearer"}),
        (200, {"token_type": "bearer"}),
        (200, ["token"]),
    ],
    ids=["refused", "line break", "empty", "none", "no object"],
)
def test_without_a_token_nothing_is_sent_and_it_is_tried_again(
    line: Line, answer: tuple[int, Any]
) -> None:
    line.server.token_answer = answer
    sent = line.ask()
    tried = line.deliver(sent)
    assert (tried.delivered, tried.again) == (False, True)
    assert line.server.questions == []
    assert line.question(sent)["state"] == "open"


def test_a_question_that_the_source_refuses_at_once_is_closed(line: Line) -> None:
    line.server.ack = {
        "ack_status": "ERR",
        "timestamp": written(now()),
        "correlation_id": "c-8",
        "error": {"code": "err.version.not_supported", "message": "No."},
    }
    sent = line.ask()
    assert not line.deliver(sent).delivered
    question = line.question(sent)
    assert (question["state"], question["reason"]) == ("refused", "err.version.not_supported")
    assert (question["correlation_id"], question["acknowledged_at"]) == (None, None)


def test_a_question_that_no_answer_will_follow_is_closed(line: Line) -> None:
    line.server.ack = {"ack_status": "NACK", "timestamp": written(now()), "correlation_id": "c"}
    sent = line.ask()
    line.deliver(sent)
    assert line.question(sent)["state"] == "refused"


def test_an_overloaded_source_is_tried_again(line: Line) -> None:
    line.server.ack = {
        "ack_status": "ERR",
        "timestamp": written(now()),
        "correlation_id": "c-8",
        "error": {"code": "err.service.unavailable", "message": "Later."},
    }
    sent = line.ask()
    assert line.deliver(sent).again
    assert line.question(sent)["state"] == "open"


def test_a_subscription_that_the_source_refuses_at_once_is_none(line: Line) -> None:
    line.server.ack = {
        "ack_status": "ERR",
        "timestamp": written(now()),
        "correlation_id": "c-8",
        "error": {"code": "err.request.bad", "message": "No."},
    }
    sent = next(each for each in line.registry.order("subscribe") if line.uin in each.values)
    line.deliver(sent)
    states = line.door.owner(
        "select distinct s.state from own_subscription s join own_transaction t "
        "using (transaction_no) where t.transaction_id = $1",
        sent.transaction_id,
    )
    assert [row["state"] for row in states] == ["refused"]


def test_an_answer_that_overtakes_our_note_of_the_ack_is_taken(line: Line) -> None:
    sent = line.ask()
    record = {line.uin: disabled_person(line.uin)}
    assert line.registry.answer(sent, record, correlation_id="c-7").error is None
    assert line.deliver(sent).delivered
    assert line.question(sent)["correlation_id"] == "c-7"


def test_after_the_agreement_a_promised_question_does_not_leave(line: Line) -> None:
    sent = line.ask()
    line.registry.end()
    tried = line.deliver(sent)
    assert (tried.delivered, tried.again) == (False, False)
    assert line.server.forms == line.server.questions == []


def test_our_secret_there_stands_nowhere_in_clear(door: Door, line: Line) -> None:
    rows = door.owner("select s::text as row from source_registry s")
    assert rows
    assert not any("a secret of ours" in row["row"] for row in rows)
    assert not any(b"a secret of ours".hex() in row["row"] for row in rows)
