"""Budgets: counted exactly with the answer, by however many processes, and begun anew in time."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio

from ibr.access.budgets import give, store
from ibr.access.budgets.model import Account, Limit, Seen, Spending, UsedUpError
from ibr.access.budgets.spend import Budgets
from ibr.access.budgets.watching.watch import provide_days, watch_counts, watch_people
from ibr.asker import Asker, Purpose
from ibr.db.pool import Database, open_database

NOON = datetime(2026, 11, 23, 12, 15, tzinfo=UTC)
SMALL = Limit(10, 15)


@pytest_asyncio.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    opened = await open_database(dsn, "ibr_app", size=3, name="test")
    try:
        yield opened
    finally:
        await opened.close()


def partner(number: int, purpose: str = "enrolment_check") -> Asker:
    return Asker(kind="partner", id=number, name="x", purpose=Purpose(purpose), ask=frozenset({1}))


def people(first: int, last: int, *, found: bool = True) -> list[Seen]:
    return [Seen(number.to_bytes(16, "big"), found) for number in range(first, last)]


async def spend(
    database: Database,
    budgets: Budgets,
    asker: Asker,
    seen: list[Seen],
    at: datetime = NOON,
) -> None:
    async with database.transaction(()) as connection:
        await budgets.spend(connection, [Spending(asker, seen, at)])


async def left(database: Database, budgets: Budgets, asker: Asker, at: datetime = NOON) -> int:
    async with database.transaction(()) as connection:
        return (await budgets.left(connection, asker, at)).now


async def test_the_same_person_counts_once_a_day(database: Database) -> None:
    budgets, asker = Budgets(SMALL), partner(1)
    await spend(database, budgets, asker, people(0, 6))
    await spend(database, budgets, asker, people(0, 6) + people(0, 6))
    assert await left(database, budgets, asker) == 4
    await spend(database, budgets, asker, people(2, 8))
    assert await left(database, budgets, asker) == 2


async def test_what_goes_beyond_counts_nothing_and_is_refused(database: Database) -> None:
    budgets, asker = Budgets(SMALL), partner(2)
    await spend(database, budgets, asker, people(0, 8))
    with pytest.raises(UsedUpError) as refused:
        await spend(database, budgets, asker, people(8, 11))
    assert refused.value.retry_after == 45 * 60 + 1
    assert await left(database, budgets, asker) == 2
    await spend(database, budgets, asker, people(8, 10))
    assert await left(database, budgets, asker) == 0
    # Whoever was asked about stays open when nothing is left.
    await spend(database, budgets, asker, people(0, 10))


async def test_the_hour_and_the_day_begin_anew(database: Database) -> None:
    budgets, asker = Budgets(SMALL), partner(3)
    await spend(database, budgets, asker, people(0, 10))
    next_hour, next_day = NOON + timedelta(hours=1), NOON + timedelta(days=1)
    assert await left(database, budgets, asker, next_hour) == 5
    await spend(database, budgets, asker, people(10, 15), next_hour)
    with pytest.raises(UsedUpError) as refused:
        await spend(database, budgets, asker, people(15, 16), next_hour + timedelta(hours=1))
    assert refused.value.retry_after == 9 * 3600 + 45 * 60 + 1
    await spend(database, budgets, asker, people(15, 25), next_day)


async def test_one_message_of_two_purposes_is_counted_in_one_budget(database: Database) -> None:
    budgets = Budgets(SMALL)
    async with database.transaction(()) as connection:
        await budgets.spend(
            connection,
            [
                Spending(partner(4, "first"), people(0, 4), NOON),
                Spending(partner(4, "second"), people(2, 8), NOON),
            ],
        )
    assert await left(database, budgets, partner(4, "third")) == 2


async def test_a_raised_budget_counts_at_once_where_nothing_is_remembered(
    database: Database, dsn: str
) -> None:
    budgets, asker = Budgets(SMALL, kept_seconds=0), partner(5)
    await spend(database, budgets, asker, people(0, 10))
    async with database.transaction(()) as connection:
        wanted = give.wanted_from(
            ("partner", 5), purpose="", an_hour=20, a_day=30, reason="A campaign.", days=2, at=NOON
        )
        number = await give.give(connection, wanted, asked_by=None, giver=None, at=NOON)
    await spend(database, budgets, asker, people(10, 20))
    owner = await asyncpg.connect(dsn)
    try:
        event = await owner.fetchrow(
            "select details::text as said from ibr.audit_event where kind = 'budget.given' "
            "order by event_id desc limit 1"
        )
    finally:
        await owner.close()
    assert f'"budget": {number}' in event["said"]
    # After its days the usual one counts again.
    later = NOON + timedelta(days=2)
    with pytest.raises(UsedUpError):
        await spend(database, budgets, asker, people(0, 11), later)


_PROCESS = """
import asyncio, sys
from datetime import UTC, datetime
from ibr.access.budgets.model import Limit, Seen, Spending, UsedUpError
from ibr.access.budgets.spend import Budgets
from ibr.asker import Asker, Purpose
from ibr.db.pool import open_database

