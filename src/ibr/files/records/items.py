"""A file's records in blocks, each record with the rows it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from ibr.files.mapping.headers import is_total
from ibr.files.mapping.look import body_of
from ibr.files.reading.model import Reader, Row
from ibr.files.records.build import Builder
from ibr.files.records.households import together
from ibr.files.records.seen import Seen
from ibr.intake.prepare import Item, Preparer
from ibr.reported.beneficiary import Refusal

BLOCK: Final = 4_000


class Block(msgspec.Struct):
    """Some records in their order, checked; `repeated` says which say the same as one before.

    `encoded` is what each of them says, as bytes that the same content is known again by.
    """

    first_item: int
    items: list[Item]
    rows: list[list[int]]
    repeated: list[bool]
    encoded: list[bytes]

    @property
    def last_row(self) -> int:
        """How far the file has been read."""
        return max((number for rows in self.rows for number in rows), default=0)


def blocks(
    reader: Reader,
    heading_row: int,
    builder: Builder,
    preparer: Preparer,
    folder: Path,
    *,
    first_item: int = 0,
) -> Iterator[Block]:
    """The records from `first_item` on. Those before are read and not made again."""
    body = (row for row in body_of(reader, heading_row) if row[1] and not is_total(row[1]))
    place = builder.household_place
    several = ([row] for row in body) if place is None else together(body, place, folder)
    seen = Seen()
    item_no = 0
    while taken := list(islice(several, BLOCK)):
        encoded = ["\x1f".join(builder.what_counts(rows)).encode() for rows in taken]
        repeated = seen.before(encoded)
        skip = max(0, min(len(taken), first_item - item_no))
        if skip < len(taken):
            block = _block(builder, preparer, item_no + skip, taken[skip:])
            block.repeated, block.encoded = repeated[skip:], encoded[skip:]
            yield block
        item_no += len(taken)


def _block(
    builder: Builder,
    preparer: Preparer,
    first_item: int,
    several: Sequence[list[Row]],
) -> Block:
    items: list[Item] = []
    for number, rows in enumerate(several, first_item):
        read = builder.record(number, rows)
        items.append(read if isinstance(read, Refusal) else preparer.prepare(read))
    return Block(first_item, items, [[row[0] for row in rows] for rows in several], [], [])
