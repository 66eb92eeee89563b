"""Takes promises in: they exist if and only if the caller's transaction commits."""

from __future__ import annotations

from collections.abc import Sequence

import zstandard

from ibr.db.pool import Connection
from ibr.outbox import store
from ibr.outbox.model import Promise
from ibr.protection.seal import Sealer, place_of


async def numbers(connection: Connection, count: int) -> list[int]:
    """Numbers for so many promises, in their order; one that is not used leaves a gap."""
    return await store.numbers(connection, count) if count else []


async def put(connection: Connection, sealer: Sealer, promises: Sequence[Promise]) -> None:
    """Keeps the promises, sealed, and wakes who delivers them when the transaction commits."""
    if not promises:
        return
    compressor = zstandard.ZstdCompressor(level=3)
    sealed = [
        sealer.seal(
            compressor.compress(promise.content),
            place_of("outgoing_message", "content", promise.message_id.encode()),
        )
        for promise in promises
    ]
    await store.put(connection, promises, sealed)


async def content_of(connection: Connection, message_no: int) -> bytes:
    """The sealed content of a promise that is too large to be handed over with it."""
    return await store.content(connection, message_no)


def opened(sealer: Sealer, sealed: bytes, message_id: str) -> bytes:
    """The content of a promise; Unavailable when its key is missing or it was tampered with."""
    place = place_of("outgoing_message", "content", message_id.encode())
    return zstandard.ZstdDecompressor().decompress(sealer.open(sealed, place))
