"""The job that runs the checks: when it is due, in a process of its own that ends with it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ibr.db.locks import release_checks, try_checks
from ibr.errors import Unavailable
from ibr.jobs import checking
from ibr.jobs.model import Job
from ibr.overlaps.checks.catalogue import CHECKS
from ibr.overlaps.findings.model import CheckRun
from ibr.overlaps.findings.run_checks import last_runs, take_and_run
from tests.door import Door
from tests.people import a_number, enrolled
from tests.snapshots import Desk

JOB = Job(job_id=1, kind="run_checks", arguments={}, attempts=1, every_seconds=900, lease_token="t")


@pytest.fixture(scope="module")
def desk(door: Door) -> Iterator[Desk]:
    desk = Desk(door)
    yield desk
    desk.close()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The commands that would have been run in processes of their own."""
    commands: list[tuple[str, ...]] = []

    async def note(command: tuple[str, ...]) -> None:
        commands.append(command)

    monkeypatch.setattr(checking, "in_a_process", note)
    return commands


def read_by_linkage(desk: Desk) -> None:
    """As if linkage had read everything there is."""
    desk.door.owner(
        "insert into feed_cursor (reader, transaction_no, change_id, caught_up_at) "
        "select 'linkage', pg_current_xact_id(), 9e15::bigint, now() "
        "on conflict (reader) do update set transaction_no = pg_current_xact_id(), "
        "change_id = 9e15::bigint"
    )


def test_it_runs_the_checks_when_they_are_due_and_nobody_else_does(
    desk: Desk, started: list[tuple[str, ...]]
) -> None:
    services = desk.door.services
    desk.door.run(checking.run_due_checks(services, JOB))
    # Nobody is enrolled anywhere, so there is nothing to look through.
    assert started == []
    desk.door.partner().report(enrolled(a_number(), "DCI001"))
    read_by_linkage(desk)

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


def test_it_waits_while_news_is_read_and_not_for_ever(
    desk: Desk, started: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = checking.now()

    def looks(hours: int) -> int:
        """How many runs were started after looking so many hours later."""
        monkeypatch.setattr(checking, "now", lambda: begin + timedelta(hours=hours))
        desk.door.run(checking.run_due_checks(desk.door.services, JOB))
        return len(started)

    desk.take(at=begin)
    desk.door.partner().report(enrolled(a_number(), "DCI001"))
    # Due after 23 hours, and linkage has not read the news.
    assert [looks(22), looks(24), looks(28)] == [0, 0, 0]
    assert looks(30) == 1
    # Control: nothing is under way, so it begins at once.
    read_by_linkage(desk)
    assert looks(24) == 2
    desk.door.owner(
        "update delivery set state = 'received' where delivery_id = "
        "(select max(delivery_id) from delivery)"
    )
    assert [looks(24), looks(28), looks(30)] == [2, 2, 3]
    desk.door.owner("update delivery set state = 'done'")
    assert looks(24) == 4


def test_each_run_says_what_was_under_way(desk: Desk) -> None:
    def ran() -> dict[str, Any]:
        async def run() -> list[CheckRun]:
            return (
                await take_and_run(
                    desk.database,
                    await desk._programmes(),
                    desk.door.services.sealer,
                    desk.folder,
                    CHECKS[:1],
                    at=checking.now(),
                )
            )[1]

        [done] = desk.door.run(run())
        [kept] = desk.door.run(last_runs(desk.database, 1))
        assert kept.under_way == done.under_way
        return done.under_way

    read_by_linkage(desk)
    assert ran() == {}
    desk.door.partner().report(enrolled(a_number(), "DCI001"))
    desk.door.owner(
        "update delivery set state = 'received' where delivery_id = "
        "(select max(delivery_id) from delivery)"
    )
    assert ran() == {"deliveries": 1, "linkage": True}
    desk.door.owner("update delivery set state = 'done'")


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
