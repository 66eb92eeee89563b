"""kill -9 of the worker while it answers: every acknowledged request is answered, and once."""

from __future__ import annotations

import asyncio
import random

from tests.door import SEARCH_LATER, Door, System
from tests.faults.test_callbacks_killed import Workers, workers
from tests.later import searching
from tests.people import a_number, enrolled

ROUNDS = 8
EACH = 15
# Nobody listens there: what was answered is promised, and that is all that is asked about here.
NOWHERE = "http://127.0.0.1:9/callbacks"
# A dead worker's jobs are left alone for a minute: not in a test.
_HURRY = "update job set leased_until = now() - interval '1 second' where leased_until is not null"
_OPEN = "select count(*) from accepted_request where answered_at is null"
_FORGOTTEN = (
    "select count(*) from accepted_request a where answered_at is null and not exists "
    "(select from job where key = 'answer_request ' || encode(a.message_key, 'hex'))"
)


async def owner(door: Door, statement: str) -> list[list[object]]:
    return [list(row) for row in await door._owner(statement, ())]


async def first(door: Door, statement: str) -> int:
    [[number]] = await owner(door, statement)
    assert isinstance(number, int)
    return number


def ask(system: System, who: str, count: int) -> None:
    for _ in range(count):
        reply = system.post(SEARCH_LATER, searching(system, who, sender_uri=NOWHERE))
        assert reply.message["ack_status"] == "ACK"


async def cut_short(door: Door, system: System, who: str, started: Workers, rounds: int) -> int:
    """Asks, starts a worker and kills it while it answers; in how many rounds it had begun."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    cut = 0
    for number in range(rounds):
        await asyncio.to_thread(ask, system, who, EACH)
        still = await first(door, _OPEN)
        worker = await started.start()
        async with asyncio.timeout(30):
            while await first(door, _OPEN) == still:
                await asyncio.sleep(0.002)
        await asyncio.sleep(chance.uniform(0, 0.03))
        started.kill(worker)
        left = await first(door, _OPEN)
        print(f"seed {seed}, round {number}: {left} of {still} left")
        cut += left > 0
        await owner(door, _HURRY)
    return cut


async def test_every_acknowledged_request_is_answered_once(door: Door) -> None:
    def prepare() -> tuple[System, str]:
        who = a_number()
        system = door.partner(callback_urls=[NOWHERE])
        system.report(enrolled(who, "DCI001"))
        return system, who

    system, who = await asyncio.to_thread(prepare)
    async with workers(door, "as it is") as started:
        cut = await cut_short(door, system, who, started, ROUNDS)
        await started.start()
        async with asyncio.timeout(60):
            while await first(door, _OPEN):
                await asyncio.sleep(0.02)
    [[requests, promises, messages]] = await owner(
        door,
        "select count(distinct a.message_key), count(o.message_no), count(distinct o.message_id) "
        "from accepted_request a join message_received m using (message_key) "
        "left join outgoing_message o on o.correlation_id = m.correlation_id",
    )
    assert requests == promises == messages == ROUNDS * EACH
    asked = await owner(
        door,
        "select count(*) from question_asked where question = 'search' group by message_key",
    )
    assert asked == [[1]] * (ROUNDS * EACH)
    assert await first(door, "select count(*) from job where kind = 'answer_request'") == 0
    # The kills did come in between.
    assert cut >= 3


async def test_control_finishing_the_job_first_would_lose(door: Door) -> None:
    def prepare() -> tuple[System, str]:
        return door.partner(callback_urls=[NOWHERE]), a_number()

    system, who = await asyncio.to_thread(prepare)
    async with workers(door, "as it is", "forgetful_worker.py") as started:
        for _ in range(8):
            await cut_short(door, system, who, started, 1)
            if await first(door, _FORGOTTEN):
                return
    raise AssertionError("the fault was not noticed")
