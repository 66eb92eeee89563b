"""A database with the small country, and the pages over it, for the tests of the pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from pathlib import Path

import asyncpg
import msgspec
import people_web
from litestar import Litestar

from ibr.db import embedded
from ibr.db.migrate import upgrade
from ibr.db.pool import open_database
from ibr.protection.blind_index import BlindIndex
from ibr.protection.keyring import Keyring
from ibr.protection.seal import Sealer
from ibr.settings import Settings
from ibr.web.routes import routes
from ibr.web.services import WebServices
from ibr.web.unknown import unknown_addresses

KEYRING = Keyring(current=1, data={1: b"d" * 32}, index=b"i" * 32)
SETTINGS = Settings()


class WebCountry(msgspec.Struct, frozen=True):
    """Where the filled database is."""

    dsn: str

    @asynccontextmanager
    async def services(self, settings: Settings = SETTINGS) -> AsyncIterator[WebServices]:
        """The pages' services, on connections of the role that the registry itself uses."""
        database = await open_database(self.dsn, "ibr_app", size=3, name="test")
        try:
            yield WebServices(
                settings=settings,
                database=database,
                sealer=Sealer(KEYRING),
                blind_index=BlindIndex(KEYRING.index),
                now=lambda: people_web.NOW,
            )
        finally:
            await database.close()

    async def read(self, sql: str) -> list[asyncpg.Record]:
        """Rows as the owner sees them."""
        connection = await asyncpg.connect(self.dsn, server_settings={"search_path": "ibr"})
        try:
            return await connection.fetch(sql)
        finally:
            await connection.close()


def application(services: WebServices) -> Litestar:
    """The pages and nothing else."""
    return Litestar(
        route_handlers=routes(services),
        exception_handlers=unknown_addresses(services),
        openapi_config=None,
    )


@contextmanager
def filled(folder: Path) -> Iterator[WebCountry]:
    """Starts a database in `folder`, fills it, and stops it at the end."""
    settings = Settings(data_dir=folder)
    location = embedded.find_or_start(settings)
    try:
        # In a thread: a browser test's own event loop may be running in this one.
        with ThreadPoolExecutor(max_workers=1) as thread:
            thread.submit(lambda: asyncio.run(_fill(location.dsn))).result()
        yield WebCountry(location.dsn)
    finally:
        embedded.stop(settings)


async def _fill(dsn: str) -> None:
    await upgrade(dsn, date(2026, 11, 22))
    await people_web.fill(dsn, Sealer(KEYRING), BlindIndex(KEYRING.index))
