"""Records benefits given, each once."""

from __future__ import annotations

from collections.abc import Sequence

from ibr.db.pool import Connection
from ibr.registry.benefits import store
from ibr.registry.benefits.model import BenefitRow

TEMPORARY = store.TEMPORARY


async def put(connection: Connection, benefits: Sequence[BenefitRow]) -> list[int]:
    """Writes one chunk's benefits; returns the records for which one was new."""
    return await store.put_benefits(connection, benefits) if benefits else []
