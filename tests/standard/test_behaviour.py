"""The decided behaviour, row by row, where it is about the synchronous path (behaviour.md)."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from ibr.clock import now, written
from tests.door import ENROLLED, LATER, MESSAGES, SEARCH, STATUS, UPDATES, Door, Reply, System
from tests.people import a_number, an_identifier, enrolled

EMPTY: dict[str, dict[str, Any]] = {
    ENROLLED: {"enrolled_response": []},
    UPDATES: {"enrolled_response": []},
    SEARCH: {"search_response": []},
}
ANSWERS = {
    ENROLLED: "on-search",
    SEARCH: "on-search",
    UPDATES: "on-notify",
    STATUS: "txn-on-status",
}
ACTIONS = {ENROLLED: "search", SEARCH: "search", UPDATES: "notify", STATUS: "txn-status"}


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner()


def refused(reply: Reply, code: str = "err.request.bad", header: str | None = None) -> None:
    """An ERR answer with HTTP 200, valid as both shapes (rows 2, 3 and 5)."""
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.message["ack_status"] == "ERR"
    assert reply.error == code
    assert 0 < len(reply.text) <= 999
    assert reply.message["timestamp"].endswith("Z")
    assert reply.message["correlation_id"]
    assert reply.body["header"]["status"] == "rjct"
    assert reply.body["header"].get("status_reason_code") == header


BROKEN = {
    "empty": b"",
    "white space": b" \n ",
    "no JSON": b"hello",
    "cut short": b'{"header": {',
    "null": b"null",
    "a number": b"1",
    "a list": b"[]",
    "no header": b'{"message": {}}',
    "no message": b'{"header": {}}',
    "header is text": b'{"header": "x", "message": {}}',
    "message is text": b'{"header": {}, "message": "x"}',
}


@pytest.mark.parametrize("path", MESSAGES)
@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_row_2_what_is_no_message_is_refused(system: System, path: str, body: bytes) -> None:
    reply = system.post(path, body)
    refused(reply)
    assert reply.body["header"]["action"] == ANSWERS[path]


def test_row_2_each_refusal_has_a_correlation_id_of_its_own(system: System) -> None:
    ids = {system.post(ENROLLED, b"").message["correlation_id"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize("path", MESSAGES)
@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("subscribe", "rjct.action.invalid"),
        (None, "rjct.action.invalid"),
        ("", "rjct.action.invalid"),
        ("dance", "rjct.action.not_supported"),
        (["search"], "rjct.action.not_supported"),
        ({"search": 1}, "rjct.action.not_supported"),
        (1, "rjct.action.not_supported"),
    ],
)
def test_row_3_the_action_is_the_paths(
    system: System, path: str, action: object, code: str
) -> None:
    reply = system.post(path, system.sealed(system.header(action, 1), {}))  # type: ignore[arg-type]
    refused(reply, header=code)


@pytest.mark.parametrize("action", ["notify", "register", "enrollment-updates"])
def test_row_3_updates_read_the_samples_actions_too(system: System, action: str) -> None:
    reply = system.report(enrolled(a_number(), "DCI001"), action=action)
    assert reply.outcomes == ["succ"]


@pytest.mark.parametrize("path", MESSAGES)
@pytest.mark.parametrize("version", ["2.0.0", "1.0", "v1.0.0", "1.0.0.0", 1, "0.9.0", "1.٠.0"])
def test_row_4_other_versions_are_refused(system: System, path: str, version: object) -> None:
    body = system.sealed(system.header(ACTIONS[path], 1, version=version), {})
    refused(system.post(path, body), "err.version.not_supported", "rjct.version.invalid")


@pytest.mark.parametrize("version", ["1.0.0", "1.4.2", "", None])
def test_row_4_every_first_version_is_read(system: System, version: object) -> None:
    assert system.ask(a_number(), "DCI001", version=version).says == ["no"]


@pytest.mark.parametrize("path", [ENROLLED, SEARCH, UPDATES])
def test_row_5_a_refusal_is_valid_as_both_shapes(system: System, path: str) -> None:
    reply = system.post(path, system.sealed(system.header("dance", 1), {"transaction_id": "t-1"}))
    for name, value in EMPTY[path].items():
        assert reply.message[name] == value
    assert reply.message["correlation_id"]
    assert "transaction_id" in reply.message


def test_row_5_a_refused_status_question_is_valid_as_both_shapes(system: System) -> None:
    reply = system.post(STATUS, b"{}")
    inner = reply.message["txnstatus_response"]
    assert inner["txn_type"] == "search"
    assert inner["txn_status"]["search_response"] == []


@pytest.mark.parametrize("path", MESSAGES)
@pytest.mark.parametrize("kind", [None, "text/plain", "application/xml", "application/jsonx"])
def test_row_8_a_body_says_that_it_is_json(system: System, path: str, kind: str | None) -> None:
    reply = system.post(path, b"{}", content_type=kind)
    assert (reply.status, reply.error) == (415, "err.request.bad")
    assert reply.body["errors"][0]["code"] == "err.request.bad"


@pytest.mark.parametrize("path", [SEARCH, STATUS])
def test_row_8_a_form_is_not_read_where_the_standard_allows_none(system: System, path: str) -> None:
    reply = system.post(path, b"{}", content_type="multipart/form-data; boundary=x")
    assert (reply.status, reply.error) == (415, "err.request.bad")


@pytest.mark.parametrize("path", [ENROLLED, UPDATES, *LATER])
def test_row_8_elsewhere_a_form_is_read_and_refused_by_what_it_lacks(
    system: System, path: str
) -> None:
    reply = system.post(path, b"{}", content_type="multipart/form-data; boundary=x")
    assert (reply.status, reply.error) == (200, "err.request.bad")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
def test_row_8_a_charset_is_fine(system: System, kind: str) -> None:
    body = system.question(a_number(), "DCI001")
    assert system.post(ENROLLED, body, content_type=kind).says == ["no"]


@pytest.mark.parametrize("path", MESSAGES)
def test_row_8_an_empty_body_needs_no_type(system: System, path: str) -> None:
    refused(system.post(path, b"", content_type=None))


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "gzip, gzip", "zstd"])
def test_row_8_compressed_bodies_are_not_read(system: System, encoding: str) -> None:
    body = system.question(a_number(), "DCI001")
    assert system.post(ENROLLED, body, content_encoding=encoding).status == 415


@pytest.mark.parametrize("signature", [None, "", " "])
def test_row_9_a_missing_signature(system: System, signature: str | None) -> None:
    body = json.loads(system.question(a_number(), "DCI001"))
    reply = system.post(ENROLLED, json.dumps({**body, "signature": signature}).encode())
    refused(reply, "err.signature.missing")


@pytest.mark.parametrize(
    "signature",
    [
        'namespace="dci", kidId="{sender_id}|{unique_key_id}|{algorithm}", algorithm="ed25519", '
        'created="1606970629", expires="1607030629", headers="(created) (expires) digest", '
        'signature="Base64(signing content)',
        'signature="unsigned-stub"',
    ],
)
def test_row_9_no_placeholder_is_special(system: System, signature: str) -> None:
    body = json.loads(system.question(a_number(), "DCI001"))
    reply = system.post(ENROLLED, json.dumps({**body, "signature": signature}).encode())
    refused(reply, "err.signature.invalid")


@pytest.mark.parametrize("profile", ["canonical", "raw"])
@pytest.mark.parametrize("path", [ENROLLED, UPDATES])
def test_row_9_each_profile_is_read_on_each_path(door: Door, profile: str, path: str) -> None:
    partner, somebody = door.partner(profile=profile), a_number()
    question = partner.question(somebody, "DCI001")
    report = partner.updates([enrolled(somebody, "DCI001")])
    assert partner.post(path, question if path == ENROLLED else report).status == 200
    assert partner.post(path, question if path == ENROLLED else report).outcomes == ["succ"]


@pytest.mark.parametrize("path", [ENROLLED, UPDATES])
def test_row_9_the_raw_profile_minds_white_space(door: Door, path: str) -> None:
    partner, somebody = door.partner(profile="raw"), a_number()
    body = partner.question(somebody, "DCI001")
    if path == UPDATES:
        body = partner.updates([enrolled(somebody, "DCI001")])
    spaced = body.replace(b'"transaction_id":', b'"transaction_id": ')
    refused(partner.post(path, spaced), "err.signature.invalid")


@pytest.mark.parametrize("path", [ENROLLED, UPDATES])
def test_row_9_the_canonical_profile_does_not(system: System, path: str) -> None:
    body = system.question(a_number(), "DCI001")
    if path == UPDATES:
        body = system.updates([enrolled(a_number(), "DCI001")])
    assert system.post(path, json.dumps(json.loads(body), indent=2).encode()).outcomes == ["succ"]


@pytest.mark.parametrize("path", [ENROLLED, UPDATES])
def test_row_9_both_spellings_of_other_letters_are_read(system: System, path: str) -> None:
    somebody = {**enrolled(a_number(), "DCI001")}
    somebody["member"]["demographic_info"]["name"]["given_name"] = "Zoë สุดารัตน์"
    body = json.loads(system.updates([somebody]))
    if path == ENROLLED:
        body = json.loads(system.question(a_number(), "DCI001", meta={"said": "Zoë"}))
    content = {"header": body["header"], "message": body["message"]}
    escaped = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    signed = {**content, "signature": system.signer.sign(escaped, now().timestamp())}
    assert system.post(path, json.dumps(signed).encode()).outcomes == ["succ"]


def test_row_10_a_question_that_is_too_large(door: Door, system: System) -> None:
    body = b" " * (door.settings.max_message_bytes + 1)
    reply = system.post(ENROLLED, body)
    assert (reply.status, reply.error) == (413, "err.request.bad")
    assert system.post(ENROLLED, body[:-1]).status == 200


def test_row_10_a_delivery_that_is_too_large(
    door: Door, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door.bulk, "_largest", 60_000)
    reply = system.post(UPDATES, b" " * 60_001)
    assert (reply.status, reply.error) == (413, "err.request.bad")


def test_row_10_too_many_requests(
    door: Door, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door.services.envelopes._limit, "_most", 0.5)
    reply = system.ask(a_number(), "DCI001")
    assert (reply.status, reply.error) == (429, "err.request.too_many_requests")
    assert int(reply.headers["retry-after"]) >= 1


def test_row_10_the_database_is_away(
    door: Door, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away:
        def acquire(self, **_: object) -> None:
            raise OSError("no route to host")

    for database in (door.services.questions, door.services.database):
        monkeypatch.setattr(database, "_pool", Away())
    for reply in (
        system.ask(a_number(), "DCI001"),
        system.report(enrolled(a_number(), "DCI001")),
    ):
        assert (reply.status, reply.error) == (503, "err.service.unavailable")
        assert int(reply.headers["retry-after"]) >= 1
        assert "route" not in reply.text


@pytest.mark.parametrize("length", [99, 100])
def test_row_21_transaction_ids_have_99_characters(system: System, length: int) -> None:
    body = json.loads(system.question(a_number(), "DCI001"))
    message = {**body["message"], "transaction_id": "t" * length}
    reply = system.post(ENROLLED, system.sealed(system.header("search", 1), message))
    assert (reply.error is None) == (length == 99)


def test_row_22_the_answer_is_an_envelope(system: System) -> None:
    asked = system.ask(a_number(), "DCI001").body
    told = system.report(enrolled(a_number(), "DCI001")).body
    assert set(asked) == set(told) == {"signature", "header", "message"}
    assert (asked["header"]["action"], asked["header"]["status"]) == ("on-search", "succ")
    assert (told["header"]["action"], told["header"]["status"]) == ("on-notify", "succ")
    assert asked["header"]["receiver_id"] == system.sender_id
    assert asked["header"]["sender_id"] == "ibr.example.org"


MOMENTS = re.compile(r'"(\d{4}-\d{2}-\d{2}T[^"]*)"')


def test_row_25_every_moment_written_has_its_offset(system: System) -> None:
    for reply in (
        system.ask(a_number(), "DCI001"),
        system.report(enrolled(a_number(), "DCI001")),
        system.post(ENROLLED, b""),
        system.post("/registry/nowhere", b""),
    ):
        moments = MOMENTS.findall(reply.raw.decode())
        assert moments
        assert all(datetime.fromisoformat(each).tzinfo for each in moments)


@pytest.mark.parametrize(
    ("ts", "code"),
    [
        ("2026-01-15T09:30:00", "rjct.message_ts.invalid"),
        ("2026-01-15", "rjct.message_ts.invalid"),
        ("yesterday", "rjct.message_ts.invalid"),
        ("", "rjct.message_ts.invalid"),
        (None, "rjct.message_ts.invalid"),
        (1768469400, "rjct.message_ts.invalid"),
        ("0001-01-01T00:00:00+14:00", "rjct.message_ts.invalid"),
        ("0050-01-01T00:00:00+00:00", "rjct.message_ts.invalid"),
        ("9999-12-31T23:59:59-14:00", "rjct.message_ts.invalid"),
        # Its name must not hold the time: tests that run side by side must find the same ones.
        pytest.param(
            written(now() + timedelta(hours=1)), "rjct.message_ts.invalid", id="in an hour"
        ),
    ],
)
@pytest.mark.parametrize("path", [ENROLLED, UPDATES])
def test_the_moment_of_a_message_has_its_offset_and_lies_behind(
    system: System, path: str, ts: object, code: str
) -> None:
    body = system.sealed(system.header(ACTIONS[path], 1, message_ts=ts), {})
    refused(system.post(path, body), header=code)


def test_row_26_loose_records_are_read_with_warnings(door: Door, system: System) -> None:
    somebody = a_number()
    loose = {
        "member": {
            "member_identifier": int(somebody),
            "demographic_info": {"sex": "F", "first_name": "Test"},
        },
        "programme_identifier": {"programme": {"programme_identifier": "DCI001"}},
        "enrolment_status": "Active",
        "enrolment_date": "02.05.2024",
        "benefits": "",
    }
    reply = system.report(loose, total_count="1", meta="")
    assert reply.outcomes == ["succ"], reply.body
    assert system.ask(somebody, "DCI001").says == ["yes"]
    [row] = door.owner("select * from delivery order by delivery_id desc limit 1")
    assert row["warned"] == 1
    assert row["score"] == 0
    assert "code.enrollment_status" in json.loads(row["warnings"])


def test_row_28_one_bad_record_spoils_no_other(system: System) -> None:
    good, bad, nameless = a_number(), a_number(), a_number()
    wrong = enrolled(bad, "DCI001", enrollment_date="someday")
    wrong.pop("@id")
    anonymous = enrolled(nameless, "DCI001")
    anonymous["member"] = {"@type": "Member", "marital_status": "M"}
    reply = system.report(enrolled(good, "DCI001"), wrong, anonymous)
    assert reply.outcomes == ["succ", "rjct", "rjct"]
    assert [item["reference_id"] for item in reply.items] == [
        f"urn:test:{good}",
        "1",
        f"urn:test:{nameless}",
    ]
    assert "enrollment_date" in reply.items[1]["status_reason_message"]
    assert "someday" not in reply.items[1]["status_reason_message"]
    assert system.ask({"in": [good, bad]}, "DCI001").says == ["yes", "no"]


@pytest.mark.parametrize("bad", [0, 1, 37, 200])
def test_row_28_the_counts_add_up(door: Door, system: System, bad: int) -> None:
    """Reliability A9, with as many bad records as this at scattered places."""
    places = {place * 7919 % 200 for place in range(bad)}
    records = [
        enrolled(a_number(), "NOT_THERE" if place in places else "DCI001") for place in range(200)
    ]
    reply = system.report(*records)
    assert reply.outcomes == ["rjct" if place in places else "succ" for place in range(200)]
    [row] = door.owner("select * from delivery order by delivery_id desc limit 1")
    assert (row["records"], row["refused"], row["stored"]) == (200, bad, 200 - bad)
    kept = door.owner("select 1 from refused_record where delivery_id = $1", row["delivery_id"])
    assert len(kept) == bad


@pytest.mark.parametrize("count", [0, 2, -1, "2", None, "x", True, 1.5])
def test_a_delivery_that_is_not_whole_is_refused_whole(
    door: Door, system: System, count: object
) -> None:
    deliveries = door.count("delivery")
    reply = system.report(enrolled(a_number(), "DCI001"), total_count=count)
    refused(reply, header="rjct.total_count.invalid")
    assert door.count("delivery") == deliveries


def test_an_empty_delivery_is_refused(system: System) -> None:
    refused(system.report(), header="rjct.total_count.invalid")


def test_two_lists_in_one_delivery_are_refused(system: System) -> None:
    lists = {"beneficiaries": [enrolled(a_number(), "DCI001")]}
    message = {"enrolled_updates": lists, "receipt_information": lists}
    refused(system.post(UPDATES, system.sealed(system.header("notify", 1), message)))


@pytest.mark.parametrize("lists", [{}, {"beneficiaries": {}}, {"beneficiaries": "x"}, [], "x"])
def test_a_delivery_without_a_list_is_refused_for_that(system: System, lists: object) -> None:
    message = {"enrolled_updates": lists}
    refused(system.post(UPDATES, system.sealed(system.header("notify", 1), message)))


@pytest.mark.parametrize("encrypted", [True, "true", 1])
def test_a_plain_message_said_to_be_encrypted_is_refused(system: System, encrypted: object) -> None:
    refused(system.ask(a_number(), "DCI001", is_msg_encrypted=encrypted), "err.encryption.invalid")


@pytest.mark.parametrize(
    "cycle", ["2026-1", "x", "9" * 30 + "-01", "0000-13", "２０２６-10", 5, None, ["2026-10"]]
)
def test_a_period_that_is_none_is_no_reason_to_refuse(
    door: Door, system: System, cycle: object
) -> None:
    reply = system.report(enrolled(a_number(), "DCI001"), meta={"cycle": cycle})
    assert reply.outcomes == ["succ"]
    [row] = door.owner("select cycle from delivery order by delivery_id desc limit 1")
    assert row["cycle"] is None


@pytest.mark.parametrize("sequence", [2**31, -1, 2**52, "x", "７"])
def test_a_sequence_that_is_none_is_no_reason_to_refuse(system: System, sequence: object) -> None:
    reply = system.report(enrolled(a_number(), "DCI001"), meta={"sequence": sequence})
    assert reply.outcomes == ["succ"]


def test_the_period_of_a_delivery_is_kept(door: Door, system: System) -> None:
    system.report(enrolled(a_number(), "DCI001"), meta={"cycle": "2026-10", "sequence": "2"})
    [row] = door.owner("select cycle, sequence from delivery order by delivery_id desc limit 1")
    assert (row["cycle"], row["sequence"]) == ("2026-10", 2)


@pytest.mark.parametrize("records", [150, 5_400])
def test_a_large_delivery_is_taken_in_apart_and_answered_the_same(
    door: Door, system: System, records: int
) -> None:
    people = [a_number() for _ in range(records)]
    body = system.updates([enrolled(each, "DCI001") for each in people])
    first = system.post(UPDATES, body)
    assert first.outcomes == ["succ"] * records
    assert system.post(UPDATES, body).raw == first.raw
    assert system.ask({"in": [people[0], people[-1]]}, "DCI001").says == ["yes", "yes"]


def test_a_person_may_be_known_by_many_numbers(system: System) -> None:
    one, other = a_number(), a_number()
    record = enrolled(one, "DCI001")
    record["member"]["member_identifier"].append(an_identifier(other, "NID"))
    system.report(record)
    assert system.ask(one, "DCI001", by="UIN").says == ["yes"]
    assert system.ask(other, "DCI001", by="NID").says == ["yes"]


def test_a_number_that_was_replaced_no_longer_answers(system: System) -> None:
    key, old, new = a_number(), a_number(), a_number()
    for number in (old, new):
        record = enrolled(number, "DCI001")
        record["member"]["member_identifier"].append(an_identifier(key, "PROGRAMME_NUMBER"))
        system.report(record)
    assert system.ask(new, "DCI001", by="UIN").says == ["yes"]
    assert system.ask(old, "DCI001", by="UIN").says == ["no"]


def test_reports_that_contradict_each_other_together_do_not_stop_a_delivery(
    system: System,
) -> None:
    """Each is in order alone; what they add up to is a death before the birth."""
    somebody = a_number()
    born = enrolled(somebody, "DCI001")
    born["member"]["demographic_info"] = {"birth_date": "2000-01-01"}
    died = enrolled(somebody, "DCI001")
    died["member"]["demographic_info"] = {"death_date": "1990-01-01"}
    assert system.report(born).outcomes == ["succ"]
    assert system.report(died, enrolled(a_number(), "DCI001")).outcomes == ["succ", "succ"]


@pytest.mark.parametrize(
    "extreme",
    [
        {"assistance_unit": "2", "group": {"group_size": 3_000_000_000}},
        {"assistance_unit": "2", "group": {"group_size": -1}},
        {"assistance_unit": "2", "group": {"group_size": "inf"}},
        {
            "benefits": [
                {
                    "benefit_type": "1",
                    "benefit_date": "2026-01-01",
                    "benefit_value": "USD 9999999999999.99",
                }
            ]
        },
        {
            "benefits": [
                {"benefit_type": "1", "benefit_date": "2026-01-01", "benefit_quantity": 2**40}
            ]
        },
        {"benefits": [{"benefit_type": "1", "benefit_date": "0001-01-01"}]},
        {"enrollment_date": "9999-12-31T23:59:59-14:00"},
        {"enrollment_status": -1},
        {"enrollment_status": "1" * 5000},
        {"@id": "x" * 201},
        {"member": {"member_identifier": [{"identifier_type": "UIN", "identifier_value": "1\n"}]}},
        {"member": {"member_identifier": [{"identifier_type": "UIN", "identifier_value": "ı1"}]}},
        {"member": {"member_identifier": [{"identifier_type": "ſ", "identifier_value": "1"}]}},
        {
            "programme_identifier": [
                {"programme_identifier": "DCI001"},
                {"programme_identifier": "NOT_THERE"},
            ]
        },
        {"assistance_unit": "9"},
    ],
)
def test_an_extreme_record_is_refused_alone(system: System, extreme: dict[str, Any]) -> None:
    reply = system.report(
        enrolled(a_number(), "DCI001"), {**enrolled(a_number(), "DCI001"), **extreme}
    )
    assert (reply.status, reply.outcomes) == (200, ["succ", "rjct"]), reply.body
