"""The whole way, with real processes: a signed search in, a signed callback out."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import msgspec
import pytest

from ibr_messages.errors import NotProven
from tests.callback_receiver import CallbackReceiver, verified
from tests.registry_process import Partner, RegistryProcess, person_record


@pytest.fixture(scope="module")
def receiver() -> Iterator[CallbackReceiver]:
    receiver = CallbackReceiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="module")
def registry() -> Iterator[RegistryProcess]:
    registry = RegistryProcess()
    try:
        registry.add_programmes("DCI001")
        registry.start(patience=150)
        yield registry
    finally:
        registry.stop()


@pytest.fixture(scope="module")
def partner(registry: RegistryProcess, receiver: CallbackReceiver) -> Partner:
    partner = registry.add_partner("spmis", ["DCI001"], [receiver.url])
    with httpx.Client() as client:
        body = partner.updates([person_record("847951632", "DCI001", [5000])])
        assert partner.post(client, "/registry/sync/enrollment/updates", body).is_success
    return partner


def search(partner: Partner) -> bytes:
    criteria = {"query_type": "idtype-value", "query": {"type": "UIN", "value": "847951632"}}
    item = {
        "reference_id": "ref-1",
        "timestamp": "2026-01-15T09:30:00+00:00",
        "search_criteria": criteria,
    }
    return partner.message("search", {"search_request": [item]}, 1)


def test_a_signed_search_gets_its_signed_callback(
    registry: RegistryProcess, receiver: CallbackReceiver, partner: Partner
) -> None:
    with httpx.Client() as client:
        ack = partner.post(client, "/registry/search", search(partner)).json()["message"]
        jwks = client.get(f"{registry.url}/.well-known/jwks.json").json()
    assert ack["ack_status"] == "ACK"
    [(path, body)] = receiver.wait_for(1)
    assert path == "/"
    envelope = verified(body, jwks, "ibr.example.org")
    assert envelope["header"]["action"] == "on-search"
    assert envelope["message"]["correlation_id"] == ack["correlation_id"]
    [item] = envelope["message"]["search_response"]
    assert (item["reference_id"], len(item["data"]["reg_records"])) == ("ref-1", 1)
    with pytest.raises(NotProven):
        verified(body.replace(b"847951632", b"847951633"), jwks, "ibr.example.org")


def test_one_correlation_id_leads_from_the_ack_to_the_callback_in_the_log(
    registry: RegistryProcess, receiver: CallbackReceiver, partner: Partner
) -> None:
    """And what is said on the way names nobody (reliability G3)."""
    before = len(receiver.received)
    with httpx.Client() as client:
        ack = partner.post(client, "/registry/search", search(partner)).json()["message"]
    receiver.wait_for(before + 1)
    deadline = time.monotonic() + 10
    steps: list[str] = []
    while len(steps) < 3 and time.monotonic() < deadline:
        lines = (registry.folder / "registry.log").read_text().splitlines()
        steps = [
            msgspec.json.decode(line)["event"] for line in lines if ack["correlation_id"] in line
        ]
        time.sleep(0.1)
    assert steps == ["request acknowledged", "request answered", "callback tried"]
    assert "847951632" not in "".join(lines)


def test_each_of_many_is_answered_once(
    receiver: CallbackReceiver, partner: Partner, registry: RegistryProcess
) -> None:
    before = len(receiver.received)
    with httpx.Client() as client:
        acks = [
            partner.post(client, "/registry/search", search(partner)).json()["message"]
            for _ in range(40)
        ]
        jwks = client.get(f"{registry.url}/.well-known/jwks.json").json()
    came = receiver.wait_for(before + 40)[before:]
    envelopes = [verified(body, jwks, "ibr.example.org") for _, body in came]
    told = [each["message"]["correlation_id"] for each in envelopes]
    assert sorted(told) == sorted(ack["correlation_id"] for ack in acks)
    assert registry.rows("select 1 from ibr.job where kind = 'answer_request'") == []


def test_a_subscriber_is_notified(
    registry: RegistryProcess, receiver: CallbackReceiver, partner: Partner
) -> None:
    wish = {
        "reg_event_type": "enrollement",
        "filter_type": "idtype-value",
        "filter": {"type": "UIN", "value": "3141592653"},
        "notify_record_type": "Beneficiary",
    }
    item = {
        "reference_id": "ref-2",
        "timestamp": "2026-01-15T09:30:00+00:00",
        "subscribe_criteria": wish,
    }
    before = len(receiver.received)
    with httpx.Client() as client:
        body = partner.message("subscribe", {"subscribe_request": [item]}, 1)
        assert partner.post(client, "/registry/subscribe", body).is_success
        jwks = client.get(f"{registry.url}/.well-known/jwks.json").json()
        made = verified(receiver.wait_for(before + 1)[before][1], jwks, "ibr.example.org")
        body = partner.updates([person_record("3141592653", "DCI001", [5000])])
        assert partner.post(client, "/registry/sync/enrollment/updates", body).is_success
        told = verified(receiver.wait_for(before + 2)[before + 1][1], jwks, "ibr.example.org")
    [subscribed] = made["message"]["subscribe_response"]
    code = subscribed["subscriptions"][0]["code"]
    assert told["header"]["action"] == "notify"
    assert told["header"]["meta"]["subscription_code"] == code
    [event] = told["message"]["notify_event"]
    person = event["data"]["reg_records"]["member"]
    assert person["member_identifier"][0]["identifier_value"] == "3141592653"
