"""The job that runs the checks: when it is due, in a process of its own that ends with it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ibr.db.locks import release_checks, try_checks
from ibr.errors import Unavailable
from ibr.jobs import checking
from ibr.jobs.model import Job
from tests.door import Door
from tests.people import a_number, enrolled
from tests.snapshots import Desk

JOB = Job(job_id=1, kind="run_checks", arguments={}, attempts=1, every_seconds=900, lease_token="t")


@pytest.fixture(scope="module")
def desk(door: Door) -> Iterator[Desk]:
    desk = Desk(door)
    yield desk
    desk.close()


def test_it_runs_the_checks_when_they_are_due_and_nobody_else_does(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[str, ...]] = []

    async def note(command: tuple[str, ...]) -> None:
        started.append(command)

    monkeypatch.setattr(checking, "in_a_process", note)
    services = desk.door.services
    desk.door.run(checking.run_due_checks(services, JOB))
    # Nobody is enrolled anywhere, so there is nothing to look through.
    assert started == []
    desk.door.partner().report(enrolled(a_number(), "DCI001"))

    async def while_another_is_at_it() -> None:
        async with desk.database.session() as other:
            assert await try_checks(other)
            await checking.run_due_checks(services, JOB)
            await release_checks(other)

    desk.door.run(while_another_is_at_it())
    assert started == []
    desk.door.run(checking.run_due_checks(services, JOB))
    assert started == [("-m", "ibr", "checks", "run", "--json")]
    desk.take(at=checking.now())
    desk.door.run(checking.run_due_checks(services, JOB))
    assert len(started) == 1


def test_a_process_that_fails_fails_the_job(desk: Desk) -> None:
    desk.door.run(checking.in_a_process(("-c", "pass")))
    with pytest.raises(Unavailable) as failed:
        desk.door.run(checking.in_a_process(("-c", "raise SystemExit(3)", "test")))
    assert failed.value.code == "job.process"


def test_a_process_ends_with_its_job(desk: Desk, tmp_path: Path) -> None:
    sign = tmp_path / "pid"
    work = f"import os, time; open({str(sign)!r}, 'w').write(str(os.getpid())); time.sleep(60)"

    async def ended_early() -> int:
        task = asyncio.create_task(checking.in_a_process(("-c", work)))
        deadline = time.monotonic() + 20
        while not (sign.exists() and sign.read_text()) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return int(sign.read_text())

    process = desk.door.run(ended_early())
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
