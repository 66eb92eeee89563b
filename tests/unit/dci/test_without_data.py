"""What is left of a message whose receiver may not see its records any more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibr.interop.dci.without_data import without_data

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SECRET = "ZZCANARY"


def item(reference: str) -> dict[str, Any]:
    return {
        "reference_id": reference,
        "timestamp": "2026-03-02T09:00:00Z",
        "status": "succ",
        "data": {"reg_records": [{"name": SECRET}]},
        "pagination": {"total_count": 1},
    }


MESSAGES: dict[Any, dict[str, Any]] = {
    "on-search": {"search_response": [item("r1"), item("r2")]},
    "txn-on-status": {
        "txnstatus_response": {
            "txn_type": "search",
            "txn_status": {
                "transaction_id": "earlier",
                "correlation_id": "c-earlier",
                "search_response": [item("r1"), item("r2")],
            },
        }
    },
    "on-subscribe": {"subscribe_response": [item("r1"), item("r2")]},
    "on-unsubscribe": {"status": "succ", "subscription_status": [{"code": SECRET}]},
    "notify": {"notify_event": [{"reference_id": SECRET, "data": {"reg_records": {"n": SECRET}}}]},
}


@pytest.mark.parametrize("kind", MESSAGES)
def test_nothing_of_the_records_is_left(kind: Any) -> None:
    given = {"transaction_id": "t", "correlation_id": "x", "extra": SECRET, **MESSAGES[kind]}
    told = without_data(kind, given, "c", AT)
    text = msgspec.json.encode(told.message).decode()
    assert SECRET not in text
    assert "reg_records" not in text
    assert (told.message["transaction_id"], told.message["correlation_id"]) == ("t", "c")


def test_each_item_is_refused_under_its_own_name() -> None:
    told = without_data("on-search", {"transaction_id": "t", **MESSAGES["on-search"]}, "c", AT)
    assert told.items == 2
    assert [each["reference_id"] for each in told.message["search_response"]] == ["r1", "r2"]
    assert {each["status"] for each in told.message["search_response"]} == {"rjct"}


def test_a_status_still_says_what_it_was_about() -> None:
    given = {"transaction_id": "t", **MESSAGES["txn-on-status"]}
    said = without_data("txn-on-status", given, "c", AT).message["txnstatus_response"]
    assert said["txn_type"] == "search"
    assert said["txn_status"]["transaction_id"] == "earlier"
    assert [each["status"] for each in said["txn_status"]["search_response"]] == ["rjct", "rjct"]


@pytest.mark.parametrize("kind", MESSAGES)
def test_an_encrypted_message_loses_its_items_too(kind: Any) -> None:
    told = without_data(kind, {"ciphertext": SECRET, "header": {"kid": "k"}}, "c", AT)
    assert SECRET not in msgspec.json.encode(told.message).decode()
    assert told.items == 0


_json = st.recursive(
    st.just(SECRET) | st.integers() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["search_response", "txnstatus_response", "txn_status", "data", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["search_response", "txnstatus_response"]), _json))
def test_whatever_shape_it_had_nothing_slips_through(message: dict[str, Any]) -> None:
    for kind in ("on-search", "txn-on-status"):
        told = without_data(kind, message, None, AT)
        assert SECRET not in msgspec.json.encode(told.message).decode()
