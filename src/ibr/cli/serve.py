"""`ibr serve`: runs the registry."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
import threading
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer
import uvicorn
import uvloop

from ibr.app import Application, build_worker_services
from ibr.cli.db import prepare
from ibr.cli.show import command, said, settings_and_database
from ibr.db.migrate import state
from ibr.db.pool import connect_as_owner
from ibr.db.safety import refuse_unsafe
from ibr.errors import Unavailable
from ibr.interop.dci.bulk import spool_folder
from ibr.jobs.worker import run_worker
from ibr.log import logger, set_up
from ibr.protection.spool import clear
from ibr.settings import Settings


class Part(StrEnum):
    """Which part of the registry this process is."""

    ALL = "all"
    API = "api"
    WORKER = "worker"


@command
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    role: Annotated[Part, typer.Option(help="Which part to run.")] = Part.ALL,
    until_stdin_closes: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Run the registry; ready when GET /health/ready answers 200."""
    settings, location = settings_and_database()
    set_up(settings.log_level)
    asyncio.run(_check(settings, location.dsn, location.kind))
    if role is Part.WORKER:
        build = partial(build_worker_services, settings, location.dsn)
        uvloop.run(
            run_worker(
                location.dsn,
                build,
                callbacks_at_once=settings.callback_concurrency,
                callback_days=settings.callback_days,
                until_stdin_closes=until_stdin_closes,
            )
        )
        return
    clear(spool_folder(settings.data_dir))
    worker = _Worker() if role is Part.ALL else None
    try:
        _listen(settings, location.dsn, host or settings.host, port or settings.port)
    finally:
        if worker is not None:
            worker.stop()


async def _check(settings: Settings, dsn: str, kind: str) -> None:
    """Refuses to start on a database that could lose what was acknowledged (reliability A3)."""
    connection = await connect_as_owner(dsn)
    try:
        for warning in await refuse_unsafe(connection, "embedded" if kind == "embedded" else "own"):
            logger().warning("the database could be safer", reason=warning)
        now_at = await state(connection)
    finally:
        await connection.close()
    if settings.production and not now_at.is_newest:
        raise Unavailable(
            "database.not_upgraded",
            f"The database is at migration {now_at.current}, this program needs "
            f"{now_at.newest}. Make a backup, then run: ibr db upgrade",
        )
    await prepare(settings, dsn)


class _Worker:
    """The worker as a child process; started again when it dies."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._process = self._start()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def _start(self) -> subprocess.Popen[bytes]:
        command_line = [
            sys.executable,
            "-m",
            "ibr",
            "serve",
            "--role",
            "worker",
            "--until-stdin-closes",
        ]
        return subprocess.Popen(command_line, stdin=subprocess.PIPE)

    def _watch(self) -> None:
        while not self._stopping.is_set():
            code = self._process.wait()
            # A pause, so that a worker that cannot start does not keep the machine busy.
            if not self._stopping.wait(2):
                logger().error("the worker died and is started again", code=code)
                self._process = self._start()

    def stop(self) -> None:
        """Lets the worker finish the job at hand; it ends when its standard input closes."""
        self._stopping.set()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(30)


def _listen(settings: Settings, dsn: str, host: str, port: int) -> None:
    config = uvicorn.Config(
        Application(settings, dsn),
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=25,
        h11_max_incomplete_event_size=65_536,
    )
    server = uvicorn.Server(config)
    said(f"The registry listens on http://{host}:{port}")
    # uvicorn ends well on SIGTERM and then raises it once more for whoever was there before it.
    # To be asked to end is no failure: what follows still has a worker to stop, and the exit
    # code is 0.
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise Unavailable(
            "serve.not_started",
            f"The registry could not start on {host}:{port}. Is the port taken?",
        )
