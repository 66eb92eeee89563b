"""Every enveloped answer is signed, and verifies with the published keys (digest.md 3.3, 3.5)."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from ibr_messages.signature import read_signature, signing_strings
from tests.door import ENROLLED, JWKS, STATUS, UPDATES, Door, Reply, System
from tests.people import a_number, enrolled


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner()


def verify(door: Door, reply: Reply) -> None:
    """As a partner would: canonical JSON made anew from the body, key from the JWKS."""
    signature = read_signature(reply.body["signature"])
    [jwk] = [key for key in door.request("GET", JWKS).body["keys"] if key["kid"] == signature.kid]
    key = VerifyKey(base64.urlsafe_b64decode(jwk["x"] + "="))
    content = {"header": reply.body["header"], "message": reply.body["message"]}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(canonical.encode()).digest()
    key.verify(signing_strings(signature, digest)[0], signature.value)
    assert signature.sender_id == reply.body["header"]["sender_id"]
    assert signature.expires - signature.created <= 900


def answers(system: System) -> dict[str, Reply]:
    many = [enrolled(a_number(), "DCI001") for _ in range(150)]
    return {
        "a yes": system.ask(a_number(), "DCI001"),
        "a delivery": system.report(enrolled(a_number(), "DCI001")),
        "a large delivery": system.report(*many),
        "a refused record": system.report(enrolled(a_number(), "NOT_THERE")),
        "a refused question": system.post(ENROLLED, b"{}"),
        "a refused delivery": system.post(UPDATES, b"{}"),
        "a refused status question": system.post(STATUS, b"{}"),
    }


def test_every_answer_verifies(door: Door, system: System) -> None:
    for reply in answers(system).values():
        verify(door, reply)


def test_a_changed_answer_does_not_verify(door: Door, system: System) -> None:
    """The control."""
    reply = system.ask(a_number(), "DCI001")
    changed = Reply(reply.status, reply.raw.replace(b'"no"', b'"yes"'), reply.headers)
    with pytest.raises(BadSignatureError):
        verify(door, changed)


def test_answers_are_canonical_as_they_are_sent(system: System) -> None:
    for reply in answers(system).values():
        body = {name: value for name, value in reply.body.items() if name != "signature"}
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        signature = json.dumps(reply.body["signature"])
        assert reply.raw.decode() == f'{{"signature":{signature},{text[1:]}'
