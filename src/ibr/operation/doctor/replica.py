"""The replica that pages and analytics read from: does it answer, and how far is it?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import asyncpg

from ibr.operation.doctor import store
from ibr.operation.doctor.model import Finding, care, well
from ibr.settings import Settings

_WHAT: Final = "replica"
_PATIENCE: Final = 5.0
_WHY: Final = "Everything is read from the database itself, which then has more to do."


async def look_at_replica(
    connection: asyncpg.Connection, settings: Settings
) -> AsyncIterator[Finding]:
    """Nothing where there is none; never `wrong`, since everything works without it."""
    if not settings.replica_url:
        return
    written = await store.log_place(connection)
    try:
        async with asyncio.timeout(_PATIENCE):
            replica = await asyncpg.connect(settings.replica_url)
            try:
                yield await _seen(replica, written, settings.replica_lag_seconds)
            finally:
                await replica.close()
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as refused:
        yield care(
            _WHAT,
            f"it does not answer ({type(refused).__name__})",
            _WHY,
            "Start it, or correct or leave out IBR_REPLICA_URL.",
        )


async def _seen(replica: asyncpg.Connection, written: int, most: float) -> Finding:
    """Looks until it has what the database had, at most as long as it may be behind."""
    until = asyncio.get_running_loop().time() + min(most, _PATIENCE / 2)
    while True:
        row = await store.replayed(replica)
        if not row["follows"]:
            return care(
                _WHAT,
                "it is no replica: it takes changes of its own",
                _WHY,
                "Make it anew from the database (docs/howto/size-your-registry.md).",
            )
        missing = written - (row["place"] or 0)
        if missing <= 0:
            return well(_WHAT, "it has what the database has")
        if asyncio.get_running_loop().time() > until:
            paused = " and is paused" if row["paused"] else ""
            return care(
                _WHAT,
                f"it lacks {missing / 1e6:.1f} MB of the log{paused}; what it has is "
                f"{row['age'] or 0:.0f} s old",
                _WHY,
                "Look at its log, its disk and the network; resume it with "
                "pg_wal_replay_resume() where it is paused.",
            )
        await asyncio.sleep(0.1)
