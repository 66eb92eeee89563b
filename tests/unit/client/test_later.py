"""What is answered later: tickets, results that are asked for, and waiting for them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from ibr_client import (
    AnswerNotUnderstood,
    FileMemory,
    InMemory,
    NotReached,
    NotSetUp,
    Refused,
    StillPending,
    identifier,
)
from ibr_messages.types import Frequency
from tests.people import enrolled
from tests.registry_double import MOMENT, RegistryDouble, lost

CALLBACKS = "https://spmis.example.org/dci/registry"
PENDING = {"search_response": [{"reference_id": "r", "timestamp": MOMENT, "status": "pdng"}]}
FOUND = {
    "search_response": [
        {
            "reference_id": "r",
            "timestamp": MOMENT,
            "status": "succ",
            "data": {"reg_records": [enrolled("1", "DCI001")]},
            "pagination": {"page_size": 1, "page_number": 1, "total_count": 1},
        }
    ]
}
SUBSCRIBED = {
    "subscribe_response": [
        {
            "reference_id": "r",
            "timestamp": MOMENT,
            "status": "succ",
            "subscriptions": [{"code": "sub-1", "status": "subscribe", "timestamp": MOMENT}],
        }
    ]
}


def told(registry: RegistryDouble, path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return registry.opened(registry.sent(path)[0])


def test_a_search_gives_a_ticket(registry: RegistryDouble) -> None:
    ticket = registry.client(callbacks=CALLBACKS).start_search(identifier("UIN", "1"))
    header, message = told(registry, "/registry/search")
    assert header["sender_uri"] == f"{CALLBACKS}/on-search"
    assert ticket.transaction_id == message["transaction_id"]
    assert ticket.references == [message["search_request"][0]["reference_id"]]
    assert (ticket.kind, ticket.correlation_id) == ("search", "corr-1")


def test_without_an_address_none_is_told(registry: RegistryDouble) -> None:
    registry.client().start_search(identifier("UIN", "1"))
    assert "sender_uri" not in told(registry, "/registry/search")[0]


def test_a_subscription_says_what_of_whom_and_when(registry: RegistryDouble) -> None:
    frequency = Frequency(
        start_time=datetime(2026, 1, 1, tzinfo=UTC),
        end_time=datetime(2027, 1, 1, tzinfo=UTC),
        frequency="0 0 6 * * ? *",
    )
    ticket = registry.client(callbacks=f"{CALLBACKS}/").subscribe(
        identifier("UIN", "1"), "enrollement_status_change", frequency=frequency
    )
    header, message = told(registry, "/registry/subscribe")
    assert header["sender_uri"] == f"{CALLBACKS}/on-subscribe"
    assert message["subscribe_request"][0]["subscribe_criteria"] == {
        "version": "1.0.0",
        "reg_type": "ns:org:RegistryType:IBR",
        "reg_event_type": "enrollement_status_change",
        "frequency": {
            "start_time": "2026-01-01T00:00:00Z",
            "end_time": "2027-01-01T00:00:00Z",
            "frequency": "0 0 6 * * ? *",
        },
        "filter_type": "idtype-value",
        "filter": {"type": "UIN", "value": "1"},
        "notify_record_type": "Beneficiary",
    }
    assert ticket.kind == "subscribe"


def test_subscriptions_are_ended_by_their_codes(registry: RegistryDouble) -> None:
    registry.client(callbacks=CALLBACKS).unsubscribe("sub-1", "sub-2")
    header, message = told(registry, "/registry/unsubscribe")
    assert message["subscription_codes"] == ["sub-1", "sub-2"]
    assert (header["action"], header["total_count"]) == ("unsubscribe", 2)
    assert header["sender_uri"] == f"{CALLBACKS}/on-unsubscribe"


def test_a_status_may_be_asked_for_without_waiting(registry: RegistryDouble) -> None:
    client = registry.client(callbacks=CALLBACKS)
    ticket = client.start_status("receipt", "transaction_id", "txn-1")
    header, message = told(registry, "/registry/txn/status")
    assert header["sender_uri"] == f"{CALLBACKS}/txn/on-status"
    assert message["txnstatus_request"]["attribute_value"] == "txn-1"
    with pytest.raises(NotSetUp):
        client.result(ticket)


def test_a_status_is_told(registry: RegistryDouble) -> None:
    registry.status = {
        "enrolled_response": [{"reference_id": "a", "timestamp": MOMENT, "status": "succ"}]
    }
    result = registry.client().status("receipt", "reference_id_list", ["a"])
    assert result.txn_type == "receipt"
    assert [each.status for each in result.txn_status.enrolled_response or []] == ["succ"]


def test_a_result_that_is_not_there_is_pending(registry: RegistryDouble) -> None:
    registry.status = PENDING
    client = registry.client()
    ticket = client.start_search(identifier("UIN", "1"))
    with pytest.raises(StillPending):
        client.result(ticket)


def test_a_result_that_is_there_is_given(registry: RegistryDouble) -> None:
    registry.status = FOUND
    client = registry.client()
    found = client.result(client.start_search(identifier("UIN", "1"))).search_response
    assert found
    assert found[0].data
    assert len(found[0].data.reg_records) == 1


def test_waiting_asks_again_ever_more_slowly(registry: RegistryDouble) -> None:
    client = registry.client()
    ticket = client.start_search(identifier("UIN", "1"))
    registry.status = PENDING
    answers = [PENDING, PENDING, FOUND]

    def next_answer(request: httpx.Request) -> httpx.Response:
        registry.status = answers.pop(0)
        return registry.normally(request)

    registry.faults = [next_answer] * 3
    assert client.wait_for(ticket).search_response
    assert registry.clock.waits == [0.5, 0.75]


def test_waiting_ends(registry: RegistryDouble) -> None:
    registry.status = PENDING
    client = registry.client()
    ticket = client.start_search(identifier("UIN", "1"))
    with pytest.raises(StillPending):
        client.wait_for(ticket, seconds=10)
    assert sum(registry.clock.waits) == pytest.approx(10)


def test_the_code_of_a_subscription_is_remembered(registry: RegistryDouble) -> None:
    memory = InMemory()
    registry.status = SUBSCRIBED
    client = registry.client(memory=memory)
    assert not memory.is_subscribed("sub-1")
    client.result(client.subscribe(identifier("UIN", "1"), "enrollement"))
    assert memory.is_subscribed("sub-1")


def test_what_was_asked_is_remembered_before_it_is_sent(registry: RegistryDouble) -> None:
    """A callback may be quicker than the acknowledgement."""
    memory = InMemory()

    def looked(request: httpx.Request) -> httpx.Response:
        _, message = registry.opened(request)
        ticket = memory.ticket(message["transaction_id"])
        assert ticket
        assert ticket.correlation_id is None
        return registry.ack()

    registry.faults = [looked]
    ticket = registry.client(memory=memory).start_search(identifier("UIN", "1"))
    remembered = memory.ticket(ticket.transaction_id)
    assert remembered
    assert remembered.correlation_id == "corr-1"


@pytest.mark.parametrize("status", ["ERR", "NACK"])
def test_what_was_refused_is_not_remembered(registry: RegistryDouble, status: str) -> None:
    memory = InMemory()
    error = {"code": "err.sender_uri.invalid", "message": "Register the address."}
    registry.faults = [lambda request: registry.ack(ack_status=status, error=error)]
    with pytest.raises(Refused) as failed:
        registry.client(memory=memory).start_search(identifier("UIN", "1"))
    [request] = registry.sent("/registry/search")
    assert memory.ticket(registry.opened(request)[1]["transaction_id"]) is None
    assert failed.value.code == {"ERR": "err.sender_uri.invalid", "NACK": "ack.nack"}[status]


def test_what_may_have_been_accepted_is_remembered(registry: RegistryDouble) -> None:
    memory = InMemory()
    registry.faults = [lost] * 99
    with pytest.raises(NotReached):
        registry.client(memory=memory).start_search(identifier("UIN", "1"))
    request = registry.sent("/registry/search")[0]
    assert memory.ticket(registry.opened(request)[1]["transaction_id"]) is not None


def test_what_is_no_acknowledgement_is_not_taken_for_one(registry: RegistryDouble) -> None:
    registry.faults = [lambda request: httpx.Response(200, json={"message": {}})]
    with pytest.raises(AnswerNotUnderstood):
        registry.client().start_search(identifier("UIN", "1"))


async def test_the_awaiting_client_waits_too(registry: RegistryDouble, tmp_path: Any) -> None:
    registry.status = SUBSCRIBED
    memory = FileMemory(tmp_path / "memory.db")
    client = registry.async_client(memory=memory)
    ticket = await client.subscribe(identifier("UIN", "1"), "enrollement")
    assert (await client.wait_for(ticket)).subscribe_response
    assert memory.is_subscribed("sub-1")
    memory.close()
