"""The golden messages of a subscription's life: as they stand they are read, and so we write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.door import UPDATES, Door, Reply, System
from tests.later import Callback, Worker
from tests.people import a_number, a_person, enrolled, in_programme, suspended_on
from tests.standard.published import body_of, faults
from tests.subscribing import (
    END,
    ENROLLMENT,
    FAR,
    STATUS_CHANGE,
    SUBSCRIBE,
    UNSUBSCRIBE,
    Teller,
    by_uin,
    item_of,
)

GOLDEN = Path(__file__).parent / "golden"
REGISTERED = "https://spmis.example.org/dci/registry"
# What a golden message has that ours leaves out, because it says nothing.
NOT_WRITTEN = {"sender_uri"}


def golden(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text())
    return loaded


@pytest.fixture(scope="module")
def worker(door: Door) -> Iterator[Worker]:
    worker = Worker(door)
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def teller(door: Door, worker: Worker) -> Teller:
    return Teller(door, worker)


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    """The partner whose name the golden messages carry; their signatures are placeholders."""
    return door.partner("spmis.example.org", signature="off", callback_urls=[REGISTERED])


def sent(system: System, path: str, name: str, message_id: str, **members: Any) -> Reply:
    message = golden(name)
    message["header"]["message_id"] = message_id
    message["message"] |= members
    return system.post(path, json.dumps(message).encode())


def named(value: Any) -> Any:
    """Names of members all the way down, without what they hold."""
    if isinstance(value, dict):
        return {name: named(each) for name, each in value.items() if name not in NOT_WRITTEN}
    return [named(each) for each in value] if isinstance(value, list) else None


def without(shape: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: each for name, each in shape.items() if name not in names}


@pytest.fixture(scope="module")
def on_subscribe(system: System, teller: Teller) -> Callback:
    """What golden 08 is answered by; its year is moved on, for it ends in 2027."""
    request = golden("08_subscribe_req")["message"]["subscribe_request"]
    request[0]["subscribe_criteria"]["frequency"]["end_time"] = FAR
    reply = sent(system, SUBSCRIBE, "08_subscribe_req", "golden-08", subscribe_request=request)
    assert named(reply.body) == named(golden("06_ack"))
    return teller.worker.answered(system)


def test_the_golden_subscription_is_answered_by_the_golden_answer(on_subscribe: Callback) -> None:
    wanted = golden("09_on_subscribe_body")
    assert named(on_subscribe.message) == named(wanted["message"])
    assert set(named(wanted["header"])) <= set(on_subscribe.header)
    assert on_subscribe.message["transaction_id"] == "txn-0002"
    [item] = on_subscribe.items
    assert (item["reference_id"], item["status"]) == ("ref-0002", "succ")


def test_the_golden_news_are_written_as_they_stand(
    door: Door, system: System, teller: Teller, on_subscribe: Callback
) -> None:
    """Everything that the golden notify says of its record is said by ours."""
    record = golden("15_enrollment_updates_req")
    record["header"]["message_id"] = "golden-15"
    system.post(UPDATES, json.dumps(record).encode())
    [told] = record["message"]["enrolled_updates"]["beneficiaries"]
    uin = told["member"]["member_identifier"][0]["identifier_value"]
    teller.code(system, item_of(STATUS_CHANGE, by_uin(uin)))
    changed = told | {
        "enrollment_status": "4",
        "status_change_date": [*told["status_change_date"], "2026-02-01T00:00:00+00:00"],
    }
    assert system.report(changed).outcomes == ["succ"]
    teller.tell()
    [news] = teller.news(system)
    wanted = golden("10_notify_body")
    assert set(named(wanted["header"])) <= set(news.header)
    [event], [wanted_event] = news.message["notify_event"], wanted["message"]["notify_event"]
    data, wanted_data = event["data"], wanted_event["data"]
    assert named(event).keys() == named(wanted_event).keys()
    assert data.keys() - {"subscription_code"} == wanted_data.keys()
    assert data["reg_event_type"] == wanted_data["reg_event_type"]
    assert data["reg_records"].keys() <= wanted_data["reg_records"].keys()
    assert news.header["meta"]["subscription_code"] == data["subscription_code"]


def test_the_golden_unsubscribe_is_answered_by_the_golden_answer(
    system: System, teller: Teller, on_subscribe: Callback
) -> None:
    code = on_subscribe.items[0]["subscriptions"][0]["code"]
    sent(system, UNSUBSCRIBE, "11_unsubscribe_req", "golden-11", subscription_codes=[code])
    told = teller.worker.answered(system)
    wanted = golden("12_on_unsubscribe_body")
    assert named(told.message) == named(wanted["message"])
    assert told.message["subscription_status"] == [{"code": code, "status": "unsubscribe"}]
    assert told.message["transaction_id"] == "txn-0003"


def enveloped(told: Callback) -> dict[str, Any]:
    return {"signature": "x", "header": told.header, "message": told.message}


def test_everything_written_is_valid_by_the_published_file(
    shared: Path, door: Door, teller: Teller
) -> None:
    system = door.partner(callback_urls=[REGISTERED])
    uin = a_number()
    system.report(enrolled(uin, "DCI001"))
    made = teller.subscribed(
        system,
        item_of(STATUS_CHANGE, by_uin(uin), reference_id="good"),
        item_of("birthday", by_uin(uin), reference_id="bad"),
        item_of(STATUS_CHANGE, by_uin(uin), reference_id="again"),
    )
    assert made.outcomes == ["succ", "rjct", "rjct"]
    assert faults(shared, body_of("/registry/on-subscribe"), enveloped(made)) == []
    teller.match()
    system.report(a_person(uin) | in_programme("DCI001") | suspended_on("2026-02-01"))
    teller.tell()
    [news] = teller.news(system)
    assert faults(shared, body_of("/registry/notify"), enveloped(news)) == []
    code = made.items[0]["subscriptions"][0]["code"]
    for codes in ([code, "unknown"], [code], ["unknown"]):
        teller.unsubscribed(system, *codes)
        told = teller.worker.callbacks(system)[-1]
        assert faults(shared, body_of("/registry/on-unsubscribe"), enveloped(told)) == []


def test_control_another_status_is_not_valid(shared: Path) -> None:
    message = golden("12_on_unsubscribe_body")
    message["message"]["subscription_status"][0]["status"] = "gone"
    assert faults(shared, body_of("/registry/on-unsubscribe"), message)


@pytest.mark.parametrize(
    ("word", "event"),
    [
        ("enrollement", ENROLLMENT),
        ("enrolment", ENROLLMENT),
        ("enrollment", ENROLLMENT),
        ("Enrollement", ENROLLMENT),
        ("spdci-common:RegistryEventType:enrollement", ENROLLMENT),
        ("spdci-common:RegistryEventType:enrolment_status_change", STATUS_CHANGE),
        ("enrollment_status_change", STATUS_CHANGE),
        ("Deregister", END),
        ("ns:org:RegistryEventType:DEREGISTER", END),
    ],
)
def test_every_spelling_of_an_event_is_one_of_the_standards(
    door: Door, teller: Teller, word: str, event: str
) -> None:
    """Behaviour 23: read in any spelling, written as in the enum."""
    system = door.partner(callback_urls=[REGISTERED])
    uin = a_number()
    if event != ENROLLMENT:
        system.report(enrolled(uin, "DCI001"))
    teller.code(system, item_of(word, by_uin(uin)))
    system.report(
        a_person(uin)
        | in_programme("DCI001")
        | {"enrollment_status": "3", "status_change_date": ["2026-02-01T00:00:00+00:00"]}
    )
    teller.tell()
    assert [told for _, told, _ in teller.told(system)] == [event]
