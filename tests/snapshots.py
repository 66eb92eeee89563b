"""Snapshots in tests: taken over a door's database, and looked into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from ibr.db.pool import Database, open_database
from ibr.overlaps.snapshot.model import Snapshot
from ibr.overlaps.snapshot.read import opened_snapshot
from ibr.overlaps.snapshot.write import snapshots_folder, take_snapshot
from tests.door import Door

AT = datetime(2026, 11, 20, 3, tzinfo=UTC)


class Desk:
    """A worker's connections over a door's database, for snapshots and checks."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.database: Database = door.run(
            open_database(door.dsn, "ibr_worker", size=4, name="test checks")
        )
        self.folder: Path = snapshots_folder(door.settings.data_dir)

    @property
    def programmes(self) -> list[int]:
        return [row["programme_id"] for row in self.door.owner("select * from programme")]

    def take(self, at: datetime = AT, kept: int = 3) -> Snapshot:
        return self.door.run(self.taking(at, kept))

    async def taking(self, at: datetime = AT, kept: int = 3) -> Snapshot:
        return await take_snapshot(
            self.database,
            await self._programmes(),
            self.door.services.sealer,
            self.folder,
            at,
            kept=kept,
        )

    async def _programmes(self) -> list[int]:
        rows = await self.door._owner("select programme_id from programme", ())
        return [row["programme_id"] for row in rows]

    @contextmanager
    def opened(self, snapshot: Snapshot) -> Iterator[duckdb.DuckDBPyConnection]:
        with opened_snapshot(self.folder, snapshot) as connection:
            yield connection

    def rows(self, snapshot: Snapshot, statement: str) -> list[tuple[Any, ...]]:
        with self.opened(snapshot) as connection:
            return connection.execute(statement).fetchall()

    def close(self) -> None:
        self.door.run(self.database.close())
