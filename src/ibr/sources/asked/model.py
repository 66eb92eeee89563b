"""An order, and a question of the registry's own."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

OrderKind = Literal["search", "subscribe", "unsubscribe"]
Kind = Literal["search", "subscribe", "unsubscribe", "txn-status"]
# What the source says of one item: it has no answer, here it is, or it refuses.
ItemState = Literal["open", "answered", "refused"]


class Chosen(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which beneficiaries an order is about. It names nobody: programmes, regions, facts.

    With `everyone` a subscription names no person at all: the source then tells of everybody, and
    whoever is not held here is dropped unseen.
    """

    programmes: tuple[int, ...] = ()
    disabled: bool | None = None
    regions: tuple[str, ...] = ()
    enrolled_only: bool = True
    everyone: bool = False


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What was ordered of a source, and how far the registry is with it."""

    order_no: int
    source_id: int
    kind: OrderKind
    chosen: Chosen
    reached: bytes
    people: int
    done: bool


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A message of ours to a source, about to be promised."""

    source_id: int
    order_no: int | None
    kind: Kind
    transaction_id: str
    message_id: str
    items: int
    about_no: int | None = None
    at: datetime
    due_at: datetime


class OwnTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """A question of ours, as an answer finds it."""

    transaction_no: int
    source_id: int
    kind: Kind
    transaction_id: str
    correlation_id: str | None
    about_no: int | None
    state: str


def reference_id(transaction_id: str, item_no: int) -> str:
    """The reference_id of an item: nobody else's, and it names nobody."""
    return f"{transaction_id}-{item_no}"


def item_no(transaction_id: str, reference: object) -> int | None:
    """The number of the item that an answer names; None for one that was never asked."""
    if not isinstance(reference, str):
        return None
    head, _, number = reference.rpartition("-")
    if head != transaction_id or not (number.isascii() and number.isdecimal()) or len(number) > 6:
        return None
    return int(number) if number == str(int(number)) else None
