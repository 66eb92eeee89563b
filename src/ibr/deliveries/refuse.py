"""Records set aside earlier, with their reasons."""

from __future__ import annotations

from ibr.db.pool import Connection
from ibr.deliveries import store
from ibr.reported.beneficiary import Refusal


async def refused_items(connection: Connection, delivery_id: int) -> list[Refusal]:
    """The records of a delivery that were refused so far, in their order."""
    return await store.refused_items(connection, delivery_id)
