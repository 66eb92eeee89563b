"""The port: take a job in, say who does a kind of job, run. Nobody else knows the table.

Handlers must bear being run twice: a worker that was thought dead may come back. Its job can then
no longer be finished by it, and each handler's own writes are guarded: by what it works on, as a
delivery is by its next item, or by finishing the job in the very transaction that does it.
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
from ibr.jobs.model import LEASE_SECONDS, Every, Handler, Job, LeaseLostError, is_last, wait_before
from ibr.log import logger
from ibr.spans import span

SIGN_SECONDS: Final = 5.0
# Should a wake-up be lost, what is due waits no longer than this.
_LONGEST_SLEEP: Final = 5.0
_WITHOUT_DATABASE: Final = 1.0
# While jobs keep coming each of them wakes the worker; what is due by the clock waits so long.
_WHILE_BUSY: Final = 1.0


class Jobs:
    """Jobs of some kinds, done side by side up to `at_once`.

    With `ahead`, so many more are claimed while those are being done: many short jobs then cost
    one claim together. Long ones are better left to whoever is free.
    """

    def __init__(self, database: Database, *, at_once: int = 2, ahead: int = 0) -> None:
        self._database = database
        self._at_once = at_once
        self._most_held = at_once + ahead
        self._places = asyncio.Semaphore(at_once)
        self._handlers: dict[str, Handler] = {}
        self._schedule: list[Every] = []
        self._held: dict[asyncio.Task[None], Job] = {}
        self._look_at = float("-inf")
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

    @staticmethod
    async def finish_within(connection: Connection, job: Job) -> None:
        """Finishes a job in its handler's own transaction: its effect and its end are one.

        The handler then returns True. LeaseLostError, which undoes all of it, where the job was
        given to another worker meanwhile.
        """
        if not await store.take_away(connection, job):
            raise LeaseLostError

    def register(self, kind: str, handler: Handler, *, every: int | None = None) -> None:
        """Says who does this kind of job, and that it is done every so many seconds."""
        self._handlers[kind] = handler
        if every is not None:
            self._schedule.append(Every(kind, every))

    async def run(self, stop: asyncio.Event, *, patience: float = 25.0) -> None:
        """Does what is due until `stop`; then what is at hand, for `patience` seconds at most."""
        stopping = asyncio.create_task(stop.wait())
        keeping = asyncio.create_task(self._keep_leases())
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
            keeping.cancel()

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

    def _woken(self, _ear: object, _pid: int, _channel: str, kind: object) -> None:
        if not kind or kind in self._handlers:
            self._look_at = float("-inf")
            self._wake.set()

    async def _round(self, stopping: asyncio.Task[Any]) -> None:
        """Begins what is due and free to begin; then sleeps until something may have changed."""
        self._wake.clear()
        await self._give_sign()
        while self._has_room() and time.monotonic() >= self._look_at:
            # Before the look: what is taken in during it makes another look necessary.
            self._look_at = float("inf")
            free = self._most_held - len(self._held)
            async with self._database.transaction(()) as connection:
                jobs = await store.claim(connection, list(self._handlers), free)
                longest = await self._until_next_look(connection, len(jobs), free)
            self._look_again_in(longest)
            for job in jobs:
                task = asyncio.create_task(self._do(job))
                self._held[task] = job
                task.add_done_callback(self._ended)
        await self._sleep(stopping)

    def _has_room(self) -> bool:
        """Whether to claim: not for one place alone while many short jobs are still at hand."""
        return len(self._held) < self._at_once + (self._most_held - self._at_once) // 2

    async def _until_next_look(self, connection: Connection, claimed: int, free: int) -> float:
        if claimed == free:
            return 0.0
        if claimed:
            return _WHILE_BUSY
        seconds = await store.seconds_to_next(connection, list(self._handlers))
        return _LONGEST_SLEEP if seconds is None else max(seconds, 0.05)

    def _look_again_in(self, seconds: float) -> None:
        self._look_at = min(self._look_at, time.monotonic() + min(seconds, _LONGEST_SLEEP))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._held.pop(task, None)
        self._wake.set()

    async def _sleep(self, stopping: asyncio.Task[Any]) -> None:
        longest = _LONGEST_SLEEP
        if self._has_room():
            longest = min(longest, self._look_at - time.monotonic())
        if longest <= 0:
            return
        waking = asyncio.create_task(self._wake.wait())
        await asyncio.wait({waking, stopping}, timeout=longest, return_when=asyncio.FIRST_COMPLETED)
        waking.cancel()

    async def _give_sign(self) -> None:
        if time.monotonic() - self._signed_at < SIGN_SECONDS:
            return
        async with self._database.transaction(()) as connection:
            await store.give_sign(connection, self._worker)
            await store.give_up_orphans(connection)
        self._signed_at = time.monotonic()

    async def _keep_leases(self) -> None:
        """Keeps the leases of all jobs at hand alive; a job whose lease is lost is ended."""
        renewed = time.monotonic()
        while True:
            await asyncio.sleep(LEASE_SECONDS / 4)
            held = dict(self._held)
            kept = {job.job_id for job in held.values()}
            try:
                if held:
                    async with self._database.transaction(()) as connection:
                        kept = await store.renew(connection, list(held.values()))
                renewed = time.monotonic()
            except Unavailable:
                # Tried again until the leases are over: another worker may have the jobs then.
                if time.monotonic() - renewed >= LEASE_SECONDS:
                    kept = set()
            except Exception:
                logger().exception("leases could not be renewed", count=len(held))
            for task, job in held.items():
                if job.job_id not in kept and not task.done():
                    logger().warning("a job's lease was lost", job=job.kind)
                    task.cancel()

    async def _do(self, job: Job) -> None:
        """Does one job as soon as there is a place, and says what became of it."""
        closed: bool | None = None
        try:
            async with self._places:
                with span("job", job=job.kind, attempt=job.attempts):
                    closed = await self._handlers[job.kind](job)
        except asyncio.CancelledError:
            # Not the job's fault: another worker may begin it at once.
            await self._close(job, "stopped", 0.0)
            raise
        except LeaseLostError:
            logger().warning("a job was finished too late", job=job.kind)
        except RegistryError as refused:
            logger().warning("a job failed", job=job.kind, code=refused.code, attempt=job.attempts)
            await self._close(job, refused.code, wait_before(job.attempts))
        except Exception as wrong:
            logger().exception("a job failed", job=job.kind, attempt=job.attempts)
            await self._close(job, type(wrong).__name__, wait_before(job.attempts))
        else:
            if not closed:
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
            self._look_again_in(wait if error else job.every_seconds or _LONGEST_SLEEP)
            if not held:
                logger().warning("a job was finished too late", job=job.kind)

    async def _wind_up(self, patience: float) -> None:
        if self._held:
            await asyncio.wait(self._held, timeout=patience)
        held = list(self._held)
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)
        with contextlib.suppress(Unavailable):
            async with self._database.transaction(()) as connection:
                await store.take_sign_away(connection, self._worker)
