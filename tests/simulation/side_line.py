"""A connection of the simulator's own, which no fault touches: it asks, ends and waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from typing import Any, TypeVar

import asyncpg

T = TypeVar("T")


class SideLine:
    """Speaks to PostgreSQL from a thread of its own, so that the simulation can stand still."""

    def __init__(self, dsn: str) -> None:
        self._loop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        settings = {"search_path": "ibr", "timezone": "UTC"}
        self._connection = self._run(asyncpg.connect(dsn, server_settings=settings))

    def _run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(awaited(), self._loop).result(60)

    def fetch(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        return self._run(self._connection.fetch(statement, *values))

    def value(self, statement: str, *values: Any) -> Any:
        return self._run(self._connection.fetchval(statement, *values))

    def waits_for_a_lock(self, backend: int) -> bool:
        return bool(self.value("select cardinality(pg_blocking_pids($1)) > 0", backend))

    def cancel(self, backend: int) -> None:
        """Ends a statement's wait for a lock, and waits until PostgreSQL has heard of it."""
        self._run(self._cancel(backend))

    async def _cancel(self, backend: int) -> None:
        waits = "select cardinality(pg_blocking_pids($1)) > 0"
        await self._connection.fetchval("select pg_cancel_backend($1)", backend)
        while await self._connection.fetchval(waits, backend):
            await asyncio.sleep(0.001)

    def end(self, backend: int) -> None:
        """Ends a connection from the other side, and waits until PostgreSQL has undone its work."""
        self._run(self._end(backend))

    async def _end(self, backend: int) -> None:
        there = "select count(*) from pg_stat_activity where pid = $1"
        while await self._connection.fetchval(there, backend):
            await self._connection.fetchval("select pg_terminate_backend($1)", backend)
            await asyncio.sleep(0.001)

    def close(self) -> None:
        self._run(self._connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
