"""The check of an endpoint: a right receiver is well throughout, a wrong one is found out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from ibr.calls import caller as calls
from ibr.calls.caller import Caller
from ibr.calls.rules import AddressRules
from ibr.clock import now
from ibr.ids import new_token
from ibr.sandbox.check import Wanted, check
from ibr.sandbox.known import PARTNERS, REGISTRY_ID, registry_jwks
from ibr.sandbox.model import Finding, Report
from ibr.sandbox.played_registry import ANSWERS, PlayedRegistry
from ibr_client import Credentials, Handlers, InMemory, Options, RegistryClient, Ticket, asgi
from ibr_messages.encryption import new_key
from ibr_messages.signature import Signature
from tests.right_receiver import PATHS, RECEIVER_ID, Answered, Receiver, served

Judge = Callable[[Report], set[str]]


def good(**how: Any) -> Receiver:
    return Receiver(REGISTRY_ID, registry_jwks(), **how)


async def checked(
    receiver: Any, at: str = "", *, played: PlayedRegistry | None = None, **wanted: Any
) -> Report:
    registry = played or PlayedRegistry(registry_id=REGISTRY_ID, receiver_id=RECEIVER_ID)
    async with served(receiver) as url:
        placed = {
            name: f"{url}{value}" if name.endswith("_url") else value
            for name, value in wanted.items()
        }
        caller = Caller(AddressRules(local=True))
        try:
            return await check(caller, url + at, registry, Wanted(**placed), lambda _: None)
        finally:
            await caller.close()


def to_mend(report: Report, severity: str | None = None) -> set[str]:
    return {
        each.id
        for each in report.findings
        if each.verdict == "mend" and severity in (None, each.severity)
    }


def found(report: Report, name: str) -> Finding:
    return next(each for each in report.findings if each.id == name)


async def test_a_right_receiver_is_well_throughout() -> None:
    report = await checked(
        good(),
        jwks_url="/jwks.json",
        token_url="/token",
        client_id="client",
        client_secret="secret",
        as_file=True,
    )
    assert {each.verdict for each in report.findings} == {"well"}
    assert not report.must_be_mended
    assert len(report.findings) > 50
    assert {each.path for each in report.findings} >= set(PATHS)


async def test_an_endpoint_that_decrypts_is_well() -> None:
    key = new_key("ECDH-ES+A256KW")
    report = await checked(
        good(decrypts=key), jwks={"keys": [*registry_jwks()["keys"], key.public_jwk()]}
    )
    assert to_mend(report) == set()
    assert found(report, "ENC-01").verdict == "well"


async def test_an_endpoint_that_publishes_a_key_and_cannot_decrypt_is_found_out() -> None:
    key = new_key("ECDH-ES+A256KW")
    report = await checked(good(), jwks={"keys": [*registry_jwks()["keys"], key.public_jwk()]})
    assert to_mend(report, "must") == {"ENC-01"}


class Trusting(Receiver):
    """Verifies nothing."""

    def check_signature(self, document: dict[str, Any]) -> None:
        return


class Timeless(Receiver):
    """Looks at no time."""

    def check_times(self, read: Signature) -> None:
        return


class Fragile(Receiver):
    """Fails on what it cannot read."""

    def parsed(self, body: bytes) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(body)
        return document | {}


class Mute(Receiver):
    """Acknowledges nothing readably: 200 and no word."""

    def ack(self, correlation_id: str) -> bytes:
        return b""


class Html(Receiver):
    """Answers with a page."""

    async def answer(self, *request: Any) -> Answered:
        return 200, "text/html", b"<h1>Welcome</h1>"


class Redirecting(Receiver):
    async def answer(self, *request: Any) -> Answered:
        return 307, "", b""


class Accepting202(Receiver):
    async def answer(self, *request: Any) -> Answered:
        status, kind, body = await super().answer(*request)
        return (202 if b'"ACK"' in body else status), kind, body


class Careless(Receiver):
    """Reads the header for nothing but its ids."""

    def check_header(self, header: dict[str, Any], action: str) -> None:
        return


class Forgetful(Receiver):
    """Acknowledges each message anew, whatever came under its id before."""

    def once(self, message_id: str, content: bytes) -> Answered:
        self.seen.clear()
        return 200, "application/json", self.ack(new_token())


class Strict(Receiver):
    """Refuses members that it does not know."""

    def check_header(self, header: dict[str, Any], action: str) -> None:
        super().check_header(header, action)
        if "x_further" in header:
            raise AssertionError("unknown member")


class OnlyOnce(Receiver):
    """Refuses what it has already."""

    def once(self, message_id: str, content: bytes) -> Answered:
        if message_id in self.seen:
            return self.said(200, "err.request.bad", "Duplicate.")
        return super().once(message_id, content)


class BlindTo(Receiver):
    """Any key will do, as long as the signature is the right shape."""

    def check_signature(self, document: dict[str, Any]) -> None:
        text = document.get("signature")
        if not isinstance(text, str) or "signature=" not in text:
            return super().check_signature(document)
        return None


MUST: dict[str, tuple[type[Receiver], set[str]]] = {
    "accepts what is unsigned": (
        Trusting,
        {"SIG-01", "SIG-02", "SIG-03", "SIG-04", "SIG-05", "SIG-06", "SIG-07", "SIG-09"},
    ),
    "reads signatures and verifies none": (
        BlindTo,
        {"SIG-03", "SIG-04", "SIG-05", "SIG-06", "SIG-07", "SIG-09"},
    ),
    "accepts what has expired": (Timeless, {"SIG-07"}),
    "fails on malformed JSON": (Fragile, {"HTTP-01", "HTTP-03", "HTTP-05"}),
    "reads no header": (Careless, {"MSG-02"}),
    "refuses what it does not know": (Strict, {"OK-02"}),
    "refuses what it has already": (OnlyOnce, {"SEQ-01"}),
}


@pytest.mark.parametrize("name", MUST)
async def test_a_wrong_receiver_is_found_out(name: str) -> None:
    kind, expected = MUST[name]
    report = await checked(kind(REGISTRY_ID, registry_jwks()))
    assert to_mend(report, "must") >= expected
    assert report.must_be_mended
    others = to_mend(report, "must") - expected
    assert others <= _ALSO.get(name, set())


_ALSO = {
    # Whoever verifies nothing also takes the sender's word.
    "accepts what is unsigned": {"SIG-11", "SIG-10"},
    "reads signatures and verifies none": {"SIG-10", "SIG-11"},
    "fails on malformed JSON": {"HTTP-02", "HTTP-09", "MSG-07", "MSG-08"},
    "reads no header": {"SIG-10"},
}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Mute, "not JSON"),
        (Html, "text/html"),
        (Redirecting, "redirect"),
        (Accepting202, "HTTP 202"),
    ],
)
async def test_an_answer_that_is_no_ack_is_told(kind: type[Receiver], words: str) -> None:
    report = await checked(kind(REGISTRY_ID, registry_jwks()))
    assert {"OK-00", "OK-01"} <= to_mend(report, "must")
    assert words in found(report, "OK-01").came


async def test_an_ack_that_differs_each_time_should_be_mended() -> None:
    report = await checked(Forgetful(REGISTRY_ID, registry_jwks()))
    assert to_mend(report) == {"SEQ-02", "SEQ-03"}
    assert not report.must_be_mended


async def test_where_everything_is_refused_no_refusal_counts() -> None:
    stranger = Receiver("another.registry.example", registry_jwks())
    report = await checked(stranger)
    assert "OK-00" in to_mend(report, "must")
    assert found(report, "OK-01").verdict == "open"
    assert found(report, "SIG-01").verdict == "open"
    assert "shows nothing" in found(report, "SIG-01").came


async def test_a_missing_address_is_told() -> None:
    report = await checked(good(), "/elsewhere")
    assert "HTTP 404" in found(report, "OK-01").came
    assert "OK-00" in to_mend(report, "must")


async def test_one_that_hangs_is_given_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(Receiver):
        async def answer(self, *request: Any) -> Answered:
            await asyncio.sleep(3600)
            raise AssertionError

    monkeypatch.setattr(calls, "ALL_SECONDS", 0.2)
    report = await checked(Hanging(REGISTRY_ID, registry_jwks()))
    assert "no whole answer" in found(report, "OK-01").came
    assert found(report, "SIG-01").came.startswith("Not tried")


async def test_an_address_within_the_network_is_not_called() -> None:
    report = await check(
        Caller(AddressRules(local=True)),
        "https://10.0.0.1/callback",
        PlayedRegistry(registry_id=REGISTRY_ID, receiver_id=RECEIVER_ID),
        Wanted(),
        lambda _: None,
    )
    assert "IBR_CALLBACK_NETWORKS" in found(report, "OK-01").came


async def test_a_receiver_made_with_the_client_is_well() -> None:
    """The package for programme systems, with a transaction of each kind begun."""
    memory = InMemory()
    begun = {}
    for kind, action in ANSWERS.items():
        ids = (f"begun-{kind}", f"corr-{kind}")
        memory.remember(Ticket(kind, ids[0], "m", ["ref-1"], now().timestamp(), ids[1]))
        begun[action] = ids
    credentials = Credentials(
        sender_id=RECEIVER_ID,
        client_id="id",
        client_secret="secret",
        key=PARTNERS[0].signing_key,
    )
    options = Options(registry_keys=registry_jwks(), memory=memory)
    client = RegistryClient("https://ibr.sandbox.example", REGISTRY_ID, credentials, options)
    heard: list[str] = []

    def hear(_message: Any, received: Any) -> None:
        heard.append(received.header.message_id)

    handlers = Handlers(
        on_search=hear, on_subscribe=hear, on_unsubscribe=hear, notify=hear, on_status=hear
    )
    receiver = client.receiver(handlers)
    played = PlayedRegistry(registry_id=REGISTRY_ID, receiver_id=RECEIVER_ID, open=begun)
    report = await checked(asgi(receiver), played=played)
    client.close()
    assert report.count("open") == 0
    assert to_mend(report, "must") == set()
    assert len(heard) == len(set(heard)) > 10


KEYS: dict[str, tuple[Any, set[str]]] = {
    "none": ({"keys": []}, {"KEY-02"}),
    "no document": ("text", {"KEY-02"}),
    "private": (
        {"keys": [{**registry_jwks()["keys"][0], "d": "AAAA"}]},
        {"KEY-02", "KEY-03"},
    ),
    "two of one name": (
        {"keys": [registry_jwks()["keys"][0], registry_jwks()["keys"][0]]},
        {"KEY-02", "KEY-05"},
    ),
    "another name": ({"keys": [{**registry_jwks()["keys"][0], "kid": "key-1"}]}, {"KEY-06"}),
    "no use": (
        {"keys": [{k: v for k, v in registry_jwks()["keys"][0].items() if k != "use"}]},
        {"KEY-04"},
    ),
}


@pytest.mark.parametrize("name", KEYS)
async def test_keys_are_judged(name: str) -> None:
    document, expected = KEYS[name]
    receiver = good()
    receiver.jwks = document
    report = await checked(receiver, jwks_url="/jwks.json")
    assert {each for each in to_mend(report) if each.startswith("KEY")} == expected


async def test_a_token_for_a_wrong_secret_is_found_out() -> None:
    class Generous(Receiver):
        def token(self, body: bytes) -> Answered:
            given = {"access_token": "abc", "token_type": "bearer", "expires_in": 600}
            return 200, "application/json", msgspec.json.encode(given)

    report = await checked(
        Generous(REGISTRY_ID, registry_jwks()),
        token_url="/token",
        client_id="client",
        client_secret="secret",
    )
    assert to_mend(report) == {"TOK-02", "TOK-03"}


async def test_the_token_is_in_no_finding() -> None:
    report = await checked(good(), token_url="/token", client_id="client", client_secret="secret")
    assert "abc" not in msgspec.json.encode(report).decode()
