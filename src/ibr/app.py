"""Builds the web application: reads settings, opens the database, joins the doors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from litestar import Litestar

from ibr.access.approvals.acts import register
from ibr.access.approvals.agreement_acts import AGREEMENT_ACTS
from ibr.access.approvals.bulk_export import BULK_EXPORT_ACT
from ibr.access.approvals.officer_role import OFFICER_ACTS
from ibr.access.approvals.partner_acts import PARTNER_ACTS
from ibr.access.budgets.give import BUDGET_ACTS
from ibr.access.budgets.model import Limit
from ibr.access.budgets.spend import Budgets
from ibr.access.limits import REFUSALS_PER_MINUTE, Doorkeeper, RequestLimit
from ibr.access.partners import PartnerBook
from ibr.access.tokens import Tokens
from ibr.audit.seals.anchor import FileAnchor
from ibr.calls.set_up import caller_from, mail_server_from
from ibr.clock import now
from ibr.collector import keep_what_is_loaded
from ibr.db.backup.take import shelf_of
from ibr.db.pool import Role, open_database
from ibr.db.replica import Replica
from ibr.interop.dci.answers import Writer
from ibr.interop.dci.bulk import Bulk, open_lane, spool_folder
from ibr.interop.dci.developers_desk import DevelopersDesk
from ibr.interop.dci.docs_page import handlers as docs_handlers
from ibr.interop.dci.envelope import Envelopes
from ibr.interop.dci.keys import OwnKeys
from ibr.interop.dci.over_http import Receive, Scope, Send
from ibr.interop.dci.partner_keys import PartnerKeys
from ibr.interop.dci.routes import StandardDoor
from ibr.interop.dci.services import Services
from ibr.interop.dci.traced import Trace
from ibr.interop.own.own_door import OwnDoor
from ibr.interop.own.own_openapi import published
from ibr.jobs.queue import Jobs
from ibr.jobs.worker import HEAVY_AT_ONCE, QUICK_AT_ONCE
from ibr.keeping.change_rule import RETENTION_ACTS
from ibr.keeping.erasure.ask import ERASURE_ACTS
from ibr.keeping.hold import HOLD_ACTS
from ibr.operation.dependencies import Watched
from ibr.operation.health import handlers
from ibr.operation.requests import CountedRequests, Draining
from ibr.overlaps.cases.terms import terms_from
from ibr.protection.blind_index import BlindIndex
from ibr.protection.keyring import open_keyring
from ibr.protection.seal import Sealer
from ibr.publish.research.ask import RESEARCH_ACTS
from ibr.settings import Settings
from ibr.trace.recorder import Recorder
from ibr.web.routes import routes
from ibr.web.services import WebServices
from ibr.web.sign_in_settings import ends_of, ministry_from, own_way_from
from ibr.web.unknown import unknown_addresses

# What two people do together, each act from the part that knows how (access/approvals).
ACTS = (
    *OFFICER_ACTS,
    *PARTNER_ACTS,
    *AGREEMENT_ACTS,
    BULK_EXPORT_ACT,
    *BUDGET_ACTS,
    *RETENTION_ACTS,
    *HOLD_ACTS,
    *ERASURE_ACTS,
    *RESEARCH_ACTS,
)
# Short jobs side by side, the long ones, and some to spare for what else the worker does.
WORKER_CONNECTIONS = QUICK_AT_ONCE + HEAVY_AT_ONCE + 4


async def build_services(settings: Settings, dsn: str, role: Role, connections: int) -> Services:
    """Everything the standard's operations work with, on connections of this role."""
    keyring = open_keyring(settings.data_dir / "keys", create=False)
    sealer = Sealer(keyring)
    database = await open_database(dsn, role, size=connections, name=f"ibr {role}")
    database.replica = _replica(settings, role, connections)
    questions = await open_database(dsn, role, size=3, name=f"ibr {role} questions")
    tokens = Tokens(settings.registry_id, settings.token_seconds)
    own_keys = OwnKeys(settings.registry_id, sealer, tokens)
    book = PartnerBook(database, own_keys.read)
    await book.refresh()
    # Without a key to sign with the registry could answer nothing; better to say so now.
    own_keys.signer(now().timestamp())
    calls = caller_from(settings)
    partner_keys = PartnerKeys(partial(database.transaction, ()), calls.send)
    return Services(
        database=database,
        questions=questions,
        book=book,
        envelopes=Envelopes(
            book,
            tokens,
            settings.own_ids,
            RequestLimit(settings.requests_per_minute),
            own_keys=own_keys,
            partner_keys=partner_keys,
            largest_message=settings.max_message_bytes,
            always_signed=settings.production,
        ),
        partner_keys=partner_keys,
        tokens=tokens,
        writer=Writer(settings.registry_id, own_keys, settings.error_http_status),
        sealer=sealer,
        blind_index=BlindIndex(keyring.index),
        spool_folder=spool_folder(settings.data_dir),
        recorder=Recorder(database, sealer, mode=settings.trace, content=settings.trace_content),
        calls=calls,
        reached_at=settings.reached_at,
        anchors=(FileAnchor(settings.anchored_in),),
        terms=terms_from(settings),
        officer_unseen_days=settings.officer_unseen_days,
        registry_id=settings.registry_id,
        mail=mail_server_from(settings),
        enqueue=Jobs.enqueue,
        budgets=Budgets(Limit(*settings.partner_people)),
    )


