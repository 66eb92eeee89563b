"""Encrypted messages, in and out, at every address (digest.md 2.9; reliability D8)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from nacl.signing import SigningKey

from ibr.calls.model import Reply as Heard
from ibr.clock import now
from ibr.db.pool import owner_transaction
from ibr.errors import Unavailable
from ibr.interop.dci import enrollment_updates, read_updates
from ibr.interop.dci.answers import Answer
from ibr.interop.dci.deliver import Deliverer
from ibr.interop.dci.envelope import UnknownKeyError
from ibr.interop.dci.keys import revoke, rotate
from ibr.interop.dci.read_updates import LARGEST_ENCRYPTED
from ibr.interop.dci.resume_updates import resume
from ibr.outbox.model import InHand
from ibr_messages.encryption import encrypt, encryption_key, new_key, to_base64url
from ibr_messages.jwk import public_jwk
from ibr_messages.signature import Signer, read_signature
from ibr_messages.strict_json import canonical
from tests.door import ENROLLED, JWKS, SEARCH, SEARCH_LATER, STATUS, UPDATES, Door, Json, System
from tests.encrypting import ECDH, OWN, RSA, Encrypting
from tests.later import CALLBACKS, Worker, searching, status_of
from tests.people import a_number, enrolled

GOLDEN = Path(__file__).parents[1] / "standard" / "golden"
INVALID = "err.encryption.invalid"
every_algorithm = pytest.mark.parametrize("algorithm", [ECDH, RSA])


@pytest.fixture(scope="module")
def partner(door: Door) -> Encrypting:
    return Encrypting(door)


@pytest.fixture(scope="module")
def somebody(door: Door) -> str:
    uin = a_number()
    door.partner().report(enrolled(uin, "DCI001"))
    return uin


def refused(reply: Any, code: str = INVALID) -> str:
    """The text of a refusal, which is plain and signed."""
    assert reply.status == 200
    assert reply.error == code
    assert reply.body.get("header", {}).get("is_msg_encrypted") in (False, None)
    return reply.text


# In and out.


@every_algorithm
def test_a_question_and_its_answer_are_encrypted(
    partner: Encrypting, somebody: str, algorithm: str
) -> None:
    body = partner.encrypted(partner.system.question(somebody, "DCI001"), algorithm)
    assert somebody.encode() not in body
    reply = partner.system.post(ENROLLED, body)
    message = partner.read(reply.raw)
    assert [item["enrolled_status"] for item in message["enrolled_response"]] == ["yes"]


@every_algorithm
def test_a_search_and_what_it_finds_are_encrypted(
    partner: Encrypting, somebody: str, algorithm: str
) -> None:
    reply = partner.system.post(
        SEARCH, partner.encrypted(searching(partner.system, somebody), algorithm)
    )
    assert somebody.encode() not in reply.raw
    [item] = partner.read(reply.raw)["search_response"]
    assert item["status"] == "succ"
    assert somebody in json.dumps(item["data"])


@every_algorithm
def test_a_delivery_and_its_outcomes_are_encrypted(partner: Encrypting, algorithm: str) -> None:
    uin = a_number()
    body = partner.encrypted(partner.system.updates([enrolled(uin, "DCI001")]), algorithm)
    reply = partner.system.post(UPDATES, body)
    assert [each["status"] for each in partner.read(reply.raw)["enrolled_response"]] == ["succ"]
    assert partner.system.ask(uin, "DCI001").says == ["yes"]


def test_an_answer_verifies_over_its_encrypted_form(
    door: Door, partner: Encrypting, somebody: str
) -> None:
    reply = partner.system.post(
        ENROLLED, partner.encrypted(partner.system.question(somebody, "DCI001"))
    )
    signature = read_signature(reply.body["signature"])
    keys = door.request("GET", JWKS).body["keys"]
    [jwk] = [key for key in keys if key["kid"] == signature.kid]
    assert jwk["use"] == "sig"


def test_a_large_delivery_is_encrypted_too(partner: Encrypting) -> None:
    """It goes through another process, and its answer comes in pieces."""
    records = [enrolled(a_number(), "DCI002") for _ in range(2_000)]
    reply = partner.system.post(UPDATES, partner.encrypted(partner.system.updates(records)))
    outcomes = partner.read(reply.raw)["enrolled_response"]
    assert [each["status"] for each in outcomes] == ["succ"] * 2_000
    assert partner.system.ask(a_number(), "DCI002").says == ["no"]


def test_in_an_encrypted_delivery_one_bad_record_is_refused_alone(partner: Encrypting) -> None:
    records = [enrolled(a_number(), "DCI001"), enrolled(a_number(), "NOT_THERE")]
    reply = partner.system.post(UPDATES, partner.encrypted(partner.system.updates(records)))
    outcomes = partner.read(reply.raw)["enrolled_response"]
    assert [each["status"] for each in outcomes] == ["succ", "rjct"]


def test_the_count_of_the_header_is_compared_with_what_was_encrypted(partner: Encrypting) -> None:
    body = partner.system.updates([enrolled(a_number(), "DCI001")], total_count=2)
    assert "total_count" in refused(
        partner.system.post(UPDATES, partner.encrypted(body)), "err.request.bad"
    )


def test_a_message_again_gets_the_same_answer_and_has_one_effect(
    door: Door, partner: Encrypting, somebody: str
) -> None:
    uin = a_number()
    for path, plain in (
        (ENROLLED, partner.system.question(somebody, "DCI001")),
        (SEARCH, searching(partner.system, somebody)),
        (UPDATES, partner.system.updates([enrolled(uin, "DCI001")])),
    ):
        body = partner.encrypted(plain)
        first = partner.read(partner.system.post(path, body).raw)
        before = [door.count("change"), door.count("question_asked")]
        again = partner.read(partner.system.post(path, body).raw)
        for answer in (first, again):
            for items in answer.values():
                if isinstance(items, list):
                    [each.pop("timestamp") for each in items]
        assert first == again
        assert [door.count("change"), door.count("question_asked")] == before


def test_what_was_asked_encrypted_is_told_by_transaction_status(
    partner: Encrypting, somebody: str
) -> None:
    system = partner.system
    body = searching(system, somebody, transaction_id="txn-encrypted")
    partner.system.post(SEARCH, partner.encrypted(body))
    plain = system.post(STATUS, status_of(system, "txn-encrypted"))
    found = plain.message["txnstatus_response"]["txn_status"]["search_response"]
    assert [each["status"] for each in found] == ["succ"]
    reply = system.post(STATUS, partner.encrypted(status_of(system, "txn-encrypted")))
    message = partner.read(reply.raw)
    assert message["txnstatus_response"]["txn_status"]["search_response"] == found


def test_a_callback_to_an_encrypted_request_leaves_encrypted(door: Door, somebody: str) -> None:
    partner = Encrypting(door, callback_urls=[CALLBACKS])
    worker = Worker(door)
    try:
        body = partner.encrypted(
            searching(partner.system, somebody, sender_uri=f"{CALLBACKS}/on-search")
        )
        ack = partner.system.post(SEARCH_LATER, body)
        assert ack.message["ack_status"] == "ACK"
        assert set(ack.body) == {"message"}
        worker.answer()
        sent = deliver(worker, partner.system)
        [item] = partner.read(sent)["search_response"]
        assert somebody in json.dumps(item["data"])
        header = msgspec.json.decode(sent)["header"]
        assert (header["action"], header["is_msg_encrypted"]) == ("on-search", True)
    finally:
        worker.close()


def deliver(worker: Worker, system: System) -> bytes:
    """Delivers what was promised to a partner last; the bytes that left."""
    sent: list[bytes] = []

    class Calls:
        async def send(self, method: str, url: str, headers: Json, body: bytes) -> Heard:
            sent.append(body)
            ack = {"ack_status": "ACK", "timestamp": "2026-01-01T00:00:00Z", "correlation_id": "c"}
            return Heard(200, {}, canonical({"message": ack}))

    [row] = worker.door.owner(
        "select o.* from outgoing_message o join partner p using (partner_id) "
        "where p.sender_id = $1 order by o.message_no desc limit 1",
        system.sender_id,
    )
    in_hand = InHand(
        message_no=row["message_no"],
        partner_id=row["partner_id"],
        origin="",
        kind=row["kind"],
        address=row["address"],
        message_id=row["message_id"],
        transaction_id=row["transaction_id"],
        correlation_id=row["correlation_id"],
        programmes=tuple(row["programme_ids"]),
        stream=None,
        sealed=row["content"],
        attempts=0,
    )

    async def work() -> str:
        await worker.services.book.refresh(0)
        services = msgspec.structs.replace(worker.services, calls=Calls())
        tried = await Deliverer(services).deliver(in_hand)
        return tried.outcome

    outcome = worker.door.run(work())
    return sent[0] if sent else outcome.encode()


def test_a_callback_goes_to_the_key_that_counts_when_it_leaves(door: Door, somebody: str) -> None:
    partner = Encrypting(door, callback_urls=[CALLBACKS])
    worker = Worker(door)
    try:
        body = searching(partner.system, somebody, sender_uri=f"{CALLBACKS}/on-search")
        partner.system.post(SEARCH_LATER, partner.encrypted(body))
        worker.answer()
        partner.own = new_key(ECDH)
        partner.change(keys=[partner.own], revoke=OWN.kid)
        assert partner.read(deliver(worker, partner.system))["search_response"]
        partner.change(revoke=partner.own.kid, policy="required")
        assert deliver(worker, partner.system) == b"no_encryption_key"
    finally:
        worker.close()


def test_a_callback_is_encrypted_where_that_was_agreed_after_it_was_promised(
    door: Door, somebody: str
) -> None:
    partner = Encrypting(door, callback_urls=[CALLBACKS])
    worker = Worker(door)
    try:
        body = searching(partner.system, somebody, sender_uri=f"{CALLBACKS}/on-search")
        partner.system.post(SEARCH_LATER, body)
        worker.answer()
        plain = msgspec.json.decode(deliver(worker, partner.system))
        assert plain["header"]["is_msg_encrypted"] is False
        partner.change(policy="required")
        assert partner.read(deliver(worker, partner.system)) == plain["message"]
    finally:
        worker.close()


# What is agreed.


def test_a_partner_without_a_key_is_answered_plain(door: Door, somebody: str) -> None:
    partner = Encrypting(door, own=None)
    reply = partner.system.post(
        ENROLLED, partner.encrypted(partner.system.question(somebody, "DCI001"))
    )
    assert reply.body["header"]["is_msg_encrypted"] is False
    assert reply.says == ["yes"]


def test_a_plain_message_is_answered_plain(partner: Encrypting, somebody: str) -> None:
    assert partner.system.ask(somebody, "DCI001").says == ["yes"]


def test_where_encryption_is_required_nothing_plain_is_read_or_written(
    door: Door, somebody: str
) -> None:
    partner = Encrypting(door, policy="required")
    system, changes = partner.system, door.count("change")
    plain = {
        ENROLLED: system.question(somebody, "DCI001"),
        SEARCH: searching(system, somebody),
        UPDATES: system.updates([enrolled(a_number(), "DCI001")]),
        STATUS: status_of(system, "txn-1"),
        SEARCH_LATER: searching(system, somebody),
    }
    for path, body in plain.items():
        assert "agreed" in refused(system.post(path, body))
    assert door.count("change") == changes
    message = partner.read(system.post(ENROLLED, partner.encrypted(plain[ENROLLED])).raw)
    assert message["enrolled_response"][0]["enrolled_status"] == "yes"


def test_without_a_key_to_answer_to_nothing_is_done_where_encryption_is_required(
    door: Door,
) -> None:
    partner = Encrypting(door, own=None, policy="required")
    uin = a_number()
    body = partner.encrypted(partner.system.updates([enrolled(uin, "DCI001")]))
    assert "no key of yours" in refused(partner.system.post(UPDATES, body))
    question = partner.encrypted(partner.system.question(uin, "DCI001"))
    assert "no key of yours" in refused(partner.system.post(ENROLLED, question))
    assert door.partner().ask(uin, "DCI001").says == ["no"]
    # The control: with a key, the same delivery is taken.
    partner.own = OWN
    partner.change(keys=[OWN])
    assert partner.read(partner.system.post(UPDATES, body).raw)
    assert door.partner().ask(uin, "DCI001").says == ["yes"]


def test_where_no_encryption_is_agreed_encrypted_messages_are_refused(
    door: Door, somebody: str
) -> None:
    partner = Encrypting(door, policy="off")
    question = partner.system.question(somebody, "DCI001")
    assert "not encrypted" in refused(partner.system.post(ENROLLED, partner.encrypted(question)))
    assert partner.system.post(ENROLLED, question).says == ["yes"]
    body = partner.system.updates([enrolled(a_number(), "DCI001")])
    refused(partner.system.post(UPDATES, partner.encrypted(body)))


@pytest.mark.parametrize("flag", [False, None, "", "false"])
def test_a_message_is_what_its_header_says(partner: Encrypting, flag: Any) -> None:
    """Encrypted without saying so, and saying so without being."""
    system = partner.system
    for path, plain in (
        (ENROLLED, system.question(a_number(), "DCI001")),
        (UPDATES, system.updates([enrolled(a_number(), "DCI001")])),
    ):
        envelope = msgspec.json.decode(partner.encrypted(plain))
        unsaid = system.sealed(envelope["header"] | {"is_msg_encrypted": flag}, envelope["message"])
        refused(system.post(path, unsaid))
        envelope = msgspec.json.decode(plain)
        said = system.sealed(envelope["header"] | {"is_msg_encrypted": True}, envelope["message"])
        refused(system.post(path, said))


def test_a_flag_that_is_neither_is_refused(partner: Encrypting) -> None:
    for flag in ("yes", 2, [], {}):
        body = partner.system.question(a_number(), "DCI001", is_msg_encrypted=flag)
        refused(partner.system.post(ENROLLED, body), "err.request.bad")


def test_the_golden_encrypted_search_is_understood_as_far_as_it_goes(
    partner: Encrypting,
) -> None:
    """Its shape is that of an encrypted message; what stands in it are placeholders."""
    golden = json.loads((GOLDEN / "19_search_encrypted_req.json").read_text())
    header = partner.system.header("search", 1) | {"is_msg_encrypted": True}
    reply = partner.system.post(SEARCH, partner.system.sealed(header, golden["message"]))
    assert "iv has 12 bytes" in refused(reply)
    searched = msgspec.json.decode(partner.encrypted(searching(partner.system, a_number())))
    assert set(searched["message"]) == set(golden["message"])
    assert set(golden["message"]["header"]) <= set(searched["message"]["header"])


# What must not be opened, or not be used.


def test_encryption_proves_nobody(door: Door, partner: Encrypting, somebody: str) -> None:
    """Our public key is anybody's: without the sender's signature nothing is decrypted."""
    body = partner.encrypted(partner.system.question(somebody, "DCI001"))
    envelope = msgspec.json.decode(body)
    unsigned = canonical({name: envelope[name] for name in ("header", "message")})
    refused(partner.system.post(ENROLLED, unsigned), "err.signature.missing")
    stranger = SigningKey.generate()
    forged = System(
        door,
        partner.system.sender_id,
        partner.system.credentials,
        stranger,
        partner.system.token,
        "required",
        "canonical",
    ).sealed(envelope["header"], envelope["message"])
    refused(partner.system.post(ENROLLED, forged), "err.signature.invalid")


def test_a_signature_over_the_plain_message_is_none(partner: Encrypting) -> None:
    plain = msgspec.json.decode(partner.system.question(a_number(), "DCI001"))
    sealed = encrypt(canonical(plain["message"]), encryption_key(partner.published()))
    plain["header"]["is_msg_encrypted"] = True
    content = canonical({"header": plain["header"], "message": plain["message"]})
    signature = partner.system.signer.sign(content, now().timestamp())
    body = {"signature": signature, "header": plain["header"], "message": sealed}
    refused(partner.system.post(ENROLLED, canonical(body)), "err.signature.invalid")


def test_the_encrypted_part_cannot_be_moved_to_another_header(
    door: Door, partner: Encrypting, somebody: str
) -> None:
    """Another partner that saw a message cannot send its contents as its own and be answered."""
    other = Encrypting(door, ask=["DCI003"], report=[])
    theirs = msgspec.json.decode(partner.encrypted(partner.system.question(somebody, "DCI001")))
    reply = other.system.post(
        ENROLLED, other.sealed(other.system.header("search", 1), theirs["message"])
    )
    # It can, because it may encrypt what it likes; but it asks with its own rights.
    assert reply.status == 403


HOSTILE: dict[str, Json] = {
    "zip": {"zip": "DEF"},
    "alg none": {"alg": "none"},
    "RSA1_5": {"alg": "RSA1_5"},
    "dir": {"alg": "dir"},
    "PBES2": {"alg": "PBES2-HS256+A128KW", "p2c": 2**31, "p2s": "AAAA"},
    "crit": {"crit": ["exp"]},
    "an unknown key": {"kid": "nobody's"},
    "a path": {"kid": "../../../keyring.json"},
    "SQL": {"kid": "' or 1=1 --"},
    "NUL": {"kid": "\x01"},
    "a key that signs": {"kid": "sig"},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_header_is_refused_at_the_door(
    door: Door, partner: Encrypting, name: str
) -> None:
    changes = dict(HOSTILE[name])
    if changes.get("kid") == "sig":
        keys = door.request("GET", JWKS).body["keys"]
        changes["kid"] = next(key["kid"] for key in keys if key["use"] == "sig")
    for path, plain in (
        (ENROLLED, partner.system.question(a_number(), "DCI001")),
        (UPDATES, partner.system.updates([enrolled(a_number(), "DCI001")])),
    ):
        envelope = msgspec.json.decode(partner.encrypted(plain))
        envelope["message"]["header"] |= changes
        text = refused(
            partner.system.post(path, partner.sealed(envelope["header"], envelope["message"]))
        )
        assert str(changes.get("kid", "****")) not in text
    assert partner.system.ask(a_number(), "DCI001").says == ["no"]


@pytest.mark.parametrize("part", ["encrypted_key", "ciphertext", "tag", "iv"])
def test_every_failure_to_decrypt_is_said_in_one_text(partner: Encrypting, part: str) -> None:
    envelope = msgspec.json.decode(partner.encrypted(partner.system.question("1", "DCI001")))
    other = msgspec.json.decode(partner.encrypted(partner.system.question("1", "DCI001")))
    message = envelope["message"] | {part: other["message"][part]}
    text = refused(partner.system.post(ENROLLED, partner.sealed(envelope["header"], message)))
    assert text.startswith("The message cannot be decrypted.")


HOSTILE_TEXTS = {
    "no JSON": b"hello",
    "nothing": b"",
    "an array": b"[]",
    "a member twice": b'{"transaction_id":"a","transaction_id":"b"}',
    "NaN": b'{"transaction_id":NaN}',
    "infinity": b'{"transaction_id":1e400}',
    "no UTF-8": b'{"transaction_id":"\xff"}',
    "NUL": b'{"transaction_id":"\\u0000"}',
    "half a surrogate": b'{"transaction_id":"\\ud800"}',
    "two values": b"{}{}",
    "depth": b'{"a":' * 2_000 + b"1" + b"}" * 2_000,
    "the rest of an envelope": b'{"transaction_id":"t"},"header":{"sender_id":"somebody-else"}',
}


@pytest.mark.parametrize("name", HOSTILE_TEXTS)
@pytest.mark.parametrize("path", [ENROLLED, SEARCH, UPDATES, STATUS, SEARCH_LATER])
def test_what_was_encrypted_is_read_as_strictly(partner: Encrypting, name: str, path: str) -> None:
    action = {UPDATES: "notify", STATUS: "txn-status"}.get(path, "search")
    header = partner.system.header(action, 1) | {"status": "succ"}
    body = partner.carrying(header, HOSTILE_TEXTS[name])
    refused(partner.system.post(path, body), "err.request.bad")


def test_an_encrypted_message_inside_an_encrypted_one_is_no_message(partner: Encrypting) -> None:
    inner = encrypt(b"{}", encryption_key(partner.published()))
    body = partner.carrying(partner.system.header("search", 1), canonical(inner))
    refused(partner.system.post(ENROLLED, body), "err.request.bad")


def test_a_question_too_large_for_plain_is_too_large_encrypted(
    door: Door, partner: Encrypting
) -> None:
    most = door.settings.max_message_bytes
    text = b'{"transaction_id":"' + b"x" * most + b'"}'
    reply = partner.system.post(
        ENROLLED, partner.carrying(partner.system.header("search", 1), text)
    )
    assert reply.status == 413


def test_an_encrypted_delivery_has_a_limit_of_its_own(
    partner: Encrypting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One byte more than is decrypted; it is refused before it is whole."""
    assert LARGEST_ENCRYPTED == 16 * 1024 * 1024
    monkeypatch.setattr(read_updates, "LARGEST_ENCRYPTED", 100_000)
    header = partner.system.header("notify", 1) | {"status": "succ", "is_msg_encrypted": True}
    message = {
        "header": {"alg": ECDH, "enc": "A256GCM", "kid": "k"},
        "ciphertext": "A" * 133_335,
        "encrypted_key": "AA",
        "iv": "AA",
        "tag": "AA",
    }
    reply = partner.system.post(UPDATES, partner.system.sealed(header, message))
    assert reply.status == 413
    assert "several messages" in reply.text


