"""/health/live and /health/ready: is the process alive, and can it take work?"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.status_codes import HTTP_503_SERVICE_UNAVAILABLE
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ibr.db.pool import Database
from ibr.errors import RegistryError
from ibr.operation import store
from ibr.operation.callbacks import count_callbacks
from ibr.operation.subscribers import count_notifications

# A worker gives a sign of life every few seconds.
WORKER_LATE: Final = 15.0


class Health(msgspec.Struct, frozen=True):
    """What is well and what is not, by name.

    A worker that is gone is said but does not make this process unready: it can still take work.
    """

    ready: bool
    checks: dict[str, str]
    worker: str


async def look(database: Database) -> Health:
    """Asks each dependency; never longer than the database's own time-outs."""
    checks: dict[str, str] = {}
    try:
        async with database.transaction(()) as connection:
            await store.can_write(connection)
            seen = await store.worker_seen(connection)
        checks["database"] = "ok"
    except RegistryError as wrong:
        checks["database"] = wrong.message
        seen = None
    worker = "no sign of life" if seen is None or seen > WORKER_LATE else "ok"
    return Health(all(value == "ok" for value in checks.values()), checks, worker)


def handlers(database: Database) -> list[HTTPRouteHandler]:
    """The addresses an operator's tools ask."""

    @get("/health/live", sync_to_thread=False, include_in_schema=False)
    def live() -> dict[str, str]:
        return {"status": "alive"}

    @get("/health/ready", include_in_schema=False)
    async def ready() -> Response[Any]:
        health = await look(database)
        status = 200 if health.ready else HTTP_503_SERVICE_UNAVAILABLE
        headers = {} if health.ready else {"Retry-After": "5"}
        return Response(msgspec.to_builtins(health), status_code=status, headers=headers)

    @get("/metrics", include_in_schema=False)
    async def metrics() -> Response[bytes]:
        await count_callbacks(database)
        await count_notifications(database)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [live, ready, metrics]
