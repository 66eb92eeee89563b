"""`ibr serve`: runs the registry."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from enum import StrEnum
from functools import partial
from importlib import import_module
from typing import Annotated, Final

import typer
import uvloop

from ibr.app import Application, build_worker_services
from ibr.cli.db import prepare
from ibr.cli.show import command, said, settings_and_database
from ibr.clock import now
from ibr.db.backup.backup_key import recipient
from ibr.db.backup.keep_wal import keep_on
from ibr.db.backup.take import handed_folder, shelf_of
from ibr.db.embedded import Location, cluster_of
from ibr.db.migrate import state
from ibr.db.pool import connect_as_owner
from ibr.db.safety import refuse_unsafe, server_clock
from ibr.errors import Unavailable
from ibr.interop.dci.bulk import spool_folder
from ibr.jobs.worker import run_worker
from ibr.log import logger, set_up
from ibr.operation.production import refuse_unsafe_settings
from ibr.operation.serving import DrainingServer, config_of
from ibr.protection.spool import clear
from ibr.settings import Settings, read_settings, variables_given
from ibr.spans import trace_with

_CLOCKS_APART: Final = 5.0


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
    refuse_unsafe_settings(read_settings(), variables_given())
    settings, location = settings_and_database()
    set_up(settings.log_level)
    with _traced(settings, role):
        _serve(settings, location, host, port, role, until_stdin_closes=until_stdin_closes)


@contextlib.contextmanager
def _traced(settings: Settings, role: Part) -> Iterator[None]:
    if settings.traces_url is None:
        yield
        return
    # Loaded only where it is wanted: it takes memory, and a part of a second at every start.
    made = import_module("ibr.operation.traces")
    tracer = made.to_collector(settings.traces_url, role.value, settings.traces_share)
    trace_with(tracer)
    try:
        yield
    finally:
        trace_with(None)
        tracer.end()


def _serve(
    settings: Settings,
    location: Location,
    host: str | None,
    port: int | None,
    role: Part,
    *,
    until_stdin_closes: bool,
) -> None:
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
    parts = _beside(settings, location.kind) if role is Part.ALL else []
    try:
        _listen(settings, location.dsn, host or settings.host, port or settings.port)
    finally:
        for part in parts:
            part.stop()


async def _check(settings: Settings, dsn: str, kind: str) -> None:
    """Refuses to start on a database that could lose what was acknowledged (reliability A3)."""
    connection = await connect_as_owner(dsn)
    try:
        for warning in await refuse_unsafe(connection, "embedded" if kind == "embedded" else "own"):
            logger().warning("the database could be safer", reason=warning)
        now_at = await state(connection)
        apart = abs((await server_clock(connection) - now()).total_seconds())
    finally:
        await connection.close()
    if settings.production and apart > _CLOCKS_APART:
        raise Unavailable(
            "clocks.apart",
            f"The clocks of the registry and its database are {apart:.0f} s apart. Tokens and "
            "signatures would count too long or not at all. Run an NTP client on both machines.",
        )
    if settings.production and not now_at.is_newest:
        raise Unavailable(
            "database.not_upgraded",
            f"The database is at migration {now_at.current}, this program needs "
            f"{now_at.newest}. Make a backup, then run: ibr db upgrade",
        )
    await prepare(settings, dsn)


class _Child:
    """A part of the registry as a child process; started again when it dies."""

    def __init__(self, name: str, *arguments: str) -> None:
        self._name = name
        self._command = [sys.executable, "-m", "ibr", *arguments, "--until-stdin-closes"]
        self._stopping = threading.Event()
        self._process = self._start()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, stdin=subprocess.PIPE)

    def _watch(self) -> None:
        while not self._stopping.is_set():
            code = self._process.wait()
            # A pause, so that a part that cannot start does not keep the machine busy.
            if not self._stopping.wait(2):
                logger().error("a part died and is started again", kind=self._name, code=code)
                self._process = self._start()

    def stop(self) -> None:
        """Lets it finish what is at hand; it ends when its standard input closes."""
        self._stopping.set()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(30)


class _Keeper:
    """Keeps the embedded database's log once there are backups of it; does nothing before."""

    def __init__(self, settings: Settings) -> None:
        handed, shelf = handed_folder(cluster_of(settings)), shelf_of(settings)
        key = partial(recipient, settings.data_dir / "keys")
        self._stopping = threading.Event()
        work = (handed, shelf.wal, key, self._stopping.wait)
        self._thread = threading.Thread(target=keep_on, args=work, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Keeps what is there now, and ends."""
        self._stopping.set()
        self._thread.join(30)


def _beside(settings: Settings, kind: str) -> list[_Child | _Keeper]:
    """What runs beside the process that answers, where there is no other."""
    worker = _Child("worker", "serve", "--role", "worker")
    return [worker, _Keeper(settings)] if kind == "embedded" else [worker]


def _listen(settings: Settings, dsn: str, host: str, port: int) -> None:
    application = Application(settings, dsn)
    config = config_of(settings, application, host, port)
    server = DrainingServer(config, application.draining, settings.drain_seconds)
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
