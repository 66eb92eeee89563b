"""What is decided about requests that are acknowledged and answered later, line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.door import SEARCH_LATER, STATUS, STATUS_LATER, Door, Json, Reply, System
from tests.later import CALLBACKS, Callback, Worker, searching, status_of
from tests.people import a_number
from tests.standard.published import body_of, document, faults

SUBSCRIBE = "/registry/subscribe"
UNSUBSCRIBE = "/registry/unsubscribe"
LATER = {
    SEARCH_LATER: "search",
    SUBSCRIBE: "subscribe",
    UNSUBSCRIBE: "unsubscribe",
    STATUS_LATER: "txn-status",
}
SENDER = "spmis.example.org"
GOLDEN = Path(__file__).parent / "golden"


def golden(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text())
    return loaded


@pytest.fixture(scope="module")
def worker(door: Door) -> Iterator[Worker]:
    worker = Worker(door)
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    """The partner whose name the golden messages carry; their signatures are placeholders."""
    system = door.partner(SENDER, signature="off", callback_urls=[f"https://{SENDER}/dci/registry"])
    answer = golden("04_search_sync_res_and_on_search_body")
    [item] = answer["message"]["search_response"]
    system.report(*item["data"]["reg_records"])
    return system


def sent(system: System, path: str, name: str, **header: Any) -> Reply:
    """A golden message with a message_id of its own."""
    envelope = golden(name)
    envelope["header"] |= {"message_id": f"golden-{a_number()}", **header}
    return system.post(path, json.dumps(envelope).encode())


def without_own(message: Any) -> Any:
    """A message without what differs from answer to answer: ids of the registry and clocks."""
    if isinstance(message, dict):
        return {
            name: without_own(value)
            for name, value in message.items()
            if name not in ("correlation_id", "timestamp")
        }
    return [without_own(each) for each in message] if isinstance(message, list) else message


def same_header(callback: Callback, wanted: Json) -> bool:
    names = ("version", "action", "status", "total_count", "completed_count", "receiver_id")
    return all(callback.header[name] == wanted[name] for name in names)


@pytest.mark.parametrize(
    "name", ["01_search_idtype_req", "02_search_expression_req", "03_search_predicate_req"]
)
def test_the_golden_searches_get_the_golden_ack_and_the_golden_callback(
    system: System, worker: Worker, name: str
) -> None:
    ack = sent(system, SEARCH_LATER, name)
    wanted = golden("06_ack")["message"]
    assert set(ack.body) == {"message"}
    assert set(ack.message) == set(wanted)
    assert ack.message["ack_status"] == wanted["ack_status"]
    callback = worker.answered(system)
    answer = golden("04_search_sync_res_and_on_search_body")
    assert without_own(callback.message) == without_own(answer["message"])
    assert same_header(callback, answer["header"])
    assert callback.address == golden(name)["header"]["sender_uri"]


def test_the_golden_refusal(door: Door) -> None:
    """07: a signature that does not verify is an Ack that says so, with nothing beside it."""
    signing = door.partner(callback_urls=[CALLBACKS])
    body = searching(signing, "1").replace(b'"ref-0"', b'"ref-1"')
    reply, wanted = signing.post(SEARCH_LATER, body), golden("07_ack_err")["message"]
    assert (reply.status, set(reply.body)) == (200, {"message"})
    assert set(reply.message) == set(wanted)
    assert reply.message["ack_status"] == wanted["ack_status"]
    assert reply.error == wanted["error"]["code"]


def test_the_golden_status_gets_the_golden_callback(system: System, worker: Worker) -> None:
    search = golden("01_search_idtype_req")
    search["header"]["message_id"] = "golden-14"
    search["message"]["transaction_id"] = "txn-of-14"
    system.post(SEARCH_LATER, json.dumps(search).encode())
    worker.answer()
    request = golden("13_txn_status_req")
    request["message"]["txnstatus_request"]["attribute_value"] = "txn-of-14"
    system.post(STATUS_LATER, json.dumps(request).encode())
    callback, wanted = worker.answered(system), golden("14_txn_status_res")
    wanted["message"]["txnstatus_response"]["txn_status"]["transaction_id"] = "txn-of-14"
    assert same_header(callback, wanted["header"])
    assert without_own(callback.message) == without_own(wanted["message"])


@pytest.mark.parametrize("path", LATER)
def test_1_an_empty_message_is_no_ack(system: System, path: str) -> None:
    """The message as a whole is read before it is acknowledged: nothing is refused by callback."""
    for message in ({}, {"transaction_id": "t"}, {"transaction_id": "t" * 100}):
        body = system.sealed(system.header(LATER[path], 1), message)
        reply = system.post(path, body)
        assert (reply.status, reply.error) == (200, "err.request.bad")
        assert set(reply.body) == {"message"}


@pytest.mark.parametrize(
    "change",
    [
        lambda message: message.update(search_request={}),
        lambda message: message.update(search_request=[]),
        lambda message: message.update(search_request=message["search_request"] * 2),
        lambda message: message.pop("transaction_id"),
        lambda message: message.update(transaction_id="x" * 100),
        lambda message: message["search_request"][0].pop("search_criteria"),
        lambda message: message["search_request"][0].pop("reference_id"),
        lambda message: message["search_request"][0].update(locale="en"),
        lambda message: message["search_request"][0]["search_criteria"].update(
            pagination={"page_size": 0}
        ),
    ],
)
def test_2_and_17_what_is_wrong_with_the_whole_is_said_at_once(
    door: Door, system: System, change: Any
) -> None:
    envelope = golden("01_search_idtype_req")
    envelope["header"]["message_id"] = f"m-{a_number()}"
    change(envelope["message"])
    before = door.count("accepted_request")
    reply = system.post(SEARCH_LATER, json.dumps(envelope).encode())
    assert (reply.status, reply.error) == (200, "err.request.bad")
    assert door.count("accepted_request") == before


def test_2_a_transaction_id_of_99_characters_is_taken(system: System, worker: Worker) -> None:
    body = searching(system, "1", transaction_id="x" * 99)
    assert system.post(SEARCH_LATER, body).message["ack_status"] == "ACK"
    assert worker.answered(system).message["transaction_id"] == "x" * 99


@pytest.mark.parametrize("path", LATER)
def test_3_a_wrong_action_is_a_bare_ack(system: System, path: str) -> None:
    for action in ("notify", "frobnicate", ""):
        reply = system.post(path, system.sealed(system.header(action, 1), {}))
        assert (reply.status, reply.error, set(reply.body)) == (
            200,
            "err.request.bad",
            {"message"},
        )


@pytest.mark.parametrize("path", LATER)
def test_6_and_8_the_gate_is_the_same(door: Door, system: System, path: str) -> None:
    assert system.post(path, b"{}", authorization=None).status == 401
    assert system.post(path, b"{}", authorization="Bearer x").status == 401
    assert system.post(path, b"{}", content_type="text/plain").status == 415
    assert system.post(path, b"{}", content_type=None).status == 415
    assert system.post(path, b"").error == "err.request.bad"
    assert door.request("GET", path).status == 405
    weak = door.partner(scopes=["registry.enrolled"])
    assert weak.post(path, b"{}").status == 403
    assert system.post(path, b"x" * (door.settings.max_message_bytes + 1)).status == 413


def test_12_without_an_address_the_ack_is_the_same_and_the_result_is_kept(
    door: Door, worker: Worker
) -> None:
    system = door.partner()
    ack = system.post(SEARCH_LATER, searching(system, "1", transaction_id="txn-12"))
    assert set(ack.message) == {"ack_status", "timestamp", "correlation_id"}
    worker.answer()
    assert worker.callbacks(system) == []
    told = system.post(STATUS, status_of(system, "txn-12")).message
    assert (
        told["txnstatus_response"]["txn_status"]["correlation_id"]
        == (ack.message["correlation_id"])
    )


def test_13_the_address_is_taken_as_it_is(system: System, worker: Worker) -> None:
    address = f"https://{SENDER}/dci/registry/Anything?at=all&x=%20"
    sent(system, SEARCH_LATER, "01_search_idtype_req", sender_uri=address)
    assert worker.answered(system).address == address


def test_14_an_unknown_subscription_is_acknowledged_and_refused_later(
    system: System, worker: Worker
) -> None:
    ack = sent(system, UNSUBSCRIBE, "11_unsubscribe_req")
    assert ack.message["ack_status"] == "ACK"
    callback = worker.answered(system)
    assert callback.kind == "on-unsubscribe"
    assert callback.message["status"] == "rjct"
    assert callback.message["status_reason_code"] == "rjct.subscription_code.invalid"


def test_24_what_others_serve_is_not_served_here(system: System) -> None:
    for path in ("on-search", "on-subscribe", "on-unsubscribe", "notify", "txn/on-status"):
        assert system.post(f"/registry/{path}", b"{}").status == 404


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("01_search_idtype_req", SEARCH_LATER),
        ("08_subscribe_req", SUBSCRIBE),
        ("11_unsubscribe_req", UNSUBSCRIBE),
        ("13_txn_status_req", STATUS_LATER),
    ],
)
def test_every_callback_is_what_the_published_file_says(
    shared: Path, system: System, worker: Worker, name: str, path: str
) -> None:
    callback_path = {
        SEARCH_LATER: "/registry/on-search",
        SUBSCRIBE: "/registry/on-subscribe",
        UNSUBSCRIBE: "/registry/on-unsubscribe",
        STATUS_LATER: "/registry/txn/on-status",
    }[path]
    assert path in document(shared)["paths"]
    ack = sent(system, path, name)
    answer = "/components/responses/Response/content/application~1json/schema"
    assert faults(shared, answer, ack.body) == []
    callback = worker.answered(system)
    envelope = {"signature": "s", "header": callback.header, "message": callback.message}
    assert faults(shared, body_of(callback_path), envelope) == []
    # The control: without its correlation_id it would not be.
    del callback.message["correlation_id"]
    assert faults(shared, body_of(callback_path), envelope)
