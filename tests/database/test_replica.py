"""A real streaming replica: what reads from it, what never does, and what happens when it lags,
stops or becomes a primary of its own."""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from ibr.db import replica as replicas
from ibr.db.embedded import OWNER, PORT, cluster_of, find_or_start, programs_of, stop
from ibr.db.embedded import make_private_folder as private
from ibr.db.pool import Database, open_database
from ibr.db.replica import Replica, in_words
from ibr.errors import RegistryError
from ibr.operation.doctor.replica import look_at_replica
from ibr.operation.replica import _LAG, _NEAR, count_replica
from ibr.registry.enrolment.store import probe_index
from ibr.settings import Settings
from tests.conftest import database_at, scratch_folder

FOLLOWS = "select pg_is_in_recovery()"


class Standby:
    """The replica's server, and the address of the module's database on it."""

    def __init__(self, settings: Settings, dsn: str) -> None:
        self.settings, self.dsn = settings, dsn

    def start(self) -> None:
        find_or_start(self.settings)

    def stop(self) -> None:
        stop(self.settings)

    async def say(self, statement: str) -> Any:
        connection = await asyncpg.connect(self.dsn)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()


@pytest.fixture(scope="module")
def standby(cluster: str, dsn: str) -> Iterator[Standby]:
    if os.environ.get("IBR_TEST_DATABASE_URL"):
        pytest.skip("makes a replica of the tests' own server only")
    folder = scratch_folder()
    settings = Settings(data_dir=folder)
    ours = cluster_of(settings)
    private(ours.home, ours.account)
    private(ours.sockets, ours.account)
    sockets = cluster.split("host=")[1].split("&", maxsplit=1)[0]
    program = programs_of(cluster_of(Settings(data_dir=Path(sockets).parents[1]))).folder
    made = ours.account.run(
        program / "pg_basebackup",
        *("-D", ours.data, "-h", sockets, "-p", str(PORT), "-U", OWNER),
        *("-X", "stream", "-R", "-c", "fast", "--no-sync"),
    )
    assert made.returncode == 0, made.stderr
    found = find_or_start(settings)
    name = dsn.partition("?")[0].rsplit("/", 1)[1]
    try:
        yield Standby(settings, database_at(found.dsn, name))
    finally:
        stop(settings)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicas, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(replicas, "DOWN_SECONDS", 0.2)


@asynccontextmanager
async def _database(dsn: str, standby: Standby, most: float = 30) -> AsyncIterator[Database]:
    database = await open_database(dsn, "ibr_app", size=3, name="replica test")
    database.replica = Replica(standby.dsn, "ibr_app", size=2, most_seconds=most)
    try:
        yield database
    finally:
        await database.close()


def _with(
    dsn: str, standby: Standby, test: Callable[[Database], Awaitable[None]], most: float = 30
) -> None:
    async def go() -> None:
        async with _database(dsn, standby, most) as database:
            await test(database)

    asyncio.run(go())


async def _read(database: Database, statement: str = FOLLOWS, **how: Any) -> Any:
    async with database.reading.transaction((1,), **how) as connection:
        return await connection.fetchval(statement)


async def _until_it_follows(database: Database) -> None:
    deadline = time.monotonic() + 20
    while not await _read(database):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def _enrol(database: Database, index: bytes, programme: int = 1) -> None:
    async with database.transaction((programme,)) as connection:
        await connection.execute(
            "insert into enrolled_index values ($1, $2, 1, 0, 1, 1, now(), 0)", index, programme
        )


def _count(index: str) -> str:
    return f"select count(*) from enrolled_index where blind_index = '{index}'"


def test_what_only_reads_is_read_from_the_replica(dsn: str, standby: Standby) -> None:
    async def go(database: Database) -> None:
        await _until_it_follows(database)
        async with database.transaction((1,)) as connection:
            assert not await connection.fetchval(FOLLOWS)
        await count_replica(database)
        assert (_NEAR._value.get(), _LAG._value.get() < 30) == (1, True)
        assert isinstance(database.replica, Replica)
        assert in_words(database.replica).startswith("at most")

    _with(dsn, standby, go)


def test_a_statement_that_writes_never_goes_to_the_replica(dsn: str, standby: Standby) -> None:
    """Nor does it succeed where there is no replica: a page that writes is found out at once."""
    write = "insert into enrolled_index values ('w', 1, 1, 0, 1, 1, now(), 0) returning 1"

    async def go(database: Database) -> None:
        await _until_it_follows(database)
        for replica in (database.replica, None):
            database.replica = replica
            with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
                await _read(database, write)
        # The control: the same statement where writing belongs, and undone.
        async with database.transaction((1,)) as connection:
            assert await connection.fetchval(write) == 1
            await connection.execute("delete from enrolled_index where blind_index = 'w'")
        with pytest.raises(ValueError, match="only reads"):
            await _read(database, reads=False)

    _with(dsn, standby, go)


