"""A database with the small country, and the pages over it, for the tests of the pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import msgspec
from litestar import Litestar

from ibr.db.pool import open_database
from ibr.protection.blind_index import BlindIndex
from ibr.protection.keyring import Keyring
from ibr.protection.seal import Sealer
from ibr.settings import Settings
from ibr.web.routes import routes
from ibr.web.services import WebServices
from ibr.web.unknown import unknown_addresses
from tests import people_web
from tests.developers_web import desk_over

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
                desk=desk_over(database, Sealer(KEYRING)),
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


def filled(dsn: str) -> WebCountry:
    """The small country in the fresh database at `dsn`."""
    sealer, blind_index = Sealer(KEYRING), BlindIndex(KEYRING.index)
    asyncio.run(people_web.fill(dsn, sealer, blind_index))
    return WebCountry(dsn)
