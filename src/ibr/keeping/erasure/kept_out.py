"""Erased records that a late delivery carries: known by their keyed hash."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from ibr.db.pool import Connection
from ibr.keeping.erasure import store


async def erased(connection: Connection, keys: Iterable[bytes]) -> dict[bytes, datetime]:
    """Those of these records that were erased, and when."""
    wanted = list(dict.fromkeys(keys))
    if not wanted:
        return {}
    rows = await store.late(connection, wanted)
    return {row["record_key"]: row["erased_at"] for row in rows}


async def count_refused(connection: Connection, keys: Sequence[bytes], at: datetime) -> None:
    """Counts that a delivery carried these erased records, and that they were kept out."""
    if keys:
        await store.count_refused(connection, keys, at)
