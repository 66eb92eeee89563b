"""Whether checks are to run now, what is still under way that they would see half of, and that only
one process runs them. Knows nothing of DuckDB, so that the worker can ask without it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

import msgspec

from ibr.db.locks import linkage_at_work, release_checks, try_checks
from ibr.db.pool import Database
from ibr.errors import Conflict
from ibr.overlaps.findings import store
from ibr.overlaps.snapshot import store as snapshots

# Once a day, a little earlier each day than the day before, so that a day is never passed over.
_A_DAY: Final = timedelta(hours=23)
# For so long checks wait until what is under way is done; somebody may deliver all day.
LONGEST_WAIT: Final = timedelta(hours=6)


class UnderWay(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the registry has not read to the end."""

    deliveries: int = 0
    linkage: bool = False
    """Whether records wait to be joined to persons, or somebody is at it."""

    def __bool__(self) -> bool:
        return bool(self.deliveries or self.linkage)


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


async def due_since(database: Database, programmes: Sequence[int], at: datetime) -> datetime | None:
    """Since when it is time: a day has passed, or it was worked out anew who is who. None where it
    is not."""
    async with database.transaction(programmes) as connection:
        if not await store.has_records(connection):
            return None
        newest = await snapshots.there(connection, 1)
        if not newest:
            return min(at, await store.first_delivery(connection) or at - LONGEST_WAIT)
        taken = newest[0]
        linked = await store.linked_after(connection, taken.link_run or 0)
    since = [moment for moment in (taken.as_known_at + _A_DAY, linked) if moment is not None]
    return min((moment for moment in since if moment <= at), default=None)


async def under_way(database: Database, programmes: Sequence[int]) -> UnderWay:
    """What checks would see half of if they looked now.

    News waits for nobody while a run of linkage is proposed: until it is decided about none is
    read.
    """
    async with database.transaction(programmes) as connection:
        deliveries = await store.unfinished_deliveries(connection)
        at_work = await linkage_at_work(connection)
        linkage = at_work or (
            not await store.linkage_is_proposed(connection)
            and await store.linkage_has_news(connection)
        )
    return UnderWay(deliveries, linkage)
