"""Brings the appearances of records up to date: read from the sealed record, numbered, sealed.

Each block is a transaction of its own and is complete; who is interrupted reads again, and what
was read already is found unchanged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

import msgspec

from ibr.db.pool import Database
from ibr.identity.persons.reading import store
from ibr.identity.persons.reading.hands import FEW, Hands
from ibr.protection.keyring import Keyring

BLOCK: Final = 500
AT_ONCE: Final = 4
"""So many blocks are under way: while one is opened, another is written."""


class Outcome(msgspec.Struct):
    """How many appearances were new, changed (or came back), and are no longer reported."""

    fresh: int = 0
    changed: int = 0
    gone: int = 0


class AppearanceReader:
    """Reads records into appearances, for those programmes."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        programmes: Collection[int],
        *,
        processes: int = 2,
    ) -> None:
        self._database = database
        self._programmes = frozenset(programmes)
        self._hands = Hands(keyring, processes)

    async def __call__(self, record_ids: Sequence[int], at: datetime) -> None:
        """The same as `read`, for who does not ask what came of it."""
        await self.read(record_ids, at)

    async def read(self, record_ids: Sequence[int], at: datetime) -> Outcome:
        """Reads these records. What is new, changed, back or gone bears `at` as its moment."""
        ids = sorted(set(record_ids))
        blocks = [ids[start : start + BLOCK] for start in range(0, len(ids), BLOCK)]
        outcome, turn = Outcome(), asyncio.Semaphore(AT_ONCE)

        async def each(block: Sequence[int]) -> None:
            async with turn:
                await self._block(block, at, outcome, many=len(ids) > FEW)

        try:
            async with asyncio.TaskGroup() as group:
                for block in blocks:
                    group.create_task(each(block))
        except BaseExceptionGroup as several:
            # Whoever asked knows what to do about one error; the others are of the same cause.
            raise several.exceptions[0] from None
        return outcome

    async def _block(
        self, record_ids: Sequence[int], at: datetime, outcome: Outcome, *, many: bool
    ) -> None:
        async with self._database.transaction(self._programmes) as connection:
            records = await store.records(connection, record_ids)
            rows = await self._hands.read(records, at, many=many)
            await store.put(connection, rows)
        outcome.fresh += rows.fresh
        outcome.changed += rows.changed
        outcome.gone += rows.gone

    def close(self) -> None:
        """Lets go of the processes that helped."""
        self._hands.close()
