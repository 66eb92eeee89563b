"""One run: a copy of the ground, some minutes of faults, peace, and then the promises checked."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Final
from unittest.mock import patch

import asyncpg
import msgspec

from ibr import app as app_file
from ibr.interop.dci import read_updates
from ibr.outbox.store import LEASE_SECONDS
from ibr.settings import Settings
from tests.conftest import database_at, scratch_folder
from tests.simulation.checks import broken_promises, broken_trail
from tests.simulation.connections import Line, Process, task_in_its_process
from tests.simulation.faults import plan_of
from tests.simulation.ground import OTHER, Ground, on_server
from tests.simulation.processes import Api, Worker, open_here
from tests.simulation.receivers import Calls, Receivers
from tests.simulation.senders import Senders, errands
from tests.simulation.side_line import SideLine
from tests.simulation.virtual_time import Clock, VirtualLoop, patched
from tests.simulation.world import StuckError, World

APIS: Final = 2
WORKERS: Final = 2
# A delivery of more records than this is merged in several transactions.
BLOCK: Final = 4
_TROUBLE_SECONDS: Final = 24.0
_PEACE_SECONDS: Final = 240.0
_LOOK_SECONDS: Final = 3.0
_SUSPENDED_SECONDS: Final = 12 * 3600.0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run; it is well where no promise was broken."""

    seed: int
    broken: list[str]
    happened: dict[str, int]
    statements: int
    messages: int
    acknowledged: int
    arrivals: int
    virtual_seconds: float
    trace: str
    last_lines: list[str]

    def told(self) -> str:
        """The outcome in words, with what is needed to see the same again."""
        faults = ", ".join(f"{count} {what}" for what, count in sorted(self.happened.items()))
        head = (
            f"seed {self.seed}: {self.acknowledged} of {self.messages} messages acknowledged, "
            f"{self.arrivals} callbacks arrived, {self.statements} statements, "
            f"{self.virtual_seconds:.0f} virtual seconds; {faults or 'no faults'}"
        )
        again = f"  again with: python -m tests.simulation --seed {self.seed}"
        lines = [f"  BROKEN: {each}" for each in self.broken]
        return "\n".join([head, *lines, *([again] if lines else [])])


class Stage:
    """The processes of a run: begun, killed by faults, and begun again."""

    def __init__(self, world: World, settings: Settings, dsn: str, receivers: Receivers) -> None:
        self.world = world
        self.settings = settings
        self.dsn = dsn
        self.receivers = receivers
        self.running: dict[str, Process] = {}
        self._watching: list[tuple[type[Process], asyncio.Task[None]]] = []
        self._made: list[Process] = []
        self._ending = False
        world.crash = self.crash
        world.lines_open = self.lines_open

    def apis(self) -> list[Api]:
        return [
            each
            for each in self.running.values()
            if isinstance(each, Api) and not each.dead and each.door is not None
        ]

    def lines_open(self) -> list[Line]:
        return [line for each in self.running.values() for line in each.connections]

    def begin(self) -> None:
        for number in range(APIS):
            self._watch(f"api-{number}", Api)
        for number in range(WORKERS):
            self._watch(f"worker-{number}", Worker)

    def _watch(self, name: str, kind: type[Api] | type[Worker]) -> None:
        task = asyncio.get_running_loop().create_task(self._keep(name, kind))
        self._watching.append((kind, task))

    async def _keep(self, name: str, kind: type[Api] | type[Worker]) -> None:
        """As a service manager does: what ended is begun again, a little later."""
        while not self._ending:
            process = kind(self.world, name, self.settings, self.dsn, Calls(self.receivers))
            self.running[name] = process
            self._made.append(process)
            task = process.begin(process.run())
            await asyncio.wait({task})
            wrong = None if task.cancelled() else task.exception()
            if isinstance(wrong, asyncpg.SyntaxOrAccessError | TypeError | AttributeError):
                # No fault of the play's makes these, and a process that can never begin would be
                # begun for ever.
                raise wrong
            process.kill()
            if not self._ending:
                await asyncio.sleep(self.world.chance.uniform(0.5, 4))

    def crash(self) -> None:
        """PostgreSQL dies: nobody has a connection any more, and for a while nobody gets one."""
        world = self.world
        if world.database_down:
            return
        world.say("postgresql", "dies")
        world.database_down = True
        for line in self.lines_open():
            line.cut()
        world.loop.call_later(world.chance.uniform(0.5, 5), self._recovered)

    def _recovered(self) -> None:
        self.world.database_down = False

    async def end(self) -> None:
        """Workers finish what is at hand; then everything is gone."""
        self._ending = True
        for process in self.running.values():
            if isinstance(process, Worker):
                process.stop.set()
        await asyncio.wait([task for kind, task in self._watching if kind is Worker], timeout=60)
        self.kill_all()

    def kill_all(self) -> None:
        self._ending = True
        for process in self._made:
            process.kill()
        for _, task in self._watching:
            task.cancel()


