"""Where the registry differs from the standard's OpenAPI file on purpose: each is still so.

The numbers are those of docs/standard/deviations.md. A deviation that has gone fails here and is
taken off the list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.door import (
    ENROLLED,
    SEARCH,
    SEARCH_LATER,
    STATUS,
    TOKEN,
    UPDATES,
    Door,
    Json,
    Reply,
)
from tests.forms import form, send
from tests.later import CALLBACKS, Worker, status_of
from tests.people import a_number, deceased_on, enrolled
from tests.standard.published import answer_of, body_of, document, faults, schema
from tests.standard.said import a_search
from tests.subscribing import (
    END,
    STATUS_CHANGE,
    SUBSCRIBE,
    UNSUBSCRIBE,
    Teller,
    by_uin,
    item_of,
    of_programme,
    subscribing,
    unsubscribing,
)

NOTIFY = "/registry/notify"
PAGE = Path(__file__).parents[2] / "docs/standard/deviations.md"
NUMBERS = sorted(
    set(re.findall(r"^\| (P\d+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)),
    key=lambda number: int(number[1:]),
)


class Two:
    """The file and the registry, asked the same."""

    def __init__(self, door: Door, shared: Path) -> None:
        self.door = door
        self.worker = Worker(door)
        self.shared = shared
        self.system = door.partner(signature="off", callback_urls=[CALLBACKS])
        self.signing = door.partner()

    def message(self, body: bytes) -> Json:
        message: Json = json.loads(body)
        return message

    def allowed(self, path: str, message: Json) -> bool:
        return faults(self.shared, body_of(path), message) == []

    def post(self, path: str, message: Json) -> Reply:
        return self.system.post(path, json.dumps(message).encode())

    def refused(self, path: str, message: Json, code: str = "err.request.bad") -> None:
        """Allowed by the file, refused by the registry."""
        assert self.allowed(path, message)
        reply = self.post(path, message)
        assert (reply.status, reply.error) == (200, code)

    def read(self, path: str, message: Json) -> Reply:
        """Not allowed by the file, read by the registry."""
        assert not self.allowed(path, message)
        reply = self.post(path, message)
        assert (reply.status, reply.error) == (200, None)
        return reply

    def update(self, **header: Any) -> Json:
        return self.message(self.system.updates([enrolled(a_number(), "DCI001")], **header))

    def question(self, **header: Any) -> Json:
        return self.message(self.system.question(a_number(), "DCI001", **header))

    def search(self, query_type: str = "idtype-value", query: Any = None, **criteria: Any) -> Json:
        query = {"type": "UIN", "value": "1"} if query is None else query
        return self.message(a_search(self.system, query_type, query, **criteria))

    def item(self, message: Json) -> Json:
        """The one item of an answered search."""
        [item] = self.post(SEARCH, message).message["search_response"]
        found: Json = item
        return found


@pytest.fixture(scope="module")
def two(door: Door, shared: Path) -> Iterator[Two]:
    two = Two(door, shared)
    yield two
    two.worker.close()


def envelopes(two: Two) -> None:
    """P1"""
    for path, name in (
        (ENROLLED, "EnrolledResponse"),
        (UPDATES, "EnrollmentUpdatesResponse"),
    ):
        place = path.replace("/", "~1")
        default = document(two.shared)["paths"][path]["post"]["responses"]["default"]
        assert default == {"$ref": f"#/components/schemas/{name}"}, place
        body = two.post(path, two.question() if path == ENROLLED else two.update()).body
        assert faults(two.shared, schema(name), body)
        assert faults(two.shared, schema(name), body["message"]) == []


def receivers(two: Two) -> None:
    """P2"""
    for path in document(two.shared)["paths"]:
        if "on-" in path or path.endswith("/notify"):
            assert two.post(path, {}).status == 404


def unsigned(two: Two) -> None:
    """P3"""
    message = two.message(two.signing.question("1", "DCI001"))
    del message["signature"]
    assert two.allowed(ENROLLED, message)
    reply = two.signing.post(ENROLLED, json.dumps(message).encode())
    assert reply.error == "err.signature.missing"


def empty_batches(two: Two) -> None:
    """P4"""
    search = two.search()
    search["message"]["search_request"] = []
    for path in (SEARCH, SEARCH_LATER):
        two.refused(path, search)
    two.refused(SUBSCRIBE, two.message(subscribing(two.system)))
    two.refused(UNSUBSCRIBE, two.message(unsubscribing(two.system)))
    two.refused(UPDATES, two.message(two.system.updates([])))
    two.refused(UPDATES, two.update(total_count=2))
    two.refused(SEARCH, {**search, "header": two.question(total_count=-1)["header"]})


def missing_content(two: Two) -> None:
    """P5"""
    update = two.update()
    two.refused(UPDATES, {"header": update["header"]})
    update["message"]["enrolled_updates"] = {}
    two.refused(UPDATES, update)


def missing_sender(two: Two) -> None:
    """P6"""
    for name in ("sender_id", "total_count"):
        update = two.update()
        del update["header"][name]
        two.refused(UPDATES, update)


def pages(two: Two) -> None:
    """P7"""
    for pagination in ({"page_size": 0}, {"page_size": 1.5}, {"page_size": 1, "page_number": 0}):
        two.refused(SEARCH, two.search(pagination=pagination))
    large = two.search(pagination={"page_size": 5000})
    assert two.allowed(SEARCH, large)
    assert two.item(large)["pagination"]["page_size"] == 1000


def versions(two: Two) -> None:
    """P8"""
    two.refused(ENROLLED, two.question(version="2.0.0"), "err.version.not_supported")


def empty_ids(two: Two) -> None:
    """P9"""
    two.refused(ENROLLED, two.question(message_id=""))
    two.refused(ENROLLED, two.question(message_id="x" * 201))
    status = two.message(status_of(two.system, "1"))
    status["message"]["txnstatus_request"]["reference_id"] = ""
    two.refused(STATUS, status)
    two.refused(UNSUBSCRIBE, two.message(unsubscribing(two.system, "")))


def names(two: Two) -> None:
    """P10"""
    two.refused(ENROLLED, two.question(sender_id="somebody"), "err.sender_id.invalid")
    two.refused(ENROLLED, two.question(receiver_id="somebody"), "err.receiver_id.invalid")


def addresses(two: Two) -> None:
    """P11"""
    search = two.search()
    search["header"]["sender_uri"] = "https://elsewhere.example.org/on-search"
    two.refused(SEARCH_LATER, search, "err.sender_uri.invalid")


def clocks(two: Two) -> None:
    """P12"""
    two.refused(ENROLLED, two.question(message_ts="1999-12-31T23:59:59+00:00"))
    two.refused(ENROLLED, two.question(message_ts="2999-12-31T23:59:59+00:00"))


def encryption(two: Two) -> None:
    """P13"""
    question = two.question(is_msg_encrypted=True)
    question["message"] = {
        "header": {"alg": "RSA1_5", "enc": "A128CBC-HS256", "kid": "1"},
        **dict.fromkeys(("ciphertext", "encrypted_key", "iv", "tag"), "AA"),
    }
    two.refused(ENROLLED, question, "err.encryption.invalid")
    question["header"]["is_msg_encrypted"] = False
    two.refused(ENROLLED, question, "err.encryption.invalid")


def texts_and_numbers(two: Two) -> None:
    """P14"""
    two.refused(ENROLLED, two.question(meta={"note": "a\x00b"}))
    two.refused(ENROLLED, two.question(meta={"number": 2**53 + 1}))


def limits(two: Two) -> None:
    """P15"""
    two.refused(STATUS, two.message(status_of(two.system, ["1"] * 101, by="reference_id_list")))
    search = two.search()
    item = search["message"]["search_request"][0]
    search["message"]["search_request"] = [{**item, "reference_id": str(n)} for n in range(1001)]
    search["header"]["total_count"] = 1001
    two.refused(SEARCH_LATER, search)


def questions(two: Two) -> None:
    """P16"""
    question = two.question()
    question["message"]["enrolled_criteria"]["query"] = {}
    two.refused(ENROLLED, question)
    for query in ({}, {"type": "UIN"}, []):
        search = two.search("expression", query)
        assert two.allowed(SEARCH, search)
        item = two.item(search)
        assert (item["status"], item["status_reason_code"]) == (
            "rjct",
            "rjct.search_criteria.invalid",
        )


def files(two: Two) -> None:
    """P17"""
    place = body_of(ENROLLED).replace("application~1json", "multipart~1form-data")
    fields = {"action": "search", "fileName": "anything", "fileFormat": "xlsx"}
    assert faults(two.shared, place, fields) == []
    sent = form(*[(name, text.encode()) for name, text in fields.items()])
    assert send(two.system, ENROLLED, sent).error == "err.request.bad"


def graphql(two: Two) -> None:
    """P18"""
    wish = item_of("enrollement", by_uin("1"), filter_type="graphql")
    message = two.message(subscribing(two.system, wish))
    assert two.allowed(SUBSCRIBE, message)
    assert two.post(SUBSCRIBE, message).message["ack_status"] == "ACK"
    [item] = two.worker.answered(two.system).message["subscribe_response"]
    assert item["status"] == "rjct"


def tokens_everywhere(two: Two) -> None:
    """P19"""
    for path in (ENROLLED, STATUS):
        assert "security" not in document(two.shared)["paths"][path]["post"]
        assert two.system.post(path, b"{}", authorization=None).status == 401


def further_statuses(two: Two) -> None:
    """P20"""
    for path in (SEARCH, STATUS):
        assert set(document(two.shared)["paths"][path]["post"]["responses"]) == {
            "401",
            "403",
            "500",
            "default",
        }
        body = two.system.post(path, b"{}", content_type="text/plain").body
        assert faults(two.shared, answer_of(path), body)


def further_actions(two: Two) -> None:
    """P21"""
    for action in ("register", "enrollment-updates"):
        assert two.read(UPDATES, two.update(action=action)).outcomes == ["succ"]


def request_headers(two: Two) -> None:
    """P22"""
    update = two.update()
    del update["header"]["status"]
    assert two.read(UPDATES, update).outcomes == ["succ"]


def loose_values(two: Two) -> None:
    """P23"""
    assert two.read(UPDATES, two.update(total_count="1", meta="")).outcomes == ["succ"]
    update = two.update()
    update["message"]["transaction_id"] = 12345
    assert two.read(UPDATES, update).message["transaction_id"] == "12345"
    search = two.search(pagination={"page_size": "1"})
    two.read(SEARCH, search)


def predicates(two: Two) -> None:
    """P24"""
    for operator, value in (("eq", 5), ("in", ["1", "5"])):
        expression = {
            "attribute_name": "enrollment_status",
            "operator": operator,
            "attribute_value": value,
        }
        search = two.search("predicate", [{"seq_num": 1, "expression1": expression}])
        item = two.read(SEARCH, search).message["search_response"][0]
        assert item["status"] == "succ"


def spellings(two: Two) -> None:
    """P25"""
    for kind in ("subscibe", "on-search", "unsubscribe"):
        two.read(STATUS, two.message(status_of(two.system, "never", of=kind)))


def token_answers(two: Two) -> None:
    """P26"""
    path = two.shared / "standard" / "openapi" / "authz_core_api_v1.0.0.yaml"
    described = yaml.safe_load(path.read_text())
    assert described["components"]["parameters"]["timestamp"]["required"] is True
    assert described["paths"][TOKEN]["post"]["security"]
    data = {"grant_type": "client_credentials", **two.system.credentials}
    reply = two.door.request("POST", TOKEN, data=data)
    assert reply.status == 200
    shape = described["components"]["schemas"]["OAuth2ClientTokenResponse"]
    assert not Draft202012Validator(shape).is_valid(reply.body)
    as_text = {**reply.body, "expires_in": str(reply.body["expires_in"])}
    assert Draft202012Validator(shape).is_valid(as_text)


def loose_subscriptions(two: Two) -> None:
    """P27"""
    wish = item_of("enrollement", by_uin("1"), frequency={"frequency": "0 0 6 * * ?"})
    two.read(SUBSCRIBE, two.message(subscribing(two.system, wish)))
    [item] = two.worker.answered(two.system).message["subscribe_response"]
    assert item["status"] == "succ"
    code = item["subscriptions"][0]["code"]
    end = two.message(unsubscribing(two.system, code))
    end["message"]["sunscription_codes"] = end["message"].pop("subscription_codes")
    two.read(UNSUBSCRIBE, end)
    assert two.worker.answered(two.system).message["status"] == "succ"


def ends_of_enrolment(two: Two) -> None:
    """P28"""
    teller = Teller(two.door, two.worker)
    person = enrolled(a_number(), "DCI003")
    two.signing.report(person)
    teller.code(two.system, item_of(END, of_programme("DCI003")))
    two.signing.report(person | deceased_on("2026-03-01"))
    teller.tell()
    [told] = teller.news(two.system)
    written = {"signature": "x", "header": told.header, "message": told.message}
    assert [error for error in faults(two.shared, body_of(NOTIFY), written) if END in error]
    told.message["notify_event"][0]["data"]["reg_event_type"] = STATUS_CHANGE
    assert faults(two.shared, body_of(NOTIFY), written) == []


DEVIATIONS: dict[str, Callable[[Two], None]] = {
    str(each.__doc__): each
    for each in (
        envelopes,
        receivers,
        unsigned,
        empty_batches,
        missing_content,
        missing_sender,
        pages,
        versions,
        empty_ids,
        names,
        addresses,
        clocks,
        encryption,
        texts_and_numbers,
        limits,
        questions,
        files,
        graphql,
        tokens_everywhere,
        further_statuses,
        further_actions,
        request_headers,
        loose_values,
        predicates,
        spellings,
        token_answers,
        loose_subscriptions,
        ends_of_enrolment,
    )
}


def test_every_deviation_is_documented_and_tested() -> None:
    assert sorted(DEVIATIONS) == sorted(NUMBERS)


@pytest.mark.parametrize("number", NUMBERS)
def test_the_deviation_is_still_one(two: Two, number: str) -> None:
    DEVIATIONS[number](two)


def test_control_what_is_no_deviation_would_be_noticed(two: Two) -> None:
    with pytest.raises(AssertionError):
        two.refused(ENROLLED, two.question())
    with pytest.raises(AssertionError):
        two.read(ENROLLED, two.question())
