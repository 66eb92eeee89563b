"""Takes promises in: they exist if and only if the caller's transaction commits."""

from __future__ import annotations

from collections.abc import Sequence

import zstandard

from ibr.db.pool import Connection
from ibr.outbox import store
from ibr.outbox.model import Promise
from ibr.protection.seal import Sealer, place_of


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