@contextmanager
def _copied(ground: Ground, seed: int) -> Iterator[tuple[str, Settings]]:
    """A database and a data folder of this run's own."""
    name = f"{ground.database}_{seed}"
    folder: Path = scratch_folder()
    asyncio.run(on_server(ground.cluster, f"create database {name} template {ground.database}"))
    try:
        shutil.copytree(ground.folder / "keys", folder / "keys")
        settings = Settings(data_dir=folder, requests_per_minute=10_000_000)
        yield database_at(ground.cluster, name), settings
    finally:
        asyncio.run(on_server(ground.cluster, f"drop database {name} with (force)"))
        shutil.rmtree(folder, ignore_errors=True)


def simulate(ground: Ground, seed: int) -> Outcome:
    """One history, wholly given by its seed."""
    plan = plan_of(Random(seed))
    with _copied(ground, seed) as (dsn, settings):
        clock = Clock(ground.begun + timedelta(seconds=1))
        side = SideLine(dsn)
        world = World(seed, plan, clock, side)
        loop = VirtualLoop(clock, world.idle)
        world.loop = loop
        loop.set_task_factory(task_in_its_process)  # type: ignore[arg-type]  # it is one
        try:
            with (
                patched(clock, seed),
                patch.object(app_file, "open_database", open_here),
                patch.object(read_updates, "BLOCK_RECORDS", BLOCK),
            ):
                outcome = loop.run_until_complete(_history(world, ground, settings, dsn))
                outcome.broken.extend(asyncio.run(broken_trail(settings, dsn, clock.now())))
                return outcome
        finally:
            _close(loop)
            side.close()


def _close(loop: VirtualLoop) -> None:
    async def ended() -> None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    loop.run_until_complete(ended())
    loop.close()


async def _history(world: World, ground: Ground, settings: Settings, dsn: str) -> Outcome:
    receivers = Receivers(world)
    if world.chance.random() < 0.2:
        receivers.never_answer.add(OTHER)
    stage = Stage(world, settings, dsn, receivers)
    senders = Senders(world, ground, stage.apis)
    stage.begin()
    broken: list[str] = []
    try:
        while len(stage.apis()) < APIS:
            await asyncio.sleep(0.1)
        world.faulty = True
        sending = [
            asyncio.get_running_loop().create_task(each) for each in errands(senders, ground)
        ]
        sending += [asyncio.get_running_loop().create_task(_jump(world))]
        await asyncio.sleep(_TROUBLE_SECONDS)
        world.faulty = False
        world.say("the world", "is at peace")
        await asyncio.gather(*sending)
        broken += await _left_open(world)
        await stage.end()
        broken += senders.wrong
        broken += broken_promises(world, ground, settings, senders, receivers)
    except StuckError as stuck:
        broken.append(f"stuck: {stuck}")
    finally:
        stage.kill_all()
    return Outcome(
        seed=world.seed,
        broken=broken,
        happened=dict(world.happened),
        statements=world.statements,
        messages=len(senders.sent),
        acknowledged=sum(each.answer is not None for each in senders.sent),
        arrivals=len(receivers.arrived),
        virtual_seconds=world.clock.gone,
        trace=world.trace.hexdigest(),
        last_lines=list(world.lines),
    )


async def _jump(world: World) -> None:
    """Somebody sets the clock."""
    for _ in range(world.plan.jumps):
        await asyncio.sleep(world.chance.uniform(1, 12))
        by = world.chance.uniform(-world.plan.longest_jump, world.plan.longest_jump)
        world.clock.jump(timedelta(seconds=by))
        world.happened["clock set"] += 1
        world.unsteady(2 * LEASE_SECONDS)
        world.say("the world", f"sets the clock by {by:.1f} s")


# Everything that must come to an end by itself, by its name.
_OPEN: Final = """
    select (select count(*) from delivery where state not in ('done', 'held', 'refused'))
               as deliveries,
           (select count(*) from accepted_request where answered_at is null) as requests,
           (select count(*) from notification) as news,
           (select count(*) from outgoing_message where state = 'waiting' and address <> $1)
               as callbacks,
           (select count(*) from outgoing_message where state = 'waiting' and address = $1)
               as others,
           (select count(*) from change f, feed_cursor c
            where c.reader = 'subscriptions'
              and (f.transaction_no, f.change_id) > (c.transaction_no, c.change_id)) as changes,
           (select count(*) from job
            where every_seconds is null and done_at is null and gave_up_at is null) as jobs
"""


async def _left_open(world: World) -> list[str]:
    """Lets time go on until everything is done; what never is.

    Where only a receiver is waited for that never answers, the machines are suspended meanwhile.
    """
    # Where the clock was set back, leases and what is due lie that much further off.
    end = world.clock.gone + _PEACE_SECONDS + world.plan.jumps * world.plan.longest_jump
    while True:
        [row] = world.side.fetch(_OPEN, OTHER)
        left = {name: count for name, count in row.items() if count}
        # A process that stands still may yet commit what it has at hand.
        if not left and world.clock.gone > world.unsteady_until:
            return []
        if left.keys() == {"others"}:
            world.clock.gone += _SUSPENDED_SECONDS
            end += _SUSPENDED_SECONDS
            world.say("the world", "is suspended for hours")
        elif left and world.clock.gone > end:
            return [f"liveness: {count} {name} never ended" for name, count in left.items()]
        await asyncio.sleep(_LOOK_SECONDS)
