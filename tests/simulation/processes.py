"""The registry's own processes over connections that break: doors, and workers with their jobs."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from msgspec.structs import replace

from ibr.app import build_services, build_worker_services
from ibr.db.pool import Database, Role
from ibr.interop.dci.bulk import Bulk
from ibr.interop.dci.deliver import Deliverer
from ibr.interop.dci.routes import StandardDoor
from ibr.interop.dci.services import Services
from ibr.jobs import schedule
from ibr.jobs.model import Handler
from ibr.jobs.queue import Jobs
from ibr.jobs.worker import HEAVY_AT_ONCE, QUICK_AT_ONCE
from ibr.outbox.deliver_due import Deliveries
from ibr.settings import Settings
from tests.door import Reply, _nothing_else
from tests.simulation.connections import Process, database_of, here, lost
from tests.simulation.receivers import Calls
from tests.simulation.world import World

# The jobs of the message layer; the others have tests of their own.
KINDS: Final = frozenset(
    {
        "finish_deliveries",
        "finish_delivery",
        "answer_request",
        "answer_slow_request",
        "refuse_forgotten",
        "match_changes",
        "write_notifications",
        "seal_events",
    }
)

# What is looked for by the clock is looked for less often: wake-ups come besides, and a run is
# short.
SELDOMER: Final = 4


async def open_here(dsn: str, role: Role, *, size: int, name: str) -> Database:
    """In place of ibr.db.pool.open_database: connections of the process that asks for them."""
    return database_of(here(), dsn, role, size)


class ChosenJobs(Jobs):
    """The jobs of the message layer alone."""

    def register(self, kind: str, handler: Handler, *, every: int | None = None) -> None:
        if kind in KINDS:
            super().register(kind, handler, every=every and every * SELDOMER)


class Api(Process):
    """A process that answers partners."""

    def __init__(self, world: World, name: str, settings: Settings, dsn: str, calls: Calls) -> None:
        super().__init__(world, name)
        self._settings = settings
        self._dsn = dsn
        self._calls = calls
        self.services: Services | None = None
        self.door: StandardDoor | None = None

    async def run(self) -> None:
        services = await build_services(self._settings, self._dsn, "ibr_app", 4)
        self.services = replace(services, calls=self._calls.of(self))
        bulk = Bulk(self.services, 1_000_000, _no_lane)
        self.door = StandardDoor(
            self.services, bulk, _nothing_else, self._settings.max_message_bytes
        )
        await asyncio.Event().wait()

    async def post(self, path: str, body: bytes, client_id: str) -> Reply:
        """One request of a partner; ConnectionError where the process dies over it."""
        if self.dead or self.door is None:
            raise ConnectionRefusedError
        task = self.begin(self._answer(path, body, client_id))
        await asyncio.wait({task})
        if task.cancelled() or self.dead or task.exception() is not None:
            raise ConnectionResetError
        reply: Reply = task.result()
        return reply

    async def _answer(self, path: str, body: bytes, client_id: str) -> Reply:
        assert self.door is not None
        assert self.services is not None
        partner = await self.services.book.by_client(client_id)
        if partner is None:
            raise lost()
        token = self.services.tokens.make(client_id, partner.scopes)
        headers = {
            b"authorization": f"Bearer {token}".encode(),
            b"content-type": b"application/json",
        }
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "query_string": b"",
            "headers": list(headers.items()),
        }
        said: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(event: dict[str, Any]) -> None:
            said.append(event)

        await self.door(scope, receive, send)
        raw = b"".join(event.get("body", b"") for event in said)
        names = {name.decode(): value.decode() for name, value in said[0]["headers"]}
        return Reply(said[0]["status"], raw, names)


def _no_lane(_number: int) -> Any:
    raise AssertionError("a delivery of this size is taken in where it arrives")


class Worker(Process):
    """A process that does jobs and delivers callbacks, put together as ibr/jobs/worker.py does."""

    def __init__(self, world: World, name: str, settings: Settings, dsn: str, calls: Calls) -> None:
        super().__init__(world, name)
        self._settings = settings
        self._dsn = dsn
        self._calls = calls
        self.stop = asyncio.Event()

    async def run(self) -> None:
        services = await build_worker_services(self._settings, self._dsn)
        services = replace(services, calls=self._calls.of(self))
        database = database_of(self, self._dsn, "ibr_worker", 8)
        heavy = ChosenJobs(database, at_once=HEAVY_AT_ONCE)
        quick = ChosenJobs(database, at_once=QUICK_AT_ONCE, ahead=2 * QUICK_AT_ONCE)
        for jobs in (heavy, quick):
            # Processes of one machine, as it were: what a worker signs with is its number.
            jobs._worker = self.name
        schedule.register_all(heavy, quick, database, services, 30)
        deliverer = Deliverer(services)
        deliveries = Deliveries(
            database,
            deliverer.deliver,
            held_back=deliverer.held_back,
            withdraw=deliverer.withdraw,
        )
        await asyncio.gather(heavy.run(self.stop), quick.run(self.stop), deliveries.run(self.stop))
