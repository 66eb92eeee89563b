"""Connections as one of the least-privileged roles, and the one place that commits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Literal

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from ibr.asker import Asker
from ibr.db.classes import Sight, sight_of
from ibr.db.priority import let_it_wait
from ibr.errors import Unavailable
from ibr.spans import span

Role = Literal["ibr_app", "ibr_worker", "ibr_auditor", "ibr_analyst"]
Connection = asyncpg.Connection | PoolConnectionProxy

# Milliseconds: statement, lock, idle in transaction (reliability C9). PostgreSQL applies a role's
# own settings only to who signs in as it; the registry takes the role on after signing in, so it
# asks for them itself.
_TIMEOUTS: dict[Role, tuple[int, int, int]] = {
    "ibr_app": (5_000, 1_000, 15_000),
    "ibr_worker": (30_000, 10_000, 60_000),
    "ibr_auditor": (30_000, 1_000, 15_000),
    "ibr_analyst": (30_000, 1_000, 15_000),
}
# What a connection that cannot be made or was lost looks like.
LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)


class Database:
    """A pool of connections that act as one role."""

    def __init__(self, pool: asyncpg.Pool, dsn: str) -> None:
        self._pool = pool
        self.dsn = dsn
        """Where it is, for a process that helps and needs a connection of its own."""

    @asynccontextmanager
    async def transaction(
        self,
        programmes: Iterable[int],
        *,
        asker: Asker | None = None,
        right: str | None = None,
        frozen: bool = False,
        visit: int | None = None,
    ) -> AsyncIterator[Connection]:
        """One transaction that sees and writes only these programmes' rows; commits at the end.

        Row-level security reads the list, so a statement that forgets to narrow its programmes sees
        no others. With an asker it sees besides only people of the asker's areas and the classes of
        data that `right` opens, or all of the asker's rights; by one that is not held nothing.
        Without an asker the registry itself is at work. With a `visit` it sees the visitor's alone.
        `frozen`: it writes nothing, and sees one moment. Unavailable where the database is.
        """
        sight = sight_of(programmes, asker, right, visit)
        try:
            with span("database", right=right or ""):
                async with self._pool.acquire(timeout=2) as connection:
                    await connection.execute(_begin(sight, frozen=frozen))
                    try:
                        yield connection
                    except BaseException:
                        await _roll_back(connection)
                        raise
                    await connection.execute("commit")
        except TimeoutError:
            raise Unavailable(
                "database.busy", "The registry is busy; please try again in a few seconds."
            ) from None
        except LOST:
            raise Unavailable(
                "database.unreachable",
                # The commit may have been under way: nothing is said of what was stored.
                "The registry cannot reach its database. Please try again; "
                "a message sent again has one effect.",
            ) from None
        except (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError):
            raise Unavailable(
                "database.slow",
                "The registry needed too long for this; nothing was stored. Please try again.",
            ) from None
        except (asyncpg.DiskFullError, asyncpg.OutOfMemoryError):
            raise Unavailable(
                "database.full",
                "The registry cannot store anything at the moment. Please try again later.",
                retry_after=60,
            ) from None

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Connection]:
        """A connection outside any transaction, for an advisory lock held across several."""
        try:
            async with self._pool.acquire(timeout=2) as connection:
                yield connection
        except TimeoutError:
            raise Unavailable(
                "database.busy", "The registry is busy; please try again in a few seconds."
            ) from None
        except LOST:
            raise Unavailable(
                "database.unreachable",
                "The registry cannot reach its database. Please try again.",
            ) from None

    def connections(self) -> tuple[int, int]:
        """How many connections are being used, and how many there may be."""
        return self._pool.get_size() - self._pool.get_idle_size(), self._pool.get_max_size()

    async def close(self) -> None:
        await self._pool.close()


def _begin(sight: Sight, *, frozen: bool) -> str:
    """What begins a transaction: numbers and codes only, so the text can be put together; one
    round trip instead of two."""
    kind = " isolation level repeatable read, read only" if frozen else ""
    # Unset outside of visits, so the many transactions that are of none pay nothing for it.
    of_visit = f", set_config('ibr.visit', '{sight.visit}', true)" if sight.visit else ""
    return (
        f"begin{kind}; select "
        f"set_config('ibr.programmes', '{sight.programmes}', true), "
        f"set_config('ibr.areas', '{sight.areas}', true), "
        f"set_config('ibr.rights', '{sight.rights}', true){of_visit}"
    )


async def _roll_back(connection: Connection) -> None:
    """Rolls back; a connection on which even that fails is thrown away."""
    try:
        await connection.execute("rollback")
    except (*LOST, asyncpg.PostgresError):
        connection.terminate()


async def _leave_as_it_is(_connection: Connection) -> None:
    """No reset between two users of a connection that only ever sets what its transaction ends."""


async def open_database(dsn: str, role: Role, *, size: int, name: str) -> Database:
    """A pool of up to `size` connections to `dsn`, each acting as `role`.

    What the worker's role does gives way to questions and pages (db/priority.py).
    """
    statement, lock, idle = _TIMEOUTS[role]

    async def begin(connection: asyncpg.Connection) -> None:
        if role == "ibr_worker":
            let_it_wait(connection.get_server_pid(), dsn)

    try:
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size,
            server_settings={
                "application_name": name,
                "role": role,
                "search_path": "ibr",
                "statement_timeout": str(statement),
                "lock_timeout": str(lock),
                "idle_in_transaction_session_timeout": str(idle),
                "jit": "off",
                "timezone": "UTC",
            },
            reset=_leave_as_it_is,
            init=begin,
        )
    except (*LOST, asyncpg.PostgresError) as wrong:
        raise Unavailable(
            "database.unreachable",
            f"The registry cannot reach its database ({type(wrong).__name__}). "
            "Run `ibr doctor` to see why.",
        ) from None
    return Database(pool, dsn)


@asynccontextmanager
async def owner_transaction(dsn: str) -> AsyncIterator[Connection]:
    """One transaction as the user of the database address, for the command line's own work."""
    connection = await connect_as_owner(dsn)
    try:
        async with connection.transaction():
            yield connection
    finally:
        await connection.close()


async def connect_as_owner(dsn: str) -> asyncpg.Connection:
    """A connection as the user of the database address; Unavailable when there is none."""
    try:
        return await asyncpg.connect(
            dsn, server_settings={"search_path": "ibr", "timezone": "UTC"}, timeout=5
        )
    except (*LOST, TimeoutError, asyncpg.PostgresError) as wrong:
        raise Unavailable(
            "database.unreachable",
            f"The registry cannot reach its database ({type(wrong).__name__}). "
            "Run `ibr doctor` to see why.",
        ) from None
