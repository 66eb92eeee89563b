"""kill -9 of a help desk at work: what was done was written down, and nothing else was."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

import pytest

from tests import visitors
from tests.web_country import WebCountry

ROUNDS = 6
# What was done, and the events that must stand beside it.
KEPT = {
    "visit.begun": "select count(*) as n from help_visit",
    "person_request.made": "select count(*) as n from person_request",
    "statement.given": "select count(*) as n from statement_given",
}


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    made = visitors.visited(dsn)
    asyncio.run(visitors.people(made))
    return made


async def kill_again_and_again(country: WebCountry, kind: str) -> dict[str, tuple[int, int]]:
    """For each event how often it was done, and how often it was written down."""
    chance, before = random.Random(kind), await counted(country)
    for _ in range(ROUNDS):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.faults.visiting_worker"),
            *(country.dsn, kind),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"begun\n"
        # The first round is let go through; the kill comes somewhere in one of the next.
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"ended\n"
        await asyncio.sleep(chance.uniform(0.0, 0.3))
        process.kill()
        await process.wait()
    after = await counted(country)
    return {
        event: (done - before[event][0], told - before[event][1])
        for event, (done, told) in after.items()
    }


async def counted(country: WebCountry) -> dict[str, tuple[int, int]]:
    found = {}
    for event, counting in KEPT.items():
        [done] = await country.read(counting)
        [told] = await country.read(f"select count(*) as n from audit_event where kind = '{event}'")
        found[event] = (done["n"], told["n"])
    return found


def test_nothing_is_done_that_was_not_written_down(country: WebCountry) -> None:
    found = asyncio.run(kill_again_and_again(country, "careful"))
    assert found["visit.begun"][0] >= ROUNDS
    assert found["statement.given"][0] >= 1
    assert all(done == told for done, told in found.values()), found
    rows = asyncio.run(
        country.read(
            "select officer_id from help_visit where ended_at is null "
            "group by officer_id having count(*) > 1"
        )
    )
    assert rows == []


def test_control_a_desk_that_writes_down_afterwards_is_found_out(country: WebCountry) -> None:
    found = asyncio.run(kill_again_and_again(country, "careless"))
    assert any(done != told for done, told in found.values()), found
