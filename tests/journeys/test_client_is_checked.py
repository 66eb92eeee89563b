"""The client's receiver, put before the same check that vendors put their own before."""

from __future__ import annotations

import asyncio

from ibr.calls.caller import Caller
from ibr.calls.rules import AddressRules
from ibr.sandbox.check import Wanted, check
from ibr.sandbox.known import REGISTRY_ID, registry_jwks
from ibr.sandbox.model import Report
from ibr.sandbox.played_registry import ANSWERS, PlayedRegistry
from ibr_client import (
    CallbackReceiver,
    Credentials,
    Handlers,
    InMemory,
    LocalServer,
    Options,
    RegistryClient,
    Ticket,
)

PARTNER = "spmis.check.example"


class Lenient(CallbackReceiver):
    """The same receiver with a fault built in: it takes what it cannot prove."""

    def receive(self, path: object, headers: object, body: bytes) -> tuple[int, bytes]:
        status, answer = super().receive(str(path), {"content-type": "application/json"}, body)
        return status, answer.replace(b'"ack_status":"ERR"', b'"ack_status":"ACK"')


def receiver() -> CallbackReceiver:
    """One that has asked for everything that the check answers."""
    memory = InMemory()
    for kind in ANSWERS:
        memory.remember(Ticket(kind, f"txn-{kind}", "asked", [], 0.0, f"corr-{kind}"))
    own = Credentials(sender_id=PARTNER, client_id="a", client_secret="b", key="00" * 32)
    options = Options(registry_keys=registry_jwks(), memory=memory)
    client = RegistryClient("http://127.0.0.1:1", REGISTRY_ID, own, options)

    def take(message: object, received: object) -> None:
        """Everything is welcome."""

    made = client.receiver(
        Handlers(
            on_search=take, on_subscribe=take, on_unsubscribe=take, notify=take, on_status=take
        )
    )
    client.close()
    return made


def checked(tried: CallbackReceiver) -> Report:
    registry = PlayedRegistry(
        registry_id=REGISTRY_ID,
        receiver_id=PARTNER,
        open={action: (f"txn-{kind}", f"corr-{kind}") for kind, action in ANSWERS.items()},
    )

    async def run(address: str) -> Report:
        caller = Caller(AddressRules(local=True))
        try:
            return await check(caller, address, registry, Wanted(), lambda _: None)
        finally:
            await caller.close()

    with LocalServer(tried) as server:
        return asyncio.run(run(server.address))


def test_nothing_is_to_be_mended() -> None:
    report = checked(receiver())
    assert [each for each in report.findings if each.verdict != "well"] == []
    assert len(report.findings) > 40


def test_control_a_receiver_that_takes_everything_is_found_out() -> None:
    good = receiver()
    report = checked(Lenient(good._driver, good._callbacks))
    assert report.must_be_mended
