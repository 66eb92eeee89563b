"""The process that runs jobs."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Final

from ibr.db.pool import open_database
from ibr.errors import Unavailable
from ibr.interop.dci.deliver import Deliverer
from ibr.interop.dci.services import Services
from ibr.interop.dci.source_ways import SourceWays
from ibr.jobs.queue import Jobs
from ibr.jobs.schedule import register_all
from ibr.log import logger
from ibr.outbox.deliver_due import Deliveries

HEAVY_AT_ONCE: Final = 3
QUICK_AT_ONCE: Final = 6

Build = Callable[[], Awaitable[Services]]


async def run_worker(
    dsn: str,
    build: Build,
    *,
    callbacks_at_once: int = 4,
    callback_days: int = 30,
    until_stdin_closes: bool = False,
) -> None:
    """Runs jobs and delivers callbacks until SIGTERM, or until whoever started this process is
    gone.

    `build` makes what deliveries are taken in with. Finishes what is at hand within 25 seconds.
    Each receiver gets `callbacks_at_once` at the same time, and what it got is kept for so many
    days.
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
    database = await open_database(dsn, "ibr_worker", size=8, name="ibr jobs")
    database.replica = services.database.replica
    try:
        # Two queues, so that whoever waits for an answer never waits for a delivery.
        heavy = Jobs(database, at_once=HEAVY_AT_ONCE)
        quick = Jobs(database, at_once=QUICK_AT_ONCE, ahead=2 * QUICK_AT_ONCE)
        register_all(heavy, quick, database, services, callback_days)
        deliverer = Deliverer(services, SourceWays(services))
        deliveries = Deliveries(
            database,
            deliverer.deliver,
            held_back=deliverer.held_back,
            withdraw=deliverer.withdraw,
            at_once=callbacks_at_once,
        )
        logger().info("the worker runs", pid=os.getpid())
        async with services.recorder.running():
            await asyncio.gather(heavy.run(stop), quick.run(stop), deliveries.run(stop))
    finally:
        await services.calls.close()
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
