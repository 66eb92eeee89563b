"""Takes a snapshot: one frozen transaction read out, turned into files, noted when all is there.

What is on the disk under a number is complete: files are made in a folder without a number, and
the folder gets its number in the transaction that notes it. Whatever is killed before leaves a
folder that the next snapshot sweeps away.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ibr.clock import written
from ibr.db.pool import Connection, Database
from ibr.overlaps.snapshot import store
from ibr.overlaps.snapshot.model import Snapshot
from ibr.overlaps.snapshot.parquet import open_told, write_files
from ibr.protection.seal import Sealer

KEPT: Final = 3
_MAKING: Final = "making-"
# Folders of work under way; whoever makes one holds the lock, so one that is there was left behind.
_LEFT: Final = (_MAKING, "temporary-")


def snapshots_folder(data_dir: Path) -> Path:
    """Where snapshots stand; only the registry's own user may look inside."""
    folder = data_dir / "snapshots"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def folder_of(folder: Path, snapshot_no: int) -> Path:
    return folder / f"{snapshot_no:06d}"


async def take_snapshot(
    database: Database,
    programmes: Iterable[int],
    sealer: Sealer,
    folder: Path,
    at: datetime,
    *,
    kept: int = KEPT,
) -> Snapshot:
    """Writes out what the registry holds now, and drops what is not needed any more.

    One at a time: the caller holds the lock of the checks (db/locks.py).
    """
    await asyncio.to_thread(_sweep, folder, await _numbers(database))
    making = Path(tempfile.mkdtemp(prefix=_MAKING, dir=folder))
    try:
        raw, files_folder = making / "raw", making / "files"
        raw.mkdir(mode=0o700)
        files_folder.mkdir(mode=0o700)
        # Half an hour of reading every table: from the replica, once it has all that is here now.
        async with database.reading.transaction(
            programmes, frozen=True, up_to_now=True
        ) as connection:
            seen = await store.moment(connection)
            vintages = await _vintages(connection)
            await store.copy_out(connection, raw)
        await asyncio.to_thread(open_told, raw, sealer)
        files, rows = await asyncio.to_thread(
            write_files, raw, files_folder, making / "temporary", at.date()
        )
        async with database.transaction(()) as connection:
            number = await store.put(
                connection,
                at=at,
                through_change=seen["through_change"],
                link_run=seen["link_run"],
                files=files,
                rows=rows,
                vintages=vintages,
            )
            _rename(files_folder, folder_of(folder, number))
    finally:
        shutil.rmtree(making, ignore_errors=True)
    await drop_old(database, programmes, folder, at, kept)
    async with database.transaction(()) as connection:
        taken = await store.one(connection, number)
    assert taken is not None
    return taken


async def drop_old(
    database: Database, programmes: Iterable[int], folder: Path, at: datetime, kept: int
) -> list[int]:
    """Deletes the files of snapshots that nobody needs; their numbers.

    All but the last `kept`, and those in which an open finding was last seen: it must be possible
    to look again at what a person is asked to decide about.
    """
    async with database.transaction(programmes) as connection:
        numbers = await store.droppable(connection, kept)
        await store.drop(connection, numbers, at)
    for number in numbers:
        await asyncio.to_thread(shutil.rmtree, folder_of(folder, number), ignore_errors=True)
    return numbers


async def _numbers(database: Database) -> set[int]:
    async with database.transaction(()) as connection:
        return await store.numbers_there(connection)


def _sweep(folder: Path, numbers: set[int]) -> None:
    """Deletes what a killed process left: folders that are no snapshot of the list."""
    valid = {folder_of(folder, number).name for number in numbers}
    for each in folder.iterdir():
        if each.name not in valid and (each.name.startswith(_LEFT) or each.name.isdigit()):
            shutil.rmtree(each, ignore_errors=True)


def _rename(made: Path, final: Path) -> None:
    """Gives the complete folder its number, safely on the disk."""
    made.rename(final)
    for each in (final, final.parent):
        handle = os.open(each, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


async def _vintages(connection: Connection) -> dict[str, dict[str, Any]]:
    programmes, sources = await store.vintages(connection)
    return {
        "programmes": {
            row["code"]: {"delivered_at": _text(row["delivered_at"]), "cycle": row["cycle"]}
            for row in programmes
        },
        "sources": {
            row["code"]: {"as_of": _text(row["as_of"]), "known_at": _text(row["known_at"])}
            for row in sources
        },
    }


def _text(moment: datetime | None) -> str | None:
    return written(moment) if moment else None
