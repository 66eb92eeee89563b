"""Builds the web application: reads settings, opens the database, joins the doors."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from litestar import Litestar

from ibr.access.limits import RequestLimit
from ibr.access.partners import PartnerBook
from ibr.access.tokens import Tokens
from ibr.clock import now
from ibr.db.pool import Role, open_database
from ibr.interop.dci.answers import Writer
from ibr.interop.dci.bulk import Bulk, open_lane, spool_folder
from ibr.interop.dci.docs_page import handlers as docs_handlers
from ibr.interop.dci.envelope import Envelopes
from ibr.interop.dci.keys import own_key
from ibr.interop.dci.routes import Receive, Scope, Send, StandardDoor
from ibr.interop.dci.services import Services
from ibr.operation.health import handlers
from ibr.protection.blind_index import BlindIndex
from ibr.protection.keyring import open_keyring
from ibr.protection.seal import Sealer
from ibr.settings import Settings
from ibr.web.routes import routes
from ibr.web.services import WebServices
from ibr.web.unknown import unknown_addresses
from ibr_messages.signature import Signer


async def build_services(settings: Settings, dsn: str, role: Role, connections: int) -> Services:
    """Everything the standard's operations work with, on connections of this role."""
    keyring = open_keyring(settings.data_dir / "keys", create=False)
    sealer = Sealer(keyring)
    database = await open_database(dsn, role, size=connections, name=f"ibr {role}")
    questions = await open_database(dsn, role, size=3, name=f"ibr {role} questions")
    async with database.transaction(()) as connection:
        signing = await own_key(connection, sealer, "sig", now())
        bearer = await own_key(connection, sealer, "token", now())
    tokens = Tokens(
        bytes(bearer.private), bearer.public_jwk, settings.registry_id, settings.token_seconds
    )
    book = PartnerBook(database)
    signer = Signer(settings.registry_id, signing.kid, signing.private)
    return Services(
        database=database,
        questions=questions,
        book=book,
        envelopes=Envelopes(
            book,
            tokens,
            settings.own_ids,
            RequestLimit(settings.requests_per_minute),
            always_signed=settings.production,
        ),
        tokens=tokens,
        writer=Writer(settings.registry_id, signer, settings.error_http_status),
        sealer=sealer,
        blind_index=BlindIndex(keyring.index),
        spool_folder=spool_folder(settings.data_dir),
    )


async def build_lane_services(settings: Settings, dsn: str) -> Services:
    """The same for a process that takes deliveries in."""
    services = await build_services(settings, dsn, "ibr_worker", 4)
    await services.book.refresh()
    return services


class Application:
    """The whole application: the standard's door before the pages."""

    def __init__(self, settings: Settings, dsn: str) -> None:
        self._settings = settings
        self._dsn = dsn
        self._door: StandardDoor | None = None
        self._rest: Litestar | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        assert self._door is not None
        await self._door(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            context = self._running()
            await context.__aenter__()
        except Exception as wrong:
            await send({"type": "lifespan.startup.failed", "message": str(wrong)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await context.__aexit__(None, None, None)
        await send({"type": "lifespan.shutdown.complete"})

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        settings = self._settings
        services = await build_services(
            settings, self._dsn, "ibr_app", settings.database_connections
        )
        await services.book.refresh()
        build = partial(build_lane_services, settings, self._dsn)
        bulk = Bulk(services, settings.max_delivery_bytes, partial(open_lane, build))
        web = WebServices(
            settings=settings,
            database=services.database,
            sealer=services.sealer,
            blind_index=services.blind_index,
        )
        rest: Any = Litestar(
            route_handlers=[*handlers(services.database), *docs_handlers(), *routes(web)],
            exception_handlers=unknown_addresses(web),
            # The document and its page are our own (interop/dci/docs_page.py).
            openapi_config=None,
        )
        self._door = StandardDoor(services, bulk, rest, settings.max_message_bytes)
        # What is here now stays until the end; the collector need not look at it again.
        gc.freeze()
        try:
            yield
        finally:
            bulk.close()
            await services.database.close()
            await services.questions.close()
