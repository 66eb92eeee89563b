"""Opens and closes one delivery; keeps its bytes as evidence, compressed and sealed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime

import zstandard

from ibr.db.locks import at_work
from ibr.db.pool import Connection
from ibr.deliveries import store
from ibr.deliveries.model import DeliveryHead, Started, Tally
from ibr.errors import Unavailable
from ibr.protection.seal import Sealer, place_of
from ibr.reported.beneficiary import Refusal


async def new_delivery_id(connection: Connection) -> int:
    return await store.new_delivery_id(connection)


async def open_delivery(
    connection: Connection, head: DeliveryHead, body: Iterable[bytes], sealer: Sealer
) -> None:
    """Keeps the delivery and its bytes, part by part, in the caller's transaction."""
    await store.open_delivery(connection, head, "received")
    compressor = zstandard.ZstdCompressor(level=1)
    for part_no, piece in enumerate(body):
        sealed = sealer.seal(compressor.compress(piece), _place(head.delivery_id, part_no))
        await store.add_part(connection, head.delivery_id, part_no, sealed)


async def body_pieces(
    connection: Connection, delivery_id: int, sealer: Sealer
) -> AsyncIterator[bytes]:
    """The delivery's bytes as they arrived, part by part, never more than one in memory."""
    decompressor = zstandard.ZstdDecompressor()
    for part_no in await store.parts(connection, delivery_id):
        sealed = await store.part(connection, delivery_id, part_no)
        yield decompressor.decompress(sealer.open(sealed, _place(delivery_id, part_no)))


def _place(delivery_id: int, part_no: int) -> bytes:
    return place_of("delivery_part", "sealed", delivery_id) + part_no.to_bytes(4, "big")


async def save_progress(
    connection: Connection,
    delivery_id: int,
    tally: Tally,
    refusals: Sequence[Refusal],
    *,
    first_item: int,
    next_item: int,
    done_at: datetime | None,
) -> None:
    """Keeps counts and refusals of what was just merged, in the transaction that merged it.

    Unavailable when the delivery no longer stands at `first_item`: somebody else has merged these
    records meanwhile, and the caller's transaction must not commit.
    """
    saved = await store.save_progress(
        connection,
        delivery_id,
        tally,
        first_item=first_item,
        next_item=next_item,
        done_at=done_at,
    )
    if not saved:
        raise Unavailable(
            "delivery.busy", "This delivery is being merged; ask again shortly.", retry_after=30
        )
    if refusals:
        await store.add_refused(connection, delivery_id, refusals)


async def keep_touched(
    connection: Connection, delivery_id: int, first_item: int, record_ids: Iterable[int]
) -> None:
    """Keeps which records a chunk spoke of, in the transaction that merges it."""
    numbers = sorted(set(record_ids))
    if numbers:
        await store.touched(connection, delivery_id, first_item, numbers)


async def close_refused(connection: Connection, delivery_id: int, at: datetime) -> None:
    """A delivery that a person refused is done with once its sender's answer is kept."""
    await store.answered(connection, delivery_id, at)


async def delivery_of(connection: Connection, message_key: bytes) -> Started | None:
    """The delivery that a message brought, if it did."""
    return await store.delivery_of_message(connection, message_key)


async def delivery(connection: Connection, delivery_id: int) -> Started | None:
    """The delivery with this number, where the connection's programmes reach it."""
    return await store.delivery(connection, delivery_id)


async def left_behind(connection: Connection, before: datetime) -> list[int]:
    """Deliveries received before this moment, not merged to their end, that nobody is at."""
    unfinished = await store.unfinished(connection, before)
    busy = await at_work(connection, unfinished)
    return [each for each in unfinished if each not in busy]
