"""What the client sends, against the standard's published OpenAPI file (read where it lies)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ibr_client import RegistryClient, Wanted, expression, identifier, predicate
from ibr_messages.types import Authorize, Consent, ConsentPurpose, Frequency, Sort
from tests.people import enrolled, given
from tests.registry_double import MOMENT, RegistryDouble
from tests.standard.published import body_of, faults

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
PURPOSE = ConsentPurpose(text="Act 12", code="ACT12", ref_uri="https://spmis.example.org/act12")
FORMS = [
    identifier("UIN", "847951632"),
    expression({"$and": [{"enrollment_status": {"$eq": "1"}}]}),
    predicate(("enrollment_date", "ge", "2026-01-01"), ("UIN", "in", ["1", "2"])),
]
NAMES = ["idtype-value", "expression", "predicate"]


@pytest.fixture
def registry() -> RegistryDouble:
    registry = RegistryDouble()
    registry.status = {
        "search_response": [{"reference_id": "r", "timestamp": MOMENT, "status": "succ"}]
    }
    return registry


@pytest.fixture
def client(registry: RegistryDouble) -> RegistryClient:
    return registry.client(callbacks="https://spmis.example.org/dci/registry", purpose="ELIG")


def check(shared: Path, registry: RegistryDouble, path: str) -> None:
    document = json.loads(registry.sent(path)[-1].content)
    assert faults(shared, body_of(path), document) == []


def test_a_report(shared: Path, registry: RegistryDouble, client: RegistryClient) -> None:
    client.report([{**enrolled("1", "DCI001"), **given("USD 50.00")}], cycle="2026-01", sequence=1)
    check(shared, registry, "/registry/sync/enrollment/updates")


def test_a_question(shared: Path, registry: RegistryDouble, client: RegistryClient) -> None:
    client.is_enrolled("UIN", "1", "DCI001")
    check(shared, registry, "/registry/sync/enrolled")
    client.are_enrolled("UIN", ["1", "2"], "DCI001", entity="Group")
    check(shared, registry, "/registry/sync/enrolled")


@pytest.mark.parametrize("wanted", FORMS, ids=NAMES)
def test_a_search(
    shared: Path, registry: RegistryDouble, client: RegistryClient, wanted: Wanted
) -> None:
    how: dict[str, Any] = {
        "sort": [Sort(attribute_name="enrollment_date", sort_order="desc")],
        "consent": Consent(ts=SINCE, purpose=PURPOSE),
        "authorize": Authorize(ts=SINCE, purpose=PURPOSE),
    }
    list(client.search(wanted, **how))
    check(shared, registry, "/registry/sync/search")
    client.start_search(wanted, **how)
    check(shared, registry, "/registry/search")


@pytest.mark.parametrize("wanted", FORMS, ids=NAMES)
def test_a_subscription(
    shared: Path, registry: RegistryDouble, client: RegistryClient, wanted: Wanted
) -> None:
    frequency = Frequency(start_time=SINCE, end_time=SINCE, frequency="0 0 6 * * ? *")
    client.subscribe(wanted, "enrollement", frequency=frequency)
    check(shared, registry, "/registry/subscribe")


def test_its_end(shared: Path, registry: RegistryDouble, client: RegistryClient) -> None:
    client.unsubscribe("sub-1")
    check(shared, registry, "/registry/unsubscribe")


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("transaction_id", "t"), ("correlation_id", "c"), ("reference_id_list", ["a", "b"])],
)
def test_a_question_about_a_message(
    shared: Path, registry: RegistryDouble, client: RegistryClient, attribute: Any, value: Any
) -> None:
    client.status("search", attribute, value)
    check(shared, registry, "/registry/sync/txn/status")
    client.start_status("receipt", attribute, value)
    check(shared, registry, "/registry/txn/status")


def test_an_encrypted_question(shared: Path, registry: RegistryDouble) -> None:
    registry.client(encrypted=True).is_enrolled("UIN", "1", "DCI001")
    check(shared, registry, "/registry/sync/enrolled")


def test_control_a_question_without_its_count_is_found_out(
    shared: Path, registry: RegistryDouble, client: RegistryClient
) -> None:
    client.is_enrolled("UIN", "1", "DCI001")
    header, message = registry.opened(registry.sent("/registry/sync/enrolled")[0])
    del header["total_count"]
    document = {"header": header, "message": message}
    assert faults(shared, body_of("/registry/sync/enrolled"), document)
