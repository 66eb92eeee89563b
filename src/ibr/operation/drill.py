"""The restore drill: the newest backup is restored beside the running registry and looked over.

A backup that was never restored is a hope. The drill goes the whole way an operator would go, says
how long that took, and leaves nothing behind but its result.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from ibr.clock import written
from ibr.db.backup import store as backups
from ibr.db.backup.backup_key import recipient
from ibr.db.backup.keep_wal import SUFFIX, keep_handed
from ibr.db.backup.restore import END, Until, restore
from ibr.db.backup.shelf import Backup, Drill, Shelf, Sum
from ibr.db.backup.take import handed_folder, shelf_of
from ibr.db.embedded import cluster_of, programs_of, stop
from ibr.db.migrate import state
from ibr.db.pool import connect_as_owner
from ibr.errors import RegistryError, Unavailable
from ibr.operation import store
from ibr.protection.seal import Sealer, place_of
from ibr.settings import Settings

_HANDED_WITHIN: Final = 60.0
_OPENED: Final = 100
# A last look at the restored registry that other parts may add: says in words what it found, and
# raises a RegistryError where it is not well.
Look = Callable[[Settings], str]


class _Taken(msgspec.Struct, frozen=True):
    """The running registry at the moment the drill goes back to: sums before and after it."""

    until: Until
    before: dict[str, Sum]
    after: dict[str, Sum]


def drill(
    settings: Settings,
    dsn: str,
    private: bytes,
    sealer: Sealer,
    at: datetime,
    *,
    further: Mapping[str, Look] | None = None,
    place: Path | None = None,
) -> Drill:
    """Restores, looks, removes, writes down. What is not well is in the words, and `well` is False.

    Blocks for as long as the restore takes. `place` is the folder to restore into, with room for
    the whole database; removed at the end. Without it a folder in the data folder.
    """
    shelf, begun = shelf_of(settings), time.monotonic()
    folder = place or settings.data_dir.resolve() / f"drill-{at:%Y%m%dT%H%M%S}"
    into = msgspec.structs.replace(settings, data_dir=folder, database_url=None, backup_dir=None)
    words: list[str] = []
    name = "none"
    try:
        backup = shelf.newest()
        name = backup.manifest.file
        taken = _moment(settings, shelf, backup, dsn, at)
        restored = restore(shelf, backup, private, into, taken.until)
        words.append(f"Restored in {time.monotonic() - begun:.1f} s.")
        words += asyncio.run(_look_over(restored, taken, sealer))
        words += [f"{what}: {look(into)}" for what, look in (further or {}).items()]
        words.append(_pages(into))
        well = True
    except RegistryError as wrong:
        words.append(wrong.message)
        well = False
    finally:
        _remove(into)
    result = Drill(
        at=written(at),
        well=well,
        seconds=round(time.monotonic() - begun, 1),
        backup=name,
        words=words,
    )
    shelf.note_drill(result)
    return result


def _moment(settings: Settings, shelf: Shelf, backup: Backup, dsn: str, at: datetime) -> _Taken:
    """What the restored registry must be: a dump its own moment, a copy the moment of now."""
    if backup.manifest.header.what == "dump":
        return _Taken(END, backup.manifest.sums, backup.manifest.sums)
    point = f"ibr_drill_{at:%Y%m%d_%H%M%S}"
    taken, ended = asyncio.run(_mark(dsn, point))
    _wait_for(settings, shelf, ended)
    return taken


async def _mark(dsn: str, point: str) -> tuple[_Taken, str]:
    connection = await connect_as_owner(dsn)
    try:
        before = await backups.sums(connection)
        await backups.restore_point(connection, point)
        ended = await backups.finish_log_file(connection)
        after = await backups.sums(connection)
        return _Taken(Until(name=point), before, after), ended
    finally:
        await connection.close()


def _wait_for(settings: Settings, shelf: Shelf, name: str) -> None:
    """Waits until the log file that ends now is kept; Unavailable where none comes."""
    handed = handed_folder(cluster_of(settings))
    key = partial(recipient, settings.data_dir / "keys")
    deadline = time.monotonic() + _HANDED_WITHIN
    while not (shelf.wal / f"{name}{SUFFIX}").exists():
        keep_handed(handed, shelf.wal, key)
        if time.monotonic() > deadline:
            raise Unavailable(
                "backup.log_not_kept",
                f"The server did not hand over its log file {name} within a minute, so nothing "
                "newer than the backup could be restored. Look at the server's log; is the disk "
                "full?",
            )
        time.sleep(0.1)


async def _look_over(dsn: str, taken: _Taken, sealer: Sealer) -> list[str]:
    """Holds the restored registry against the running one, and opens some of what is sealed."""
    connection = await connect_as_owner(dsn)
    try:
        found = await backups.sums(connection)
        words = [_compared(found, taken)]
        schema = await state(connection)
        words.append(f"The schema is at migration {schema.current}.")
        rows = await store.sealed_sample(connection, _OPENED)
        for row in rows:
            sealer.open(row["personal"], place_of("beneficiary_record", "personal", row["id"]))
        keys = await store.sealed_keys(connection)
        for key in keys:
            sealer.open(key["sealed"], place_of("registry_key", "private", key["kid"].encode()))
        words.append(f"{len(rows)} records and {len(keys)} keys open with the keyring.")
        return words
    finally:
        await connection.close()


def _compared(found: Mapping[str, Sum], taken: _Taken) -> str:
    """In words; Unavailable where a table is not what it was.

    A table that was the same before and after the moment was the same at it. One that changed
    meanwhile is not held against anything: nobody knows what it was at the moment itself.
    """
    still = {name for name, was in taken.before.items() if taken.after.get(name) == was}
    lost = sorted(set(taken.before) - set(found))
    wrong = sorted(n for n in still & set(found) if not _same(found[n], taken.before[n]))
    if lost or wrong:
        raise Unavailable(
            "drill.differs",
            "The restored database is not the one that was backed up. "
            f"Tables that are missing: {', '.join(lost) or 'none'}. "
            f"Tables with other rows: {', '.join(wrong) or 'none'}. "
            "Take another backup, and find out what happened to this one.",
        )
    rows = sum(found[name].rows for name in still)
    moved = len(taken.before) - len(still)
    return (
        f"{len(still)} tables with {rows} rows are the same, row for row"
        f"{f'; {moved} changed meanwhile' if moved else ''}."
    )


def _same(one: Sum, other: Sum) -> bool:
    """A table that is too large has no checksum, and which is too large is the server's guess."""
    either_without = one.checksum is None or other.checksum is None
    return one.rows == other.rows and (either_without or one.checksum == other.checksum)


def _pages(into: Settings) -> str:
    """Lets PostgreSQL hold every page of the restored files against its checksum."""
    cluster = cluster_of(into)
    stop(into)
    program = programs_of(cluster).folder / "pg_checksums"
    if not program.exists():
        return "Pages were not checked: pg_checksums is not on this machine."
    said = cluster.account.run(program, "--check", "-D", cluster.data)
    if said.returncode != 0:
        raise Unavailable(
            "drill.pages",
            f"Pages of the restored database are damaged: {said.stderr.strip()[-400:]}",
        )
    return "Every page has the right checksum."


def _remove(into: Settings) -> None:
    cluster = cluster_of(into)
    stop(into)
    for folder in (cluster.home, cluster.sockets, into.data_dir):
        shutil.rmtree(folder, ignore_errors=True)
