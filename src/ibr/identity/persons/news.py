"""Reads what changed in the registry's records, so that their appearances are as reported now.

Block by block, each committed: whoever is interrupted goes on where it stood. What was read bears
the moment of its run, so the next run that is applied knows it, whichever run read it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from ibr.db.pool import Database
from ibr.identity.persons.runs import store
from ibr.identity.persons.runs.store import Place


class Reader(Protocol):
    """Brings the appearances of records up to date, as read at a moment."""

    def __call__(
        self, record_ids: Sequence[int], at: datetime, *, unsettled: bool = False
    ) -> Awaitable[None]: ...

    def close(self) -> None: ...


Progress = Callable[[str, int], None]
"""Is told what is being done, and how much of it was done."""

BLOCK: Final = 20_000
_BEGINNING: Final = Place(0, 0)


def silent(_what: str, _done: int) -> None:
    """Tells nobody."""


class Heard(NamedTuple):
    """How many records were looked at, and whether their keys are still to be settled."""

    records: int
    unsettled: bool


class News:
    """The feed of changes as linkage reads it."""

    def __init__(self, database: Database, programmes: Collection[int]) -> None:
        self._database = database
        self._programmes = programmes

    async def waits(self) -> bool:
        """Whether there is something to be read."""
        async with self._database.transaction(self._programmes) as connection:
            await store.take_time(connection)
            if await store.cursor(connection) == _BEGINNING:
                return bool(await store.record_ids(connection, -(2**63), 1))
            return await store.skip_to_news(connection, await store.horizon(connection))

    async def read(
        self, reader: Reader, at: datetime, *, everything: bool, progress: Progress = silent
    ) -> Heard:
        """Reads all there is now.

        The first time nobody can be found yet, so the index of keys is left for the end.
        """
        async with self._database.transaction(()) as connection:
            below = await store.horizon(connection)
            cursor = await store.cursor(connection)
        first = cursor == _BEGINNING
        if everything or first:
            count = await self._everything(reader, at, progress, unsettled=first)
        else:
            count = await self._changed(reader, at, cursor, below, progress)
        async with self._database.transaction(()) as connection:
            await store.move_cursor(connection, Place(below, 0), at)
        return Heard(count, first)

    async def _everything(
        self, reader: Reader, at: datetime, progress: Progress, *, unsettled: bool
    ) -> int:
        after, count = -(2**63), 0
        while True:
            async with self._database.transaction(self._programmes) as connection:
                await store.take_time(connection)
                ids = await store.record_ids(connection, after, BLOCK)
            if not ids:
                return count
            await reader(ids, at, unsettled=unsettled)
            after = ids[-1]
            count += len(ids)
            progress("read", count)

    async def _changed(
        self, reader: Reader, at: datetime, after: Place, below: int, progress: Progress
    ) -> int:
        count = 0
        while True:
            async with self._database.transaction(self._programmes) as connection:
                await store.take_time(connection)
                ids, last = await store.changed_records(connection, after, below, BLOCK)
            if last is None:
                return count
            if ids:
                await reader(ids, at)
            async with self._database.transaction(()) as connection:
                await store.move_cursor(connection, last, None)
            after = last
            count += len(ids)
            progress("read", count)
