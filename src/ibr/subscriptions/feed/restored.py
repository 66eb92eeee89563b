"""A database restored from a dump: its transaction numbers are those of another server."""

from __future__ import annotations

from ibr.db.pool import Connection
from ibr.subscriptions.feed import store


async def put_in_order(connection: Connection) -> bool:
    """Makes the feed readable again after a restore; False where there was nothing to do.

    Without it, what changes from now on would lie before what was read already, and nobody would
    be told of it. The connection is the owner's.
    """
    return await store.renumber_restored(connection)
