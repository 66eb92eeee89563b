"""One registry with its embedded server and its backups, and places to restore to."""

from __future__ import annotations

import asyncio
import shutil
import time
from datetime import datetime
from functools import partial
from typing import Any

import asyncpg
import msgspec

from ibr.cli.db import prepare
from ibr.clock import now
from ibr.db.backup.backup_key import PRIVATE_FILE, private_half, recipient
from ibr.db.backup.keep_wal import SUFFIX, keep_handed
from ibr.db.backup.restore import Until, restore
from ibr.db.backup.shelf import Backup, Shelf
from ibr.db.backup.take import handed_folder, shelf_of
from ibr.db.embedded import cluster_of, find_or_start, stop
from ibr.operation.drill import drill
from ibr.protection.keyring import open_keyring
from ibr.protection.seal import Sealer
from ibr.settings import Settings
from tests.conftest import scratch_folder

# Each delivery is a programme, so that it can be told from what a look at the catalogue says.
DELIVER = "insert into ibr.programme (code, names) values ($1, '{}')"
DELIVERED = "select code from ibr.programme order by code"


class Site:
    """One registry with its embedded server and its backups, and places to restore to."""

    def __init__(self) -> None:
        self.folder = scratch_folder()
        self.settings = Settings(data_dir=self.folder / "var", backup_dir=self.folder / "elsewhere")
        self.dsn = find_or_start(self.settings).dsn
        asyncio.run(prepare(self.settings, self.dsn))
        self.sealer = Sealer(open_keyring(self.settings.data_dir / "keys", create=False))
        self.restored: list[Settings] = []

    @property
    def shelf(self) -> Shelf:
        return shelf_of(self.settings)

    @property
    def private(self) -> bytes:
        return private_half(self.settings.data_dir / "keys" / PRIVATE_FILE)

    def ask(self, statement: str, *values: object, dsn: str | None = None) -> list[Any]:
        async def asked() -> list[Any]:
            connection = await asyncpg.connect(dsn or self.dsn)
            try:
                return [row[0] for row in await connection.fetch(statement, *values)]
            finally:
                await connection.close()

        return asyncio.run(asked())

    def deliver(self, code: str) -> datetime:
        """Commits something; the moment afterwards, with some time to each side."""
        self.ask(DELIVER, code)
        time.sleep(0.3)
        moment = now()
        time.sleep(0.3)
        return moment

    def keep(self) -> None:
        """What the server wrote until now, kept as the minute would have it."""
        ended = self.ask("select pg_walfile_name(pg_switch_wal())")[0]
        handed, deadline = handed_folder(cluster_of(self.settings)), time.monotonic() + 30
        while not (self.shelf.wal / f"{ended}{SUFFIX}").exists():
            assert time.monotonic() < deadline
            key = partial(recipient, self.settings.data_dir / "keys")
            keep_handed(handed, self.shelf.wal, key)
            time.sleep(0.05)

    def restore(self, backup: Backup, until: datetime | None = None, **other: Any) -> str:
        into = Settings(data_dir=self.folder / f"restored-{len(self.restored)}")
        self.restored.append(into)
        private = other.get("private", self.private)
        return restore(other.get("shelf", self.shelf), backup, private, into, Until(at=until))

    def drill(self, shelf: Shelf | None = None) -> Any:
        settings = self.settings
        if shelf is not None:
            settings = msgspec.structs.replace(settings, backup_dir=shelf.folder)
        result = drill(settings, self.dsn, self.private, self.sealer, now())
        # What the server handed over meanwhile went to the copy; the real place lacks it.
        for path in shelf.wal.iterdir() if shelf is not None else ():
            if not (self.shelf.wal / path.name).exists():
                shutil.copy(path, self.shelf.wal)
        return result

    def copy_of_shelf(self) -> Shelf:
        """The same backups once more, for a test to spoil."""
        folder = self.folder / f"copy-{time.monotonic_ns()}"
        shutil.copytree(self.shelf.folder, folder)
        return Shelf(folder)

    def close(self) -> None:
        for settings in [*self.restored, self.settings]:
            if settings.data_dir.exists():
                sockets = cluster_of(settings).sockets
                stop(settings)
                shutil.rmtree(sockets, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)
