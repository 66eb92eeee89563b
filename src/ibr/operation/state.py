"""Jobs, connections and backups as metrics: read when somebody asks."""

from __future__ import annotations

import math
import time
from datetime import datetime
from typing import Final

from prometheus_client import Gauge

from ibr.clock import now
from ibr.db.backup.shelf import Shelf
from ibr.db.pool import Database
from ibr.errors import RegistryError
from ibr.operation import store

# However often somebody asks, it is looked no more often than this.
_FRESH_SECONDS: Final = 5.0

_JOBS: Final = Gauge("ibr_jobs_due", "Jobs that are due and not begun, by kind.", ["kind"])
_LAG: Final = Gauge(
    "ibr_job_lag_seconds", "How long the oldest of them has been due, by kind.", ["kind"]
)
_GIVEN_UP: Final = Gauge("ibr_jobs_given_up", "Jobs that failed for good and wait for a person.")
_WORKER: Final = Gauge("ibr_worker_seen_seconds", "Since when no worker gave a sign of life.")
_POOL: Final = Gauge(
    "ibr_database_connections", "Connections of this process, by what they do.", ["state"]
)
_BACKUP: Final = Gauge("ibr_backup_age_seconds", "Since when there was no new backup.")
_DRILL: Final = Gauge("ibr_drill_age_seconds", "Since when no restore drill went well.")


class _Looked:
    """When it was looked last, in this process."""

    at = -math.inf


async def count_state(
    database: Database, jobs: Database | None = None, shelf: Shelf | None = None
) -> None:
    """Looks, at jobs by a pool that acts as the worker; what cannot be seen is NaN."""
    in_use, size = database.connections()
    _POOL.labels("used").set(in_use)
    _POOL.labels("most").set(size)
    if time.monotonic() - _Looked.at < _FRESH_SECONDS:
        return
    _count_backups(shelf, now())
    if jobs is None:
        return
    try:
        async with jobs.transaction(()) as connection:
            waiting = await store.jobs_due(connection)
            given_up = await store.jobs_given_up(connection)
            seen = await store.worker_seen(connection)
    except RegistryError:
        _GIVEN_UP.set(math.nan)
        _WORKER.set(math.nan)
        return
    _Looked.at = time.monotonic()
    _JOBS.clear()
    _LAG.clear()
    for row in waiting:
        _JOBS.labels(row["kind"]).set(row["due"])
        _LAG.labels(row["kind"]).set(row["lag"])
    _GIVEN_UP.set(given_up)
    _WORKER.set(math.nan if seen is None else seen)


def _count_backups(shelf: Shelf | None, at: datetime) -> None:
    if shelf is None:
        return
    try:
        newest = shelf.newest()
        _BACKUP.set((at - newest.made_at).total_seconds())
    except (RegistryError, OSError):
        _BACKUP.set(math.nan)
    drill = shelf.last_drill()
    since = (at - datetime.fromisoformat(drill.at)).total_seconds() if drill else math.nan
    _DRILL.set(since if drill and drill.well else math.nan)
