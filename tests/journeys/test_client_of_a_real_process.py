"""The client against a registry in a process of its own, over real connections on 127.0.0.1."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ibr_client import (
    Credentials,
    Handlers,
    LocalServer,
    NotReached,
    Options,
    Patience,
    RegistryClient,
    identifier,
)
from tests.people import a_number
from tests.registry_process import RegistryProcess, free_port, person_record


@pytest.fixture(scope="module")
def registry() -> Iterator[RegistryProcess]:
    registry = RegistryProcess()
    try:
        registry.add_programmes("DCI001")
        registry.start()
        yield registry
    finally:
        registry.stop()


@pytest.fixture(scope="module")
def callbacks() -> str:
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def client(registry: RegistryProcess, callbacks: str) -> Iterator[RegistryClient]:
    partner = registry.add_partner("spmis", ["DCI001"], [callbacks])
    credentials = Credentials(
        sender_id="spmis",
        client_id=partner.credentials["client_id"],
        client_secret=partner.credentials["client_secret"],
        key=partner.signer._key,
    )
    # The machine's own settings may name a proxy, which does not know 127.0.0.1.
    with httpx.Client(timeout=30, trust_env=False) as http:
        yield RegistryClient(
            registry.url,
            registry.settings.registry_id,
            credentials,
            Options(callbacks=callbacks),
            http=http,
        )


def test_what_was_asked_for_comes_by_callback_and_by_asking(
    client: RegistryClient, callbacks: str
) -> None:
    uin = a_number()
    assert client.report([person_record(uin, "DCI001", [5000])]).accepted == 1
    came: queue.Queue[Any] = queue.Queue()
    receiver = client.receiver(Handlers(on_search=lambda *told: came.put(told)))
    with LocalServer(receiver, int(callbacks.rpartition(":")[2])):
        ticket = client.start_search(identifier("UIN", uin))
        message, received = came.get(timeout=30)
    assert received.ticket.transaction_id == ticket.transaction_id
    [record] = message.search_response[0].data.reg_records
    assert record.benefits[0].benefit_value == "USD 50.00"
    asked = client.wait_for(ticket, seconds=30)
    assert asked.search_response[0].data.reg_records == [record]


def other_client(client: RegistryClient, address: str, patience: Patience) -> RegistryClient:
    """The same partner with another patience."""
    parts = client._parts
    options = Options(patience=patience)
    return RegistryClient(address, parts.registry_id, parts.credentials, options, http=client._http)


def test_a_registry_that_starts_again_is_waited_for(
    registry: RegistryProcess, client: RegistryClient
) -> None:
    uin = a_number()
    patience = Patience(tries=200, first_wait=0.2, longest_wait=0.4)
    patient = other_client(client, registry.url, patience)
    registry.kill()
    again = threading.Timer(0.5, registry.start)
    again.start()
    try:
        assert patient.report([person_record(uin, "DCI001", [5000])]).accepted == 1
    finally:
        again.join()
    assert client.is_enrolled("UIN", uin, "DCI001") is True


def test_control_a_registry_that_stays_away_is_not_reached(client: RegistryClient) -> None:
    patience = Patience(tries=2, first_wait=0.01)
    impatient = other_client(client, f"http://127.0.0.1:{free_port()}", patience)
    with pytest.raises(NotReached, match="2 tries: ConnectError"):
        impatient.is_enrolled("UIN", "1", "DCI001")
