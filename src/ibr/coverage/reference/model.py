"""A reference amount: what it stands for, how much a month, since when, who says so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

import msgspec

KINDS: Final[dict[str, str]] = {
    "poverty_line": "the national poverty line for one person and month",
    "minimum_wage": "the statutory minimum wage of a month",
    "food_basket": "the price of the food basket for one person and month",
    "statutory_pension": "the lowest statutory old-age pension of a month",
}


class ReferenceAmount(msgspec.Struct, frozen=True, kw_only=True):
    """Money for one month, in minor units, as somebody published it."""

    kind: str
    currency: str
    minor: int
    valid_from: date
    source: str
    entered_by: str
    entered_at: datetime
    number: int = 0


def amounts_on(entered: Iterable[ReferenceAmount], day: date) -> list[ReferenceAmount]:
    """Of each kind and currency the amount that holds on a day.

    The one with the latest first day counts; of two with the same day the one that was entered
    last, which corrects the other.
    """
    newest: dict[tuple[str, str], ReferenceAmount] = {}
    for each in sorted(entered, key=lambda e: (e.valid_from, e.entered_at, e.number)):
        if each.valid_from <= day:
            newest[each.kind, each.currency] = each
    return [newest[key] for key in sorted(newest)]
