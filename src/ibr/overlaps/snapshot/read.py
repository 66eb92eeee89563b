"""Opens a snapshot for checks: a DuckDB connection with one view for each of its tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from ibr.db.pool import Database
from ibr.errors import Conflict, NotFound
from ibr.overlaps.snapshot import store
from ibr.overlaps.snapshot.engine import MEMORY, THREADS, engine, quoted
from ibr.overlaps.snapshot.model import Snapshot
from ibr.overlaps.snapshot.parquet import digest
from ibr.overlaps.snapshot.tables import BY_NAME, TABLES
from ibr.overlaps.snapshot.write import folder_of


async def snapshot_of(database: Database, snapshot_no: int | None = None) -> Snapshot:
    """A snapshot by its number, or the newest; NotFound where its files are not kept."""
    async with database.transaction(()) as connection:
        if snapshot_no is None:
            newest = await store.there(connection, 1)
            found = newest[0] if newest else None
        else:
            found = await store.one(connection, snapshot_no)
    if found is None:
        raise NotFound("snapshot.unknown", "There is no such snapshot. Take one: ibr checks run")
    if found.dropped_at is not None:
        raise NotFound("snapshot.dropped", "The files of this snapshot are not kept any more.")
    return found


async def snapshots(database: Database, most: int = 50) -> list[Snapshot]:
    """The snapshots that are kept, the newest first."""
    async with database.transaction(()) as connection:
        return await store.there(connection, most)


@contextmanager
def opened_snapshot(
    folder: Path,
    snapshot: Snapshot,
    tables: Collection[str] | None = None,
    *,
    also: Sequence[Path] = (),
    memory: str = MEMORY,
    threads: int = THREADS,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with a view for each table, or for these; closed at the end.

    It reads and writes the folders of `also` as well, and nothing else.

    Conflict where a file is missing or is not the one that was written: what was found in it would
    prove nothing.
    """
    wanted = [table.name for table in TABLES] if tables is None else sorted(tables)
    place = folder_of(folder, snapshot.snapshot_no)
    for name in wanted:
        _must_be_as_written(place / f"{name}.parquet", snapshot)
    with TemporaryDirectory(prefix="temporary-", dir=folder) as temporary:
        connection = engine(
            Path(temporary), place, *also, memory=memory, threads=threads, locked=False
        )
        try:
            for name in wanted:
                _make_view(connection, place, name)
            connection.execute("set lock_configuration = true")
            yield connection
        finally:
            connection.close()


def _make_view(connection: duckdb.DuckDBPyConnection, place: Path, name: str) -> None:
    file = quoted(str((place / f"{name}.parquet").resolve()))
    columns = ", ".join(f'"{each}"' for each in BY_NAME[name].names)
    try:
        connection.execute(f'create view "{name}" as select {columns} from read_parquet({file})')
    except duckdb.BinderException:
        raise _older() from None


def _older() -> Conflict:
    return Conflict(
        "snapshot.older",
        "The snapshot was written before this table had what is asked for. Take a new one: "
        "ibr checks run",
    )


def _must_be_as_written(file: Path, snapshot: Snapshot) -> None:
    noted = snapshot.files.get(file.name)
    if noted is None:
        raise _older()
    if not file.exists():
        raise Conflict(
            "snapshot.missing",
            "Files of the snapshot are missing here. Snapshots are kept on the machine whose "
            "worker took them; take a new one: ibr checks run",
        )
    if digest(file) != noted:
        raise Conflict(
            "snapshot.damaged",
            "A file of the snapshot is not the one that was written. Take a new one, and find out "
            "who changed it: ibr checks run",
        )