def _replica(settings: Settings, role: Role, connections: int) -> Replica | None:
    if not settings.replica_url:
        return None
    most = settings.replica_lag_seconds
    return Replica(settings.replica_url, role, size=connections, most_seconds=most)


async def build_lane_services(settings: Settings, dsn: str) -> Services:
    """The same for a process that takes deliveries in."""
    services = await build_services(settings, dsn, "ibr_worker", 4)
    await services.book.refresh()
    return services


async def build_worker_services(settings: Settings, dsn: str) -> Services:
    """The same for the process that does jobs, with a connection for each done side by side."""
    services = await build_services(settings, dsn, "ibr_worker", WORKER_CONNECTIONS)
    await services.book.refresh()
    return services


def doorkeeper_of(settings: Settings) -> Doorkeeper:
    """How much programmes' systems at one network address may ask of one process."""
    # Development has one address for everybody, tests and benchmarks among them.
    usual = 120_000 if settings.production else 1_000_000
    refusals = REFUSALS_PER_MINUTE if settings.production else 1_000_000
    return Doorkeeper(settings.address_requests_per_minute or usual, refusals)


def beside_the_standard(web: WebServices, watched: Watched) -> Litestar:
    """What answers at every address that is not for programs alone: pages, reference, health."""
    return Litestar(
        route_handlers=[
            *handlers(web.database, watched, shelf_of(web.settings)),
            *docs_handlers(published()),
            *routes(web),
        ],
        exception_handlers=unknown_addresses(web),
        # The document and its page are our own (interop/own/own_openapi.py, dci/docs_page.py).
        openapi_config=None,
    )


class Application:
    """The whole application: the standard's door before the pages."""

    def __init__(self, settings: Settings, dsn: str) -> None:
        self._settings = settings
        self._dsn = dsn
        self._door: StandardDoor | None = None
        self.draining = Draining()
        """Set when the process is to end: it is not ready any more, and finishes what it has."""
        self._counted = CountedRequests(
            self._answer, self.draining, doorkeeper_of(settings), encrypted=settings.production
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        await self._counted(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
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
        register(ACTS)
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
            desk=DevelopersDesk(services, settings.registry_id, settings.reached_at),
            ministry=ministry_from(settings, services.calls.send),
            own_way=own_way_from(settings, services.calls.send),
        )
        # A connection of its own, so that a busy registry still says how it is doing.
        jobs = await open_database(self._dsn, "ibr_worker", size=1, name="ibr health")
        watched = Watched(services.database, jobs, settings.data_dir, self.draining)
        rest: Any = beside_the_standard(web, watched)
        trace = Trace(services.recorder, services.book, services.tokens)
        own = OwnDoor(services, rest, ends_of(settings), settings.max_delivery_bytes)
        self._door = StandardDoor(services, bulk, own, settings.max_message_bytes, trace)
        self._counted.know(
            [*self._door.addresses, *own.addresses, *(route.path for route in rest.routes)]
        )
        keep_what_is_loaded()
        try:
            async with services.recorder.running():
                yield
        finally:
            bulk.close()
            for each in (services.database, services.questions, jobs):
                await each.close()
            await services.calls.close()
