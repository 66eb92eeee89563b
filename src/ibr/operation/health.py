"""/health/live, /health/ready and /metrics: is it alive, can it take work, how is it doing?"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.status_codes import HTTP_503_SERVICE_UNAVAILABLE
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ibr.db.backup.shelf import Shelf
from ibr.db.pool import Database
from ibr.operation.callbacks import count_callbacks
from ibr.operation.dependencies import Watched, look
from ibr.operation.replica import count_replica
from ibr.operation.sealing import count_sealing
from ibr.operation.state import count_state
from ibr.operation.subscribers import count_notifications


def handlers(
    database: Database, watched: Watched | None = None, shelf: Shelf | None = None
) -> list[HTTPRouteHandler]:
    """The addresses an operator's tools ask. `watched` says what readiness looks at beside the
    database, `shelf` where backups stand."""
    looked_at = watched or Watched(database)

    @get("/health/live", sync_to_thread=False, include_in_schema=False)
    def live() -> dict[str, str]:
        return {"status": "alive"}

    @get("/health/ready", include_in_schema=False)
    async def ready() -> Response[Any]:
        health = await look(looked_at)
        status = 200 if health.ready else HTTP_503_SERVICE_UNAVAILABLE
        headers = {"Cache-Control": "no-store"} | ({} if health.ready else {"Retry-After": "5"})
        return Response(msgspec.to_builtins(health), status_code=status, headers=headers)

    @get("/metrics", include_in_schema=False)
    async def metrics() -> Response[bytes]:
        await count_callbacks(database)
        await count_notifications(database)
        await count_sealing(database)
        await count_replica(database)
        await count_state(database, looked_at.jobs, shelf)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [live, ready, metrics]
