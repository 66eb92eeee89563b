"""Room, connections and time are taken away: the door says so, loses nothing, and goes on."""

from __future__ import annotations

import asyncio
import errno
import io
from collections.abc import Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from typing import Any

import asyncpg
import pytest

from ibr.db import pool
from ibr.db.locks import try_delivery
from ibr.db.pool import Database, open_database
from ibr.errors import Unavailable
from ibr.protection import spool as spool_file
from tests.door import UPDATES, Door, Reply, System
from tests.people import a_number, enrolled

# PostgreSQL says so itself when it finds no room: the same error on the same way, without a disk.
_FULL = (
    """
    create function no_room() returns trigger language plpgsql as $$
    begin
        raise exception 'could not extend file: No space left on device' using errcode = '53100';
    end $$
    """,
    "create trigger no_room before insert on enrolment for each row execute function no_room()",
)
_ROOM = ("drop trigger no_room on enrolment", "drop function no_room()")
_STORED = "select (select count(*) from delivery) + (select count(*) from message_received)"


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner()


@contextmanager
def full(door: Door) -> Iterator[None]:
    for statement in _FULL:
        door.owner(statement)
    try:
        yield
    finally:
        for statement in _ROOM:
            door.owner(statement)


def check_refused_for_now(reply: Reply) -> None:
    """Told to come again, and when; nothing of the inside."""
    assert reply.status == 503, reply.raw
    assert int(reply.headers["retry-after"]) > 0
    assert b"No space left" not in reply.raw


def test_a_full_database_takes_nothing_in_by_half_and_goes_on_when_it_has_room(
    door: Door, system: System
) -> None:
    body = system.updates([enrolled(a_number(), "DCI001")])
    before = door.owner(_STORED)
    with full(door):
        check_refused_for_now(system.post(UPDATES, body))
        assert door.owner(_STORED) == before
    assert system.post(UPDATES, body).outcomes == ["succ"]


def test_control_a_full_database_that_nobody_expects_is_seen(
    door: Door, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_said_kindly", nullcontext)
    with full(door), pytest.raises(AssertionError):
        check_refused_for_now(system.post(UPDATES, system.updates([enrolled("1", "DCI001")])))


class _SmallDisk(io.BytesIO):
    """A file on a disk that is full from the second megabyte on."""

    name = "small"

    def write(self, piece: Any) -> int:
        if self.tell() + len(piece) > 1024 * 1024:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(piece)

    def close(self) -> None:
        if not self.closed:
            super().close()
            raise OSError(errno.ENOSPC, "No space left on device")


def large(system: System) -> bytes:
    """A delivery that must be set aside: it does not shrink much."""
    records = [
        enrolled(a_number(), "DCI001", **{"@id": f"urn:test:{number**300:x}"})
        for number in range(3, 8_003)
    ]
    return system.updates(records)


@pytest.fixture
def small_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_file.tempfile, "NamedTemporaryFile", lambda **_: _SmallDisk())
    monkeypatch.setattr(spool_file.fcntl, "flock", lambda *_: None)
    monkeypatch.setattr(_SmallDisk, "fileno", lambda _: -1)


def test_where_a_body_finds_no_room_the_sender_is_told_to_come_again(
    door: Door, system: System, small_disk: None
) -> None:
    before = door.owner(_STORED)
    check_refused_for_now(system.post(UPDATES, large(system)))
    assert door.owner(_STORED) == before


def test_control_a_full_disk_that_nobody_expects_is_seen(
    door: Door, system: System, small_disk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_file, "_room", nullcontext)
    with pytest.raises(AssertionError):
        check_refused_for_now(system.post(UPDATES, large(system)))


@asynccontextmanager
async def all_taken(database: Database) -> Any:
    """Every connection there may be is somebody else's."""
    async with AsyncExitStack() as stack:
        for _ in range(database.connections()[1]):
            await stack.enter_async_context(database.session())
        yield


def test_without_a_free_connection_the_door_says_so_and_recovers(
    door: Door, system: System
) -> None:
    body = system.updates([enrolled(a_number(), "DCI001")])

    async def meanwhile() -> tuple[Reply, float]:
        loop = asyncio.get_running_loop()
        async with all_taken(door.services.database):
            begun = loop.time()
            return await system.posted(UPDATES, body), loop.time() - begun

    reply, seconds = door.run(meanwhile())
    check_refused_for_now(reply)
    assert seconds < 5
    assert system.post(UPDATES, body).outcomes == ["succ"]


def test_control_a_door_that_waits_for_ever_is_seen(
    door: Door, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = system.updates([enrolled(a_number(), "DCI001")])
    acquire = asyncpg.Pool.acquire
    monkeypatch.setattr(asyncpg.Pool, "acquire", lambda self, **_: acquire(self))

    async def waits() -> bool:
        async with all_taken(door.services.database):
            asking = asyncio.create_task(system.posted(UPDATES, body))
            done, _ = await asyncio.wait({asking}, timeout=5)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            return not done

    assert door.run(waits())


class _Refusing:
    """A pool whose server has no connection left for anybody (max_connections)."""

    @asynccontextmanager
    async def acquire(self, **_: Any) -> Any:
        raise asyncpg.TooManyConnectionsError("sorry, too many clients already")
        yield


async def test_a_server_without_connections_is_unavailable_and_no_failure() -> None:
    with pytest.raises(Unavailable) as refused:
        async with Database(_Refusing(), "nowhere").transaction(()):  # type: ignore[arg-type]
            raise AssertionError("there is no connection")
    assert (refused.value.code, refused.value.retry_after > 0) == ("database.unreachable", True)


@pytest.fixture
async def one(dsn: str) -> Any:
    """A database with one connection, so that whoever comes next gets the same one."""
    database = await open_database(dsn, "ibr_worker", size=1, name="one connection")
    yield database
    await database.close()


async def cancelled_while_it_holds(database: Database) -> None:
    """PostgreSQL cancels a statement of who merges a delivery."""
    async with database.session() as guard:
        assert await try_delivery(guard, 4711)
        await guard.execute("set statement_timeout = '50ms'")
        await guard.execute("select pg_sleep(5)")


async def test_a_lock_ends_with_the_error_of_who_held_it(dsn: str, one: Database) -> None:
    with pytest.raises(Unavailable) as refused:
        await cancelled_while_it_holds(one)
    assert refused.value.code == "database.slow"
    other = await open_database(dsn, "ibr_worker", size=1, name="another")
    async with other.session() as guard, asyncio.timeout(5):
        while not await try_delivery(guard, 4711):
            await asyncio.sleep(0.01)
    await other.close()


async def test_control_a_lock_that_outlives_its_holder_is_seen(
    dsn: str, one: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        asyncpg.pool.PoolConnectionProxy, "terminate", lambda _self: None, raising=False
    )
    with pytest.raises(Unavailable):
        await cancelled_while_it_holds(one)
    other = await open_database(dsn, "ibr_worker", size=1, name="another")
    async with other.session() as guard:
        await asyncio.sleep(0.2)
        assert not await try_delivery(guard, 4711)
    await other.close()
