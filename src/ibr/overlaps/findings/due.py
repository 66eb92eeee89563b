"""Whether checks are to run now, and that only one process runs them. Knows nothing of DuckDB, so
that the worker can ask without it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

from ibr.db.locks import release_checks, try_checks
from ibr.db.pool import Database
from ibr.errors import Conflict
from ibr.overlaps.findings import store
from ibr.overlaps.snapshot import store as snapshots

# Once a day, a little earlier each day than the day before, so that a day is never passed over.
_A_DAY: Final = timedelta(hours=23)


@asynccontextmanager
async def alone(database: Database) -> AsyncIterator[None]:
    """Conflict while another process takes a snapshot or runs checks; until the end none does."""
    async with database.session() as connection:
        if not await try_checks(connection):
            raise Conflict(
                "checks.running", "Checks are running already. Wait until they are done."
            )
        try:
            yield
        finally:
            if not connection.is_closed():
                await release_checks(connection)


async def others_run_checks(database: Database) -> bool:
    """Whether some process is at it now."""
    try:
        async with alone(database):
            return False
    except Conflict:
        return True


async def checks_are_due(database: Database, programmes: Sequence[int], at: datetime) -> bool:
    """Whether it is time: a day has passed, or it was worked out anew who is who."""
    async with database.transaction(programmes) as connection:
        newest = await snapshots.there(connection, 1)
        link_run = await store.newest_link_run(connection)
        something = await store.has_records(connection)
    if not newest or not something:
        return something
    taken = newest[0]
    return at - taken.as_known_at >= _A_DAY or (link_run or 0) > (taken.link_run or 0)
