"""How far the audit trail is sealed, as metrics: read when somebody asks."""

from __future__ import annotations

from ibr.audit.seals.how_far import count_seals, seals_not_seen
from ibr.clock import now
from ibr.db.pool import Database
from ibr.errors import RegistryError


async def count_sealing(database: Database) -> None:
    """Brings the metrics up to date; they are NaN while the database cannot be asked."""
    try:
        async with database.transaction(()) as connection:
            await count_seals(connection, now())
    except RegistryError:
        seals_not_seen()
