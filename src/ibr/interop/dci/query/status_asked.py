"""What a transaction status asks about, by every spelling that is sent (digest.md 4.7)."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from ibr.errors import NotUnderstood
from ibr.interop.dci.messages.header import (
    LONGEST_ID,
    read_locale,
    read_reference,
    read_transaction_id,
)
from ibr_messages.strict_json import canonical

# What may be asked about, by every spelling: the standard's word, and the kinds of message looked
# at. The core registry's description also spells them as callbacks, and knows unsubscribe as a
# type of its own; the standard has the one word for both (digest.md 4.7).
_SUBSCRIPTIONS: Final = ("subscribe", ["subscribe", "unsubscribe"])
_TYPES: Final = {
    "search": ("search", ["search"]),
    "on-search": ("search", ["search"]),
    "receipt": ("receipt", ["enrollment_updates"]),
    "on-receipt": ("receipt", ["enrollment_updates"]),
    "enrollment-updates": ("receipt", ["enrollment_updates"]),
    "enrolled-updates": ("receipt", ["enrollment_updates"]),
    "subscribe": _SUBSCRIPTIONS,
    "subscibe": _SUBSCRIPTIONS,
    "on-subscribe": _SUBSCRIPTIONS,
    "unsubscribe": ("subscribe", ["unsubscribe"]),
    "on-unsubscribe": ("subscribe", ["unsubscribe"]),
}
_LISTS: Final = ("reference_id_list", "subscription_code_list")
_ATTRIBUTES: Final = ("transaction_id", "correlation_id", *_LISTS)
MOST_VALUES: Final = 100


class Asked(msgspec.Struct, frozen=True):
    """What a request wants to know."""

    reference_id: str
    txn_type: str
    kinds: list[str]
    attribute: str
    values: list[str]
    locale: str

    @property
    def listed(self) -> bool:
        """Whether single items are asked about, and not whole messages."""
        return self.attribute in _LISTS

    @property
    def by_code(self) -> bool:
        return self.attribute == "subscription_code_list"


def read_asked(message: dict[str, Any]) -> tuple[str, Asked]:
    """The transaction and what is asked; NotUnderstood names what is at fault."""
    # A string that is no text would only be found when it is stored or written.
    canonical(message)
    transaction_id = read_transaction_id(message.get("transaction_id"))
    request = message.get("txnstatus_request")
    if transaction_id is None or not isinstance(request, dict):
        raise _schema("message needs transaction_id and txnstatus_request.")
    txn_type = request.get("txn_type")
    known = _TYPES.get(txn_type.strip().lower()) if isinstance(txn_type, str) else None
    if known is None:
        raise _schema("txn_type is search, subscribe or receipt.")
    attribute = request.get("attribute_type")
    if attribute not in _ATTRIBUTES:
        raise _schema(f"attribute_type is one of {', '.join(_ATTRIBUTES)}.")
    if attribute == "subscription_code_list" and known[0] != "subscribe":
        raise _schema("Only txn_type subscribe can be asked about by subscription_code_list.")
    return transaction_id, Asked(
        read_reference(request),
        *known,
        attribute,
        _values(request.get("attribute_value")),
        read_locale(request.get("locale")),
    )


def _schema(reason: str) -> NotUnderstood:
    return NotUnderstood("message.schema", reason)


def _values(given: Any) -> list[str]:
    listed = given if isinstance(given, list) else [given]
    if not 0 < len(listed) <= MOST_VALUES:
        raise _schema(f"attribute_value holds between 1 and {MOST_VALUES} ids.")
    values = [
        str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        for value in listed
    ]
    if not all(isinstance(value, str) and 0 < len(value) <= LONGEST_ID for value in values):
        raise _schema(f"attribute_value holds ids of at most {LONGEST_ID} characters.")
    return list(dict.fromkeys(values))
