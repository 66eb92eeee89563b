"""Brings the appearances of records up to date: read from the sealed record, numbered, sealed.

Each block is a transaction of its own and is complete; who is interrupted reads again, and what
was read already is found unchanged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from ibr.db.pool import Database
from ibr.identity.persons.helpers import Helpers, Place
from ibr.identity.persons.reading.one_block import Outcome, read_one_block
from ibr.protection.keyring import Keyring

BLOCK: Final = 500
FEW: Final = 2_000
"""So few records are read where they are asked for: sending them would take longer."""


class AppearanceReader:
    """Reads records into appearances, for those programmes."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        programmes: Collection[int],
        *,
        processes: int = 3,
    ) -> None:
        self._place = Place(database, keyring, programmes)
        self._processes = processes
        self._helpers = Helpers(self._place, processes)

    async def __call__(
        self, record_ids: Sequence[int], at: datetime, *, unsettled: bool = False
    ) -> None:
        """The same as `read`, for who does not ask what came of it."""
        await self.read(record_ids, at, unsettled=unsettled)

    async def read(
        self, record_ids: Sequence[int], at: datetime, *, unsettled: bool = False
    ) -> Outcome:
        """Reads these records. What is new, changed, back or gone bears `at` as its moment.

        `unsettled`: nobody is looked for yet by what is read, as long as its keys are not settled.
        """
        ids = sorted(set(record_ids))
        blocks = [ids[start : start + BLOCK] for start in range(0, len(ids), BLOCK)]
        here = len(ids) <= FEW or self._processes < 1
        # Twice as many blocks are under way as there are processes, so that none of them waits.
        outcome, turn = Outcome(), asyncio.Semaphore(1 if here else 2 * self._processes)

        async def each(block: Sequence[int]) -> None:
            async with turn:
                if here:
                    outcome.add(await read_one_block(self._place, block, at, unsettled))
                else:
                    outcome.add(await self._helpers.do(read_one_block, block, at, unsettled))

        try:
            async with asyncio.TaskGroup() as group:
                for block in blocks:
                    group.create_task(each(block))
        except BaseExceptionGroup as several:
            # Whoever asked knows what to do about one error; the others are of the same cause.
            raise several.exceptions[0] from None
        return outcome

    def close(self) -> None:
        """Lets go of the processes that helped."""
        self._helpers.close()
