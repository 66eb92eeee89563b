"""The standard's own samples, read where they lie: none is valid, each has its decided answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.door import ENROLLED, SEARCH, UPDATES, Door, Reply, System


@pytest.fixture(scope="module")
def sp_system(door: Door) -> System:
    return door.partner("SP-System", signature="off")


@pytest.fixture(scope="module")
def lower(door: Door) -> System:
    """The same system as processflow 3a and 4 spell it."""
    return door.partner("sp-system", signature="off")


def sent(shared: Path, system: System, path: str, name: str, **header: str) -> Reply:
    file = shared / "standard" / "samples" / "ibr-official" / f"{name}.json"
    message = json.loads(file.read_text())
    message["header"] |= {"message_id": name, **header}
    return system.post(path, json.dumps(message).encode())


def test_flow_1_an_enrolment_is_taken_in(shared: Path, door: Door, sp_system: System) -> None:
    reply = sent(shared, sp_system, UPDATES, "processflow1req")
    assert (reply.status, reply.outcomes) == (200, ["succ"]), reply.body
    assert reply.message["transaction_id"] == "processflow1req"
    assert sp_system.ask("0205202401", "DCI001", by="NID").says == ["yes"]
    [row] = door.owner("select warnings, score from delivery order by delivery_id desc limit 1")
    assert row["score"] == 0
    assert {"empty_string_for_absent", "programme_on_member", "programme_nested"} <= set(
        json.loads(row["warnings"])
    )


def test_flow_2_names_no_programme_and_is_refused(shared: Path, sp_system: System) -> None:
    reply = sent(shared, sp_system, ENROLLED, "processflow2req")
    assert (reply.status, reply.error) == (200, "err.request.bad")
    assert "programme" in reply.text


@pytest.mark.parametrize("name", ["processflow3areq", "processflow4req"])
def test_flows_3a_and_4_are_addressed_to_another_registry(
    shared: Path, lower: System, name: str
) -> None:
    reply = sent(shared, lower, SEARCH, name)
    assert (reply.status, reply.error) == (200, "err.receiver_id.invalid")


@pytest.mark.parametrize("name", ["processflow3areq", "processflow4req"])
def test_flows_3a_and_4_addressed_to_us_are_answered(
    shared: Path, lower: System, name: str
) -> None:
    reply = sent(shared, lower, SEARCH, name, receiver_id="IBR")
    assert reply.status == 200
    [item] = reply.message["search_response"]
    assert (item["status"], item["reference_id"]) == ("succ", "0")
    assert item["pagination"] == {"page_size": 10, "page_number": 1, "total_count": 0}
    assert reply.message["transaction_id"] == name


@pytest.mark.parametrize("name", ["processflow3req", "processflow3breq", "processflow5req"])
def test_the_empty_samples_are_refused(shared: Path, sp_system: System, name: str) -> None:
    file = shared / "standard" / "samples" / "ibr-official" / f"{name}.json"
    reply = sp_system.post(SEARCH, file.read_bytes())
    assert (reply.status, reply.error) == (200, "err.request.bad")
