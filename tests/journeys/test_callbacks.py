"""From a promise to its delivery: signed at the last moment, with the rights of that moment."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from nacl.signing import VerifyKey

from ibr.clock import now
from ibr.errors import Unavailable
from ibr.interop.dci import deliver as deliver_file
from ibr.interop.dci.answers import Writer
from ibr.interop.dci.deliver import Deliverer, Way
from ibr.interop.dci.envelope import raw_digest
from ibr.outbox.desk.send_again import replay, send_one_again
from ibr.outbox.model import InHand
from ibr_messages.signature import read_signature, signing_strings
from tests.door import JWKS, Door, System
from tests.post_office import PostOffice, post_office
from tests.receivers import Received, Receiver, answering, http

CANARY = "ZZCANARY"


@pytest.fixture
async def office(door: Door) -> AsyncIterator[PostOffice]:
    async with post_office(door.dsn, door.settings) as office:
        yield office


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver(answering(http())).running() as receiver:
        yield receiver


async def new_partner(door: Door, receiver: Receiver, **how: Any) -> System:
    return await asyncio.to_thread(lambda: door.partner(callback_urls=[receiver.url], **how))


async def programmes(office: PostOffice) -> dict[str, int]:
    return {
        row["code"]: row["programme_id"]
        for row in await office.owner("select code, programme_id from programme")
    }


async def changed(office: PostOffice, statement: str, *values: object) -> None:
    await office.owner(statement, *values)
    await office.services.book.refresh(0)


async def delivered(office: PostOffice, receiver: Receiver) -> Received:
    """The one message that arrives."""
    async with office.delivering():
        await office.settled()
    [received] = receiver.received
    return received


async def published(door: Door, kid: str) -> VerifyKey:
    reply = await asyncio.to_thread(lambda: door.request("GET", JWKS))
    [jwk] = [key for key in reply.body["keys"] if key["kid"] == kid]
    return VerifyKey(base64.urlsafe_b64decode(jwk["x"] + "="))


async def check_signed(door: Door, received: Received, digest: bytes) -> None:
    signature = read_signature(received.document["signature"])
    key = await published(door, signature.kid)
    key.verify(signing_strings(signature, digest)[0], signature.value)


async def test_a_message_leaves_signed_and_says_its_number(
    door: Door, office: PostOffice, receiver: Receiver
) -> None:
    partner = await new_partner(door, receiver)
    [message_id] = await office.promise(partner.sender_id, f"{receiver.url}/on-search?x=1")
    received = await delivered(office, receiver)
    await check_signed(door, received, hashlib.sha256(received.unsigned).digest())
    [row] = await office.rows()
    assert (row["state"], row["last_outcome"], row["attempts"]) == ("delivered", "ack", 1)
    header = received.document["header"]
    assert (header["message_id"], header["receiver_id"]) == (message_id, partner.sender_id)
    assert header["meta"] == {"sequence": row["message_no"]}
    assert received.path == "/callback/on-search?x=1"
    assert received.headers["content-type"] == "application/json"


async def test_the_signature_is_made_when_it_is_sent(
    door: Door, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Receiver(answering(http(b"", "503 Busy"), http())).running() as receiver:
        partner = await new_partner(door, receiver)
        await office.promise(partner.sender_id, receiver.url)
        async with office.delivering():
            await office.until(
                lambda rows: rows[0]["attempts"] == 1 and not rows[0]["lease_token"], 9
            )
        later = time.time() + 3_000
        with monkeypatch.context() as patched:
            patched.setattr("ibr.interop.dci.answers.time.time", lambda: later)
            async with office.delivering(hurry=True):
                await office.settled()
    first, second = (read_signature(each.document["signature"]) for each in receiver.received)
    assert second.created == int(later)
    assert first.created < second.created - 2_000
    assert receiver.received[0].unsigned == receiver.received[1].unsigned


async def test_a_partner_of_the_raw_profile_can_verify(
    door: Door, office: PostOffice, receiver: Receiver
) -> None:
    partner = await new_partner(door, receiver, profile="raw")
    await office.promise(partner.sender_id, receiver.url)
    received = await delivered(office, receiver)
    await check_signed(door, received, raw_digest(received.body))


async def test_what_a_partner_may_not_see_any_more_does_not_leave(
    door: Door, office: PostOffice, receiver: Receiver
) -> None:
    partner = await new_partner(door, receiver, ask=["DCI001"], report=[])
    shown = (await programmes(office))["DCI001"]
    [withdrawn] = await office.promise(
        partner.sender_id, receiver.url, programmes=[shown], words=CANARY
    )
    await changed(
        office,
        "update agreement_clause set programmes = '{}' where agreement_no in "
        "(select agreement_no from agreement join partner using (partner_id) "
        "where sender_id = $1)",
        partner.sender_id,
    )
    received = await delivered(office, receiver)
    assert CANARY not in received.body.decode()
    header, message = received.document["header"], received.document["message"]
    assert header["message_id"] != withdrawn
    assert (header["action"], header["status"]) == ("on-search", "rjct")
    assert header["status_reason_code"] == "rjct.action.not_supported"
    assert (message["transaction_id"], message["correlation_id"]) == ("t-0", "c-0")
    [item] = message["search_response"]
    assert (item["reference_id"], item["status"]) == ("r-0", "rjct")
    assert [row["state"] for row in await office.rows()] == ["withdrawn", "delivered"]
    events = await office.owner("select details from audit_event where kind = 'callback.withdrawn'")
    assert len(events) == 1


@pytest.mark.parametrize("lost", ["registry.search", "the programme's end"])
async def test_a_right_is_lost_with_its_scope_and_with_its_day(
    door: Door, office: PostOffice, receiver: Receiver, lost: str
) -> None:
    partner = await new_partner(door, receiver, ask=["DCI001"], report=[])
    shown = (await programmes(office))["DCI001"]
    await office.promise(partner.sender_id, receiver.url, programmes=[shown], words=CANARY)
    of_partner = "partner_id = (select partner_id from partner where sender_id = $1)"
    if lost == "registry.search":
        await changed(
            office,
            "update partner set scopes = array_remove(scopes, 'registry.search') "
            f"where {of_partner}",
            partner.sender_id,
        )
    else:
        await changed(
            office,
            "update agreement set valid_from = '2020-01-01', valid_to = current_date - 1 "
            f"where {of_partner}",
            partner.sender_id,
        )
    received = await delivered(office, receiver)
    assert CANARY not in received.body.decode()


async def test_who_keeps_its_rights_gets_what_was_promised(
    door: Door, office: PostOffice, receiver: Receiver
) -> None:
    partner = await new_partner(door, receiver, ask=["DCI001"], report=["DCI002"])
    numbers = await programmes(office)
    shown = [numbers["DCI001"], numbers["DCI002"]]
    await office.promise(partner.sender_id, receiver.url, programmes=shown, words=CANARY)
    assert CANARY in (await delivered(office, receiver)).body.decode()


async def test_control_without_asking_again_it_would_leave(
    door: Door, office: PostOffice, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver_file, "_may_see", lambda _partner, _message: True)
    partner = await new_partner(door, receiver, ask=["DCI001"], report=[])
    shown = (await programmes(office))["DCI002"]
    await office.promise(partner.sender_id, receiver.url, programmes=[shown], words=CANARY)
    assert CANARY in (await delivered(office, receiver)).body.decode()


async def test_what_a_partner_that_is_shut_out_was_promised_waits(
    door: Door, office: PostOffice, receiver: Receiver
) -> None:
    partner = await new_partner(door, receiver)
    shut_out = "update partner set suspended_at = {} where sender_id = $1"
    await office.promise(partner.sender_id, receiver.url, 3)
    await changed(office, shut_out.format("now()"), partner.sender_id)
    async with office.delivering(hurry=True):
        await asyncio.sleep(0.5)
        assert receiver.received == []
        assert {(row["state"], row["attempts"]) for row in await office.rows()} == {("waiting", 0)}
        await changed(office, shut_out.format("null"), partner.sender_id)
        await office.settled()
    assert len(receiver.received) == 3


async def test_an_address_that_is_not_registered_any_more_gets_nothing(
    door: Door, office: PostOffice, receiver: Receiver
) -> None:
    partner = await new_partner(door, receiver)
    await office.promise(partner.sender_id, receiver.url)
    await changed(
        office,
        "update partner set callback_urls = '{https://elsewhere.example}' where sender_id = $1",
        partner.sender_id,
    )
    async with office.delivering():
        [row] = await office.settled()
    assert (row["state"], row["last_outcome"]) == ("dead", "address_not_registered")
    assert receiver.connections == 0


class NoKey(Writer):
    """A writer whose key is gone."""

    def __init__(self) -> None:
        super().__init__("ibr.example.org", self, 200)

    def sign(self, _canonical: bytes, _now: float, /) -> str:
        raise Unavailable("key.missing", "There is no key.")

    sign_digest = sign


async def test_without_a_key_nothing_leaves_and_everything_waits(
    door: Door, office: PostOffice, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    partner = await new_partner(door, receiver)
    await office.promise(partner.sender_id, receiver.url, 5)
    keyless = replace(office.services, writer=NoKey())
    async with office.delivering(deliverer=Deliverer(keyless), pause=0.1, hurry=True):
        await asyncio.sleep(0.6)
    assert receiver.connections == 0
    rows = await office.rows()
    assert {(row["state"], row["attempts"]) for row in rows} == {("waiting", 0)}
    assert "no_signature" in {row["last_outcome"] for row in rows}
    said = capsys.readouterr()
    assert "callbacks wait: they cannot be signed" in said.out + said.err
    async with office.delivering(hurry=True):
        await office.settled()
    assert len(receiver.received) == 5


async def test_control_a_build_that_sends_unsigned_would_be_seen(
    door: Door, office: PostOffice, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Deliverer, "_signed", lambda _self, content, _partner: content)
    partner = await new_partner(door, receiver)
    await office.promise(partner.sender_id, receiver.url)
    keyless = replace(office.services, writer=NoKey())
    async with office.delivering(deliverer=Deliverer(keyless)):
        await office.settled()
    assert "signature" not in receiver.received[0].document


async def test_a_message_that_cannot_be_opened_is_no_message(
    door: Door, office: PostOffice, receiver: Receiver
) -> None:
    partner = await new_partner(door, receiver)
    await office.promise(partner.sender_id, receiver.url, 2)
    rows = await office.rows()
    await office.owner(
        "update outgoing_message set content = $2 where message_no = $1",
        rows[0]["message_no"],
        rows[1]["content"],
    )
    async with office.delivering():
        await office.until(lambda rows: rows[1]["state"] == "delivered", 9)
        await office.until(lambda rows: rows[0]["last_outcome"] == "unreadable", 9)
    assert [each.message_id for each in receiver.received] == [rows[1]["message_id"]]


async def test_a_dead_message_that_is_sent_again_is_the_same_message(
    door: Door, office: PostOffice
) -> None:
    async with Receiver(answering(http(b"", "404 Not Found"), http())).running() as receiver:
        partner = await new_partner(door, receiver)
        [message_id] = await office.promise(partner.sender_id, receiver.url)
        async with office.delivering():
            [row] = await office.settled()
            assert (row["state"], row["last_outcome"]) == ("dead", "http_404")
            async with office.database.transaction(()) as connection:
                await send_one_again(connection, None, message_id)
            await office.until(lambda rows: rows[0]["state"] == "delivered", 9)
    first, second = receiver.received
    assert first.unsigned == second.unsigned


async def test_a_replay_sends_the_same_messages_in_their_order(
    door: Door, office: PostOffice, receiver: Receiver
) -> None:
    partner = await new_partner(door, receiver)
    await office.promise(partner.sender_id, receiver.url, 6, streams=[b"one"])
    async with office.delivering():
        rows = await office.settled()
        async with office.database.transaction(()) as connection:
            replayed = await replay(
                connection, None, partner.sender_id, after=str(rows[2]["message_no"])
            )
        await office.settled()
    assert replayed.again == 3
    assert [each.unsigned for each in receiver.received[6:]] == [
        each.unsigned for each in receiver.received[3:6]
    ]


async def test_a_request_to_another_registry_goes_its_own_way(
    door: Door, office: PostOffice, receiver: Receiver
) -> None:
    """To the source's own address, with its token, not to the partner's callback addresses."""
    async with Receiver(answering(http())).running() as source:
        partner = await new_partner(door, receiver)
        await office.promise(partner.sender_id, f"{source.url}/registry/search", kind="search")

        async def way(message: InHand) -> Way | None:
            return Way((source.url,), {"authorization": "Bearer t0ken"})

        async with office.delivering(deliverer=Deliverer(office.services, way)):
            await office.settled()
        [received] = source.received
    assert received.headers["authorization"] == "bearer t0ken"
    assert receiver.connections == 0


async def test_control_without_a_way_a_request_is_held_to_the_callback_addresses(
    door: Door, office: PostOffice, receiver: Receiver
) -> None:
    async with Receiver(answering(http())).running() as source:
        partner = await new_partner(door, receiver)
        await office.promise(partner.sender_id, source.url, kind="search")
        async with office.delivering():
            [row] = await office.settled()
        assert row["last_outcome"] == "address_not_registered"
        assert source.connections == 0


async def test_a_wake_up_is_enough_and_a_message_is_there_at_once(
    door: Door, office: PostOffice, receiver: Receiver
) -> None:
    partner = await new_partner(door, receiver)
    async with office.delivering():
        await asyncio.sleep(0.3)
        begun = time.monotonic()
        await office.promise(partner.sender_id, receiver.url)
        await office.settled()
    assert receiver.received[0].at - begun < 1


async def test_two_processes_send_each_message_once(
    door: Door, office: PostOffice, receiver: Receiver
) -> None:
    partner = await new_partner(door, receiver)
    await office.promise(partner.sender_id, receiver.url, 8)
    async with office.delivering(), office.delivering():
        rows = await office.settled()
    assert {row["attempts"] for row in rows} == {1}
    assert len(receiver.received) == 8


async def test_what_was_begun_is_finished_when_the_worker_ends(
    door: Door, office: PostOffice
) -> None:
    async def slowly(_r: Receiver, _m: Received, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        writer.write(http())

    async with Receiver(slowly).running() as receiver:
        partner = await new_partner(door, receiver)
        await office.promise(partner.sender_id, receiver.url, 20)
        async with office.delivering():
            await office.until(lambda _: len(receiver.received) >= 4, 9)
    rows = await office.rows()
    assert sum(row["state"] == "delivered" for row in rows) == len(receiver.received)
    left = [row for row in rows if row["state"] == "waiting"]
    assert {(row["attempts"], row["lease_token"]) for row in left} == {(0, None)}
    assert all(row["due_at"] < now() + timedelta(seconds=1) for row in left)
    assert msgspec.json.decode(receiver.received[0].body)["header"]
