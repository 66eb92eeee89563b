"""A clock that moves only when nobody has anything left to do, and an event loop that runs by it.

Minutes and days of waiting cost nothing. What is not waiting but talking to PostgreSQL takes as
long as it takes, and no virtual time passes meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import random
import selectors
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final
from unittest.mock import patch

from ibr import clock as clock_file
from ibr import ids as ids_file

# Called when nobody has anything to do before the loop's next timer; says what became ready.
Idle = Callable[[selectors.BaseSelector, float | None], list[Any]]
_RESOLUTION: Final = 1e-6


class Clock:
    """Two clocks, as every machine has them: one that only goes on, and one that can be set."""

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.gone = 0.0
        self.set_by = timedelta(0)

    def monotonic(self) -> float:
        return self.gone

    def now(self) -> datetime:
        """What the wall clock of every machine says."""
        return self.start + timedelta(seconds=self.gone) + self.set_by

    def jump(self, by: timedelta) -> None:
        """Sets the wall clock; whoever waits for a while waits no longer or shorter for it."""
        self.set_by += by


class _Selector:
    """The loop's selector, but idleness is somebody else's business."""

    def __init__(self, idle: Idle) -> None:
        self._real = selectors.DefaultSelector()
        self._idle = idle

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is not None and timeout <= 0:
            return self._real.select(0)
        return self._idle(self._real, timeout)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is that of a Clock."""

    def __init__(self, clock: Clock, idle: Idle) -> None:
        self._clock_of_world = clock
        super().__init__(_Selector(idle))  # type: ignore[arg-type]  # it selects as one
        self._clock_resolution = _RESOLUTION

    def time(self) -> float:
        return self._clock_of_world.gone


class _Time:
    """The module `time`, by the virtual clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.monotonic = clock.monotonic

    def time(self) -> float:
        return self._clock.now().timestamp()

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


class _Os:
    """The module `os` where ids are made: the same ids in every run of a seed."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def urandom(self, count: int) -> bytes:
        return self._chance.randbytes(count)

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


async def _here(work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Any:
    """In place of a thread: what a thread would do is done at once, and so in the same order."""
    return work(*arguments, **named)


@contextmanager
def patched(clock: Clock, seed: int) -> Iterator[None]:
    """Every part of the registry reads this clock, and takes its chances from this seed."""

    class _Moment(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return clock.now().astimezone(tz or UTC)

    before = random.getstate()
    random.seed(seed)
    virtual = _Time(clock)
    with ExitStack() as stack:
        for name, module in list(sys.modules.items()):
            if name.split(".")[0] in ("ibr", "ibr_messages") and vars(module).get("time") is time:
                stack.enter_context(patch.object(module, "time", virtual))
        stack.enter_context(patch.object(clock_file, "datetime", _Moment))
        stack.enter_context(patch.object(ids_file, "os", _Os(random.Random(seed))))
        stack.enter_context(patch.object(asyncio, "to_thread", _here))
        try:
            yield
        finally:
            random.setstate(before)
