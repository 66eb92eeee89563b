"""The feed of changes, read for subscriptions: nothing is missed, nothing told twice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from ibr.clock import now
from ibr.db.pool import owner_transaction
from ibr.interop.dci import notify
from ibr.registry.programmes.model import Programme
from ibr.registry.programmes.register_programme import register
from ibr.subscriptions.feed import match, store
from ibr.subscriptions.feed.restored import put_in_order
from ibr.subscriptions.feed.store import Horizon
from ibr.subscriptions.waiting import tell
from tests.door import Door, System
from tests.later import CALLBACKS, Worker
from tests.people import a_number, a_person, an_identifier, enrolled, in_programme, suspended_on
from tests.subscribing import (
    ENROLLMENT,
    STATUS_CHANGE,
    Teller,
    by_query,
    by_uin,
    item_of,
    of_programme,
    scheduled,
)


@pytest.fixture(scope="module")
def worker(door: Door) -> Iterator[Worker]:
    worker = Worker(door)
    yield worker
    worker.close()


@pytest.fixture
def teller(door: Door, worker: Worker) -> Iterator[Teller]:
    teller = Teller(door, worker)
    yield teller
    door.owner("update subscription set state = 'cancelled'")
    door.owner("delete from notification")


@pytest.fixture(scope="module")
def programme(door: Door) -> System:
    return door.partner()


@pytest.fixture
def subscriber(door: Door) -> System:
    return door.partner(callback_urls=[CALLBACKS])


def waiting(door: Door) -> int:
    return door.count("notification")


def suspended(programme: System, *people: str) -> None:
    programme.report(
        *(a_person(uin) | in_programme("DCI001") | suspended_on("2026-02-01") for uin in people)
    )


CURSOR = "select transaction_no::text, change_id from feed_cursor where reader = 'subscriptions'"
CHANGE = (
    "insert into change (record_id, programme_id, kind, happened_at, delivery_id) "
    "values ($1, 1, 'status_changed', now(), 1)"
)


class Deliveries:
    """Two deliveries of which the one that began first commits last."""

    def __init__(self, door: Door, programme: System) -> None:
        self.door = door
        self.people = [a_number(), a_number()]
        programme.report(*(enrolled(uin, "DCI001") for uin in self.people))
        index = door.services.blind_index
        self.records = [
            door.owner(
                "select record_id from identifier where blind_index = $1", index.of("UIN", uin)
            )[0]["record_id"]
            for uin in self.people
        ]

    async def begin(self) -> None:
        self.slow = await asyncpg.connect(self.door.dsn, server_settings={"search_path": "ibr"})
        self.slow_transaction = self.slow.transaction()
        await self.slow_transaction.start()
        await self.slow.execute(CHANGE, self.records[0])
        async with owner_transaction(self.door.dsn) as owner:
            await owner.execute(CHANGE, self.records[1])

    async def end(self) -> None:
        await self.slow_transaction.commit()
        await self.slow.close()


def test_a_transaction_that_commits_late_is_not_overtaken(
    door: Door, teller: Teller, programme: System, subscriber: System
) -> None:
    deliveries = Deliveries(door, programme)
    teller.code(subscriber, item_of(STATUS_CHANGE, of_programme("DCI001")))
    teller.match()
    door.run(deliveries.begin())
    assert teller.match().told == 0
    door.run(deliveries.end())
    assert teller.match().told == 2


def test_control_without_the_bound_the_late_one_is_missed(
    door: Door,
    teller: Teller,
    programme: System,
    subscriber: System,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest = store.horizon

    async def everything(connection: asyncpg.Connection) -> Horizon:
        newest = await connection.fetchval("select pg_snapshot_xmax(pg_current_snapshot())::text")
        return Horizon(int(newest), (await honest(connection)).codes)

    deliveries = Deliveries(door, programme)
    teller.code(subscriber, item_of(STATUS_CHANGE, of_programme("DCI001")))
    teller.match()
    door.run(deliveries.begin())
    monkeypatch.setattr(store, "horizon", everything)
    assert teller.match().told == 1
    door.run(deliveries.end())
    assert teller.match().told == 0


def test_what_changed_before_the_subscription_is_not_told(
    teller: Teller, programme: System, subscriber: System
) -> None:
    uin = a_number()
    programme.report(enrolled(uin, "DCI001"))
    suspended(programme, uin)
    teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(uin)))
    assert teller.match().told == 0


def test_what_committed_after_it_is_told_though_it_began_before(
    door: Door, teller: Teller, programme: System, subscriber: System
) -> None:
    """Whoever searches after subscribing would not have seen it yet."""
    deliveries = Deliveries(door, programme)
    door.run(deliveries.begin())
    teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(deliveries.people[0])))
    teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(deliveries.people[1])))
    door.run(deliveries.end())
    assert teller.tell() == 1
    assert [who for who, *_ in teller.told(subscriber)] == [deliveries.people[0]]


class Crash(Exception):
    """The process dies here."""


def test_a_crash_between_match_and_cursor_loses_nothing_and_doubles_nothing(
    door: Door,
    worker: Worker,
    programme: System,
    subscriber: System,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    teller = Teller(door, worker, block=3)
    people = [a_number() for _ in range(10)]
    programme.report(*(enrolled(uin, "DCI001") for uin in people))
    teller.match()
    teller.code(subscriber, item_of(STATUS_CHANGE, of_programme("DCI001")))
    suspended(programme, *people)
    honest, blocks = store.move_cursor, []

    async def dies(*arguments: object, **named: object) -> None:
        blocks.append(1)
        if len(blocks) == 2:
            raise Crash
        await honest(*arguments, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(store, "move_cursor", dies)
        with pytest.raises(Crash):
            teller.match()
    assert waiting(door) == 3
    assert teller.match().told == 7
    assert teller.write() == 10
    assert sorted(who for who, *_ in teller.told(subscriber)) == sorted(people)
    assert teller.tell() == 0
    door.owner("update subscription set state = 'cancelled'")


def test_a_crash_while_news_are_written_leaves_them_waiting(
    door: Door,
    teller: Teller,
    programme: System,
    subscriber: System,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    uin = a_number()
    programme.report(enrolled(uin, "DCI001"))
    teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(uin)))
    suspended(programme, uin)
    teller.match()
    ledger = door.count("question_asked")

    async def dies(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(notify, "promise", dies)
        with pytest.raises(Crash):
            teller.write()
    assert (waiting(door), door.count("question_asked")) == (1, ledger)
    assert teller.news(subscriber) == []
    assert teller.write() == 1
    assert (waiting(door), door.count("question_asked")) == (0, ledger + 1)


def test_two_matchers_at_once_tell_nothing_twice(
    door: Door, worker: Worker, programme: System, subscriber: System
) -> None:
    tellers = [Teller(door, worker, block=2) for _ in range(3)]
    people = [a_number() for _ in range(12)]
    programme.report(*(enrolled(uin, "DCI001") for uin in people))
    tellers[0].match()
    tellers[0].code(subscriber, item_of(STATUS_CHANGE, of_programme("DCI001")))
    suspended(programme, *people)

    async def all_at_once() -> None:
        for _ in range(3):
            await asyncio.gather(*(each.matcher.run() for each in tellers))
            await asyncio.gather(*(notify.write_notifications(worker.services) for _ in range(3)))

    door.run(all_at_once())
    assert sorted(who for who, *_ in tellers[0].told(subscriber)) == sorted(people)
    door.owner("update subscription set state = 'cancelled'")


def test_the_cursor_never_goes_back(door: Door, teller: Teller) -> None:
    teller.match()
    [before] = door.owner(CURSOR)

    async def back() -> None:
        async with teller.worker.services.database.transaction(()) as connection:
            await store.move_cursor(connection, store.Place(5, 0))

    door.run(back())
    [after] = door.owner(CURSOR)
    assert after == before


@pytest.mark.parametrize("block", [1, 5_000])
def test_a_scheduled_subscriber_hears_at_the_scheduled_moment(
    door: Door,
    worker: Worker,
    programme: System,
    subscriber: System,
    monkeypatch: pytest.MonkeyPatch,
    block: int,
) -> None:
    teller = Teller(door, worker, block=block)
    uin = a_number()
    programme.report(enrolled(uin, "DCI001"))
    teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(uin), scheduled("0 0 0 1 1 ?")))
    suspended(programme, uin)
    teller.match()
    new_year = datetime(now().year + 1, 1, 1, tzinfo=UTC)
    [row] = door.owner("select due_at from notification")
    assert row["due_at"] == new_year
    assert teller.write() == 0
    programme.report(
        a_person(uin)
        | in_programme("DCI001")
        | {"enrollment_status": "6", "status_change_date": ["2026-03-01T00:00:00+00:00"]}
    )
    teller.match()
    monkeypatch.setattr(notify, "now", lambda: new_year)
    assert teller.write() == 1
    assert teller.told(subscriber) == [(uin, STATUS_CHANGE, "6")]
    door.owner("update subscription set state = 'cancelled'")


def test_what_should_have_been_told_while_nobody_worked_is_told_at_once(
    door: Door,
    teller: Teller,
    programme: System,
    subscriber: System,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    uin = a_number()
    programme.report(enrolled(uin, "DCI001"))
    teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(uin), scheduled("0 0 0 1 * ?")))
    suspended(programme, uin)
    later = now() + timedelta(days=70)
    monkeypatch.setattr(match, "now", lambda: later)
    teller.match()
    [row] = door.owner("select due_at from notification")
    assert row["due_at"] == later


def test_before_it_starts_and_after_it_ends_nothing_is_told(
    door: Door,
    teller: Teller,
    programme: System,
    subscriber: System,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    early, late = a_number(), a_number()
    programme.report(enrolled(early, "DCI001"), enrolled(late, "DCI001"))
    tomorrow = (now() + timedelta(days=1)).isoformat()
    starting = {"frequency": {"start_time": tomorrow, "end_time": "2199-01-01T00:00:00Z"}}
    ending = {"frequency": {"start_time": "2020-01-01T00:00:00Z", "end_time": tomorrow}}
    teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(early), starting))
    code = teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(late), ending))
    suspended(programme, early)
    assert teller.match().told == 0
    door.owner("update change set known_at = known_at + interval '2 days'")
    door.owner("update feed_cursor set transaction_no = '4'")
    suspended(programme, late)
    # The first person's change is now one of the day after tomorrow.
    assert teller.match().told == 2
    monkeypatch.setattr(match, "now", lambda: now() + timedelta(days=3))
    teller.match()
    [row] = door.owner(
        "select state, over_at = end_at as in_time from subscription where code = $1", code
    )
    assert (row["state"], row["in_time"]) == ("ended", True)
    programme.report(
        a_person(late)
        | in_programme("DCI001")
        | {"enrollment_status": "6", "status_change_date": ["2026-03-01T00:00:00+00:00"]}
    )
    assert teller.match().told == 0


def test_a_subscription_that_ended_may_be_asked_for_again(
    door: Door, teller: Teller, subscriber: System
) -> None:
    soon = {"frequency": {"end_time": (now() + timedelta(hours=1)).isoformat()}}
    item = item_of(STATUS_CHANGE, by_uin("4711"), soon)
    code = teller.code(subscriber, item)
    door.owner(
        "update subscription set start_at = now() - interval '2 days', "
        "end_at = now() - interval '1 day' where code = $1",
        code,
    )
    assert teller.code(subscriber, item) != code


def test_only_some_hundred_messages_are_written_ahead(
    door: Door,
    teller: Teller,
    programme: System,
    subscriber: System,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tell, "MOST_AHEAD", 5)
    monkeypatch.setattr(tell, "AT_ONCE", 2)
    people = [a_number() for _ in range(8)]
    programme.report(*(enrolled(uin, "DCI001") for uin in people))
    teller.code(subscriber, item_of(STATUS_CHANGE, of_programme("DCI001")))
    suspended(programme, *people)
    assert teller.tell() == 5
    assert (teller.write(), waiting(door)) == (0, 3)
    door.owner(
        "update outgoing_message set state = 'delivered', content = '' where kind = 'notify'"
    )
    assert (teller.write(), waiting(door)) == (3, 0)


def test_a_slow_subscriber_keeps_nobody_else_waiting(
    door: Door,
    teller: Teller,
    programme: System,
    subscriber: System,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tell, "MOST_AHEAD", 1)
    other = door.partner(callback_urls=[CALLBACKS])
    people = [a_number(), a_number()]
    programme.report(*(enrolled(uin, "DCI001") for uin in people))
    for system in (subscriber, other):
        teller.code(system, item_of(STATUS_CHANGE, of_programme("DCI001")))
    suspended(programme, *people)
    teller.tell()
    assert [len(teller.news(system)) for system in (subscriber, other)] == [1, 1]


def test_an_identifier_without_a_kind_counts_for_kinds_reported_later(
    door: Door, teller: Teller, programme: System, subscriber: System
) -> None:
    number, kind = a_number(), f"CARD_{a_number()}"
    teller.code(subscriber, item_of(ENROLLMENT, by_query({"person_identifier": {"eq": number}})))
    teller.code(subscriber, item_of(ENROLLMENT, by_query({"UIN": {"eq": number}})))
    person = enrolled(a_number(), "DCI001")
    person["member"]["member_identifier"].append(an_identifier(number, kind))
    teller.match()
    programme.report(person)
    assert teller.tell() == 1


def test_a_programme_added_while_the_worker_runs_is_not_overlooked(
    door: Door, worker: Worker, subscriber: System
) -> None:
    """What was known of programmes when the run began must not decide what it reads."""
    teller = Teller(door, worker)
    uin = a_number()
    teller.code(subscriber, item_of(ENROLLMENT, by_uin(uin)))
    teller.match()

    async def added() -> None:
        async with owner_transaction(door.dsn) as owner:
            await register(owner, Programme(code="DCI900", names={"en": "New"}, currency="USD"))

    door.run(added())
    door.run(door.services.book.refresh(0))
    for lane in door.bulk._lanes.values():
        lane.submit(lambda: None).result()
    programme = door.partner()
    programme.report(enrolled(uin, "DCI900"))
    # The worker's own book is as old as before; only the subscriber's rights are read anew.
    assert door.run(teller.matcher.run()).changes == 1
    door.owner("update subscription set state = 'cancelled'")
    door.owner("delete from notification")


def test_a_database_restored_on_another_server_goes_on_where_it_was(
    door: Door, teller: Teller, programme: System, subscriber: System
) -> None:
    """A server that never gave these transaction numbers would have waited for them for years."""
    seen, unseen, new = a_number(), a_number(), a_number()
    programme.report(*(enrolled(uin, "DCI001") for uin in (seen, unseen, new)))
    teller.code(subscriber, item_of(STATUS_CHANGE, of_programme("DCI001")))
    suspended(programme, seen)
    assert teller.tell() == 1
    suspended(programme, unseen)
    for table in ("change", "feed_cursor"):
        door.owner(
            f"update {table} set "
            "transaction_no = (transaction_no::text::bigint + 1000000000)::text::xid8"
        )
    assert teller.tell() == 0
    assert door.run(renumbered(door)) is True
    assert door.run(renumbered(door)) is False
    suspended(programme, new)
    assert teller.tell() == 2
    assert sorted(who for who, *_ in teller.told(subscriber)) == sorted([seen, unseen, new])


async def renumbered(door: Door) -> bool:
    async with owner_transaction(door.dsn) as owner:
        return await put_in_order(owner)


def test_without_subscriptions_the_feed_is_passed_over(
    door: Door, teller: Teller, programme: System
) -> None:
    programme.report(*(enrolled(a_number(), "DCI001") for _ in range(5)))
    assert teller.match().changes == 0
    [left] = door.owner(
        "select count(*) from change c, feed_cursor f where f.reader = 'subscriptions' "
        "and c.transaction_no >= f.transaction_no"
    )
    assert left["count"] == 0


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("ibr_app", "update subscription set state = 'active'"),
        ("ibr_app", "insert into notification values (1, 1, 1, 1, 1, now())"),
        ("ibr_app", "update feed_cursor set change_id = 0"),
        ("ibr_worker", "delete from subscription"),
        ("ibr_auditor", "select * from subscription"),
    ],
)
def test_nobody_may_do_more_to_subscriptions_than_they_need(
    door: Door, role: str, statement: str
) -> None:
    async def tried() -> None:
        async with owner_transaction(door.dsn) as owner:
            await owner.execute(f"set local role {role}")
            await owner.execute(statement)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        door.run(tried())
