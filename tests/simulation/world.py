"""The world of one run: who is alive, whose turn it is, and what befalls them.

At any moment one statement at most is on its way to PostgreSQL, unless it waits there for a lock.
When it is answered and nobody has anything left to do, the seed chooses whose statement is next.
So one seed is one history, however busy the machine is.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import selectors
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, Final, Protocol

from tests.simulation.faults import Fault, Plan, drawn
from tests.simulation.side_line import SideLine
from tests.simulation.virtual_time import Clock

# A statement is a fraction of a virtual second on its way, so that many are under way at once.
_LONGEST_WAY: Final = 0.02
# Real seconds: how soon it is asked whether a statement waits for a lock, and when all is lost.
_LOOK_FOR_LOCKS: Final = 0.01
_STUCK: Final = 20.0


class StuckError(Exception):
    """Nobody can go on: everybody waits for somebody."""


class Actor(Protocol):
    """A process, as far as the world must know it."""

    name: str
    paused: bool


class Operation:
    """One statement, from the wish to send it until it was answered."""

    def __init__(self, actor: Actor, label: str, *, commits: bool, lock_timeout: float) -> None:
        self.actor = actor
        self.label = label
        self.commits = commits
        self.lock_timeout = lock_timeout
        self.backend = 0
        self.number = 0
        self.fault: Fault | None = None
        self.turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.goes_on: asyncio.Future[None] | None = None
        self.was_locked = False


class World:
    """Time, chance and turns."""

    def __init__(self, seed: int, plan: Plan, clock: Clock, side: SideLine) -> None:
        self.seed = seed
        self.plan = plan
        self.clock = clock
        self.side = side
        self.chance = random.Random(seed)
        self.faulty = False
        self.database_down = False
        self.happened: Counter[str] = Counter()
        # Until then a lease may run out under a process that lives: it stood still, or the clock
        # was set.
        self.unsteady_until = 0.0
        self.statements = 0
        self.trace = hashlib.sha256()
        self.lines: deque[str] = deque(maxlen=100_000)
        self.crash: Callable[[], None] = lambda: None
        self.lines_open: Callable[[], list[Any]] = list
        self.loop: asyncio.AbstractEventLoop
        self._waiting: list[Operation] = []
        self._under_way: Operation | None = None
        self._locked: list[Operation] = []
        self._held_up: list[Operation] = []
        self._look_again = False
        self._idle_since: float | None = None

    def say(self, who: str, what: str) -> None:
        """Writes a line of this run's history."""
        line = f"{self.clock.gone:10.3f} {who:10} {what}"
        self.trace.update(line.encode())
        self.lines.append(line)

    def unsteady(self, seconds: float) -> None:
        """From now, for so long, a lease is no sure sign that its holder is at work."""
        self.unsteady_until = max(self.unsteady_until, self.clock.gone + seconds)

    async def turn(self, operation: Operation) -> None:
        """Waits until this operation may go; its fault is known then."""
        await asyncio.sleep(self.chance.uniform(0, _LONGEST_WAY))
        self._waiting.append(operation)
        try:
            await operation.turn
        except BaseException:
            if operation in self._waiting:
                self._waiting.remove(operation)
            self.over(operation)
            raise

    def over(self, operation: Operation) -> None:
        """The operation is over, one way or the other."""
        if self._under_way is operation:
            self._under_way = None
        if operation in self._locked:
            self._locked.remove(operation)
        self._look_again = True

    async def answered(self, operation: Operation) -> None:
        """PostgreSQL answered, or the connection broke.

        Who had waited for a lock goes on only when whoever let it go has nothing more to do: which
        of the two answers comes first is chance, and not the seed's.
        """
        self.over(operation)
        if operation.was_locked:
            operation.goes_on = asyncio.get_running_loop().create_future()
            self._held_up.append(operation)
            try:
                await operation.goes_on
            finally:
                if operation in self._held_up:
                    self._held_up.remove(operation)

    def idle(self, real: selectors.BaseSelector, timeout: float | None) -> list[Any]:
        """Nobody has anything to do: waits for PostgreSQL, gives the next turn, or moves time."""
        events = real.select(0)
        if not events and self._under_way is not None:
            events = real.select(_LOOK_FOR_LOCKS)
            if not events:
                self._see_whether_locked()
        if events or self._under_way is not None:
            self._idle_since = None
            return events
        if self._look_again:
            if self._one_was_let_in():
                return real.select(_LOOK_FOR_LOCKS)
            self._look_again = False
        if self._held_up:
            operation = min(self._held_up, key=lambda each: each.number)
            self._held_up.remove(operation)
            assert operation.goes_on is not None
            operation.goes_on.set_result(None)
            return []
        ready = [each for each in self._waiting if not each.actor.paused]
        if ready:
            self._let_go(ready)
        elif timeout is None:
            self._wait_for_help(real)
        else:
            self.clock.gone += timeout
        return []

    def _see_whether_locked(self) -> None:
        operation = self._under_way
        assert operation is not None
        if operation.backend and self.side.waits_for_a_lock(operation.backend):
            self._under_way = None
            self._locked.append(operation)
            operation.was_locked = True
            self.say(operation.actor.name, f"waits for a lock: {operation.label}")
            self.loop.call_later(operation.lock_timeout, self._waited_too_long, operation)

    def _waited_too_long(self, operation: Operation) -> None:
        if operation in self._locked:
            self.side.cancel(operation.backend)
            self._look_again = True

    def _one_was_let_in(self) -> bool:
        """Whether one that waited for a lock need not wait any more: its answer comes first."""
        return any(not self.side.waits_for_a_lock(each.backend) for each in self._locked)

    def _let_go(self, ready: list[Operation]) -> None:
        operation = ready[self.chance.randrange(len(ready))]
        self._waiting.remove(operation)
        self.statements += 1
        operation.number = self.statements
        if self.faulty:
            operation.fault = drawn(self.plan, self.chance, commits=operation.commits)
            if operation.fault is not None:
                self.happened[operation.fault] += 1
        self.say(operation.actor.name, f"{operation.label} {operation.fault or ''}")
        self._under_way = operation
        operation.turn.set_result(None)

    def _wait_for_help(self, real: selectors.BaseSelector) -> None:
        """Only real time can help: PostgreSQL finds that two wait for each other."""
        moment = time.monotonic()
        self._idle_since = self._idle_since or moment
        if moment - self._idle_since > _STUCK:
            raise StuckError(f"{len(self._locked)} wait for locks, {len(self._waiting)} for a turn")
        self._look_again = True
        real.select(_LOOK_FOR_LOCKS)
