"""Sealed appearances opened on their way to an engine, block by block."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from itertools import islice
from typing import Any, Final, TypeVar

from ibr.db.pool import Database
from ibr.identity.engines.found import Keyed
from ibr.identity.model import STANDARD, Appearance
from ibr.identity.persons.helpers import Place
from ibr.identity.persons.loading import store
from ibr.identity.persons.reading.sealed import open_features
from ibr.identity.persons.runs import store as runs
from ibr.protection.seal import Sealer

T = TypeVar("T")
BLOCK: Final = 20_000


class Loader:
    """Takes appearances out of the database and opens them."""

    def __init__(self, database: Database, sealer: Sealer, programmes: Collection[int]) -> None:
        self._database = database
        self._sealer = sealer
        self._programmes = programmes
        self.place = Place(database, sealer.keyring, programmes)
        """Where the same is found, for who asks helping processes."""

    async def these(self, wanted: Collection[Appearance]) -> list[Keyed]:
        """These appearances as far as they are reported now, in order."""
        opened: list[Keyed] = []
        for block in _blocks(sorted(wanted), BLOCK):
            async with self._database.transaction(self._programmes) as connection:
                await runs.take_time(connection)
                rows = await store.these_appearances(connection, block, STANDARD)
            opened += self._open(rows)
        return opened

    async def are_more_than(self, many: int) -> bool:
        """Whether more than so many are reported now."""
        async with self._database.transaction(self._programmes) as connection:
            return await store.how_many(connection, STANDARD, many + 1) > many

    async def everybody(self) -> AsyncIterator[list[Keyed]]:
        """Everybody who is reported now, in order, a block at a time."""
        after = store.BEFORE_ALL
        while True:
            async with self._database.transaction(self._programmes) as connection:
                await runs.take_time(connection)
                rows = await store.appearances_after(connection, after, BLOCK, STANDARD)
            if not rows:
                return
            after = Appearance(rows[-1]["record_id"], rows[-1]["appearance_no"])
            yield self._open(rows)

    async def sharing(self, keys: Collection[int], most: int) -> dict[int, list[Appearance]]:
        """Who has each of these keys; keys of more than `most` people are left out."""
        sharing: dict[int, list[Appearance]] = {}
        for block in _blocks(sorted(keys), BLOCK):
            async with self._database.transaction(self._programmes) as connection:
                await runs.take_time(connection)
                for key, record_id, number in await store.sharing_keys(connection, block, most):
                    sharing.setdefault(key, []).append(Appearance(record_id, number))
        return sharing

    def _open(self, rows: Iterable[Any]) -> list[Keyed]:
        opened = []
        for record_id, number, sealed, keys in rows:
            each = Appearance(record_id, number)
            opened.append((each, open_features(self._sealer, each, sealed), keys))
        return opened


def _blocks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(values)
    while block := list(islice(rest, size)):
        yield block


async def through(blocks: AsyncIterator[list[T]], work: Callable[[Iterator[T]], Any]) -> Any:
    """What `work` makes of everything in the blocks, in a thread of its own while they are read.

    Only a few blocks are held at a time, however many there are.
    """
    waiting: queue.Queue[list[T] | BaseException | None] = queue.Queue(maxsize=2)
    given_up = threading.Event()

    def each() -> Iterator[T]:
        while (block := waiting.get()) is not None:
            if isinstance(block, BaseException):
                raise block
            yield from block

    def put(block: list[T] | BaseException | None) -> None:
        while not given_up.is_set():
            try:
                waiting.put(block, timeout=0.2)
            except queue.Full:
                continue
            return

    async def feed() -> None:
        try:
            async for block in blocks:
                await asyncio.to_thread(put, block)
        except BaseException as wrong:
            await asyncio.to_thread(put, wrong)
            raise
        await asyncio.to_thread(put, None)

    feeding = asyncio.create_task(feed())
    try:
        return await asyncio.to_thread(work, each())
    finally:
        given_up.set()
        await asyncio.gather(feeding, return_exceptions=True)
