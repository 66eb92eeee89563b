"""Bugs put into the registry on purpose: the simulator must find each of them.

Each takes one thing away that keeps one promise, as a hasty change might.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from typing import Any, Final
from unittest.mock import patch

from ibr.db import pool
from ibr.db.classes import sight_of
from ibr.db.pool import Connection, Database
from ibr.intake import enrolment_updates as merging
from ibr.interop.dci import envelope, merge_delivery
from ibr.jobs import schedule
from ibr.jobs.queue import Jobs
from ibr.outbox import deliver_due
from ibr.outbox import store as outbox
from ibr.outbox.deliver_due import Deliveries
from ibr.outbox.model import InHand, Settled, Try
from ibr.registry.enrolment.model import Standing
from ibr.subscriptions.feed import store as feed

Bug = Callable[[], AbstractContextManager[object]]


def acknowledged_before_the_commit() -> AbstractContextManager[object]:
    """Whoever waits for a transaction goes on before it has committed."""
    late: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def transaction(
        self: Database, programmes: Any, *, frozen: bool = False, **who: Any
    ) -> AsyncIterator[Connection]:
        sight = sight_of(programmes, who.get("asker"), who.get("right"), who.get("visit"))
        acquired = self._pool.acquire(timeout=2)
        connection = await acquired.__aenter__()
        try:
            await connection.execute(
                pool._begin(sight, frozen=frozen, reads=bool(who.get("reads")))
            )
            yield connection
        except BaseException:
            await pool._roll_back(connection)
            await acquired.__aexit__(None, None, None)
            raise

        async def commit() -> None:
            try:
                await connection.execute("commit")
            except (*pool.LOST, pool.asyncpg.PostgresError):
                connection.terminate()
            finally:
                await acquired.__aexit__(None, None, None)

        task = asyncio.create_task(commit())
        late.add(task)
        task.add_done_callback(late.discard)

    return patch.object(Database, "transaction", transaction)


def idempotency_key_forgotten() -> AbstractContextManager[object]:
    """Every message is a new one, whatever its message_id."""
    numbers = itertools.count()
    key = envelope.message_key

    def another_each_time(sender_id: str, message_id: str) -> bytes:
        return hashlib.sha256(key(sender_id, message_id) + b"%d" % next(numbers)).digest()[:32]

    return patch.object(envelope, "message_key", another_each_time)


@contextmanager
def lease_not_checked() -> Iterator[None]:
    """Messages in another process's hand are taken as if they were free."""
    statement = outbox._CLAIM
    for asked in (
        "and (m.leased_until is null or m.leased_until <= now())",
        "and other.state = 'waiting' and other.leased_until > now()",
    ):
        assert asked in statement
        statement = statement.replace(asked, "" if asked.startswith("and (") else "and false")
    with patch.object(outbox, "_CLAIM", statement):
        yield


def callback_lost_with_its_worker() -> AbstractContextManager[object]:
    """A message counts as delivered before it is sent."""

    async def early(self: Deliveries, message: InHand) -> None:
        self._end(message, Try(outcome="ack", delivered=True))
        await self._settle()
        await asyncio.sleep(0.5)
        await self._deliver(message)

    return patch.object(Deliveries, "_try", early)


def never_tried_again() -> AbstractContextManager[object]:
    """The first failure of a receiver is the last."""
    settled = deliver_due.settled

    def at_once(message: InHand, tried: Try, chance: Callable[[], float]) -> Settled:
        if tried.made and tried.again:
            return Settled(message=message, state="dead", outcome=tried.outcome)
        return settled(message, tried, chance)

    return patch.object(deliver_due, "settled", at_once)


def progress_before_the_records() -> AbstractContextManager[object]:
    """How far a delivery is, is written in a transaction of its own, before its records are."""
    merge_chunk = merging.merge_chunk

    async def nothing_of_the_second_block(
        connection: Any, merger: Any, source: Any, items: Any, tally: Any, **how: Any
    ) -> Any:
        # What a crash between the two leaves behind: the place moved, the records never came.
        merged = await merge_chunk(connection, merger, source, items, tally, **how)
        if merging._first_item(items):
            await connection.execute(
                "delete from benefit where delivery_id = $1", source.delivery_id
            )
        return merged

    return patch.object(merge_delivery, "merge_chunk", nothing_of_the_second_block)


def left_behind() -> AbstractContextManager[object]:
    """Nobody looks for deliveries whose process died."""

    async def none(_services: object) -> list[int]:
        return []

    return patch.object(schedule, "to_resume", none)


def last_to_come_wins() -> AbstractContextManager[object]:
    """A status that arrives later counts, however old it is."""
    return patch.object(Standing, "stands_before", lambda _one, _other: True)


def feed_read_too_far() -> AbstractContextManager[object]:
    """The feed is read past transactions that are still open."""
    horizon = feed.horizon

    async def everything(connection: Connection) -> feed.Horizon:
        read = await horizon(connection)
        below = await connection.fetchval("select pg_snapshot_xmax(pg_current_snapshot())::text")
        return feed.Horizon(int(below) + 50, read.codes)

    return patch.object(feed, "horizon", everything)


def event_in_another_transaction() -> AbstractContextManager[object]:
    """Where there is no time for it, no event is recorded."""
    numbers = itertools.count()
    record = merge_delivery.record_event

    async def sometimes(connection: Connection, **what: Any) -> None:
        if next(numbers) % 3:
            await record(connection, **what)

    return patch.object(merge_delivery, "record_event", sometimes)


def finished_before_it_is_done() -> AbstractContextManager[object]:
    """A job is done with before it is done."""
    answer = schedule.answer_at_once

    async def finished_first(services: Any, job: Any) -> bool:
        async with services.database.transaction(()) as connection:
            await Jobs.finish_within(connection, job)
        await asyncio.sleep(0.3)
        return await answer(services, job)

    return patch.object(schedule, "answer_at_once", finished_first)


BUGS: Final[Mapping[str, Bug]] = {
    each.__name__.replace("_", " "): each
    for each in (
        acknowledged_before_the_commit,
        idempotency_key_forgotten,
        lease_not_checked,
        callback_lost_with_its_worker,
        never_tried_again,
        progress_before_the_records,
        left_behind,
        last_to_come_wins,
        feed_read_too_far,
        event_in_another_transaction,
        finished_before_it_is_done,
    )
}