def test_row_security_holds_on_the_replica(dsn: str, standby: Standby) -> None:
    async def go(database: Database) -> None:
        for programme in (1, 2):
            await _enrol(database, b"seen", programme)
        assert await _read(database, _count("seen"), up_to_now=True) == 1
        assert await _read(database, FOLLOWS, up_to_now=True)
        async with database.reading.transaction(()) as connection:
            assert await connection.fetchval(FOLLOWS)
            assert await connection.fetchval(_count("seen")) == 0
        async with database.reading.transaction((1, 2)) as connection:
            assert await connection.fetchval(_count("seen")) == 2

    _with(dsn, standby, go)


def test_a_fresh_answer_never_comes_from_a_paused_replica(dsn: str, standby: Standby) -> None:
    """The control in it: at the same moment the replica does not have the row yet."""

    async def go(database: Database) -> None:
        await _until_it_follows(database)
        await standby.say("select pg_wal_replay_pause()")
        try:
            await _enrol(database, b"fresh")
            async with database.transaction((1,)) as connection:
                assert len(await probe_index(connection, [b"fresh"], [1])) == 1
            async with database.reading.transaction((1,)) as connection:
                assert await connection.fetchval(FOLLOWS)
                assert await probe_index(connection, [b"fresh"], [1]) == []
        finally:
            await standby.say("select pg_wal_replay_resume()")
        assert await _read(database, _count("fresh"), up_to_now=True) == 1

    _with(dsn, standby, go)


def test_a_replica_that_lags_is_seen_and_left_alone(dsn: str, standby: Standby) -> None:
    async def go(database: Database) -> None:
        replica = database.replica
        assert isinstance(replica, Replica)
        await _until_it_follows(database)
        # Quiet for longer than the bound: nothing is missing, so it is not late.
        await asyncio.sleep(1.3)
        assert await _read(database)
        await standby.say("select pg_wal_replay_pause()")
        try:
            await _enrol(database, b"late")
            begun = time.monotonic()
            while await _read(database):
                assert time.monotonic() - begun < 10
                await asyncio.sleep(0.05)
            assert 0.9 < time.monotonic() - begun < 3
            assert await _read(database, _count("late")) == 1
            assert replica.state == "behind"
            assert "too far behind" in in_words(replica)
            assert not await _read(database, up_to_now=True)
            await count_replica(database)
            assert (_NEAR._value.get(), _LAG._value.get() > 1) == (0, True)
            assert "paused" in await _doctor(dsn, standby)
        finally:
            await standby.say("select pg_wal_replay_resume()")
        await _until_it_follows(database)

    _with(dsn, standby, go, most=1)


async def _doctor(dsn: str, standby: Standby) -> str:
    connection = await asyncpg.connect(dsn)
    settings = Settings(replica_url=standby.dsn, replica_lag_seconds=1)
    try:
        found = [each async for each in look_at_replica(connection, settings)]
        none = [each async for each in look_at_replica(connection, Settings())]
    finally:
        await connection.close()
    assert none == []
    assert len(found) == 1
    return f"{found[0].state}: {found[0].found}"


def test_a_replica_that_is_stopped_is_left_alone_until_it_is_back(
    dsn: str, standby: Standby
) -> None:
    async def go(database: Database) -> None:
        replica = database.replica
        assert isinstance(replica, Replica)
        await _until_it_follows(database)
        assert await _doctor(dsn, standby) == "well: it has what the database has"
        standby.stop()
        try:
            # Also the very first, which finds a connection that is gone.
            assert not await _read(database)
            assert replica.state == "down"
            assert not await _read(database, up_to_now=True)
            await count_replica(database)
            assert (_NEAR._value.get(), _LAG._value.get()) == (0, math.inf)
            assert "does not answer" in in_words(replica)
            assert (await _doctor(dsn, standby)).startswith("care: it does not answer")
        finally:
            standby.start()
        await _until_it_follows(database)

    _with(dsn, standby, go)


def test_a_registry_starts_without_its_replica(dsn: str, standby: Standby) -> None:
    async def go() -> None:
        away = Standby(standby.settings, standby.dsn.replace("/socket", "/nowhere"))
        async with _database(dsn, away) as database:
            assert not await _read(database)

    asyncio.run(go())


def test_without_the_primary_nothing_is_taken_for_near(dsn: str, standby: Standby) -> None:
    """How far a replica is behind cannot be known then, and nobody guesses."""

    async def go() -> None:
        away = await open_database(dsn, "ibr_app", size=1, name="replica test")
        await away._pool.close()
        replica = Replica(standby.dsn, "ibr_app", size=1, most_seconds=30)
        with pytest.raises(RegistryError):
            await replica.near(away)
        await replica.close()

    asyncio.run(go())


def test_a_replica_that_became_a_primary_is_not_read_from(dsn: str, standby: Standby) -> None:
    """Last, for it is no replica afterwards."""

    async def go(database: Database) -> None:
        replica = database.replica
        assert isinstance(replica, Replica)
        await _until_it_follows(database)
        await standby.say("select pg_promote()")
        await asyncio.sleep(0.1)
        await _enrol(database, b"after")
        assert await _read(database, _count("after")) == 1
        assert replica.state == "promoted"
        assert "no replica any more" in in_words(replica)
        assert (await _doctor(dsn, standby)).startswith("care: it is no replica")

    _with(dsn, standby, go)
