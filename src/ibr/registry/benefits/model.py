"""A benefit as the database keeps it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import lru_cache

import msgspec

from ibr.reported.parts import Given


class BenefitRow(msgspec.Struct, frozen=True, gc=False):
    """A row of benefit."""

    record_id: int
    given_at: datetime
    benefit_key: int
    programme_id: int
    benefit_type: int
    value_minor: int | None
    currency: str | None
    quantity: int | None
    description: str | None
    known_at: datetime
    delivery_id: int


def benefit_key(given: Given) -> int:
    """Tells one benefit of a record and a moment from another: the same one twice is one.

    The standard's key of a benefit is person, programme, type, date and value (digest.md 8,
    PRS.IBR.02); quantity and description stand for the value of what is given in kind.
    """
    return _key(
        given.benefit_type, given.value_minor, given.currency, given.quantity, given.description
    )


# The same amount is given to thousands of people in one delivery.
@lru_cache(maxsize=65_536)
def _key(*said: int | str | None) -> int:
    text = "|".join(map(str, said))
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
