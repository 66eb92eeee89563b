"""An act on a delivery, and who did it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Kind = Literal[
    "held",
    "released",
    "refused",
    "void_asked",
    "voided",
    "reinstate_asked",
    "reinstated",
    "undo_failed",
]


class By(msgspec.Struct, frozen=True):
    """Who acts: a partner, an officer, or the registry itself."""

    kind: str
    id: int
    name: str


REGISTRY = By("registry", 0, "The registry")


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One act, as it was written down."""

    act_no: int
    kind: Kind
    by_kind: str
    by_name: str
    reason: str | None
    counts: dict[str, int]
    at: datetime


class Undoing(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery on its way to be voided, or to count again."""

    delivery_id: int
    state: str
    programme_ids: list[int]


class Replaced(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that a later one of the same sender takes the place of, or `withdrawn` by it.

    `mode` and `replaces` are its own: where it is itself a void, undoing it brings back what it
    had withdrawn.
    """

    delivery_id: int
    state: str
    mode: str
    replaces: int | None
    by_delivery: int
    withdrawn: bool


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What a void would change, counted beforehand.

    `only_here` records are spoken of by no other delivery that counts, so they would go; `benefits`
    and `money`, in minor units by currency, were first told by this delivery and go unless another
    one tells them too. None where the delivery is too large to count while somebody waits.
    """

    records: int
    only_here: int | None
    benefits: int | None
    money: dict[str, int] = {}
    kept: bool = True
    """Whether it was kept which records it speaks of; otherwise it cannot be voided."""
