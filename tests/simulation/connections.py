"""Connections to a real PostgreSQL that can break before, at and after each statement.

They stand below `ibr.db.pool.Database`: everything above it is the registry as it is.
"""

from __future__ import annotations

import asyncio
import contextvars
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from ibr.db.pool import Database, Role
from ibr.outbox.store import LEASE_SECONDS
from tests.simulation.world import Operation, World

# What `ibr.db.pool` sets for the roles: how long each waits for a lock, and how long a
# transaction may lie idle before PostgreSQL ends its connection.
LOCK_SECONDS: Final = {"ibr_app": 1.0, "ibr_worker": 10.0}
IDLE_SECONDS: Final = {"ibr_app": 15.0, "ibr_worker": 60.0}
_WORDS: Final = re.compile(r"\s+")
_NOTIFY: Final = re.compile(r"pg_notify\(\$(\d+)")
# A wake-up takes its way; now and then one is lost.
_LONGEST_WAKE: Final = 0.05
_LOST_WAKES: Final = 0.05


# The process that a task runs in.
_HERE: Final[contextvars.ContextVar[Process | None]] = contextvars.ContextVar("here", default=None)


def here() -> Process:
    """The process that asks."""
    process = _HERE.get()
    assert process is not None
    return process


def task_in_its_process(
    loop: asyncio.AbstractEventLoop, work: Any, context: contextvars.Context | None = None
) -> asyncio.Task[Any]:
    """The loop's task factory: a process knows every task that was begun in it."""
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, context=context)
    process = (context or contextvars.copy_context()).get(_HERE)
    if process is not None:
        process.tasks[task] = None
        task.add_done_callback(process.forget)
    return task


def lost() -> Exception:
    return asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")


