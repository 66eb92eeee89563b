"""Requests that stand together in one message, each with a reference of its own.

Searches and subscriptions are sent like this (digest.md 4.1, 4.3): what is at fault with the
whole is refused, what is at fault with one is said in its item.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from ibr.errors import NotUnderstood
from ibr.interop.dci.messages.header import (
    LONGEST_ID,
    Header,
    read_locale,
    read_moment_with_zone,
    read_reference,
    read_transaction_id,
)
from ibr_messages.strict_json import canonical

MOST_ITEMS: Final = 1000


class BatchOf(msgspec.Struct, frozen=True):
    """Where the requests of a kind stand, and what one of them is called."""

    array: str
    criteria: str
    one: str
    many: str


SEARCHES: Final = BatchOf("search_request", "search_criteria", "search", "searches")
SUBSCRIPTIONS: Final = BatchOf(
    "subscribe_request", "subscribe_criteria", "subscription", "subscriptions"
)


class Entry(msgspec.Struct, frozen=True):
    """One request: `fault` says what is at fault before its criteria are read."""

    reference_id: str
    locale: str
    request: dict[str, Any]
    criteria: dict[str, Any]
    fault: NotUnderstood | None


def schema(reason: str) -> NotUnderstood:
    """For a message that has not the shape of the standard."""
    return NotUnderstood("message.schema", reason)


def transaction_of(header: Header, message: dict[str, Any]) -> str:
    """The transaction of a message; its message_id where the field is given but empty."""
    # A string that is no text would only be found when it is stored or written.
    canonical(message)
    if "transaction_id" not in message:
        raise schema("message.transaction_id is missing; every message needs it.")
    # Given but empty, as the official samples have it, it is absent (behaviour.md 26).
    return read_transaction_id(message["transaction_id"]) or header.message_id[:LONGEST_ID]


def read_batch(of: BatchOf, header: Header, message: dict[str, Any]) -> tuple[str, list[Entry]]:
    """The transaction and the requests; NotUnderstood for what is at fault as a whole."""
    transaction_id = transaction_of(header, message)
    requests = message.get(of.array)
    if not isinstance(requests, list):
        raise schema(f"message.{of.array} must be an array of {of.many}.")
    if len(requests) > MOST_ITEMS:
        raise NotUnderstood(
            "message.too_many_items", f"A message may carry {MOST_ITEMS} {of.many} at most."
        )
    if not requests or header.total_count != len(requests):
        raise NotUnderstood(
            "message.total_count",
            f"header.total_count says {header.total_count}, but {of.array} holds "
            f"{len(requests)}; it must hold at least one, and as many as are counted.",
        )
    seen: set[str] = set()
    return transaction_id, [
        _read_entry(of, request, seen, number) for number, request in enumerate(requests)
    ]


def _read_entry(of: BatchOf, request: Any, seen: set[str], number: int) -> Entry:
    if not isinstance(request, dict):
        raise schema(f"Each {of.array} is an object.")
    # Given but empty, as in the official samples: the item goes by its place.
    empty = request.get("reference_id") == ""
    reference_id = str(number) if empty else read_reference(request)
    criteria = request.get(of.criteria)
    if not isinstance(criteria, dict):
        raise schema(f"{of.criteria} is missing; every {of.one} needs it.")
    fault = None
    try:
        if reference_id in seen:
            raise NotUnderstood(
                "query.reference_duplicate",
                f"This reference_id stands twice in the message; give each {of.one} its own.",
            )
        seen.add(reference_id)
        read_moment_with_zone(request.get("timestamp"), "timestamp", "query.timestamp")
    except NotUnderstood as found:
        fault = found
    return Entry(reference_id, read_locale(request.get("locale")), request, criteria, fault)
