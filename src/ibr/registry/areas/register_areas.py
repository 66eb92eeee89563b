"""Adds areas to the catalogue or amends them."""

from __future__ import annotations

from collections.abc import Sequence

from ibr.db.pool import Connection
from ibr.registry.areas import store
from ibr.registry.areas.model import AreaShape
from ibr.registry.areas.rules import rows_of


async def register_areas(connection: Connection, areas: Sequence[AreaShape]) -> int:
    """Adds or amends the areas, drawn into one square; the connection is the owner's."""
    rows = rows_of(areas)
    await store.put(connection, rows)
    return len(rows)
