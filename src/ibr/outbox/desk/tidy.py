"""Forgets what promised messages said, some time after they were delivered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from ibr.db.pool import Database
from ibr.outbox.desk import store
from ibr.outbox.model import TEST

# A dead message is for a person to decide about; nobody has in this long.
_DEAD_KEPT: Final = timedelta(days=365)
_AT_ONCE: Final = 1_000
_TEST_KEPT: Final = timedelta(hours=1)


async def end_tests(database: Database, at: datetime) -> int:
    """Withdraws test callbacks that did not arrive within an hour: a test alarms nobody."""
    async with database.transaction(()) as connection:
        return await store.end_tests(connection, TEST, at - _TEST_KEPT)


async def tidy(database: Database, at: datetime, days: int) -> int:
    """Drops contents of messages delivered or withdrawn more than so many days ago, and of dead
    ones after a year; returns how many. What became of the messages stays on record."""
    dropped = 0
    while True:
        async with database.transaction(()) as connection:
            some = await store.drop_contents(
                connection, at - timedelta(days=days), at - _DEAD_KEPT, _AT_ONCE
            )
        dropped += some
        if some < _AT_ONCE:
            return dropped
