"""Yes/no questions and searches: what is asked, and what is made of the answers."""

from __future__ import annotations

import inspect
from typing import Any

import httpx
import pytest

from ibr_client import (
    AnswerNotTrusted,
    AnswerNotUnderstood,
    AsyncRegistryClient,
    QueryRefused,
    RegistryClient,
    expression,
    identifier,
    predicate,
)
from ibr_messages.types import Consent, ConsentPurpose, Sort
from tests.people import enrolled
from tests.registry_double import MOMENT, RegistryDouble

ENROLLED = "/registry/sync/enrolled"
SEARCH = "/registry/sync/search"


def question(registry: RegistryDouble, path: str = ENROLLED, which: int = 0) -> Any:
    return registry.opened(registry.sent(path)[which])


def test_a_yes_is_true_and_a_no_is_false(registry: RegistryDouble) -> None:
    registry.enrolled = {"1"}
    client = registry.client()
    assert client.is_enrolled("UIN", "1", "DCI001") is True
    assert client.is_enrolled("UIN", "2", "DCI001") is False


def test_the_question_is_the_standards(registry: RegistryDouble) -> None:
    registry.client().is_enrolled("UIN", "1", "DCI001", entity="Group")
    header, message = question(registry)
    assert message["enrolled_criteria"] == {
        "query_type": "expression",
        "response_entity": "Group",
        "query": {
            "UIN": {"eq": "1"},
            "programme_identifier.programme_identifier": {"eq": "DCI001"},
        },
    }
    assert (header["action"], header["total_count"], header["meta"]) == ("search", 1, {})
    assert header["receiver_id"] == "ibr.example.org"


def test_the_purpose_goes_with_every_question(registry: RegistryDouble) -> None:
    registry.client(purpose="ELIGIBILITY").is_enrolled("UIN", "1", "DCI001")
    assert question(registry)[0]["meta"] == {"purpose": "ELIGIBILITY"}


def test_many_are_asked_about_a_thousand_at_once(registry: RegistryDouble) -> None:
    registry.enrolled = {"7", "1200"}
    numbers = [str(number) for number in range(1500)]
    found = registry.client().are_enrolled("UIN", [*numbers, "7"], "DCI001")
    assert list(found) == numbers
    assert [number for number, yes in found.items() if yes] == ["7", "1200"]
    sizes = [
        len(question(registry, which=each)[1]["enrolled_criteria"]["query"]["UIN"]["in"])
        for each in (0, 1)
    ]
    assert sizes == [1000, 500]


def test_nobody_asked_about_sends_nothing(registry: RegistryDouble) -> None:
    assert registry.client().are_enrolled("UIN", [], "DCI001") == {}
    assert registry.requests == []


def test_an_answer_for_fewer_than_asked_is_no_answer(registry: RegistryDouble) -> None:
    def fault(request: httpx.Request) -> httpx.Response:
        message = registry.normally(request).json()["message"]
        message["enrolled_response"].pop()
        return registry.signed(message, action="on-search")

    registry.faults = [fault]
    with pytest.raises(AnswerNotUnderstood):
        registry.client().are_enrolled("UIN", ["1", "2"], "DCI001")


def test_an_answer_about_somebody_else_is_not_used(registry: RegistryDouble) -> None:
    def fault(request: httpx.Request) -> httpx.Response:
        message = registry.normally(request).json()["message"]
        message["enrolled_response"][0]["reference_id"] = "another"
        return registry.signed(message, action="on-search")

    registry.faults = [fault]
    with pytest.raises(AnswerNotTrusted):
        registry.client().is_enrolled("UIN", "1", "DCI001")


def people(count: int) -> list[dict[str, Any]]:
    return [enrolled(str(number), "DCI001") for number in range(count)]


def numbers(page: Any) -> list[str]:
    return [each.member.member_identifier[0].identifier_value for each in page.records]


def test_pages_come_one_after_the_other(registry: RegistryDouble) -> None:
    registry.found = people(5)
    pages = list(registry.client().search(identifier("UIN", "1"), page_size=2))
    assert [numbers(page) for page in pages] == [["0", "1"], ["2", "3"], ["4"]]
    assert {page.total for page in pages} == {5}
    assert [page.is_last for page in pages] == [False, False, True]


def test_a_page_is_fetched_when_it_is_wanted(registry: RegistryDouble) -> None:
    registry.found = people(5)
    pages = registry.client().search(identifier("UIN", "1"), page_size=2)
    assert numbers(next(pages)) == ["0", "1"]
    assert len(registry.sent(SEARCH)) == 1


