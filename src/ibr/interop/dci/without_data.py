"""What is left of a message to somebody who may not see its records any more: ids and a refusal.

Only members that are named here are taken over, so that no new one can carry something out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from ibr.clock import written
from ibr.outbox.model import Kind

CODE: Final = "rjct.action.not_supported"
TEXT: Final = (
    "Your rights have changed since this was promised to you, so the records are not shown. "
    "Ask the registry if you should have them."
)


class Told(msgspec.Struct, frozen=True):
    """The message without its records, and what its header says."""

    message: dict[str, Any]
    items: int
    code: str = CODE
    text: str = TEXT


def without_data(
    kind: Kind, message: dict[str, Any], correlation_id: str | None, at: datetime
) -> Told:
    """The message of this kind with every item refused; an encrypted one loses its items too."""
    said: dict[str, Any] = {"transaction_id": message.get("transaction_id", "")}
    if correlation_id:
        said["correlation_id"] = correlation_id
    items: list[dict[str, Any]] = []
    if kind == "on-search":
        items = _refused(message.get("search_response"), at)
        said["search_response"] = items
    elif kind == "txn-on-status":
        said["txnstatus_response"], items = _status(message.get("txnstatus_response"), said, at)
    elif kind == "on-subscribe":
        items = _refused(message.get("subscribe_response"), at)
        said["subscribe_response"] = items
    elif kind == "notify":
        said["notify_event"] = []
    else:
        said |= {"timestamp": written(at), "status": "rjct", "status_reason_message": TEXT}
    return Told(said, len(items))


def _status(
    given: Any, ids: dict[str, Any], at: datetime
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    response = given if isinstance(given, dict) else {}
    status = response.get("txn_status")
    inner = status if isinstance(status, dict) else {}
    items = _refused(inner.get("search_response"), at)
    asked_about = {
        name: inner[name]
        for name in ("transaction_id", "correlation_id")
        if isinstance(inner.get(name), str)
    }
    kept = {"correlation_id": "", **ids, **asked_about, "search_response": items}
    kind = response.get("txn_type")
    return {"txn_type": kind if isinstance(kind, str) else "search", "txn_status": kept}, items


def _refused(items: Any, at: datetime) -> list[dict[str, Any]]:
    """Each item by its reference_id alone."""
    return [
        {
            "reference_id": item["reference_id"],
            "timestamp": written(at),
            "status": "rjct",
            "status_reason_message": TEXT,
        }
        for item in (items if isinstance(items, list) else [])
        if isinstance(item, dict) and isinstance(item.get("reference_id"), str)
    ]
