"""Processes that open and standardise records side by side, where there are many.

Opening a million records is a minute of the processor; in one process it would be a minute in
which nothing else moves.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from typing import Final

from ibr.errors import Unavailable
from ibr.identity.persons.reading.reading_block import Reader, Record, Rows
from ibr.protection.blind_index import BlindIndex
from ibr.protection.keyring import Keyring
from ibr.protection.seal import Sealer

FEW: Final = 2_000
"""So few records are read where they are asked for: sending them would take longer."""


class Hands:
    """Reads blocks of records, in this process or in several others."""

    def __init__(self, keyring: Keyring, processes: int) -> None:
        self._keyring = keyring
        self._processes = processes
        self._reader = Reader(Sealer(keyring), BlindIndex(keyring.index))
        self._pool: ProcessPoolExecutor | None = None

    async def read(self, records: Sequence[Record], at: datetime, *, many: bool) -> Rows:
        """What the records change. `many`: more such blocks are on their way."""
        if not many or self._processes < 1:
            return self._reader.read_many(records, at)
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._processes,
                multiprocessing.get_context("spawn"),
                _begin,
                (self._keyring,),
            )
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._pool, _read_here, records, at
            )
        except BrokenProcessPool:
            self._pool = None
            raise Unavailable(
                "linkage.interrupted",
                "Reading the records was interrupted. Run it again; it goes on where it stopped.",
            ) from None

    def close(self) -> None:
        """Lets the processes go."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


class _Here:
    """What one of the processes keeps between blocks."""

    reader: Reader | None = None


def _begin(keyring: Keyring) -> None:
    os.nice(5)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _Here.reader = Reader(Sealer(keyring), BlindIndex(keyring.index))
    # Nothing here forms a circle, and a block is gone when it was answered: the collector's
    # rounds would cost a third of the work.
    gc.freeze()
    gc.disable()


def _end_with_parent() -> None:
    """Ends this process when the one it works for was killed and can no longer ask it to."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _read_here(records: Sequence[Record], at: datetime) -> Rows:
    assert _Here.reader is not None
    return _Here.reader.read_many(records, at)
