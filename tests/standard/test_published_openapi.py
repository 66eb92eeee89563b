"""Every path against the standard's newest OpenAPI file, in both directions.

In: what the file allows is answered, or refused by a rule of docs/standard/deviations.md and for
no other reason. Out: what the registry writes is what the file allows. What differs on purpose is
in test_deviations.py. The file is read where it lies; the tests that need nothing from outside
hold the same messages against the registry's own description.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from schemathesis import Case, GenerationMode

from ibr.interop.dci import openapi_examples, openapi_later
from tests.described import fits
from tests.door import ENROLLED, SEARCH, SEARCH_LATER, STATUS, STATUS_LATER, UPDATES, Door, System
from tests.generated import ADDRESS, each_case, loaded, mended, session_of
from tests.later import CALLBACKS, Worker
from tests.standard.published import answer_of, body_of, document, faults, schema
from tests.standard.said import PLACES, Conversation, Said, encrypted
from tests.subscribing import SUBSCRIBE, UNSUBSCRIBE

GOLDEN = Path(__file__).parent / "golden"
ACK = "/components/responses/Response/content/application~1json/schema"
HTTP_ERROR = "/components/responses/HttpErrorResponse/content/application~1json/schema"
SERVED = (
    SEARCH_LATER,
    SUBSCRIBE,
    UNSUBSCRIBE,
    STATUS_LATER,
    SEARCH,
    UPDATES,
    ENROLLED,
    STATUS,
)
HTTP_STATUSES = {401, 403, 405, 415}


def golden(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text())
    return loaded


@pytest.fixture(scope="module")
def worker(door: Door) -> Iterator[Worker]:
    worker = Worker(door)
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def conversation(door: Door, worker: Worker) -> Conversation:
    return Conversation(door, worker)


@pytest.fixture(scope="module")
def unsigned(door: Door) -> System:
    """A partner whose messages need no signature, so that everything behind it is reached."""
    return door.partner(signature="off", callback_urls=[CALLBACKS])


def test_the_file_has_the_paths_that_are_meant_here(shared: Path) -> None:
    callbacks = {*PLACES.values()}
    assert {*document(shared)["paths"]} == {*SERVED} | callbacks


# In.

REQUESTS = {
    "golden 01": (SEARCH, golden("01_search_idtype_req")),
    "golden 02": (SEARCH, golden("02_search_expression_req")),
    "golden 03": (SEARCH, golden("03_search_predicate_req")),
    "golden 01 later": (SEARCH_LATER, golden("01_search_idtype_req")),
    "golden 02 later": (SEARCH_LATER, golden("02_search_expression_req")),
    "golden 03 later": (SEARCH_LATER, golden("03_search_predicate_req")),
    "golden 08": (SUBSCRIBE, golden("08_subscribe_req")),
    "golden 11": (UNSUBSCRIBE, golden("11_unsubscribe_req")),
    "golden 13": (STATUS, golden("13_txn_status_req")),
    "golden 13 later": (STATUS_LATER, golden("13_txn_status_req")),
    "golden 15": (UPDATES, golden("15_enrollment_updates_req")),
    "golden 17": (ENROLLED, golden("17_enrolled_req")),
    "our update": (UPDATES, openapi_examples.UPDATES),
    "our question": (ENROLLED, openapi_examples.ENROLLED),
    "our status": (STATUS, openapi_examples.STATUS),
    "our status, later": (STATUS_LATER, openapi_later.LATER_STATUS),
    "our wish": (SUBSCRIBE, openapi_later.SUBSCRIBE),
    "our end": (UNSUBSCRIBE, openapi_later.UNSUBSCRIBE),
    **{f"our {name}": (SEARCH, each) for name, each in openapi_examples.SEARCHES.items()},
}


@pytest.mark.parametrize("name", REQUESTS)
def test_every_example_is_allowed_by_the_file(shared: Path, name: str) -> None:
    path, message = REQUESTS[name]
    assert faults(shared, body_of(path), message) == []


@pytest.mark.parametrize("name", REQUESTS)
def test_every_example_is_accepted(unsigned: System, name: str) -> None:
    path, message = REQUESTS[name]
    reply = unsigned.post(
        path, json.dumps(mended(json.loads(json.dumps(message)), unsigned)).encode()
    )
    assert (reply.status, reply.error) == (200, None)
    assert reply.body.get("header", {"status": "succ"})["status"] == "succ"


def test_an_encrypted_example_is_allowed_and_refused_for_its_key(
    shared: Path, unsigned: System
) -> None:
    message = golden("19_search_encrypted_req")
    assert faults(shared, body_of(SEARCH), message) == []
    reply = unsigned.post(SEARCH, json.dumps(mended(message, unsigned)).encode())
    assert reply.error == "err.encryption.invalid"


# Why a request that the file allows may be refused: the sentence, and the number in
# docs/standard/deviations.md that says so. Nothing else is a reason.
RULES = {
    r"^header\.total_count|^The message holds no beneficiary": "P4",
    r"^message\.subscription_codes holds": "P4",
    r"^The message has no message|beneficiaries must be an array": "P5",
    r"^header\.sender_id is missing": "P6",
    r"^pagination\.": "P7",
    r"^header\.version is not served": "P8",
    r"^header\.message_id|^reference_id is missing|^A subscription code": "P9",
    r"^message needs transaction_id and txnstatus_request": "P9",
    r"^header\.sender_id is not the sender|^header\.receiver_id": "P10",
    r"^header\.sender_uri": "P11",
    r"^header\.message_ts lies": "P12",
    r"^Messages are encrypted with|message is encrypted|^protected |base64url|names no key": "P13",
    r"^The text holds the NUL|^A (whole )?number is|^A long text must|nested too deeply": "P14",
    r"^attribute_value holds": "P15",
    r"^Ask about exactly one|^query must|no attribute of an enrolled question": "P16",
    r" may be compared with | needs a value|^identifier_value may hold": "P16",
    r"^fileFormat must|^The body (is|must)|^The form|^The file|^Row ": "P17",
}


def rule_of(text: str) -> str | None:
    return next((number for pattern, number in RULES.items() if re.search(pattern, text)), None)


@pytest.mark.parametrize("path", SERVED)
def test_what_the_file_allows_is_answered_or_refused_by_a_rule(
    shared: Path, door: Door, unsigned: System, path: str
) -> None:
    description = loaded(document(shared))
    session = session_of(door)
    session.headers["Authorization"] = f"Bearer {unsigned.token}"
    reasons: set[str] = set()

    def check(case: Case) -> None:
        response = case.call(base_url=ADDRESS, session=session)
        message = response.json()["message"]
        assert response.status_code == 200
        if "error" in message:
            reasons.add(message["error"]["message"])

    each_case(description, path, "POST", GenerationMode.POSITIVE, unsigned)(check)
    assert sorted(each for each in reasons if rule_of(each) is None) == []


def test_every_rule_is_in_the_documentation() -> None:
    page = Path(__file__).parents[2] / "docs/standard/deviations.md"
    numbers = set(re.findall(r"^\| (P?\d+) \|", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(RULES.values()) <= numbers


# Out.


def header_of(shared: Path, said: Said) -> list[str]:
    return faults(shared, schema("MsgCallbackHeader_V1.0.0"), said.body["header"])


def test_every_answer_is_allowed_by_the_file(shared: Path, conversation: Conversation) -> None:
    """Messages and headers; that two paths have them in an envelope is deviation P1."""
    assert len(conversation.answers) >= 30
    for said in conversation.answers:
        assert header_of(shared, said) == [], said.name
        assert faults(shared, schema(said.schema), said.body["message"]) == [], said.name
        if said.place in (SEARCH, STATUS):
            assert faults(shared, answer_of(said.place), said.body) == [], said.name
        if said.place in PLACES:
            assert faults(shared, body_of(PLACES[said.place]), said.body) == [], said.name


@pytest.mark.parametrize("place", [ENROLLED, UPDATES, SEARCH, STATUS, *PLACES])
def test_control_everything_was_said(conversation: Conversation, place: str) -> None:
    assert [each for each in conversation.answers if each.place == place]


def test_control_an_answer_without_its_ids_is_not_allowed(
    shared: Path, conversation: Conversation
) -> None:
    for said in conversation.answers:
        message = {**said.body["message"]}
        del message["transaction_id"]
        assert faults(shared, schema(said.schema), message), said.name


def test_every_encrypted_answer_is_allowed_by_the_file(shared: Path, door: Door) -> None:
    for said in encrypted(door):
        assert said.body["header"]["is_msg_encrypted"] is True
        assert header_of(shared, said) == []
        assert faults(shared, schema("EncryptedMessage"), said.body["message"]) == []


def test_every_acknowledgement_is_allowed_by_the_file(
    shared: Path, conversation: Conversation
) -> None:
    for name, reply in conversation.acknowledgements:
        assert faults(shared, ACK, reply.body) == [], name
        assert set(reply.body) == {"message"}


def test_every_error_is_allowed_by_the_file(shared: Path, conversation: Conversation) -> None:
    assert {reply.status for _, reply in conversation.errors} == HTTP_STATUSES
    for path, reply in conversation.errors:
        assert faults(shared, HTTP_ERROR, reply.body) == [], path
        assert faults(shared, ACK, reply.body) == [], path


# The same without anything from outside.


def test_every_answer_is_as_described(conversation: Conversation) -> None:
    for said in conversation.answers:
        refused = "ack_status" in said.body["message"]
        name = {"EnrollmentUpdatesResponse": "EnrolledResponse"}.get(said.schema, said.schema)
        name = f"SignedRefused{name}" if refused else f"Signed{said.schema}"
        assert fits(name, said.body) == [], said.name


def test_every_acknowledgement_and_error_is_as_described(conversation: Conversation) -> None:
    for name, reply in conversation.acknowledgements:
        assert fits("Ack", reply.body) == [], name
    for path, reply in conversation.errors:
        assert fits("HttpErrorResponse", reply.body) == [], path


def test_every_encrypted_answer_is_as_described(door: Door) -> None:
    for said in encrypted(door):
        assert fits(f"Signed{said.schema}", said.body) == []