class Process:
    """A process of the registry: its connections and tasks live and die with it."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.paused = False
        self.dead = False
        self.connections: list[Line] = []
        # In the order in which they were begun, so that they end in it too.
        self.tasks: dict[asyncio.Task[Any], None] = {}

    def begin(self, work: Any) -> asyncio.Task[Any]:
        """Begins something in this process; whatever that begins is in this process too."""
        context = contextvars.copy_context()
        context.run(_HERE.set, self)
        return asyncio.get_running_loop().create_task(work, context=context)

    def forget(self, task: asyncio.Task[Any]) -> None:
        self.tasks.pop(task, None)
        if not task.cancelled():
            task.exception()

    def kill(self) -> None:
        """kill -9: nothing it does from here on reaches anybody."""
        if self.dead:
            return
        self.dead = True
        self.world.say(self.name, "dies")
        for connection in list(self.connections):
            connection.cut()
        for task in list(self.tasks):
            task.cancel()

    def pause(self, seconds: float) -> None:
        """kill -STOP, and SIGCONT later: others may have taken its work over by then."""
        self.paused = True
        self.world.say(self.name, f"stands still for {seconds:.1f} s")
        self.world.unsteady(seconds + 2 * LEASE_SECONDS)
        self.world.loop.call_later(seconds, self._go_on, seconds)

    def _go_on(self, seconds: float) -> None:
        for connection in list(self.connections):
            if connection.in_transaction and seconds >= IDLE_SECONDS[connection.role]:
                connection.cut()
        self.paused = False


class Line:
    """One connection. The registry takes it for asyncpg's own."""

    def __init__(self, process: Process, role: Role, real: asyncpg.Connection) -> None:
        self.process = process
        self.role = role
        self.in_transaction = False
        self._real = real
        self._backend = real.get_server_pid()
        self._closed = False
        self._listening: dict[str, Any] = {}
        self._tells: set[str] = set()
        process.connections.append(self)

    def cut(self) -> None:
        """The connection breaks; PostgreSQL undoes what was not committed."""
        if self._closed:
            return
        self._closed = True
        self.process.connections.remove(self)
        self._real.terminate()
        self.process.world.side.end(self._backend)

    terminate = cut

    def is_closed(self) -> bool:
        return self._closed

    async def execute(self, statement: str, *values: Any, **how: Any) -> str:
        begins, ends = statement.startswith("begin"), statement in ("commit", "rollback")
        if begins:
            moment = self.process.world.clock.now().isoformat()
            statement += f"; set local simulation.now = '{moment}'"
        said: str = await self._do(
            statement, values, lambda: self._real.execute(statement, *values)
        )
        if begins:
            self.in_transaction = True
        elif ends:
            self.in_transaction = False
            self._wake_listeners(committed=statement == "commit")
        return said

    async def fetch(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        return await self._do(statement, values, lambda: self._real.fetch(statement, *values))

    async def fetchrow(self, statement: str, *values: Any) -> asyncpg.Record | None:
        return await self._do(statement, values, lambda: self._real.fetchrow(statement, *values))

    async def fetchval(self, statement: str, *values: Any) -> Any:
        return await self._do(statement, values, lambda: self._real.fetchval(statement, *values))

    async def executemany(self, statement: str, rows: Any) -> None:
        await self._do(statement, (), lambda: self._real.executemany(statement, rows))

    async def copy_records_to_table(self, table: str, *, records: Any, **how: Any) -> str:
        rows = list(records)
        return await self._do(
            f"copy {table}",
            (),
            lambda: self._real.copy_records_to_table(table, records=rows, **how),
        )

    async def cursor(self, statement: str, *values: Any, **_how: Any) -> AsyncIterator[Any]:
        for row in await self.fetch(statement, *values):
            yield row

    async def add_listener(self, channel: str, callback: Any) -> None:
        await self._do(f"listen {channel}", (), self._nothing)
        self._listening[channel] = callback

    async def remove_listener(self, channel: str, _callback: Any) -> None:
        self._listening.pop(channel, None)

    async def _nothing(self) -> None:
        """Listening is done by the simulator, so that it is known when each wake-up comes."""

    async def _do(
        self, statement: str, values: tuple[Any, ...], work: Callable[[], Awaitable[Any]]
    ) -> Any:
        if self._closed or self.process.dead:
            raise lost()
        if found := _NOTIFY.search(statement):
            self._tells.add(str(values[int(found[1]) - 1]))
        world = self.process.world
        operation = Operation(
            self.process,
            _WORDS.sub(" ", statement.partition("; set local sim")[0].strip())[:70],
            commits=statement == "commit",
            lock_timeout=LOCK_SECONDS[self.role],
        )
        await world.turn(operation)
        operation.backend = self._backend
        try:
            await self._befalls_before(operation)
            result = await work()
        finally:
            await world.answered(operation)
        await self._befalls_after(operation)
        return result

    async def _befalls_before(self, operation: Operation) -> None:
        fault = operation.fault
        if self._closed:
            raise lost()
        if fault == "lost_before":
            self.cut()
            raise lost()
        if fault in ("full", "slow") and operation.commits:
            # A commit that fails has undone everything, and the connection is free again.
            await self._real.execute("rollback")
            self.in_transaction = False
        if fault == "full":
            raise asyncpg.DiskFullError("could not extend file: No space left on device")
        if fault == "slow":
            raise asyncpg.QueryCanceledError("canceling statement due to statement timeout")
        if fault == "crash":
            self.process.world.crash()
            raise lost()
        if fault == "killed_before":
            self.process.kill()
            await asyncio.sleep(0)
            raise lost()

    async def _befalls_after(self, operation: Operation) -> None:
        if operation.fault == "lost_after":
            self.cut()
            raise lost()
        if operation.fault == "killed_after":
            self.process.kill()
            await asyncio.sleep(0)
            raise lost()
        if operation.fault == "paused":
            self.process.pause(self.process.world.chance.choice((1.0, 20.0, 90.0)))

    def _wake_listeners(self, *, committed: bool) -> None:
        tells, self._tells = sorted(self._tells), set()
        world = self.process.world
        for channel in tells if committed else ():
            for other in list(world.lines_open()):
                callback = other._listening.get(channel)
                if callback is None or world.chance.random() < _LOST_WAKES:
                    continue
                later = world.chance.uniform(0, _LONGEST_WAKE)
                world.loop.call_later(later, other._wake, channel, callback)

    def _wake(self, channel: str, callback: Any) -> None:
        if not self._closed:
            callback(self, 0, channel, "")


class Pool:
    """As many connections as a pool of asyncpg may have, made when they are needed."""

    def __init__(self, process: Process, dsn: str, role: Role, size: int) -> None:
        self._process = process
        self._dsn = dsn
        self._role = role
        self._size = size
        self._places = asyncio.Semaphore(size)
        self._free: list[Line] = []

    @asynccontextmanager
    async def acquire(self, *, timeout: float) -> AsyncIterator[Line]:  # as asyncpg has it
        async with asyncio.timeout(timeout):
            await self._places.acquire()
        try:
            line = await self._line()
            try:
                yield line
            finally:
                if not line.is_closed():
                    self._free.append(line)
        finally:
            self._places.release()

    async def _line(self) -> Line:
        while self._free:
            line = self._free.pop()
            if not line.is_closed():
                return line
        world = self._process.world
        operation = Operation(self._process, "connect", commits=False, lock_timeout=1.0)
        await world.turn(operation)
        try:
            if world.database_down or self._process.dead:
                raise asyncpg.CannotConnectNowError("the database system is starting up")
            real = await asyncpg.connect(
                self._dsn,
                server_settings={
                    "application_name": self._process.name,
                    "role": self._role,
                    "search_path": "simulation, ibr, pg_catalog",
                    "jit": "off",
                    "timezone": "UTC",
                    "synchronous_commit": "off",
                },
                timeout=3600,
            )
        finally:
            await world.answered(operation)
        return Line(self._process, self._role, real)

    def get_size(self) -> int:
        return self._size

    get_max_size = get_idle_size = get_size

    async def close(self) -> None:
        for line in self._free:
            line.cut()


def database_of(process: Process, dsn: str, role: Role, size: int) -> Database:
    """The registry's own Database over connections that break."""
    return Database(Pool(process, dsn, role, size), dsn)  # type: ignore[arg-type]  # it acts as one
