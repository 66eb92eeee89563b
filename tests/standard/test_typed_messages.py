"""Every message of the standard as a type: the golden messages go in and come out the same, and
what the registry answers is nothing but what the types say.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ibr.clock import now
from ibr.interop.dci.without_data import without_data
from ibr_messages import types
from ibr_messages.types import (
    Ack,
    Beneficiary,
    EncryptedMessage,
    EnrolledRequest,
    EnrolledResponse,
    EnrollmentUpdatesRequest,
    EnrollmentUpdatesResponse,
    Envelope,
    HttpErrorResponse,
    JsonWebKeySet,
    MsgCallbackHeader,
    MsgHeader,
    NotifyEventRequest,
    RefusedEnrolledResponse,
    RefusedSearchResponse,
    RefusedTxnStatusResponse,
    SearchRequest,
    SearchResponse,
    SubscribeRequest,
    SubscribeResponse,
    TokenErrorResponse,
    TokenResponse,
    TxnStatusRequest,
    TxnStatusResponse,
    UnSubscribeRequest,
    UnSubscribeResponse,
)
from tests.door import ENROLLED, JWKS, SEARCH, STATUS, TOKEN, UPDATES, Door, Reply, System
from tests.people import a_household, a_member, a_number, enrolled, given, in_programme

GOLDEN = Path(__file__).parent / "golden"
KINDS: dict[str, Any] = {
    "01_search_idtype_req": Envelope[MsgHeader, SearchRequest],
    "02_search_expression_req": Envelope[MsgHeader, SearchRequest],
    "03_search_predicate_req": Envelope[MsgHeader, SearchRequest],
    "04_search_sync_res_and_on_search_body": Envelope[MsgCallbackHeader, SearchResponse],
    "05_search_rejected_item": Envelope[MsgCallbackHeader, SearchResponse],
    "06_ack": Ack,
    "07_ack_err": Ack,
    "08_subscribe_req": Envelope[MsgHeader, SubscribeRequest],
    "09_on_subscribe_body": Envelope[MsgCallbackHeader, SubscribeResponse],
    "10_notify_body": Envelope[MsgCallbackHeader, NotifyEventRequest],
    "11_unsubscribe_req": Envelope[MsgHeader, UnSubscribeRequest],
    "12_on_unsubscribe_body": Envelope[MsgCallbackHeader, UnSubscribeResponse],
    "13_txn_status_req": Envelope[MsgHeader, TxnStatusRequest],
    "14_txn_status_res": Envelope[MsgCallbackHeader, TxnStatusResponse],
    "15_enrollment_updates_req": Envelope[MsgCallbackHeader, EnrollmentUpdatesRequest],
    "16_enrollment_updates_res_message": EnrollmentUpdatesResponse,
    "17_enrolled_req": Envelope[MsgHeader, EnrolledRequest],
    "18_enrolled_res_message": EnrolledResponse,
    "19_search_encrypted_req": Envelope[MsgHeader, EncryptedMessage],
}


_MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT.*(Z|\+00:00)$")
# Messages that have a status or a moment below their header.
DATED = [name for name in KINDS if name[:2] not in ("13", "17", "19")]


def plain(value: Any) -> Any:
    """Without the empty lists that a writer may leave out, and moments in one spelling."""
    if isinstance(value, dict):
        told = {name: plain(each) for name, each in value.items()}
        return {name: each for name, each in told.items() if each != []}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, str) and _MOMENT.match(value):
        return datetime.fromisoformat(value)
    return value


def lost(body: bytes, kind: Any) -> Any:
    """What of a message its type does not know: nothing where both are the same."""
    given = plain(msgspec.json.decode(body))
    kept = plain(msgspec.json.decode(msgspec.json.encode(msgspec.json.decode(body, type=kind))))
    return None if given == kept else (given, kept)


@pytest.mark.parametrize("name", KINDS)
def test_a_golden_message_comes_out_as_it_went_in(name: str) -> None:
    assert lost((GOLDEN / f"{name}.json").read_bytes(), KINDS[name]) is None


def test_every_golden_message_has_its_type() -> None:
    names = {path.stem for path in GOLDEN.glob("[0-9]*.json")}
    assert names == set(KINDS)


def test_control_a_member_that_no_type_knows_is_noticed() -> None:
    body = (GOLDEN / "06_ack.json").read_bytes().replace(b'"ack_status"', b'"new":1,"ack_status"')
    assert lost(body, Ack) is not None


@pytest.mark.parametrize("name", DATED)
@pytest.mark.parametrize("value", [None, ""], ids=["null", "empty"])
def test_absent_is_never_null_and_a_status_never_empty(name: str, value: str | None) -> None:
    def emptied(part: Any) -> Any:
        if isinstance(part, dict):
            return {
                key: value if key in ("status", "ack_status", "timestamp") else emptied(each)
                for key, each in part.items()
            }
        return [emptied(each) for each in part] if isinstance(part, list) else part

    whole = msgspec.json.decode((GOLDEN / f"{name}.json").read_bytes())
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(emptied(whole), KINDS[name])


def test_every_type_has_its_schema_and_its_sentence() -> None:
    kinds = [
        kind
        for name in types.__all__
        if isinstance(kind := getattr(types, name), type) and kind is not types.OpenEnvelope
    ]
    (_, components) = msgspec.json.schema_components(
        [kind for kind in kinds if kind is not Envelope], ref_template="#/{name}"
    )
    assert all(components[kind.__name__]["description"] for kind in kinds if kind is not Envelope)


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner()


def search(system: System, *numbers: str) -> bytes:
    items = [
        {
            "reference_id": f"r-{place}",
            "timestamp": "2026-01-15T09:30:00+00:00",
            "search_criteria": {
                "query_type": "idtype-value",
                "query": {"type": "UIN", "value": number},
                "pagination": {"page_size": 5, "page_number": 1},
            },
            "locale": "eng",
        }
        for place, number in enumerate(numbers)
    ]
    message = {"transaction_id": f"t-{numbers[0]}", "search_request": items}
    return system.sealed(system.header("search", len(items)), message)


def status(system: System, transaction: str, kind: str) -> bytes:
    asked = {
        "reference_id": "r-2",
        "txn_type": kind,
        "attribute_type": "transaction_id",
        "attribute_value": transaction,
    }
    message = {"transaction_id": "t-2", "txnstatus_request": asked}
    return system.sealed(system.header("txn-status", 1), message)


def check(reply: Reply, kind: Any) -> None:
    assert reply.status == 200
    assert lost(reply.raw, Envelope[MsgCallbackHeader, kind]) is None


def a_full_household(number: str) -> dict[str, Any]:
    member = a_member(
        a_number(),
        is_disabled=True,
        disability_info=[
            {
                "@type": "DisabilityInfo",
                "disability_limitation_type": "VIS_SS",
                "functional_severity": "3",
            }
        ],
        related_person=[{"relationship_type": "CHILD", "related_member": {"x": 1}}],
        registration_date="2026-01-01T00:00:00+00:00",
        language_code=["eng"],
    )
    member["demographic_info"]["address"] = [{"@type": "Address", "region_code": "T1"}]
    member["demographic_info"]["phone_number"] = ["+14255551212"]
    household = a_household(number, member, head=a_member(number))
    return {**household, **in_programme("DCI001"), **given("USD 50.00")}


def test_real_answers_are_nothing_but_their_types(door: Door, system: System) -> None:
    person, household = a_number(), a_number()
    record = {**enrolled(person, "DCI001"), **given("USD 50.00")}
    reported = system.report(record, a_full_household(household), enrolled(person, "NOT_THERE"))
    check(reported, EnrollmentUpdatesResponse)
    check(system.ask(person, "DCI001"), EnrolledResponse)
    check(system.ask({"in": [person, "0"]}, "DCI001"), EnrolledResponse)
    found = system.post(SEARCH, search(system, person, household, "0"))
    assert [len(each["data"]["reg_records"]) for each in found.message["search_response"]] == [
        1,
        1,
        0,
    ]
    check(found, SearchResponse)
    check(system.post(SEARCH, search(system, "", person)), SearchResponse)
    check(system.post(STATUS, status(system, f"t-{person}", "search")), TxnStatusResponse)
    check(system.post(STATUS, status(system, "never", "search")), TxnStatusResponse)
    check(system.post(STATUS, status(system, "never", "subscribe")), TxnStatusResponse)
    transaction = reported.message["transaction_id"]
    check(system.post(STATUS, status(system, transaction, "receipt")), TxnStatusResponse)


def test_real_records_are_nothing_but_the_type(system: System) -> None:
    number = a_number()
    system.report(a_full_household(number))
    [item] = system.post(SEARCH, search(system, number)).message["search_response"]
    [record] = item["data"]["reg_records"]
    assert lost(msgspec.json.encode(record), Beneficiary) is None


def test_real_refusals_are_nothing_but_their_types(system: System) -> None:
    check(system.post(ENROLLED, b"{}"), RefusedEnrolledResponse)
    check(system.post(UPDATES, b"{}"), RefusedEnrolledResponse)
    check(system.post(SEARCH, b"{}"), RefusedSearchResponse)
    check(system.post(STATUS, b"{}"), RefusedTxnStatusResponse)
    for path in ("/registry/search", "/registry/txn/status"):
        refused = system.post(path, b"{}")
        assert (refused.status, lost(refused.raw, Ack)) == (200, None)
    for path in (ENROLLED, "/registry/nowhere", "/registry/search"):
        nobody = system.post(path, b"{}", authorization=None)
        assert nobody.status in (401, 404)
        assert lost(nobody.raw, HttpErrorResponse) is None


@pytest.mark.parametrize(
    ("kind", "message", "golden"),
    [
        ("on-search", SearchResponse, "04_search_sync_res_and_on_search_body"),
        ("on-subscribe", SubscribeResponse, "09_on_subscribe_body"),
        ("on-unsubscribe", UnSubscribeResponse, "12_on_unsubscribe_body"),
        ("notify", NotifyEventRequest, "10_notify_body"),
        ("txn-on-status", TxnStatusResponse, "14_txn_status_res"),
    ],
)
def test_what_may_not_be_shown_any_more_is_still_of_its_type(
    kind: Any, message: Any, golden: str
) -> None:
    promised = msgspec.json.decode((GOLDEN / f"{golden}.json").read_bytes())["message"]
    told = without_data(kind, promised, promised.get("correlation_id"), now())
    assert "847951632" not in str(told.message)
    assert lost(msgspec.json.encode(told.message), message) is None


def test_real_tokens_and_keys_are_nothing_but_their_types(door: Door, system: System) -> None:
    assert lost(door.request("GET", JWKS).raw, JsonWebKeySet) is None
    form = {
        "grant_type": "client_credentials",
        "client_id": system.credentials["client_id"],
        "client_secret": system.credentials["client_secret"],
    }
    assert lost(door.request("POST", TOKEN, data=form).raw, TokenResponse) is None
    wrong = door.request("POST", TOKEN, data=form | {"client_secret": "wrong"})
    assert lost(wrong.raw, TokenErrorResponse) is None
