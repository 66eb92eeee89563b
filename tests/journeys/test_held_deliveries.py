"""A delivery that is out of the ordinary is stored, waits for a person, and its sender knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.delivery_desk import REASON, DeliveryDesk
from tests.door import STATUS, UPDATES, Door, System
from tests.people import a_number, enrolled

WRONG_TOTAL = {"control_totals": {"records": 5}}


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner()


@pytest.fixture(scope="module")
def desk(door: Door) -> Iterator[DeliveryDesk]:
    desk = DeliveryDesk(door)
    yield desk
    desk.close()


def test_a_wrong_control_total_holds_a_delivery(
    door: Door, system: System, desk: DeliveryDesk
) -> None:
    somebody = a_number()
    body = system.updates([enrolled(somebody, "DCI001")], meta=WRONG_TOTAL)
    reply = system.post(UPDATES, body)
    header = reply.body["header"]
    assert (reply.status, header["status"], header["completed_count"]) == (200, "pdng", 0)
    assert "It holds 1 records, but its sender says 5." in header["status_reason_message"]
    assert reply.outcomes == ["pdng"]
    assert desk.state(desk.newest()) == "held"
    assert system.ask(somebody, "DCI001").says == ["no"]


def test_the_same_message_again_says_that_it_still_waits(
    system: System, desk: DeliveryDesk
) -> None:
    body = system.updates([enrolled(a_number(), "DCI001")], meta=WRONG_TOTAL)
    system.post(UPDATES, body)
    number = desk.newest()
    assert system.post(UPDATES, body).outcomes == ["pdng"]
    assert desk.newest() == number


def test_let_go_it_is_merged_and_its_sender_gets_the_final_answer(
    system: System, desk: DeliveryDesk
) -> None:
    somebody = a_number()
    body = system.updates([enrolled(somebody, "DCI001")], meta=WRONG_TOTAL)
    system.post(UPDATES, body)
    number = desk.newest()
    desk.release(number)
    assert desk.state(number) == "done"
    assert system.ask(somebody, "DCI001").says == ["yes"]
    assert system.post(UPDATES, body).outcomes == ["succ"]


def test_refused_it_is_never_merged_and_its_sender_reads_why(
    door: Door, system: System, desk: DeliveryDesk
) -> None:
    somebody = a_number()
    body = system.updates([enrolled(somebody, "DCI001")], meta=WRONG_TOTAL)
    system.post(UPDATES, body)
    number = desk.newest()
    desk.refuse(number)
    again = system.post(UPDATES, body)
    assert again.outcomes == ["rjct"]
    assert REASON in again.items[0]["status_reason_message"]
    assert again.body["header"]["status"] == "rjct"
    assert system.ask(somebody, "DCI001").says == ["no"]
    parts = door.owner("select count(*) from delivery_part where delivery_id = $1", number)
    assert parts[0][0] == 1


def test_transaction_status_tells_it_too(system: System, desk: DeliveryDesk) -> None:
    body = system.updates([enrolled(a_number(), "DCI001")], meta=WRONG_TOTAL)
    message = system.post(UPDATES, body).message
    asked = status_of(system, message["transaction_id"])
    assert asked == ["pdng"]
    desk.release(desk.newest())
    assert status_of(system, message["transaction_id"]) == ["succ"]


def status_of(system: System, transaction_id: str) -> list[str]:
    message = {
        "transaction_id": f"t-{a_number()}",
        "txnstatus_request": {
            "reference_id": "r1",
            "txn_type": "receipt",
            "attribute_type": "transaction_id",
            "attribute_value": transaction_id,
        },
    }
    reply = system.post(STATUS, system.sealed(system.header("txn-status", 1), message))
    found: list[dict[str, Any]] = reply.message["txnstatus_response"]["txn_status"][
        "enrolled_response"
    ]
    return [each["status"] for each in found]


def test_the_right_totals_hold_nothing(system: System, desk: DeliveryDesk) -> None:
    totals = {"control_totals": {"records": 1, "people": 1}}
    reply = system.report(enrolled(a_number(), "DCI001"), meta=totals)
    assert reply.outcomes == ["succ"]
    assert desk.anomalies(desk.newest()) == "[]"


def test_far_fewer_records_than_the_cycle_before_are_held(
    system: System, desk: DeliveryDesk
) -> None:
    people = [enrolled(a_number(), "DCI003") for _ in range(120)]
    first = system.report(*people, meta={"cycle": "2026-01", "sequence": 1})
    assert set(first.outcomes) == {"succ"}
    second = system.report(*people[:30], meta={"cycle": "2026-02", "sequence": 1})
    assert set(second.outcomes) == {"pdng"}
    assert "records.fewer" in desk.anomalies(desk.newest())


def test_a_number_of_a_cycle_that_came_with_another_content_is_held(
    system: System, desk: DeliveryDesk
) -> None:
    meta = {"cycle": "2025-01", "sequence": 1}
    somebody = enrolled(a_number(), "DCI002")
    assert system.report(somebody, meta=meta).outcomes == ["succ"]
    assert system.report(somebody, meta=meta).outcomes == ["succ"]
    assert "content.same" in desk.anomalies(desk.newest())
    assert system.report(enrolled(a_number(), "DCI002"), meta=meta).outcomes == ["pdng"]
    third = {"cycle": "2025-01", "sequence": 3}
    assert system.report(enrolled(a_number(), "DCI002"), meta=third).outcomes == ["succ"]
    assert "sequence.gap" in desk.anomalies(desk.newest())


@pytest.mark.parametrize(
    "meta",
    [{"mode": "nonsense"}, {"mode": "void"}, {"replaces": "unknown"}, {"programme": "NOT_OURS"}],
)
def test_terms_that_cannot_be_kept_refuse_the_message_whole(
    door: Door, system: System, meta: dict[str, str]
) -> None:
    before = door.count("delivery")
    reply = system.report(enrolled(a_number(), "DCI001"), meta=meta)
    assert reply.error is not None
    assert "Nothing was stored." in reply.text
    assert door.count("delivery") == before


def test_a_large_delivery_is_looked_through_before_any_of_it_is_merged(
    door: Door, system: System, desk: DeliveryDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ibr.interop.dci.read_updates.BLOCK_RECORDS", 10)
    people = [enrolled(a_number(), "DCI001") for _ in range(35)]
    records = door.count("beneficiary_record")
    body = system.updates(people, meta={"control_totals": {"people": 34}})
    assert set(system.post(UPDATES, body).outcomes) == {"pdng"}
    assert door.count("beneficiary_record") == records
    desk.release(desk.newest())
    assert door.count("beneficiary_record") == records + 35
    assert set(system.post(UPDATES, body).outcomes) == {"succ"}


def test_two_who_decide_at_once_are_told_apart(
    door: Door, system: System, desk: DeliveryDesk
) -> None:
    system.report(enrolled(a_number(), "DCI001"), meta=WRONG_TOTAL)
    number = desk.newest()
    desk.release(number)
    with pytest.raises(Exception, match="does not wait for a decision any more"):
        desk.refuse(number)


def test_a_sender_withdraws_its_own_delivery_and_brings_it_back(
    system: System, desk: DeliveryDesk
) -> None:
    somebody = a_number()
    first = system.header("notify", 1)["message_id"]
    system.report(enrolled(somebody, "DCI001"), message_id=first)
    told = desk.newest()
    second = system.header("notify", 0)["message_id"]
    reply = system.report(message_id=second, meta={"mode": "void", "replaces": first})
    assert reply.body["header"]["status"] == "pdng"
    assert system.ask(somebody, "DCI001").says == ["yes"]
    void = desk.newest()
    desk.release(void)
    desk.work()
    assert (desk.state(void), desk.state(told)) == ("done", "voided")
    assert system.ask(somebody, "DCI001").says == ["no"]
    # The withdrawal is withdrawn: what it had taken away counts again.
    system.report(meta={"mode": "void", "replaces": second})
    desk.release(desk.newest())
    desk.work()
    assert (desk.state(void), desk.state(told)) == ("voided", "done")
    assert system.ask(somebody, "DCI001").says == ["yes"]


def test_a_delivery_in_the_place_of_another_is_merged_before_that_one_goes(
    system: System, desk: DeliveryDesk
) -> None:
    wrong, right = a_number(), a_number()
    first = system.header("notify", 1)["message_id"]
    system.report(enrolled(wrong, "DCI001"), message_id=first)
    told = desk.newest()
    system.report(enrolled(right, "DCI001"), meta={"mode": "correction", "replaces": first})
    desk.release(desk.newest())
    assert system.ask(right, "DCI001").says == ["yes"]
    assert system.ask(wrong, "DCI001").says == ["yes"]
    desk.work()
    assert desk.state(told) == "voided"
    assert system.ask(wrong, "DCI001").says == ["no"]
    assert system.ask(right, "DCI001").says == ["yes"]


def test_nobody_withdraws_what_another_has_sent(door: Door, system: System) -> None:
    first = system.header("notify", 1)["message_id"]
    system.report(enrolled(a_number(), "DCI001"), message_id=first)
    other = door.partner()
    reply = other.report(meta={"mode": "void", "replaces": first})
    assert "names no delivery of yours" in reply.text
