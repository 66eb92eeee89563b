"""The golden messages of search and transaction status, sent and answered as they stand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.search_desk import Desk, golden

PROGRAMMES = {"DCI001": "Disability cash transfer"}


@pytest.fixture(scope="module")
def desk(dsn: str) -> Iterator[Desk]:
    desk = Desk(dsn, PROGRAMMES)
    answer = golden("04_search_sync_res_and_on_search_body")
    desk.seed(answer["message"]["search_response"][0]["data"]["reg_records"])
    yield desk
    desk.close()


def fresh(name: str, message_id: str) -> dict[str, Any]:
    """A golden request with a message_id of its own."""
    envelope = golden(name)
    envelope["header"]["message_id"] = message_id
    return envelope


def without_own(message: Any) -> Any:
    """A message without what differs from answer to answer: ids of the registry and clocks."""
    if isinstance(message, dict):
        return {
            name: without_own(value)
            for name, value in message.items()
            if name not in ("correlation_id", "timestamp")
        }
    return [without_own(each) for each in message] if isinstance(message, list) else message


@pytest.mark.parametrize(
    "name", ["01_search_idtype_req", "02_search_expression_req", "03_search_predicate_req"]
)
def test_the_golden_searches_get_the_golden_answer(desk: Desk, name: str) -> None:
    answer = json.loads(desk.send(fresh(name, name)))
    wanted = golden("04_search_sync_res_and_on_search_body")

    assert without_own(answer["message"]) == without_own(wanted["message"])
    for member in (
        "version",
        "action",
        "status",
        "total_count",
        "completed_count",
        "sender_id",
        "receiver_id",
        "is_msg_encrypted",
        "meta",
    ):
        assert answer["header"][member] == wanted["header"][member]


def test_a_message_whose_items_are_all_at_fault_is_rejected(desk: Desk) -> None:
    envelope = fresh("03_search_predicate_req", "golden-05")
    envelope["message"]["search_request"][0]["search_criteria"]["query"] = {"type": "UIN"}

    answer = json.loads(desk.send(envelope))
    wanted = golden("05_search_rejected_item")
    item = answer["message"]["search_response"][0]
    expected = wanted["message"]["search_response"][0]
    item["status_reason_message"] = item["status_reason_message"].removesuffix(".")
    expected["status_reason_message"] = expected["status_reason_message"].removesuffix(".")

    assert without_own(item) == without_own(expected)
    assert answer["header"]["status"] == "rjct"
    assert answer["header"]["status_reason_code"] == wanted["header"]["status_reason_code"]


def test_the_golden_status_request_gets_the_golden_answer(desk: Desk) -> None:
    search = fresh("01_search_idtype_req", "golden-14")
    search["message"]["transaction_id"] = "txn-of-14"
    desk.send(search)
    request = golden("13_txn_status_req")
    request["message"]["txnstatus_request"]["attribute_value"] = "txn-of-14"

    answer = json.loads(desk.send(request))
    wanted = golden("14_txn_status_res")
    wanted["message"]["txnstatus_response"]["txn_status"]["transaction_id"] = "txn-of-14"

    assert without_own(answer["message"]) == without_own(wanted["message"])
    assert answer["header"]["action"] == "txn-on-status"
    assert answer["header"]["status"] == "succ"
