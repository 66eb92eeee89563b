"""Processes that help with what is minutes of the processor, each with a connection of its own.

In one process it would be minutes in which nothing else moves, and only one core would work.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import threading
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from ibr.collector import keep_what_is_loaded
from ibr.db.pool import Database, open_database
from ibr.errors import Unavailable
from ibr.protection.blind_index import BlindIndex
from ibr.protection.keyring import Keyring
from ibr.protection.seal import Sealer

P = ParamSpec("P")
T = TypeVar("T")
_SWEPT_EACH: Final = 200
"""After so many pieces of work a process looks for what it no longer needs."""


class Place:
    """Where work is done: the database as these programmes may see it, and the keys."""

    def __init__(self, database: Database, keyring: Keyring, programmes: Collection[int]) -> None:
        self.database = database
        self.keyring = keyring
        self.sealer = Sealer(keyring)
        self.index = BlindIndex(keyring.index)
        self.programmes = frozenset(programmes)


Work = Callable[Concatenate[Place, P], Awaitable[T]]
"""Something to be done at a place; a function of a module, so that another process finds it."""


class Helpers:
    """Does work in other processes, as many at a time as there are."""

    def __init__(self, place: Place, processes: int) -> None:
        self._place = place
        self._processes = processes
        self._pool: ProcessPoolExecutor | None = None

    async def do(self, work: Work[P, T], *args: P.args, **_kwargs: P.kwargs) -> T:
        """What the work gives; Unavailable where it cannot be done, or its process died."""
        if self._pool is None:
            here = self._place
            self._pool = ProcessPoolExecutor(
                self._processes,
                multiprocessing.get_context("spawn"),
                _begin,
                (here.database.dsn, here.keyring, here.programmes),
            )
        loop = asyncio.get_running_loop()
        done: Any
        try:
            done = await loop.run_in_executor(self._pool, _do_here, work, args)
        except BrokenProcessPool:
            self._pool = None
            raise Unavailable(
                "linkage.interrupted",
                "A process that helped has ended. Run it again; it goes on where it stopped.",
            ) from None
        if isinstance(done, _Failed):
            raise Unavailable(done.code, done.message, retry_after=done.retry_after)
        found: T = done
        return found

    def close(self) -> None:
        """Lets the processes go."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


class _Failed:
    """Why work could not be done, on its way to who asked."""

    def __init__(self, wrong: Unavailable) -> None:
        self.code, self.message = wrong.code, wrong.message
        self.retry_after = wrong.retry_after


class _Helper:
    """What one of the processes keeps from one piece of work to the next."""

    def __init__(self, dsn: str, keyring: Keyring, programmes: Collection[int]) -> None:
        self._dsn, self._keyring, self._programmes = dsn, keyring, programmes
        self._loop = asyncio.new_event_loop()
        self._place: Place | None = None
        self._done = 0

    def do(self, work: Callable[..., Awaitable[object]], args: tuple[object, ...]) -> object:
        self._done += 1
        if self._done % _SWEPT_EACH == 0:
            gc.collect()
        return self._loop.run_until_complete(self._do(work, args))

    async def _do(self, work: Callable[..., Awaitable[object]], args: tuple[object, ...]) -> object:
        if self._place is None:
            database = await open_database(
                self._dsn, "ibr_worker", size=1, name="ibr linkage helper"
            )
            self._place = Place(database, self._keyring, self._programmes)
        return await work(self._place, *args)


class _Here:
    helper: _Helper | None = None


def _begin(dsn: str, keyring: Keyring, programmes: Collection[int]) -> None:
    os.nice(5)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _Here.helper = _Helper(dsn, keyring, programmes)
    # A block's thousands of small things form no circle and are gone when it is done: the
    # collector's rounds among them would cost a third of the work.
    keep_what_is_loaded()
    gc.disable()


def _end_with_parent() -> None:
    """Ends this process when the one it works for was killed and can no longer ask it to."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _do_here(work: Callable[..., Awaitable[object]], args: tuple[object, ...]) -> object:
    assert _Here.helper is not None
    try:
        return _Here.helper.do(work, args)
    except Unavailable as wrong:
        return _Failed(wrong)