def test_nothing_found_is_one_empty_page(registry: RegistryDouble) -> None:
    [page] = registry.client().search(identifier("UIN", "1"))
    assert (page.total, page.records) == (0, [])


def test_a_smaller_page_than_asked_for_is_gone_on_from(registry: RegistryDouble) -> None:
    """The registry caps the size of a page."""
    registry.found = people(5)
    normally = registry.normally

    def capped(request: httpx.Request) -> httpx.Response:
        message = normally(request).json()["message"]
        item = message["search_response"][0]
        item["pagination"]["page_size"] = 2
        item["data"]["reg_records"] = people(5)[:2]
        return registry.signed(message, action="on-search")

    registry.faults = [capped]
    pages = list(registry.client().search(identifier("UIN", "1"), page_size=5))
    assert [len(page.records) for page in pages] == [2, 2, 1]


@pytest.mark.parametrize(
    ("wanted", "query_type", "query"),
    [
        (identifier("UIN", "8"), "idtype-value", {"type": "UIN", "value": "8"}),
        (
            expression({"enrollment_status": {"$eq": "1"}}),
            "expression",
            {
                "type": "ns:org:QueryType:expression",
                "value": {
                    "expression": {
                        "collection": "Beneficiary",
                        "query": {"enrollment_status": {"$eq": "1"}},
                    }
                },
            },
        ),
        (
            predicate(("enrollment_date", "ge", "2025-01-01"), ("UIN", "in", ["1", "2"])),
            "predicate",
            [
                {
                    "seq_num": 1,
                    "expression1": {
                        "attribute_name": "enrollment_date",
                        "operator": "ge",
                        "attribute_value": "2025-01-01",
                    },
                },
                {
                    "seq_num": 2,
                    "expression1": {
                        "attribute_name": "UIN",
                        "operator": "in",
                        "attribute_value": "1,2",
                    },
                },
            ],
        ),
    ],
)
def test_queries_are_written_in_the_standards_forms(
    registry: RegistryDouble, wanted: Any, query_type: str, query: Any
) -> None:
    list(registry.client().search(wanted))
    criteria = question(registry, SEARCH)[1]["search_request"][0]["search_criteria"]
    assert (criteria["query_type"], criteria["query"]) == (query_type, query)


def test_consent_and_order_go_with_a_search(registry: RegistryDouble) -> None:
    list(
        registry.client().search(
            identifier("UIN", "1"),
            sort=[Sort(attribute_name="enrollment_date", sort_order="desc")],
            consent=Consent(purpose=ConsentPurpose(code="ELIG")),
        )
    )
    criteria = question(registry, SEARCH)[1]["search_request"][0]["search_criteria"]
    assert criteria["consent"] == {"@type": "Consent", "purpose": {"code": "ELIG"}}
    assert criteria["sort"] == [{"attribute_name": "enrollment_date", "sort_order": "desc"}]
    assert "authorize" not in criteria


def test_a_refused_search_says_why(registry: RegistryDouble) -> None:
    def fault(request: httpx.Request) -> httpx.Response:
        _, message = registry.opened(request)
        item = {
            "reference_id": message["search_request"][0]["reference_id"],
            "timestamp": MOMENT,
            "status": "rjct",
            "status_reason_code": "rjct.sort.invalid",
            "status_reason_message": "Sort by an attribute of the list.",
        }
        response = {
            "transaction_id": message["transaction_id"],
            "correlation_id": "c",
            "search_response": [item],
        }
        return registry.signed(response, action="on-search", status="rjct")

    registry.faults = [fault]
    with pytest.raises(QueryRefused, match="Sort by an attribute") as failed:
        list(registry.client().search(identifier("UIN", "1")))
    assert failed.value.code == "rjct.sort.invalid"


async def test_the_awaiting_client_pages_too(registry: RegistryDouble) -> None:
    registry.found = people(3)
    client = registry.async_client()
    pages = [page async for page in client.search(identifier("UIN", "1"), page_size=2)]
    assert [numbers(page) for page in pages] == [["0", "1"], ["2"]]
    assert await client.are_enrolled("UIN", ["1"], "DCI001") == {"1": False}


def shape(kind: type) -> dict[str, list[tuple[str, Any, Any]]]:
    """Every method with its arguments; how each client opens and closes is its own."""
    return {
        name: [
            (each.name, each.default, each.annotation)
            for each in inspect.signature(method).parameters.values()
        ]
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


def test_both_clients_can_do_the_same() -> None:
    assert shape(RegistryClient) == shape(AsyncRegistryClient)


def test_both_clients_say_the_same_of_it() -> None:
    for name in shape(RegistryClient):
        assert getattr(RegistryClient, name).__doc__ == getattr(AsyncRegistryClient, name).__doc__
