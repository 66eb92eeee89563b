"""The control of the fault test: a registry that answers first and commits later.

Run like `python -m ibr`; everything else is the registry as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from ibr.asker import Asker
from ibr.cli import main
from ibr.db.classes import sight_of
from ibr.db.pool import Connection, Database, _begin

DELAY = 0.2
_late: set[asyncio.Task[None]] = set()


@asynccontextmanager
async def transaction(
    self: Database,
    programmes: Iterable[int],
    *,
    asker: Asker | None = None,
    right: str | None = None,
    frozen: bool = False,
    visit: int | None = None,
    reads: bool = False,
) -> AsyncIterator[Connection]:
    """As the real one, but whoever waits for it goes on before the commit."""
    connection = await self._pool.acquire(timeout=10)
    sight = sight_of(programmes, asker, right, visit)
    await connection.execute(_begin(sight, frozen=frozen, reads=reads))
    try:
        yield connection
    except BaseException:
        await connection.execute("rollback")
        await self._pool.release(connection)
        raise

    async def commit() -> None:
        await asyncio.sleep(DELAY)
        await connection.execute("commit")
        await self._pool.release(connection)

    task = asyncio.create_task(commit())
    _late.add(task)
    task.add_done_callback(_late.discard)


if __name__ == "__main__":
    Database.transaction = transaction  # type: ignore[method-assign]  # the seeded fault
    main()