@pytest.mark.parametrize("text", ['"A\\u0041"', '"A\\nA"', '"A', '"A" "B"'])
def test_a_ciphertext_is_read_without_escapes(partner: Encrypting, text: str) -> None:
    header = canonical(partner.system.header("notify", 1) | {"is_msg_encrypted": True})
    body = b'{"header":' + header + b',"message":{"ciphertext":' + text.encode() + b"}}"
    refused(partner.system.post(UPDATES, body), "err.request.bad")


# Through a crash, and through a change of keys.


def test_an_encrypted_delivery_that_was_interrupted_is_finished_from_its_bytes(
    door: Door, partner: Encrypting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the key was revoked meanwhile: the delivery was accepted before."""

    async def dies(*_: Any) -> Answer:
        raise Unavailable("delivery.interrupted", "The process ended here.")

    system, uins = partner.system, [a_number() for _ in range(3)]
    records = [enrolled(uin, "DCI003") for uin in uins]
    monkeypatch.setattr(read_updates, "BLOCK_RECORDS", 2)
    monkeypatch.setattr(enrollment_updates, "go_on", dies)
    body = partner.encrypted(system.updates(records))
    assert system.post(UPDATES, body).status == 503
    assert system.ask(uins[0], "DCI003").says == ["no"]
    [row] = door.owner("select delivery_id from delivery order by delivery_id desc limit 1")
    kid = partner.published()["kid"]

    async def work() -> None:
        async with owner_transaction(door.dsn) as connection:
            await revoke(connection, door.services.sealer, kid, now())
        await door.services.book.refresh(0)
        await resume(door.services, row["delivery_id"])

    door.run(work())
    assert [system.ask(uin, "DCI003").says for uin in uins] == [["yes"]] * 3
    # What is sent now must be encrypted to a key that counts now.
    assert "names no key" in refused(system.post(UPDATES, body))


def test_a_key_made_a_moment_ago_is_understood(door: Door, partner: Encrypting) -> None:
    """A partner may read our list in the very moment in which a key was announced."""

    async def work() -> list[tuple[str, Any]]:
        async with owner_transaction(door.dsn) as connection:
            return await rotate(connection, door.services.sealer, "enc", now())

    made = [kid for kid, _ in door.run(work())]
    keys = door.request("GET", JWKS).body["keys"]
    [jwk] = [key for key in keys if key["kid"] in made and key["alg"] == ECDH]
    plain = msgspec.json.decode(partner.system.question(a_number(), "DCI001"))
    # The process read its keys before; what it does not know is looked up, at most twice a second.
    door.services.book._loaded_at -= 1
    sealed = encrypt(canonical(plain["message"]), encryption_key(jwk))
    reply = partner.system.post(ENROLLED, partner.sealed(plain["header"], sealed))
    assert partner.read(reply.raw)["enrolled_response"][0]["enrolled_status"] == "no"


def test_a_key_that_a_partner_has_just_published_is_fetched_at_once(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = Encrypting(door)
    fresh = SigningKey.generate()
    published = {"keys": [public_jwk(fresh.verify_key)]}
    asked: list[str] = []

    async def send(method: str, url: str, *_: Any, **__: Any) -> Heard:
        asked.append(url)
        return Heard(200, {}, canonical(published))

    monkeypatch.setattr(door.services.partner_keys, "_send", send)
    url = "https://mis.example.org/.well-known/jwks.json"
    door.owner(
        "update partner set jwks_url = $2 where sender_id = $1", partner.system.sender_id, url
    )
    door.run(door.services.book.refresh(0))
    partner.system.signer = Signer(partner.system.sender_id, published["keys"][0]["kid"], fresh)
    body = partner.encrypted(partner.system.question(a_number(), "DCI001"))
    assert partner.read(partner.system.post(ENROLLED, body).raw)
    delivery = partner.encrypted(partner.system.updates([enrolled(a_number(), "DCI001")]))
    assert partner.read(partner.system.post(UPDATES, delivery).raw)
    assert asked == [url]
    # Somebody else's key is not published, and nothing is asked again.
    partner.system.signer = Signer(partner.system.sender_id, "another", SigningKey.generate())
    for _ in range(5):
        refused(
            partner.system.post(ENROLLED, partner.system.question("1", "DCI001")),
            "err.signature.invalid",
        )
    assert asked == [url]


def test_a_key_to_be_answered_with_is_fetched_where_one_is_needed(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = Encrypting(door, own=None, policy="required")
    partner.own = OWN
    asked: list[str] = []

    async def send(method: str, url: str, *_: Any, **__: Any) -> Heard:
        asked.append(url)
        return Heard(200, {}, canonical({"keys": [OWN.public_jwk()]}))

    monkeypatch.setattr(door.services.partner_keys, "_send", send)
    door.owner(
        "update partner set jwks_url = 'https://mis.example.org/jwks' where sender_id = $1",
        partner.system.sender_id,
    )
    door.run(door.services.book.refresh(0))
    body = partner.encrypted(partner.system.updates([enrolled(a_number(), "DCI001")]))
    assert partner.read(partner.system.post(UPDATES, body).raw)
    assert len(asked) == 1


def test_control_a_known_key_with_a_wrong_signature_has_nothing_fetched(
    door: Door, partner: Encrypting
) -> None:
    system = door.partner()
    caller = door.run(door.services.envelopes.prove(f"Bearer {system.token}", "registry.enrolled"))
    good = system.question("1", "DCI001")
    wrong = good.replace(b'"total_count":1', b'"total_count":2')
    with pytest.raises(Exception, match="does not fit") as failed:
        door.services.envelopes.open(wrong, caller, frozenset({"search"}))
    assert not isinstance(failed.value, UnknownKeyError)
    unknown = System(
        door,
        system.sender_id,
        system.credentials,
        SigningKey.generate(),
        system.token,
        "required",
        "canonical",
    ).question("1", "DCI001")
    with pytest.raises(UnknownKeyError):
        door.services.envelopes.open(unknown, caller, frozenset({"search"}))


def test_the_raw_profile_covers_the_encrypted_form(door: Door, somebody: str) -> None:
    partner = Encrypting(door, profile="raw")
    reply = partner.system.post(
        ENROLLED, partner.encrypted(partner.system.question(somebody, "DCI001"))
    )
    assert partner.read(reply.raw)["enrolled_response"][0]["enrolled_status"] == "yes"
    uin = a_number()
    reply = partner.system.post(
        UPDATES, partner.encrypted(partner.system.updates([enrolled(uin, "DCI001")]))
    )
    assert partner.read(reply.raw)["enrolled_response"][0]["status"] == "succ"


def test_a_protected_header_is_understood_at_the_door(partner: Encrypting, somebody: str) -> None:
    """As a JOSE library writes it that knows no other way."""
    plain = msgspec.json.decode(partner.system.question(somebody, "DCI001"))
    sealed = encrypt(canonical(plain["message"]), encryption_key(partner.published()))
    repeated = to_base64url(canonical(sealed["header"]))
    # The tag covers what is protected, so adding it afterwards is a change.
    text = refused(
        partner.system.post(
            ENROLLED, partner.sealed(plain["header"], sealed | {"protected": repeated})
        )
    )
    assert text.startswith("The message cannot be decrypted.")


def test_what_is_published_has_a_key_to_write_to(door: Door) -> None:
    reply = door.request("GET", JWKS)
    uses = [(key["use"], key["alg"]) for key in reply.body["keys"]]
    assert {("sig", "EdDSA"), ("enc", ECDH), ("enc", RSA)} <= set(uses)
    [age] = [
        int(part.split("=")[1])
        for part in reply.headers["cache-control"].split(", ")
        if part.startswith("max-age")
    ]
    assert 0 < age <= 3600
