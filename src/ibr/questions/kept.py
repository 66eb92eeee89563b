"""Heavy figures kept for a minute, by the programmes and areas they were counted over.

Figures counted for one reach are never shown to another: reach and areas are part of the key.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import TypeVar, cast

T = TypeVar("T")
SECONDS = 60.0
MOST = 200


class Kept:
    """Figures by key; whoever asks first counts, and the others wait for that count."""

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic):
        self._seconds = seconds
        self._clock = clock
        self._values: dict[Hashable, tuple[float, object]] = {}
        self._locks: dict[Hashable, asyncio.Lock] = {}

    async def of(self, key: Hashable, count: Callable[[], Awaitable[T]]) -> T:
        """The kept value of `key`, counted anew when it is older than a minute."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            at, value = self._values.get(key, (float("-inf"), None))
            if self._clock() - at < self._seconds:
                return cast(T, value)
            counted = await count()
            self._forget_old()
            self._values[key] = (self._clock(), counted)
            return counted

    def _forget_old(self) -> None:
        if len(self._values) < MOST:
            return
        self._values.clear()
        self._locks = {key: lock for key, lock in self._locks.items() if lock.locked()}
