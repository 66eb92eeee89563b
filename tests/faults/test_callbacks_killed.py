"""kill -9 of the worker while it delivers: every callback arrives, always the same message."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.door import Door
from tests.post_office import PostOffice, post_office
from tests.receivers import Received, Receiver, http

ROUNDS = 20
EACH = 12
# A dead worker's messages are left alone for some seconds, and tried again later: not in a test.
_HURRY = (
    "update outgoing_message set due_at = now(), leased_until = now() - interval '1 second' "
    "where state = 'waiting'"
)


class Workers:
    """Starts workers and kills them."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._running: set[int] = set()

    async def start(self) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"one\n")
        number = int(await self._process.stdout.readline())
        self._running.add(number)
        return number

    def kill(self, number: int) -> None:
        self._running.discard(number)
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)

    def kill_all(self) -> None:
        for number in list(self._running):
            self.kill(number)


@asynccontextmanager
async def workers(
    door: Door, kind: str, program: str = "forking_worker.py"
) -> AsyncIterator[Workers]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name(program)),
        door.dsn,
        str(door.settings.data_dir),
        kind,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    started = Workers(process)
    try:
        yield started
    finally:
        started.kill_all()
        process.kill()
        await process.wait()


async def unhurried(_r: Receiver, received: Received, writer: asyncio.StreamWriter) -> None:
    """Takes its time, so that many a kill comes between a message and its answer."""
    await asyncio.sleep(0.004 * (len(received.body) % 5))
    writer.write(http())


async def kill_in_rounds(
    office: PostOffice, receiver: Receiver, sender_id: str, started: Workers, rounds: int
) -> AsyncIterator[int]:
    """Promises, starts a worker, kills it somewhere in between; how many it held by then."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    for number in range(rounds):
        await office.promise(sender_id, receiver.url, EACH, streams=[None, b"one", None])
        already = len(receiver.received)
        worker = await started.start()
        # Some kills come while it gets ready, the others when it has sent this many.
        sent = chance.randrange(1, EACH) if number % 4 else 0
        async with asyncio.timeout(30):
            while len(receiver.received) < already + sent:
                await asyncio.sleep(0.001)
        await asyncio.sleep(chance.uniform(0, 0.05 if number % 4 else 0.4))
        started.kill(worker)
        held = [row for row in await office.rows() if row["lease_token"] is not None]
        print(f"seed {seed}, round {number}: {len(held)} in hand")
        yield len(held)
        await office.owner(_HURRY)


async def all_settled(office: PostOffice, started: Workers) -> None:
    await office.owner(_HURRY)
    await started.start()
    await office.settled(30)


async def test_every_callback_arrives_however_often_the_worker_is_killed(door: Door) -> None:
    async with (
        Receiver(unhurried).running() as receiver,
        post_office(door.dsn, door.settings) as office,
        workers(door, "as it is") as started,
    ):
        sender_id = await asyncio.to_thread(
            lambda: door.partner(callback_urls=[receiver.url]).sender_id
        )
        cut = [held async for held in kill_in_rounds(office, receiver, sender_id, started, ROUNDS)]
        await all_settled(office, started)
        rows = await office.rows()
    assert len(rows) == ROUNDS * EACH
    assert {row["state"] for row in rows} == {"delivered"}
    contents: dict[str, set[bytes]] = defaultdict(set)
    for received in receiver.received:
        contents[received.message_id].add(received.unsigned)
    assert contents.keys() == {row["message_id"] for row in rows}
    assert {len(each) for each in contents.values()} == {1}
    # The kills did come in between.
    assert sum(held > 0 for held in cut) >= 5
    print(f"{len(receiver.received)} arrivals of {len(rows)} messages; in hand at kills: {cut}")


async def test_control_marking_before_sending_would_lose(door: Door) -> None:
    async with (
        Receiver(unhurried).running() as receiver,
        post_office(door.dsn, door.settings) as office,
        workers(door, "early") as started,
    ):
        sender_id = await asyncio.to_thread(
            lambda: door.partner(callback_urls=[receiver.url]).sender_id
        )
        async for _held in kill_in_rounds(office, receiver, sender_id, started, 12):
            arrived = {received.message_id for received in receiver.received}
            said = {row["message_id"] for row in await office.rows() if row["state"] == "delivered"}
            if said - arrived:
                break
        assert said - arrived