AT = datetime(2026, 11, 23, 12, 15, tzinfo=UTC)

async def main(dsn, first, number):
    database = await open_database(dsn, "ibr_app", size=4, name="test")
    budgets = Budgets(Limit(100, 1000))
    asker = Asker(kind="partner", id=int(number), name="x", purpose=Purpose("p"), ask=frozenset())
    answered = []

    async def ask(person):
        try:
            async with database.transaction(()) as connection:
                seen = [Seen(person.to_bytes(16, "big"), True)]
                await budgets.spend(connection, [Spending(asker, seen, AT)])
        except UsedUpError:
            return
        answered.append(person)

    start = int(first)
    for block in range(start, start + 150, 4):
        await asyncio.gather(*(ask(person) for person in range(block, block + 4)))
    await database.close()
    print(",".join(map(str, answered)))

asyncio.run(main(*sys.argv[1:]))
"""


async def _two_processes(dsn: str, number: int) -> list[set[int]]:
    """Two processes ask at once about 150 people each, of whom 50 are the same."""
    running = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _PROCESS, dsn, str(first), str(number)),
            stdout=asyncio.subprocess.PIPE,
        )
        for first in (0, 100)
    ]
    said = [(await each.communicate())[0].decode().strip() for each in running]
    assert [each.returncode for each in running] == [0, 0]
    return [{int(person) for person in each.split(",") if person} for each in said]


async def test_two_processes_never_go_beyond_together(database: Database, dsn: str) -> None:
    first, second = await _two_processes(dsn, 6)
    assert len(first | second) == 100
    async with database.transaction(()) as connection:
        account = Account(NOON.date(), "partner", 6, "")
        used = (await store.used(connection, [account]))[account]
    assert used.people == used.hour_people == 100


async def test_the_control_counting_before_asking_goes_beyond(database: Database) -> None:
    """What a count of its own would do, had it no lock: both see the last one left."""
    asker, account = partner(7), Account(NOON.date(), "partner", 7, "")
    budgets = Budgets(Limit(1, 1))
    seen: list[int] = []

    async def naive() -> None:
        async with database.transaction(()) as connection:
            seen.append((await budgets.left(connection, asker, NOON)).now)
            await both.wait()

    both = asyncio.Barrier(2)
    await asyncio.gather(naive(), naive())
    assert seen == [1, 1]
    results = await asyncio.gather(
        *(spend(database, budgets, asker, people(n, n + 1)) for n in range(2)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, UsedUpError) for each in results) == 1
    async with database.transaction(()) as connection:
        assert (await store.used(connection, [account]))[account].people == 1


async def test_two_askers_in_opposite_order_do_not_wait_for_each_other(
    database: Database,
) -> None:
    budgets, pair = Budgets(Limit(1_000, 1_000)), (partner(8), partner(9))

    async def batch(order: int, start: int) -> None:
        async with database.transaction(()) as connection:
            await budgets.spend(
                connection,
                [
                    Spending(each, people(start, start + 5), NOON)
                    for each in (pair if order else pair[::-1])
                ],
            )

    await asyncio.gather(*(batch(n % 2, n // 2 * 3) for n in range(40)))
    assert await left(database, budgets, pair[0]) == await left(database, budgets, pair[1])


async def _worker(dsn: str) -> Database:
    return await open_database(dsn, "ibr_worker", size=2, name="test")


async def _alarms(dsn: str, number: int) -> set[str]:
    owner = await asyncpg.connect(dsn)
    try:
        rows = await owner.fetch("select rule from ibr.asking_alarm where asker_id = $1", number)
    finally:
        await owner.close()
    return {row["rule"] for row in rows}


@pytest.mark.parametrize(("number", "a_day", "told"), [(20, 49, True), (21, 30, False)])
async def test_the_slow_attacker_is_in_the_weekly_report(
    database: Database, dsn: str, number: int, a_day: int, told: bool
) -> None:
    """One below the budget every day for thirty days; beside it somebody at work."""
    budgets, worker = Budgets(Limit(50, 50)), await _worker(dsn)
    try:
        for day in range(30):
            at = NOON + timedelta(days=day)
            first = day * 100
            await spend(database, budgets, partner(number), people(first, first + a_day), at)
            await watch_people(worker, (), at)
        async with database.transaction(()) as connection:
            week = await give.used_since(connection, 7, at)
    finally:
        await worker.close()
    assert [each.used.people for each in week if each.used.account.id == number] == [a_day] * 7
    assert ("near_the_limit" in await _alarms(dsn, number)) is told


async def test_the_job_finds_what_a_lost_transaction_did_not_tell(
    database: Database, dsn: str
) -> None:
    budgets, worker = Budgets(Limit(5, 5)), await _worker(dsn)
    budgets._raised = set()
    asker = partner(22)
    await spend(database, budgets, asker, people(0, 5))
    async with database.transaction(()) as connection:
        account = Account(NOON.date(), "partner", 22, "")
        await store.refused(connection, account, Limit(5, 5), 3, NOON)
    try:
        assert await _alarms(dsn, 22) == set()
        await watch_counts(worker, NOON + timedelta(seconds=30))
        assert await _alarms(dsn, 22) == {"used_up"}
        assert await watch_counts(worker, NOON + timedelta(seconds=60)) == 0
    finally:
        await worker.close()


async def test_people_known_nowhere_and_people_everybody_asks_about(
    database: Database, dsn: str
) -> None:
    budgets, worker = Budgets(Limit(1_000, 1_000)), await _worker(dsn)
    await spend(database, budgets, partner(23), people(50_000, 50_250, found=False))
    for number in range(30, 36):
        await spend(database, budgets, partner(number), people(60_000, 60_001))
    try:
        await watch_people(worker, (1,), NOON)
    finally:
        await worker.close()
    assert "never_known" in await _alarms(dsn, 23)
    assert "many_askers" in await _alarms(dsn, 0)
    assert await _alarms(dsn, 30) == set()


async def test_days_are_dropped_when_they_are_used(dsn: str) -> None:
    worker, today = await _worker(dsn), datetime.now(UTC)
    owner = await asyncpg.connect(dsn)
    try:
        # What other tests counted on made-up days stands in the way of those days' partitions.
        await owner.execute("truncate ibr.budget_subject")
        await provide_days(worker, today)
        names = [
            row["name"]
            for row in await owner.fetch(
                "select inhrelid::regclass::text as name from pg_inherits "
                "where inhparent = 'ibr.budget_subject'::regclass order by 1"
            )
        ]
        assert f"ibr.budget_subject_{today + timedelta(days=1):%Y%m%d}" in names
        await provide_days(worker, today + timedelta(days=2))
        gone = await owner.fetchval(
            "select to_regclass('ibr.budget_subject_' || $1)", f"{today:%Y%m%d}"
        )
        assert gone is None
    finally:
        await owner.close()
        await worker.close()
