"""The job table: taken in with the caller's transaction, done by one at a time, never lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

from ibr.clock import now, today
from ibr.db.pool import Database, open_database
from ibr.errors import Unavailable
from ibr.jobs import store
from ibr.jobs.model import MOST_ATTEMPTS, Every, Job, LeaseLostError
from ibr.jobs.queue import Jobs

KINDS = ["work"]


@pytest.fixture
async def worker(dsn: str) -> AsyncIterator[Database]:
    database = await open_database(dsn, "ibr_worker", size=6, name="job tests")
    yield database
    async with database.transaction(()) as connection:
        await connection.execute("delete from job")
        await connection.execute("delete from worker_sign")
    await database.close()


@pytest.fixture
async def app(dsn: str) -> AsyncIterator[Database]:
    database = await open_database(dsn, "ibr_app", size=2, name="job tests")
    yield database
    await database.close()


async def _claim(database: Database) -> Job | None:
    async with database.transaction(()) as connection:
        jobs = await store.claim(connection, KINDS, 1)
    return jobs[0] if jobs else None


async def _enqueue(database: Database, **how: Any) -> None:
    async with database.transaction(()) as connection:
        await Jobs.enqueue(connection, "work", {"number": 7}, **how)


async def _rows(database: Database) -> list[asyncpg.Record]:
    async with database.transaction(()) as connection:
        return list(await connection.fetch("select * from job order by job_id"))


async def _let_the_lease_end(database: Database) -> None:
    async with database.transaction(()) as connection:
        await connection.execute("update job set leased_until = now() - interval '1 second'")


async def _until(question: Callable[[], Awaitable[bool]], patience: float = 10) -> None:
    for _ in range(int(patience / 0.05)):
        if await question():
            return
        await asyncio.sleep(0.05)
    pytest.fail("it did not happen")


async def test_a_job_is_there_if_and_only_if_the_transaction_commits(
    app: Database, worker: Database
) -> None:
    async def enqueue_and_fail() -> None:
        async with app.transaction(()) as connection:
            await Jobs.enqueue(connection, "work", {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await enqueue_and_fail()
    assert await _claim(worker) is None
    await _enqueue(app)
    job = await _claim(worker)
    assert job is not None
    assert (job.kind, job.arguments, job.attempts) == ("work", {"number": 7}, 1)


async def test_the_app_may_take_in_and_nothing_else(app: Database) -> None:
    for statement in ("select * from job", "delete from job", "update job set attempts = 0"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with app.transaction(()) as connection:
                await connection.execute(statement)


async def test_one_key_is_unfinished_once(app: Database, worker: Database) -> None:
    await _enqueue(app, key="delivery 7")
    await _enqueue(app, key="delivery 7")
    job = await _claim(worker)
    assert job is not None
    assert await _claim(worker) is None
    async with worker.transaction(()) as connection:
        assert await store.finish(connection, job)
    await _enqueue(app, key="delivery 7")
    assert await _claim(worker) is not None


async def test_many_claim_at_once_and_each_job_is_claimed_by_one(worker: Database) -> None:
    for _ in range(12):
        await _enqueue(worker)
    jobs = await asyncio.gather(*(_claim(worker) for _ in range(20)))
    claimed = [job.job_id for job in jobs if job]
    assert len(claimed) == len(set(claimed)) == 12


async def test_a_job_is_not_begun_before_it_is_due(worker: Database) -> None:
    await _enqueue(worker, due_at=now() + timedelta(hours=1))
    assert await _claim(worker) is None


async def test_a_dead_workers_job_goes_to_another_and_the_dead_one_is_fenced_off(
    worker: Database,
) -> None:
    await _enqueue(worker)
    first = await _claim(worker)
    assert first is not None
    assert await _claim(worker) is None
    await _let_the_lease_end(worker)
    second = await _claim(worker)
    assert second is not None
    assert (second.job_id, second.attempts) == (first.job_id, 2)
    async with worker.transaction(()) as connection:
        assert await store.renew(connection, [first]) == set()
        assert not await store.finish(connection, first)
        assert not await store.put_back(connection, first, "late", 0, give_up=True)
        assert await store.renew(connection, [first, second]) == {second.job_id}
        assert await store.finish(connection, second)


async def test_a_job_that_kills_its_worker_every_time_is_given_up(worker: Database) -> None:
    await _enqueue(worker)
    for _ in range(MOST_ATTEMPTS):
        assert await _claim(worker) is not None
        await _let_the_lease_end(worker)
    async with worker.transaction(()) as connection:
        assert await store.give_up_orphans(connection) == 1
    assert await _claim(worker) is None


async def test_the_schedule_stands_once_and_runs_again(worker: Database) -> None:
    for _ in range(2):
        async with worker.transaction(()) as connection:
            await store.schedule(connection, [Every("work", 60)])
    job = await _claim(worker)
    assert job is not None
    async with worker.transaction(()) as connection:
        assert await store.finish(connection, job)
    [row] = await _rows(worker)
    assert row["done_at"] is None
    assert timedelta(seconds=50) < row["due_at"] - now() <= timedelta(seconds=60)


async def test_it_is_woken_at_once_tries_again_and_signs(app: Database, worker: Database) -> None:
    begun: list[int] = []

    async def handler(job: Job) -> None:
        begun.append(job.attempts)
        if job.attempts == 1:
            raise Unavailable("test.away", "Not now.")

    jobs, stop = Jobs(worker), asyncio.Event()
    jobs.register("work", handler)
    running = asyncio.create_task(jobs.run(stop))
    await asyncio.sleep(0.3)
    asked = asyncio.get_running_loop().time()
    await _enqueue(app)
    await _until(lambda: _true(len(begun) == 1))
    assert asyncio.get_running_loop().time() - asked < 1
    await _until(lambda: _true(len(begun) == 2))

    async def is_done() -> bool:
        return (await _rows(worker))[0]["done_at"] is not None

    await _until(is_done)
    async with app.transaction(()) as connection:
        assert await connection.fetchval("select count(*) from worker_sign") == 1
    stop.set()
    await asyncio.wait_for(running, 5)
    assert begun == [1, 2]


async def test_what_is_at_hand_is_finished_and_the_rest_goes_to_another(worker: Database) -> None:
    ended: list[str] = []

    async def handler(job: Job) -> None:
        await asyncio.sleep(0.5 if job.arguments["number"] == 1 else 60)
        ended.append("short")

    for number in (1, 2):
        async with worker.transaction(()) as connection:
            await Jobs.enqueue(connection, "work", {"number": number})
    jobs, stop = Jobs(worker), asyncio.Event()
    jobs.register("work", handler)
    running = asyncio.create_task(jobs.run(stop, patience=1.5))
    await asyncio.sleep(0.2)
    stop.set()
    await asyncio.wait_for(running, 5)
    assert ended == ["short"]
    job = await _claim(worker)
    assert job is not None
    assert job.arguments == {"number": 2}


async def test_several_are_claimed_together_the_longest_due_first(worker: Database) -> None:
    for minutes in (1, 3, 2):
        await _enqueue(worker, due_at=now() - timedelta(minutes=minutes))
    async with worker.transaction(()) as connection:
        first = await store.claim(connection, KINDS, 2)
        rest = await store.claim(connection, KINDS, 2)
    due = {row["job_id"]: row["due_at"] for row in await _rows(worker)}
    assert (len(first), len(rest)) == (2, 1)
    assert max(due[job.job_id] for job in first) < due[rest[0].job_id]


async def test_a_thousand_of_one_kind_stand_in_nobodys_way(worker: Database) -> None:
    async with worker.transaction(()) as connection:
        await connection.execute(
            "insert into job (kind, due_at) select 'other', now() - interval '1 hour' "
            "from generate_series(1, 1000)"
        )
    await _enqueue(worker)
    job = await _claim(worker)
    assert job is not None
    assert job.kind == "work"


async def test_a_job_and_its_effect_are_finished_together_or_not_at_all(worker: Database) -> None:
    await _enqueue(worker)
    first = await _claim(worker)
    assert first is not None
    await _let_the_lease_end(worker)
    second = await _claim(worker)
    assert second is not None

    async def finish(job: Job, note: str) -> None:
        async with worker.transaction(()) as connection:
            await store.give_sign(connection, note)
            await Jobs.finish_within(connection, job)

    with pytest.raises(LeaseLostError):
        await finish(first, "too late")
    await finish(second, "in time")
    async with worker.transaction(()) as connection:
        signs = await connection.fetch("select worker from worker_sign")
        assert [row["worker"] for row in signs] == ["in time"]
    assert await _rows(worker) == []


async def test_a_handler_that_finished_its_job_itself_is_not_finished_again(
    app: Database, worker: Database
) -> None:
    done: list[int] = []

    async def handler(job: Job) -> bool:
        async with worker.transaction(()) as connection:
            await Jobs.finish_within(connection, job)
        done.append(job.arguments["number"])
        return True

    jobs, stop = Jobs(worker, at_once=2, ahead=4), asyncio.Event()
    jobs.register("work", handler)
    running = asyncio.create_task(jobs.run(stop))
    for _ in range(20):
        await _enqueue(app)
    await _until(lambda: _true(len(done) == 20))
    stop.set()
    await asyncio.wait_for(running, 5)
    assert await _rows(worker) == []


async def test_no_more_are_done_at_once_than_there_are_places(
    app: Database, worker: Database
) -> None:
    at_work, most, done = 0, 0, 0

    async def handler(_job: Job) -> None:
        nonlocal at_work, most, done
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(0.01)
        at_work -= 1
        done += 1

    for _ in range(30):
        await _enqueue(app)
    jobs, stop = Jobs(worker, at_once=3, ahead=6), asyncio.Event()
    jobs.register("work", handler)
    running = asyncio.create_task(jobs.run(stop))
    await _until(lambda: _true(done == 30))
    stop.set()
    await asyncio.wait_for(running, 5)
    assert most == 3


async def test_a_job_whose_lease_was_lost_is_ended(
    worker: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ibr.jobs.queue.LEASE_SECONDS", 0.4)
    begun, ended = asyncio.Event(), asyncio.Event()

    async def handler(_job: Job) -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    await _enqueue(worker)
    jobs, stop = Jobs(worker), asyncio.Event()
    jobs.register("work", handler)
    running = asyncio.create_task(jobs.run(stop, patience=0))
    await asyncio.wait_for(begun.wait(), 5)
    await asyncio.sleep(0.3)
    assert not ended.is_set()
    async with worker.transaction(()) as connection:
        await connection.execute(
            "update job set lease_token = gen_random_uuid(), leased_until = now() + interval '1 h'"
        )
    await asyncio.wait_for(ended.wait(), 5)
    stop.set()
    await asyncio.wait_for(running, 5)
    [row] = await _rows(worker)
    assert row["done_at"] is None
    assert row["attempts"] == 1


async def test_keys_without_a_job_are_those_that_nobody_will_do(worker: Database) -> None:
    for key in ("waiting", "given up"):
        await _enqueue(worker, key=key)
    async with worker.transaction(()) as connection:
        await connection.execute("update job set gave_up_at = now() where key = 'given up'")
        found = await store.without_job(connection, ["waiting", "given up", "never there"])
    assert sorted(found) == ["given up", "never there"]


async def test_the_worker_may_make_months_but_no_tables(worker: Database, dsn: str) -> None:
    month = date(today().year + 1, today().month, 1) + timedelta(days=45)
    async with worker.transaction(()) as connection:
        assert await store.provide_benefit_month(connection, month)
        assert not await store.provide_benefit_month(connection, month)
    for statement in (
        "create table ibr.mine (a integer)",
        "select ibr.make_benefit_month('2026-01-01')",
        "select ibr.provide_benefit_month('1999-01-01')",
    ):
        with pytest.raises(asyncpg.PostgresError):
            async with worker.transaction(()) as connection:
                await connection.execute(statement)


async def _true(value: bool) -> bool:
    return value
