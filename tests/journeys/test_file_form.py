"""A message sent as a file in a form has the effect and the answer of the same message as JSON."""

from __future__ import annotations

import csv
import io

import msgspec
import pytest

from ibr.interop.dci import bulk
from ibr_messages.flat import to_csv
from tests.door import (
    ENROLLED,
    SEARCH,
    SEARCH_LATER,
    STATUS,
    STATUS_LATER,
    UPDATES,
    Door,
    System,
)
from tests.encrypting import Encrypting
from tests.forms import CONTENT_TYPE, as_file, form, send
from tests.later import searching, status_of
from tests.people import a_number, an_identifier, enrolled, given
from tests.subscribing import (
    ENROLLMENT,
    SUBSCRIBE,
    UNSUBSCRIBE,
    by_uin,
    item_of,
    subscribing,
    unsubscribing,
)

KINDS = ["json", "csv"]


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner()


@pytest.fixture(scope="module")
def encrypting(door: Door) -> Encrypting:
    return Encrypting(door)


@pytest.fixture
def by_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every delivery takes the way of a large one."""
    monkeypatch.setattr(bulk, "ON_THE_SPOT", 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_in_a_file_is_answered_like_one_in_json(system: System, kind: str) -> None:
    somebody = a_number()
    system.report(enrolled(somebody, "DCI001"))
    yes = send(system, ENROLLED, as_file(system.question(somebody, "DCI001"), kind))
    no = send(system, ENROLLED, as_file(system.question(a_number(), "DCI001"), kind))
    assert (yes.says, no.says) == (["yes"], ["no"])
    assert yes.headers["content-type"] == "application/json"


@pytest.mark.parametrize("kind", KINDS)
def test_a_delivery_in_a_file_is_taken_in(system: System, kind: str) -> None:
    good, bad = a_number(), a_number()
    sent = system.updates([enrolled(good, "DCI001"), enrolled(bad, "NOT_THERE")])
    reply = send(system, UPDATES, as_file(sent, kind))
    assert reply.outcomes == ["succ", "rjct"]
    assert system.ask(good, "DCI001").says == ["yes"]


@pytest.mark.usefixtures("by_lane")
@pytest.mark.parametrize("kind", KINDS)
def test_a_large_delivery_in_a_file_is_taken_in(system: System, kind: str) -> None:
    everybody = [a_number() for _ in range(300)]
    sent = system.updates([enrolled(each, "DCI003") | given("USD 5.00") for each in everybody])
    reply = send(system, UPDATES, as_file(sent, kind))
    assert reply.outcomes == ["succ"] * 300
    assert system.ask(everybody[-1], "DCI003").says == ["yes"]


@pytest.mark.usefixtures("by_lane")
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_large_file_again_gets_the_same_answer(system: System, kind: str) -> None:
    sent = as_file(system.updates([enrolled(a_number(), "DCI001")]), kind)
    first, again = send(system, UPDATES, sent), send(system, UPDATES, sent)
    assert first.outcomes == ["succ"]
    assert again.message == first.message


LATER = {
    SEARCH_LATER: lambda system: searching(system, "1"),
    STATUS_LATER: lambda system: status_of(system, "never"),
    SUBSCRIBE: lambda system: subscribing(system, item_of(ENROLLMENT, by_uin(a_number()))),
    UNSUBSCRIBE: lambda system: unsubscribing(system, "sub-1", "sub-2"),
}


@pytest.mark.parametrize("path", LATER)
@pytest.mark.parametrize("kind", KINDS)
def test_a_request_in_a_file_is_acknowledged(system: System, path: str, kind: str) -> None:
    sent = as_file(LATER[path](system), kind)
    first, again = send(system, path, sent), send(system, path, sent)
    assert first.message["ack_status"] == "ACK"
    assert again.message["correlation_id"] == first.message["correlation_id"]


@pytest.mark.parametrize("path", LATER)
@pytest.mark.parametrize("kind", KINDS)
def test_a_request_in_a_changed_file_is_not(system: System, path: str, kind: str) -> None:
    sent = as_file(LATER[path](system), kind).replace(system.sender_id.encode(), b"x" * 12)
    assert send(system, path, sent).message["ack_status"] == "ERR"


@pytest.mark.parametrize("kind", KINDS)
def test_an_encrypted_message_comes_as_a_file_too(encrypting: Encrypting, kind: str) -> None:
    """The answer is encrypted as it would be to JSON."""
    partner = encrypting
    somebody = a_number()
    update = partner.encrypted(partner.system.updates([enrolled(somebody, "DCI001")]))
    question = partner.encrypted(partner.system.question(somebody, "DCI001"))
    told = send(partner.system, UPDATES, as_file(update, kind))
    assert [each["status"] for each in partner.read(told.raw)["enrolled_response"]] == ["succ"]
    asked = send(partner.system, ENROLLED, as_file(question, kind))
    assert [each["enrolled_status"] for each in partner.read(asked.raw)["enrolled_response"]] == [
        "yes"
    ]


@pytest.mark.usefixtures("by_lane")
@pytest.mark.parametrize("kind", KINDS)
def test_a_large_encrypted_delivery_is_a_file_too(encrypting: Encrypting, kind: str) -> None:
    partner = encrypting
    everybody = [enrolled(a_number(), "DCI002") for _ in range(200)]
    update = partner.encrypted(partner.system.updates(everybody))
    reply = send(partner.system, UPDATES, as_file(update, kind))
    assert reply.status == 200, reply.body
    told = partner.read(reply.raw)
    assert {each["status"] for each in told["enrolled_response"]} == {"succ"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_was_changed_after_signing_is_refused(system: System, kind: str) -> None:
    somebody = a_number()
    sent = as_file(system.updates([enrolled(somebody, "DCI001")]), kind)
    reply = send(system, UPDATES, sent.replace(b"Sudarat", b"Sombat "))
    assert reply.error == "err.signature.invalid"
    assert system.ask(somebody, "DCI001").says == ["no"]


def test_a_csv_file_means_the_same_however_a_spreadsheet_wrote_it(system: System) -> None:
    """The columns in another order, every cell in quotes, rows filled up, a mark at the start."""
    somebody = a_number()
    file = to_csv(msgspec.json.decode(system.updates([enrolled(somebody, "DCI001")])))
    first, second, heading, row = csv.reader(io.StringIO(file.decode(), newline=""))
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(
        [first, second, [*heading[::-1], "", ""], [*row[::-1], "", ""]]
    )
    content = b"\xef\xbb\xbf" + out.getvalue().encode()
    sent = form(("fileName", content), ("fileFormat", b"CSV"), ("action", b"notify"))
    assert send(system, UPDATES, sent).outcomes == ["succ"]
    assert system.ask(somebody, "DCI001").says == ["yes"]


def test_a_partner_of_the_raw_profile_signs_the_canonical_form_in_csv(door: Door) -> None:
    system = door.partner(profile="raw")
    somebody = a_number()
    sent = as_file(system.updates([enrolled(somebody, "DCI001")]), "csv")
    assert send(system, UPDATES, sent).outcomes == ["succ"]
    assert send(system, ENROLLED, as_file(system.question(somebody, "DCI001"), "csv")).says == [
        "yes"
    ]


def test_texts_that_look_like_formulas_are_kept_as_they_are(door: Door, system: System) -> None:
    somebody, other = a_number(), a_number()
    record = enrolled(somebody, "DCI001")
    record["member"]["demographic_info"]["name"] = {"given_name": "=1+1", "surname": "-x,\n@y"}
    record["member"]["member_identifier"].append(an_identifier(other, "NID"))
    send(system, UPDATES, as_file(system.updates([record]), "csv"))
    item = {
        "reference_id": "r",
        "timestamp": "2026-01-15T09:30:00+00:00",
        "search_criteria": {
            "query_type": "idtype-value",
            "query": {"type": "NID", "value": other},
        },
    }
    message = {"transaction_id": "t", "search_request": [item]}
    found = system.post(SEARCH, system.sealed(system.header("search", 1), message))
    [record] = found.message["search_response"][0]["data"]["reg_records"]
    name = record["member"]["demographic_info"]["name"]
    assert (name["given_name"], name["surname"]) == ("=1+1", "-x,\n@y")


@pytest.mark.parametrize("path", [SEARCH, STATUS])
@pytest.mark.parametrize("kind", KINDS)
def test_no_file_where_the_standard_has_none(system: System, path: str, kind: str) -> None:
    reply = send(system, path, as_file(system.question(a_number(), "DCI001"), kind))
    assert (reply.status, reply.error) == (415, "err.request.bad")


@pytest.mark.parametrize("path", [ENROLLED, UPDATES])
def test_a_compressed_form_is_not_read(system: System, path: str) -> None:
    sent = as_file(system.question(a_number(), "DCI001"), "json")
    assert send(system, path, sent, content_encoding="gzip").status == 415


@pytest.mark.parametrize("path", [ENROLLED, UPDATES])
@pytest.mark.parametrize("kind", KINDS)
def test_a_form_without_a_token_is_not_looked_at(system: System, path: str, kind: str) -> None:
    sent = as_file(system.question(a_number(), "DCI001"), kind)
    assert send(system, path, sent, authorization=None).status == 401


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_must_announce_the_action_of_its_file(system: System, kind: str) -> None:
    """Of both sizes of delivery, and of a question."""
    question = send(system, ENROLLED, as_file(system.question("1", "DCI001"), kind, "notify"))
    somebody = a_number()
    update = as_file(system.updates([enrolled(somebody, "DCI001")]), kind, "register")
    small = send(system, UPDATES, update)
    assert "field action" in question.text
    assert "field action" in small.text
    assert (question.error, small.error) == ("err.request.bad", "err.request.bad")
    assert question.body["header"]["status_reason_code"] == "rjct.action.invalid"
    assert system.ask(somebody, "DCI001").says == ["no"]


@pytest.mark.usefixtures("by_lane")
@pytest.mark.parametrize("kind", KINDS)
def test_a_large_form_must_announce_the_action_of_its_file(system: System, kind: str) -> None:
    update = as_file(system.updates([enrolled(a_number(), "DCI001")]), kind, "register")
    assert "field action" in send(system, UPDATES, update).text


A, F, J = ("action", b"search"), ("fileName", b"{}"), ("fileFormat", b"json")
BROKEN = {
    "no parts": form(),
    "no file": form(A),
    "no action": form(F),
    "an empty action": form(("action", b""), F),
    "two files": form(A, F, F),
    "two actions": form(A, A, F),
    "two formats": form(A, F, J, J),
    "another format": form(A, F, ("fileFormat", b"xlsx")),
    "no end": form(A, F, end=b""),
    "an end inside a part": form(A, F)[:-40],
    "too many parts": form(A, F, *[("x", b"")] * 20),
    "a long action": form(("action", b"s" * 201), F),
    "an action of bytes": form(("action", b"\xff"), F),
    "another character set": form(A, F, further="; charset=iso-8859-1"),
    "a transfer encoding": form(A, F, further="\r\nContent-Transfer-Encoding: base64"),
    "a part without a name": form(A, F).replace(b"form-data; name", b"attachment; nome"),
    "no form at all": b"hello",
    "nothing": b"",
}


@pytest.mark.parametrize("path", [ENROLLED, UPDATES])
@pytest.mark.parametrize("name", BROKEN)
def test_a_form_that_is_none_is_refused(system: System, path: str, name: str) -> None:
    reply = send(system, path, BROKEN[name])
    assert (reply.status, reply.error) == (200, "err.request.bad")
    assert "form" in reply.text.lower()


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=", f"{CONTENT_TYPE}{'x' * 70}"]
)
def test_a_form_without_a_boundary_is_refused(system: System, kind: str) -> None:
    sent = as_file(system.question("1", "DCI001"), "json")
    assert "boundary" in send(system, ENROLLED, sent, content_type=kind).text


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_as_large_as_a_message_may_be(door: Door, system: System, kind: str) -> None:
    sent = as_file(system.question("1" * door.settings.max_message_bytes, "DCI001"), kind)
    assert send(system, ENROLLED, sent).status == 413


def test_a_file_may_not_stand_for_more_than_a_message_may_be(system: System) -> None:
    """Sixty kilobytes of short cells beneath a long path."""
    rows = b"signature,\r\nheader.action,search,rows,message.search_request\r\n"
    content = rows + b"a" * 9_000 + b"\r\n" + b"1\r\n" * 17_000
    sent = form(("action", b"search"), ("fileFormat", b"csv"), ("fileName", content))
    assert send(system, ENROLLED, sent).status == 413


@pytest.mark.parametrize("path", [ENROLLED, UPDATES])
def test_fields_that_the_standard_does_not_name_are_passed_over(system: System, path: str) -> None:
    somebody = a_number()
    system.report(enrolled(somebody, "DCI001"))
    sealed = {
        ENROLLED: lambda: system.question(somebody, "DCI001"),
        UPDATES: lambda: system.updates([enrolled(somebody, "DCI001")]),
    }[path]()
    action = msgspec.json.decode(sealed)["header"]["action"].encode()
    sent = form(("note", b"x" * 5_000), ("fileName", sealed), ("action", action))
    assert send(system, path, sent).error is None
