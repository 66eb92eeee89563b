"""Adds areas to the catalogue or amends them."""

from __future__ import annotations

from collections.abc import Sequence

from ibr.db.pool import Connection
from ibr.registry.areas import store
from ibr.registry.areas.model import AreaShape
from ibr.registry.areas.rules import frame_of, rows_of


async def register_areas(connection: Connection, areas: Sequence[AreaShape]) -> int:
    """Adds or amends the areas, drawn into one square; the connection is the owner's."""
    frame = frame_of(areas)
    rows = rows_of(areas, frame)
    await store.put(connection, rows)
    if frame:
        await store.set_frame(connection, frame)
    return len(rows)
