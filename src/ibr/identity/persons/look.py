"""Runs and programmes as the command line shows and needs them."""

from __future__ import annotations

from ibr.db.pool import Database
from ibr.identity.persons.kept_run import Run
from ibr.identity.persons.runs import store


async def newest_runs(database: Database, most: int) -> list[Run]:
    """Runs, the newest first."""
    async with database.transaction(()) as connection:
        return await store.newest(connection, most)


async def all_programmes(database: Database) -> list[int]:
    """The numbers of all programmes: linkage is the registry's own work, not one programme's."""
    async with database.transaction(()) as connection:
        return await store.see_programmes(connection)
