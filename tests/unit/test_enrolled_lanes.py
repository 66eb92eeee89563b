"""Questions share a batch while one is under way, and none waits behind one that is stuck."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from ibr.questions import enrolled
from ibr.questions.enrolled import EnrolledDesk

ENOUGH = 50 * enrolled.PATIENCE_SECONDS


class Desk(EnrolledDesk):
    """A desk whose batches end when the test says so."""

    def __init__(self) -> None:
        super().__init__(cast("Any", None), cast("Any", None), cast("Any", None))
        self.batches: list[tuple[list[int], asyncio.Event]] = []

    async def _answer(self, batch: list[Any]) -> None:
        end = asyncio.Event()
        self.batches.append(([question for question, _ in batch], end))
        await end.wait()
        for question, answered in batch:
            answered.set_result(question)


@asynccontextmanager
async def asked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, numbers: range
) -> AsyncIterator[list[asyncio.Task[Any]]]:
    monkeypatch.setattr(enrolled, "may_ask", lambda *_: None)

    class Question(int):
        asker = programme_id = None

    tasks = [asyncio.create_task(desk.ask(cast("Any", Question(each)))) for each in numbers]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    yield tasks


async def test_what_comes_meanwhile_is_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    async with asked(desk, monkeypatch, range(1)), asked(desk, monkeypatch, range(1, 9)) as tasks:
        assert [numbers for numbers, _ in desk.batches] == [[0]]
        desk.batches[0][1].set()
        await asyncio.sleep(0.001)
        assert [numbers for numbers, _ in desk.batches] == [[0], list(range(1, 9))]
        desk.batches[1][1].set()
        assert await asyncio.gather(*tasks) == list(range(1, 9))
    await asyncio.sleep(ENOUGH)
    assert len(desk.batches) == 2


async def test_nobody_waits_behind_one_that_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    async with asked(desk, monkeypatch, range(1)) as stuck, asked(desk, monkeypatch, range(1, 3)):
        await asyncio.sleep(ENOUGH)
        assert [numbers for numbers, _ in desk.batches] == [[0], [1, 2]]
        async with asked(desk, monkeypatch, range(3, 5)) as late:
            await asyncio.sleep(ENOUGH)
            # No more than two connections are ever taken by questions.
            assert len(desk.batches) == enrolled.LANES
            desk.batches[1][1].set()
            await asyncio.sleep(0.001)
            assert desk.batches[2][0] == [3, 4]
            desk.batches[2][1].set()
            assert await asyncio.gather(*late) == [3, 4]
        desk.batches[0][1].set()
        assert await asyncio.gather(*stuck) == [0]


async def test_nobody_waits_behind_what_a_batch_left(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    monkeypatch.setattr(enrolled, "LARGEST_BATCH", 3)
    async with asked(desk, monkeypatch, range(5)):
        await asyncio.sleep(ENOUGH)
        assert [numbers for numbers, _ in desk.batches] == [[0, 1, 2], [3, 4]]
        for _, end in desk.batches:
            end.set()


async def test_control_without_a_second_look_they_would(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    monkeypatch.setattr(EnrolledDesk, "_help", lambda *_: None)
    async with asked(desk, monkeypatch, range(1)), asked(desk, monkeypatch, range(1, 3)) as late:
        await asyncio.sleep(ENOUGH)
        assert len(desk.batches) == 1
        desk.batches[0][1].set()
        await asyncio.sleep(0.001)
        desk.batches[1][1].set()
        assert await asyncio.gather(*late) == [1, 2]
