"""Our answers against the standard's published OpenAPI file (read where it lies, not copied)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.door import ENROLLED, SEARCH, STATUS, UPDATES, Door, System
from tests.people import a_number, an_identifier, enrolled, given
from tests.standard.published import answer_of, body_of, faults, schema

GOLDEN = Path(__file__).parent / "golden"
REQUESTS = {
    "01_search_idtype_req": SEARCH,
    "02_search_expression_req": SEARCH,
    "03_search_predicate_req": SEARCH,
    "08_subscribe_req": "/registry/subscribe",
    "11_unsubscribe_req": "/registry/unsubscribe",
    "13_txn_status_req": STATUS,
    "15_enrollment_updates_req": UPDATES,
    "17_enrolled_req": ENROLLED,
}
ACK = "/components/responses/Response/content/application~1json/schema"
HTTP_ERROR = "/components/responses/HttpErrorResponse/content/application~1json/schema"


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner()


def search(system: System, number: str) -> bytes:
    item = {
        "reference_id": "r-1",
        "timestamp": "2026-01-15T09:30:00+00:00",
        "search_criteria": {
            "query_type": "idtype-value",
            "query": {"type": "UIN", "value": number},
        },
        "locale": "eng",
    }
    message = {"transaction_id": f"t-{number}", "search_request": [item]}
    return system.sealed(system.header("search", 1), message)


def status(system: System, transaction: str, kind: str = "search") -> bytes:
    asked = {
        "reference_id": "r-2",
        "txn_type": kind,
        "attribute_type": "transaction_id",
        "attribute_value": transaction,
    }
    message = {"transaction_id": "t-2", "txnstatus_request": asked}
    return system.sealed(system.header("txn-status", 1), message)


@pytest.mark.parametrize("name", REQUESTS)
def test_the_golden_requests_are_valid(shared: Path, name: str) -> None:
    message = json.loads((GOLDEN / f"{name}.json").read_text())
    assert faults(shared, body_of(REQUESTS[name]), message) == []


def test_control_a_request_without_its_message_id_is_not(shared: Path) -> None:
    message = json.loads((GOLDEN / "17_enrolled_req.json").read_text())
    del message["header"]["message_id"]
    assert faults(shared, body_of(ENROLLED), message)


def check_header(shared: Path, header: dict[str, Any]) -> None:
    assert faults(shared, schema("MsgCallbackHeader_V1.0.0"), header) == []


def test_an_answer_to_enrolled(shared: Path, system: System) -> None:
    body = system.ask(a_number(), "DCI001").body
    assert faults(shared, schema("EnrolledResponse"), body["message"]) == []
    check_header(shared, body["header"])


def test_an_answer_to_a_delivery(shared: Path, system: System) -> None:
    body = system.report(enrolled(a_number(), "DCI001"), enrolled(a_number(), "NOT_THERE")).body
    assert faults(shared, schema("EnrollmentUpdatesResponse"), body["message"]) == []
    check_header(shared, body["header"])


def test_an_answer_to_a_search(shared: Path, system: System) -> None:
    somebody = a_number()
    record = {**enrolled(somebody, "DCI001"), **given("USD 50.00")}
    record["member"]["member_identifier"].append(an_identifier(a_number(), "NID"))
    system.report(record)
    reply = system.post(SEARCH, search(system, somebody))
    [item] = reply.message["search_response"]
    assert len(item["data"]["reg_records"]) == 1
    assert faults(shared, answer_of(SEARCH), reply.body) == []


def test_an_answer_to_a_search_that_finds_nobody(shared: Path, system: System) -> None:
    reply = system.post(SEARCH, search(system, a_number()))
    assert reply.message["search_response"][0]["data"]["reg_records"] == []
    assert faults(shared, answer_of(SEARCH), reply.body) == []


def test_an_answer_about_a_transaction(shared: Path, system: System) -> None:
    somebody = a_number()
    system.post(SEARCH, search(system, somebody))
    known = system.post(STATUS, status(system, f"t-{somebody}"))
    unknown = system.post(STATUS, status(system, "never"))
    assert faults(shared, answer_of(STATUS), known.body) == []
    assert faults(shared, answer_of(STATUS), unknown.body) == []


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (ENROLLED, schema("EnrolledResponse")),
        (UPDATES, schema("EnrollmentUpdatesResponse")),
        (SEARCH, schema("SearchResponse")),
        (STATUS, schema("TxnStatusResponse")),
    ],
)
def test_row_5_a_refusal_is_valid_in_both_shapes(
    shared: Path, system: System, path: str, wanted: str
) -> None:
    body = system.post(path, b"{}").body
    assert faults(shared, wanted, body["message"]) == []
    assert faults(shared, ACK, {"message": body["message"]}) == []
    check_header(shared, body["header"])


def test_row_7_an_http_error_is_valid_in_both_shapes(shared: Path, system: System) -> None:
    body = system.post(ENROLLED, b"", authorization=None).body
    assert faults(shared, HTTP_ERROR, body) == []
    assert faults(shared, ACK, body) == []
