"""What the registry cannot work without, each asked in turn: database, queue, keys, disk."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Final

import msgspec

from ibr.audit.seals.how_far import how_far, in_words, outside_in_words
from ibr.clock import now
from ibr.db.pool import Database
from ibr.errors import RegistryError
from ibr.operation import store
from ibr.operation.requests import Draining
from ibr.protection.keyring import open_keyring

# A worker gives a sign of life every few seconds.
WORKER_LATE: Final = 15.0
# An acknowledged request is answered in seconds. When the oldest has waited so long, what is
# acknowledged now would be a promise that is not kept.
LONGEST_WAIT: Final = 600.0
# Below this PostgreSQL soon stops. There is room left to be told so, and to make room.
LEAST_FREE: Final = 200 * 1024 * 1024


class Health(msgspec.Struct, frozen=True):
    """What is well and what is not, by name.

    A worker that is gone is said but does not make this process unready: it can still take work,
    until what waits for the worker has waited too long. Nor does an anchor that cannot be written:
    what it lacks is added later, and nothing is lost meanwhile.
    """

    ready: bool
    checks: dict[str, str]
    worker: str
    anchor: str = "ok"


class Watched(msgspec.Struct, frozen=True):
    """What readiness looks at. Without a data folder neither keys nor disk are looked at, without
    `jobs`, a pool that acts as the worker, not the queue."""

    database: Database
    jobs: Database | None = None
    data_dir: Path | None = None
    draining: Draining = msgspec.field(default_factory=Draining)


async def look(watched: Watched) -> Health:
    """Asks each dependency; never longer than the database's own time-outs."""
    checks: dict[str, str] = {}
    seen: float | None = None
    anchor = "not known"
    try:
        async with watched.database.transaction(()) as connection:
            await store.can_write(connection)
            seen = await store.worker_seen(connection)
            sealing = await how_far(connection)
        checks["database"] = "ok"
        checks["sealing"] = in_words(sealing, now())
        anchor = outside_in_words(sealing, now())
        if watched.jobs is not None:
            checks["queue"] = await _queue(watched.jobs)
    except RegistryError as wrong:
        checks["database"] = wrong.message
    if watched.data_dir is not None:
        # Files on a disk that hangs must not hold up every answer.
        checks |= await asyncio.to_thread(_files, watched.data_dir)
    if watched.draining.begun:
        checks["process"] = "is ending"
    worker = "no sign of life" if seen is None or seen > WORKER_LATE else "ok"
    return Health(all(value == "ok" for value in checks.values()), checks, worker, anchor)


async def _queue(jobs: Database) -> str:
    async with jobs.transaction(()) as connection:
        waited = await store.longest_waiting_answer(connection)
    if waited < LONGEST_WAIT:
        return "ok"
    return f"the oldest acknowledged request waits for {waited / 60:.0f} minutes"


def _files(data_dir: Path) -> dict[str, str]:
    checks = {"keys": "ok", "disk": "ok"}
    try:
        open_keyring(data_dir / "keys", create=False)
    except (RegistryError, OSError):
        # The error's own sentence would tell anybody where the keys are.
        checks["keys"] = "the keyring cannot be read; run ibr doctor"
    try:
        free = shutil.disk_usage(data_dir).free
    except OSError:
        checks["disk"] = "the data folder cannot be read; run ibr doctor"
    else:
        if free < LEAST_FREE:
            checks["disk"] = f"only {free // 1_048_576} MB are free"
    return checks
