"""How often a programme was merged into: tells whether anybody came in between."""

from __future__ import annotations

from collections.abc import Iterable

from ibr.db.pool import Connection
from ibr.registry.programmes import store


async def merges(connection: Connection, programme_ids: Iterable[int]) -> dict[int, int]:
    """The count of each programme as it stands."""
    return await store.merges(connection, programme_ids)


async def count_merge(connection: Connection, programme_ids: Iterable[int]) -> dict[int, int]:
    """Raises each count by one; the counts after that. The caller holds the merge locks."""
    return await store.count_merge(connection, programme_ids)
