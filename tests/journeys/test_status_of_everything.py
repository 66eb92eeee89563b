"""Transaction status by every attribute, for every kind of request, on both kinds of address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ibr.clock import now, written
from ibr.ids import new_token
from tests.door import SEARCH, SEARCH_LATER, STATUS, STATUS_LATER, Door, Json, Reply, System
from tests.later import CALLBACKS, Worker, searching, status_of
from tests.people import a_number, enrolled

SUBSCRIBE = "/registry/subscribe"
UNSUBSCRIBE = "/registry/unsubscribe"


@pytest.fixture(scope="module")
def worker(door: Door) -> Iterator[Worker]:
    worker = Worker(door)
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner(callback_urls=[CALLBACKS])


@pytest.fixture(scope="module")
def somebody(door: Door) -> str:
    uin = a_number()
    door.partner().report(enrolled(uin, "DCI001"), enrolled(uin, "DCI002"))
    return uin


def subscribing(system: System, *references: str, transaction_id: str, uin: str = "1") -> bytes:
    items = [
        {
            "reference_id": each,
            "timestamp": written(now()),
            "subscribe_criteria": {
                "version": "1.0.0",
                "reg_type": "ns:org:RegistryType:IBR",
                "reg_event_type": "enrollement_status_change",
                "filter_type": "idtype-value",
                "filter": {"type": "UIN", "value": f"{uin}-{each}"},
                "notify_record_type": "Beneficiary",
            },
        }
        for each in references
    ]
    message = {"transaction_id": transaction_id, "subscribe_request": items}
    return system.sealed(system.header("subscribe", len(items)), message)


def unsubscribing(system: System, *codes: str, transaction_id: str) -> bytes:
    message = {
        "transaction_id": transaction_id,
        "timestamp": written(now()),
        "subscription_codes": list(codes),
    }
    return system.sealed(system.header("unsubscribe", 1), message)


def told(reply: Reply) -> Json:
    response = reply.message["txnstatus_response"]
    return {"txn_type": response["txn_type"], **response["txn_status"]}


def ask(system: System, value: str | list[str], by: str, of: str) -> Json:
    return told(system.post(STATUS, status_of(system, value, by, of)))


@pytest.mark.parametrize("path", [SEARCH, SEARCH_LATER])
@pytest.mark.parametrize("by", ["transaction_id", "correlation_id", "reference_id_list"])
def test_a_search_is_found_by_everything_it_is_known_by(
    system: System, worker: Worker, somebody: str, path: str, by: str
) -> None:
    number = new_token("r-")
    body = searching(system, somebody, transaction_id=f"txn-{number}", references=[number])
    reply = system.post(path, body)
    worker.answer()
    known = {
        "transaction_id": f"txn-{number}",
        "correlation_id": reply.message["correlation_id"],
        "reference_id_list": [number],
    }
    found = ask(system, known[by], by, "search")
    assert found["transaction_id"] == f"txn-{number}"
    assert found["correlation_id"] == reply.message["correlation_id"]
    [item] = found["search_response"]
    assert (item["reference_id"], item["status"]) == (number, "succ")
    assert len(item["data"]["reg_records"]) == 2


def test_what_is_pending_is_told_item_by_item(system: System, worker: Worker) -> None:
    references = [new_token("r-") for _ in range(3)]
    body = searching(system, "1", "2", "3", transaction_id="txn-pending", references=references)
    system.post(SEARCH_LATER, body)
    reply = system.post(STATUS, status_of(system, "txn-pending"))
    items = told(reply)["search_response"]
    assert [(item["reference_id"], item["status"]) for item in items] == [
        (each, "pdng") for each in references
    ]
    header = reply.body["header"]
    assert (header["total_count"], header["completed_count"]) == (3, 0)
    [one] = ask(system, [references[1]], "reference_id_list", "search")["search_response"]
    assert (one["reference_id"], one["status"]) == (references[1], "pdng")
    worker.answer()
    reply = system.post(STATUS, status_of(system, "txn-pending"))
    assert [item["status"] for item in told(reply)["search_response"]] == ["succ"] * 3
    assert reply.body["header"]["completed_count"] == 3


def test_the_status_asked_for_later_comes_as_a_callback(
    system: System, worker: Worker, somebody: str
) -> None:
    system.post(SEARCH, searching(system, somebody, transaction_id="txn-later"))
    ack = system.post(STATUS_LATER, status_of(system, "txn-later"))
    callback = worker.answered(system)
    assert (callback.kind, callback.header["action"]) == ("txn-on-status", "txn-on-status")
    assert callback.message["correlation_id"] == ack.message["correlation_id"]
    response = callback.message["txnstatus_response"]
    assert (response["txn_type"], response["txn_status"]["transaction_id"]) == (
        "search",
        "txn-later",
    )
    assert len(callback.items[0]["data"]["reg_records"]) == 2
    assert len(callback.programmes) == 2


def test_a_status_shows_its_own_partner_alone(
    door: Door, system: System, worker: Worker, somebody: str
) -> None:
    ack = system.post(
        SEARCH_LATER,
        searching(system, somebody, transaction_id="txn-own", references=["own-ref"]),
    )
    worker.answer()
    other = door.partner()
    for by, value in (
        ("transaction_id", "txn-own"),
        ("correlation_id", ack.message["correlation_id"]),
        ("reference_id_list", "own-ref"),
    ):
        [item] = ask(other, value, by, "search")["search_response"]
        assert (item["status"], item["status_reason_code"]) == (
            "rjct",
            "rjct.reference_id.invalid",
        )


@pytest.mark.parametrize("later", [False, True])
def test_records_no_longer_in_reach_are_left_out(
    door: Door, worker: Worker, somebody: str, later: bool
) -> None:
    system = door.partner(callback_urls=[CALLBACKS], ask=["DCI001", "DCI002"], report=[])
    system.post(SEARCH_LATER, searching(system, somebody, transaction_id="txn-reach"))
    worker.answer()
    door.owner(
        "update agreement_clause set programmes = array_remove(programmes, (select programme_id "
        "from programme where code = 'DCI002')) where agreement_no in (select agreement_no "
        "from agreement join partner using (partner_id) where sender_id = $1)",
        system.sender_id,
    )
    door.run(door.services.book.refresh(0))
    if later:
        system.post(STATUS_LATER, status_of(system, "txn-reach"))
        [item] = worker.answered(system).items
    else:
        [item] = ask(system, "txn-reach", "transaction_id", "search")["search_response"]
    shown = [
        each["programme_identifier"][0]["programme_identifier"]
        for each in item["data"]["reg_records"]
    ]
    assert shown == ["DCI001"]
    assert item["pagination"]["total_count"] == 1


@pytest.mark.parametrize("spelling", ["receipt", "on-receipt", "enrollment-updates"])
def test_a_delivery_is_told_as_a_receipt(system: System, spelling: str) -> None:
    uin = a_number()
    body = system.updates([enrolled(uin, "DCI001"), {"@id": f"bad-{uin}"}])
    reply = system.post("/registry/sync/enrollment/updates", body)
    for by, value in (
        ("transaction_id", reply.message["transaction_id"]),
        ("correlation_id", reply.message["correlation_id"]),
    ):
        found = ask(system, value, by, spelling)
        assert found["txn_type"] == "receipt"
        assert [item["status"] for item in found["enrolled_response"]] == ["succ", "rjct"]
    [one] = ask(system, [f"bad-{uin}"], "reference_id_list", spelling)["enrolled_response"]
    assert (one["reference_id"], one["status"]) == (f"bad-{uin}", "rjct")


@pytest.mark.parametrize("spelling", ["subscribe", "subscibe", "on-subscribe", "SUBSCRIBE"])
def test_a_subscription_is_told_in_the_shape_decided_for_it(
    system: System, worker: Worker, spelling: str
) -> None:
    uin, transaction_id = a_number(), new_token("txn-")
    ack = system.post(
        SUBSCRIBE, subscribing(system, "s-1", "s-2", transaction_id=transaction_id, uin=uin)
    )
    assert ack.message["ack_status"] == "ACK"
    pending = ask(system, transaction_id, "transaction_id", spelling)
    assert pending["search_response"] == []
    assert [(item["reference_id"], item["status"]) for item in pending["subscribe_response"]] == [
        ("s-1", "pdng"),
        ("s-2", "pdng"),
    ]
    callback = worker.answered(system)
    assert (callback.kind, callback.outcomes) == ("on-subscribe", ["succ", "succ"])
    found = ask(system, ack.message["correlation_id"], "correlation_id", spelling)
    assert (found["txn_type"], found["search_response"]) == ("subscribe", [])
    assert found["subscribe_response"] == callback.items
    assert "unsubscribe_response" not in found


def subscribed(system: System, worker: Worker, count: int = 1) -> tuple[str, list[str]]:
    """The transaction and the codes of new subscriptions."""
    transaction_id, references = new_token("txn-"), [f"s-{number}" for number in range(count)]
    system.post(
        SUBSCRIBE,
        subscribing(system, *references, transaction_id=transaction_id, uin=a_number()),
    )
    items = worker.answered(system).items
    return transaction_id, [item["subscriptions"][0]["code"] for item in items]


def test_a_subscription_is_found_by_its_code_and_without_the_others(
    system: System, worker: Worker
) -> None:
    transaction_id, [first, second] = subscribed(system, worker, 2)
    found = ask(system, [second], "subscription_code_list", "subscribe")
    assert found["transaction_id"] == transaction_id
    [item] = found["subscribe_response"]
    assert item["subscriptions"][0]["code"] == second
    missing = ask(system, [first, "none"], "subscription_code_list", "subscribe")
    assert [item["status"] for item in missing["subscribe_response"]] == ["succ", "rjct"]


def test_an_unsubscribe_is_told_beside_the_subscription_it_ended(
    system: System, worker: Worker
) -> None:
    _, [code] = subscribed(system, worker)
    transaction_id = new_token("txn-")
    system.post(UNSUBSCRIBE, unsubscribing(system, code, transaction_id=transaction_id))
    pending = ask(system, transaction_id, "transaction_id", "unsubscribe")
    assert [each["status"] for each in pending["unsubscribe_response"]] == ["pdng"]
    callback = worker.answered(system)
    assert (callback.kind, callback.message["status"]) == ("on-unsubscribe", "succ")
    for of in ("unsubscribe", "on-unsubscribe", "subscribe"):
        found = ask(system, transaction_id, "transaction_id", of)
        assert found["txn_type"] == "subscribe"
        [outcome] = found["unsubscribe_response"]
        assert (outcome["status"], outcome["subscription_status"]) == (
            "succ",
            [{"code": code, "status": "unsubscribe"}],
        )
    by_code = ask(system, code, "subscription_code_list", "subscribe")
    assert len(by_code["subscribe_response"]) == len(by_code["unsubscribe_response"]) == 1
    [ended] = ask(system, code, "subscription_code_list", "unsubscribe")["unsubscribe_response"]
    assert ended["status"] == "succ"


def test_anothers_subscription_is_as_unknown_as_none(
    door: Door, system: System, worker: Worker
) -> None:
    _, [code] = subscribed(system, worker)
    found = ask(door.partner(), code, "subscription_code_list", "subscribe")
    assert [item["status_reason_code"] for item in found["subscribe_response"]] == [
        "rjct.reference_id.invalid"
    ]


@pytest.mark.parametrize(
    ("of", "shape"),
    [
        ("search", "search_response"),
        ("receipt", "enrolled_response"),
        ("subscribe", "subscribe_response"),
        ("unsubscribe", "unsubscribe_response"),
    ],
)
def test_what_is_not_known_is_told_as_one_item(system: System, of: str, shape: str) -> None:
    reply = system.post(STATUS, status_of(system, "txn-nobody-sent", of=of))
    found = told(reply)
    assert [item["status"] for item in found[shape]] == ["rjct"]
    assert found[shape][0]["status_reason_code"] == "rjct.reference_id.invalid"
    assert reply.body["header"]["total_count"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"txn_type": "enrolled"},
        {"txn_type": 7},
        {"attribute_type": "message_id"},
        {"attribute_type": "subscription_code_list"},
        {"attribute_value": []},
        {"attribute_value": ["x"] * 101},
        {"attribute_value": "x" * 100},
        {"attribute_value": {"eq": "x"}},
        {"locale": "en"},
        {"reference_id": None},
    ],
)
@pytest.mark.parametrize("path", [STATUS, STATUS_LATER])
def test_a_status_that_cannot_be_read_is_refused_at_the_door(
    door: Door, system: System, path: str, changes: Json
) -> None:
    request: dict[str, Any] = {
        "reference_id": "r",
        "txn_type": "search",
        "attribute_type": "transaction_id",
        "attribute_value": "txn-1",
        **changes,
    }
    message = {"transaction_id": "txn-bad", "txnstatus_request": request}
    before = door.count("accepted_request")
    reply = system.post(path, system.sealed(system.header("txn-status", 1), message))
    assert (reply.status, reply.error) == (200, "err.request.bad")
    assert ("header" in reply.body) == (path == STATUS)
    assert door.count("accepted_request") == before
