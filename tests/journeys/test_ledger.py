"""Every answer is in the ledger and the audit trail; without them there is no answer (F4)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.door import ENROLLED, SEARCH, TOKEN, UPDATES, Door, System
from tests.people import a_number, a_person, an_identifier, enrolled, in_programme


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner()


@contextmanager
def without_the_right(door: Door, right: str, table: str) -> Iterator[None]:
    door.owner(f"revoke {right} on ibr.{table} from ibr_app")
    try:
        yield
    finally:
        door.owner(f"grant {right} on ibr.{table} to ibr_app")


def test_every_subject_of_a_question_is_in_the_ledger(door: Door, system: System) -> None:
    somebody, nobody = a_number(), a_number()
    system.report(enrolled(somebody, "DCI001"))
    before = door.count("question_asked")
    system.ask({"in": [somebody, nobody]}, "DCI001", meta={"purpose": {"code": "ELIG"}})
    rows = door.owner("select * from question_asked order by asked_at desc, answer limit 2")
    assert door.count("question_asked") == before + 2
    assert [row["answer"] for row in rows] == ["no", "yes"]
    assert {row["purpose_code"] for row in rows} == {"ELIG"}
    assert len({row["question_id"] for row in rows}) == 1


def test_the_ledger_holds_no_identifier(door: Door, system: System) -> None:
    somebody = a_number()
    system.ask(somebody, "DCI001")
    rows = door.owner("select question_asked::text as said from question_asked")
    assert not any(somebody in row["said"] for row in rows)


def test_two_spellings_of_one_identifier_are_one_subject(door: Door, system: System) -> None:
    before = door.count("question_asked")
    system.ask({"in": ["ab1", "AB1"]}, "DCI001")
    assert door.count("question_asked") == before + 1


def test_a_question_by_a_bare_number_is_kept_under_the_one_it_found(
    door: Door, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ibr.interop.dci.identifier_kinds._FRESH_SECONDS", 0)
    number = a_number()
    record = {**a_person("x"), **in_programme("DCI001")}
    record["member"]["member_identifier"] = [an_identifier(number, "NID")]
    system.report(record)
    system.ask(number, "DCI001")
    wanted = door.services.blind_index.of("NID", number)
    assert door.owner("select 1 from question_asked where subject_index = $1", wanted)


def test_every_answer_has_its_event(door: Door, system: System) -> None:
    before = door.count("audit_event")
    system.ask(a_number(), "DCI001")
    system.report(enrolled(a_number(), "DCI001"))
    rows = door.owner("select kind, actor_kind from audit_event order by event_id desc limit 2")
    assert door.count("audit_event") == before + 2
    assert [row["kind"] for row in rows] == ["delivery.done", "question.enrolled"]
    assert {row["actor_kind"] for row in rows} == {"partner"}


@pytest.mark.parametrize("table", ["question_asked", "audit_event", "message_received"])
def test_without_the_ledger_there_is_no_answer(door: Door, system: System, table: str) -> None:
    with without_the_right(door, "insert", table):
        reply = system.ask(a_number(), "DCI001")
    assert reply.status == 500
    assert "enrolled_response" not in reply.message


def test_control_where_the_ledger_is_not_written_the_answer_would_come(
    door: Door, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def written_nowhere(*_: object) -> None:
        return None

    monkeypatch.setattr("ibr.questions.enrolled.record_asked", written_nowhere)
    with without_the_right(door, "insert", "question_asked"):
        assert system.ask(a_number(), "DCI001").says == ["no"]


def test_without_its_event_a_delivery_is_not_taken(door: Door, system: System) -> None:
    somebody, deliveries = a_number(), door.count("delivery")
    with without_the_right(door, "insert", "audit_event"):
        assert system.report(enrolled(somebody, "DCI001")).status == 500
    assert door.count("delivery") == deliveries
    assert system.ask(somebody, "DCI001").says == ["no"]


def test_a_failure_tells_nothing_of_the_inside(door: Door, system: System) -> None:
    with without_the_right(door, "insert", "question_asked"):
        reply = system.ask(a_number(), "DCI001")
    assert reply.error == "err.service.unavailable"
    assert b"permission" not in reply.raw
    assert b"Traceback" not in reply.raw


def test_after_a_failure_the_next_question_is_answered(door: Door, system: System) -> None:
    with without_the_right(door, "insert", "question_asked"):
        system.ask(a_number(), "DCI001")
    assert system.ask(a_number(), "DCI001").says == ["no"]


@pytest.mark.parametrize("path", [ENROLLED, SEARCH, UPDATES])
def test_a_signature_that_does_not_hold_is_an_event(door: Door, system: System, path: str) -> None:
    body = system.question(a_number(), "DCI001").replace(b"DCI001", b"DCI002")
    if path == UPDATES:
        body = system.updates([enrolled(a_number(), "DCI001")]).replace(b"DCI001", b"DCI002")
    events = door.owner("select count(*) from audit_event where kind = 'signature.refused'")
    assert system.post(path, body).error == "err.signature.invalid"
    after = door.owner("select count(*) from audit_event where kind = 'signature.refused'")
    assert after[0][0] == events[0][0] + 1


def test_a_large_delivery_with_a_wrong_signature_is_an_event_too(
    door: Door, system: System
) -> None:
    records = [enrolled(a_number(), "DCI001") for _ in range(120)]
    body = system.updates(records).replace(b"Phumchai", b"Phumchay")
    events = door.owner("select count(*) from audit_event where kind = 'signature.refused'")
    assert system.post(UPDATES, body).error == "err.signature.invalid"
    after = door.owner("select count(*) from audit_event where kind = 'signature.refused'")
    assert after[0][0] == events[0][0] + 1


def test_where_even_the_event_cannot_be_kept_the_answer_is_still_in_order(
    door: Door, system: System
) -> None:
    body = system.question(a_number(), "DCI001").replace(b"DCI001", b"DCI002")
    with without_the_right(door, "insert", "audit_event"):
        reply = system.post(ENROLLED, body)
    assert (reply.status, reply.error) == (500, "err.service.unavailable")


def test_a_refused_secret_is_an_event(door: Door, system: System) -> None:
    wrong = {
        "grant_type": "client_credentials",
        "client_id": system.credentials["client_id"],
        "client_secret": "x",
    }
    door.request("POST", TOKEN, data=wrong)
    [newest] = door.owner("select kind from audit_event order by event_id desc limit 1")
    assert newest["kind"] == "token.refused"
