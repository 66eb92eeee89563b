"""The process that runs jobs."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable

from ibr.db.pool import open_database
from ibr.errors import Unavailable
from ibr.interop.dci.services import Services
from ibr.jobs.queue import Jobs
from ibr.jobs.schedule import register_all
from ibr.log import logger

Build = Callable[[], Awaitable[Services]]


async def run_worker(dsn: str, build: Build, *, until_stdin_closes: bool = False) -> None:
    """Runs jobs until SIGTERM, or until whoever started this process is gone.

    `build` makes what deliveries are taken in with. Finishes what is at hand within 25 seconds.
    """
    # Answers come before jobs: where the processor is short, this process waits.
    os.nice(5)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if until_stdin_closes:
        threading.Thread(target=_watch_stdin, args=(loop, stop), daemon=True).start()
    services = await _build(build, stop)
    if services is None:
        return
    database = await open_database(dsn, "ibr_worker", size=5, name="ibr jobs")
    try:
        jobs = Jobs(database)
        register_all(jobs, database, services)
        logger().info("the worker runs", pid=os.getpid())
        await jobs.run(stop)
    finally:
        for each in (database, services.database, services.questions):
            await each.close()
    logger().info("the worker has ended", pid=os.getpid())


async def _build(build: Build, stop: asyncio.Event) -> Services | None:
    """The services, as soon as the database is there; None when told to stop before."""
    while not stop.is_set():
        try:
            return await build()
        except Unavailable as wrong:
            logger().warning("the worker waits for the database", code=wrong.code)
            await asyncio.sleep(1)
    return None


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """The pipe's other end is closed by the system when the parent dies, however it dies."""
    # Not sys.stdin.read: its lock would be held when the interpreter shuts down.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    loop.call_soon_threadsafe(stop.set)
