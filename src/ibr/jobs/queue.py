"""The port: take a job in, say who does a kind of job, run. Nobody else knows the table.

Handlers must bear being run twice: a worker that was thought dead may come back. Its job can then
no longer be finished by it, and each handler's own writes are guarded by what it works on, as a
delivery is by its next item.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from datetime import datetime
from typing import Any, Final

from ibr.db.pool import Connection, Database
from ibr.errors import RegistryError, Unavailable
from ibr.jobs import store
from ibr.jobs.model import LEASE_SECONDS, Every, Handler, Job, is_last, wait_before
from ibr.log import logger

SIGN_SECONDS: Final = 5.0
# Should a wake-up be lost, what is due waits no longer than this.
_LONGEST_SLEEP: Final = 5.0
_WITHOUT_DATABASE: Final = 1.0


class Jobs:
    """Jobs of one process, done side by side up to `at_once`."""

    def __init__(self, database: Database, *, at_once: int = 2) -> None:
        self._database = database
        self._at_once = at_once
        self._handlers: dict[str, Handler] = {}
        self._schedule: list[Every] = []
        self._running: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._worker = f"{socket.gethostname()}:{os.getpid()}"
        self._signed_at = float("-inf")

    @staticmethod
    async def enqueue(
        connection: Connection,
        kind: str,
        arguments: dict[str, Any],
        *,
        key: str | None = None,
        due_at: datetime | None = None,
    ) -> None:
        """Takes a job in: it exists if and only if the caller's transaction commits.

        With a `key`, nothing happens while another job with that key is unfinished. `arguments`
        are numbers of rows and never personal data.
        """
        await store.enqueue(connection, kind, arguments, key, due_at)

    def register(self, kind: str, handler: Handler, *, every: int | None = None) -> None:
        """Says who does this kind of job, and that it is done every so many seconds."""
        self._handlers[kind] = handler
        if every is not None:
            self._schedule.append(Every(kind, every))

    async def run(self, stop: asyncio.Event, *, patience: float = 25.0) -> None:
        """Does what is due until `stop`; then what is at hand, for `patience` seconds at most."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                try:
                    await self._while_connected(stop, stopping)
                except Unavailable as wrong:
                    logger().warning("jobs wait for the database", code=wrong.code)
                    await asyncio.wait({stopping}, timeout=_WITHOUT_DATABASE)
            await self._wind_up(patience)
        finally:
            stopping.cancel()

    async def _while_connected(self, stop: asyncio.Event, stopping: asyncio.Task[Any]) -> None:
        async with self._database.session() as ear:
            await ear.add_listener(store.CHANNEL, self._woken)
            try:
                async with self._database.transaction(()) as connection:
                    await store.schedule(connection, self._schedule)
                while not stop.is_set() and not ear.is_closed():
                    await self._round(stopping)
            finally:
                with contextlib.suppress(Exception):
                    await ear.remove_listener(store.CHANNEL, self._woken)

    def _woken(self, *_: object) -> None:
        self._wake.set()

    async def _round(self, stopping: asyncio.Task[Any]) -> None:
        """Begins what is due and free to begin; then sleeps until something may have changed."""
        self._wake.clear()
        await self._give_sign()
        while len(self._running) < self._at_once:
            async with self._database.transaction(()) as connection:
                job = await store.claim(connection, list(self._handlers))
            if job is None:
                break
            task = asyncio.create_task(self._do(job))
            self._running.add(task)
            task.add_done_callback(self._ended)
        await self._sleep(stopping)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._wake.set()

    async def _sleep(self, stopping: asyncio.Task[Any]) -> None:
        longest = _LONGEST_SLEEP
        if len(self._running) < self._at_once:
            async with self._database.transaction(()) as connection:
                longest = min(longest, await store.seconds_to_next(connection) or 0.05)
        waking = asyncio.create_task(self._wake.wait())
        await asyncio.wait(
            {waking, stopping}, timeout=max(longest, 0.05), return_when=asyncio.FIRST_COMPLETED
        )
        waking.cancel()

    async def _give_sign(self) -> None:
        if time.monotonic() - self._signed_at < SIGN_SECONDS:
            return
        async with self._database.transaction(()) as connection:
            await store.give_sign(connection, self._worker)
            await store.give_up_orphans(connection)
        self._signed_at = time.monotonic()

    async def _do(self, job: Job) -> None:
        """Does one job while its lease is kept alive; a lost lease ends it."""
        work = asyncio.create_task(self._attempt(job))
        keeping = asyncio.create_task(self._keep_lease(job))
        try:
            await asyncio.wait({work, keeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (keeping, work):
                task.cancel()
            await asyncio.gather(keeping, work, return_exceptions=True)

    async def _keep_lease(self, job: Job) -> None:
        """Returns when the lease is lost; a database out of reach is tried again until then."""
        renewed = time.monotonic()
        while time.monotonic() - renewed < LEASE_SECONDS:
            await asyncio.sleep(LEASE_SECONDS / 4)
            with contextlib.suppress(Unavailable):
                async with self._database.transaction(()) as connection:
                    if not await store.renew(connection, job):
                        break
                renewed = time.monotonic()
        logger().warning("a job's lease was lost", job=job.kind)

    async def _attempt(self, job: Job) -> None:
        try:
            await self._handlers[job.kind](job)
        except asyncio.CancelledError:
            # Not the job's fault: another worker may begin it at once.
            await self._close(job, "stopped", 0.0)
            raise
        except RegistryError as refused:
            logger().warning("a job failed", job=job.kind, code=refused.code, attempt=job.attempts)
            await self._close(job, refused.code, wait_before(job.attempts))
        except Exception as wrong:
            logger().exception("a job failed", job=job.kind, attempt=job.attempts)
            await self._close(job, type(wrong).__name__, wait_before(job.attempts))
        else:
            await self._close(job, None, 0.0)

    async def _close(self, job: Job, error: str | None, wait: float) -> None:
        """Says what became of it. Where that fails, the lease runs out and the job comes again."""
        with contextlib.suppress(Unavailable):
            async with self._database.transaction(()) as connection:
                if error is None:
                    held = await store.finish(connection, job)
                else:
                    give_up = error != "stopped" and is_last(job)
                    held = await store.put_back(connection, job, error, wait, give_up=give_up)
            if not held:
                logger().warning("a job was finished too late", job=job.kind)

    async def _wind_up(self, patience: float) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=patience)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        with contextlib.suppress(Unavailable):
            async with self._database.transaction(()) as connection:
                await store.take_sign_away(connection, self._worker)
