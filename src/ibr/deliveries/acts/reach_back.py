"""Which records a delivery spoke of, and which other deliveries speak of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ibr.db.pool import Connection
from ibr.deliveries.acts import store
from ibr.deliveries.acts.model import Undoing
from ibr.errors import Conflict

# A delivery and the first item of one chunk of it.
Chunk = tuple[int, int]


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that is read again: its first `merged` records count."""

    delivery_id: int
    door: str
    as_of: datetime
    known_at: datetime
    merged: int


async def records_of(connection: Connection, delivery_id: int) -> list[int]:
    """The records that a delivery spoke of, ascending; Conflict as for `must_be_kept`."""
    await must_be_kept(connection, delivery_id)
    return await store.touched(connection, delivery_id)


async def must_be_kept(connection: Connection, delivery_id: int) -> None:
    """Conflict for a delivery that brought something before it was kept which records it was
    about."""
    if not await store.is_kept(connection, delivery_id):
        raise Conflict(
            "delivery.too_old",
            "This delivery came before the registry kept which records each delivery speaks of, "
            "so it cannot be voided. Ask its sender for a correction.",
        )


async def chunks(
    connection: Connection, undoing: Undoing, records: Sequence[int] | None = None
) -> set[Chunk]:
    """Chunks of the deliveries that count besides this one; of these records only, where given."""
    several = await store.others(connection, undoing.programme_ids, _besides(undoing))
    return await store.chunks(connection, [row["delivery_id"] for row in several], records)


async def to_read(
    connection: Connection, undoing: Undoing, records: Sequence[int]
) -> list[Earlier]:
    """The deliveries that must be read again, in the order they came; Conflict where the bytes of
    one are gone.

    Those that speak of any of these records, those of which that was not kept, and, where it is to
    count again, the delivery itself.
    """
    several = await store.others(connection, undoing.programme_ids, _besides(undoing))
    speaking = {
        number
        for number, _ in await store.chunks(
            connection, [row["delivery_id"] for row in several], records
        )
    }
    wanted = [r["delivery_id"] for r in several if r["delivery_id"] in speaking or not r["kept"]]
    if await store.without_bytes(connection, wanted):
        raise Conflict(
            "delivery.bytes_gone",
            "The bytes of an earlier delivery that speaks of the same records were disposed of "
            "when their time was over, so what the records said without this one cannot be worked "
            "out. Ask the sender for a correction.",
        )
    return [
        Earlier(
            delivery_id=row["delivery_id"],
            door=row["door"],
            as_of=row["as_of"],
            known_at=row["known_at"],
            merged=row["next_item"],
        )
        for row in several
        if row["delivery_id"] in speaking or not row["kept"]
    ]


def _besides(undoing: Undoing) -> int | None:
    """The delivery left out: itself while it is voided, none when it is to count again."""
    return undoing.delivery_id if undoing.state == "voiding" else None
