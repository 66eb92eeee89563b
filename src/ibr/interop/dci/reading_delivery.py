"""One delivery while it is taken in, and its records block by block, read and checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from ibr.asker import Asker
from ibr.deliveries.model import DeliveryHead, Tally
from ibr.intake.prepare import Item, Preparer
from ibr.interop.dci.messages.read_beneficiary import read_beneficiary
from ibr.interop.dci.outcomes import Outcomes
from ibr.interop.dci.read_updates import Updates
from ibr.interop.dci.services import Services
from ibr.reported.beneficiary import Refusal


class Delivery(msgspec.Struct):
    """One delivery while it is taken in."""

    asker: Asker
    sender_id: str
    updates: Updates
    head: DeliveryHead
    transaction_id: str
    correlation_id: str
    outcomes: Outcomes
    tally: Tally
    next_item: int = 0


class Block(msgspec.Struct, frozen=True):
    """Some records in a row: as canonical bytes, and as what they say."""

    encoded: Sequence[bytes]
    items: list[Item]


def blocks_of(services: Services, delivery: Delivery) -> Iterator[Block]:
    """The delivery's records in blocks, read and checked."""
    preparer = Preparer(delivery.asker, services.book.programmes_by_code, services.blind_index)
    as_of = delivery.head.as_of
    currency_of = services.book.currency_of
    item_no = 0
    for encoded in delivery.updates.blocks():
        items: list[Item] = []
        for record in encoded:
            read = read_beneficiary(record, item_no, as_of, currency_of)
            items.append(read if isinstance(read, Refusal) else preparer.prepare(read))
            item_no += 1
        yield Block(encoded, items)
