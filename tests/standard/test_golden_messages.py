"""The golden messages of deliveries and yes/no questions, sent and answered as they stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.door import ENROLLED, SEARCH, UPDATES, Door, System

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text())
    return loaded


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    """The partner whose name the golden messages carry; their signatures are placeholders."""
    return door.partner("spmis.example.org", signature="off")


def sent(system: System, path: str, name: str, message_id: str) -> Any:
    message = golden(name)
    message["header"]["message_id"] = message_id
    return system.post(path, json.dumps(message).encode())


def shape(value: Any) -> Any:
    """Names of members all the way down, without what they hold."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    return [shape(each) for each in value] if isinstance(value, list) else None


def test_the_golden_delivery_then_the_golden_question(system: System) -> None:
    told = sent(system, UPDATES, "15_enrollment_updates_req", "golden-15")
    assert told.outcomes == ["succ"]
    assert shape(told.message) == shape(golden("16_enrollment_updates_res_message"))
    assert [item["reference_id"] for item in told.items] == ["0"]
    assert told.message["transaction_id"] == "txn-0006"

    asked = sent(system, ENROLLED, "17_enrolled_req", "golden-17")
    assert asked.says == ["yes"]
    assert shape(asked.message) == shape(golden("18_enrolled_res_message"))
    assert [item["reference_id"] for item in asked.items] == ["golden-17"]


def test_the_golden_encrypted_search_is_refused_by_name(system: System) -> None:
    reply = sent(system, SEARCH, "19_search_encrypted_req", "golden-19")
    assert (reply.status, reply.error) == (200, "err.encryption.invalid")


def test_the_golden_notify_is_what_the_registry_sends_and_not_what_it_takes(
    system: System,
) -> None:
    reply = sent(system, "/registry/notify", "10_notify_body", "golden-10")
    assert (reply.status, reply.error) == (404, "err.request.not_found")


def test_a_refusal_has_the_members_of_the_golden_one(system: System) -> None:
    reply = system.post(ENROLLED, b"")
    wanted = golden("07_ack_err")["message"]
    assert set(wanted) <= set(reply.message)
    assert set(wanted["error"]) == set(reply.message["error"])


def test_with_a_signature_required_a_golden_placeholder_is_refused(door: Door) -> None:
    door.partner("spmis.other.org")
    strict = door.partner("spmis.strict.org")
    message = golden("17_enrolled_req")
    message["header"] |= {"sender_id": "spmis.strict.org", "message_id": "strict"}
    reply = strict.post(ENROLLED, json.dumps(message).encode())
    assert reply.error == "err.signature.invalid"
