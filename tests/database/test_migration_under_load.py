"""Migrations run while the version before them serves: nobody waits long and nothing fails (G5)."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator

import asyncpg
import pytest

from ibr.clock import today
from ibr.db.classes import CLASSES
from ibr.db.migrate import newest, upgrade
from tests.conftest import _on, database_at

# The first release of a table that is asked; migrations after it run under load.
BEFORE = "0030"
LONGEST_WAIT = 1.0
_ROWS = """
    insert into ibr.change (record_id, programme_id, kind, happened_at, delivery_id)
    select n, 1 + n % 5, 'enrolled', now(), 1 from generate_series(1, 30000) n;
    insert into ibr.audit_event (at, kind, actor_kind, actor_id, details, digest)
    select now(), 'delivery.done', 'partner', 1, '{}', sha256(n::text::bytea)
    from generate_series(1, 30000) n;
    analyze;
"""
# What the version before does all the time: it asks, and it writes down what it was told.
_ASKED = "select count(*) from enrolled_index where programme_id = 1"
_READ = "select max(change_id) from change where programme_id = 1"
_SIGHT = """
    select set_config('ibr.programmes', '1', true), set_config('ibr.areas', '*', true),
           set_config('ibr.rights', $1, true)
"""
_TOLD = """
    insert into change (record_id, programme_id, kind, happened_at, delivery_id)
    values (7, 1, 'enrolled', now(), 1)
"""


@pytest.fixture
def older(cluster: str) -> Iterator[str]:
    """A database at the schema before, with some rows."""
    name = f"ibr_{uuid.uuid4().hex[:12]}"
    asyncio.run(_on(cluster, f"create database {name}"))
    dsn = database_at(cluster, name)
    try:
        asyncio.run(upgrade(dsn, today(), to=BEFORE))
        asyncio.run(_on(dsn, _ROWS))
        yield dsn
    finally:
        asyncio.run(_on(cluster, f"drop database {name} with (force)"))


class Load:
    """Somebody who asks and tells, some fifty times a second, as the registry does."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.longest = 0.0
        self.done = 0
        self.failed: list[str] = []

    async def meanwhile(self, work: Callable[[], Awaitable[object]]) -> None:
        ended = asyncio.Event()
        users = [asyncio.create_task(self._use(each, ended)) for each in (_ASKED, _READ, _TOLD)]
        try:
            await asyncio.sleep(0.3)
            await work()
            await asyncio.sleep(0.3)
        finally:
            ended.set()
            await asyncio.gather(*users)

    async def _use(self, statement: str, ended: asyncio.Event) -> None:
        connection = await asyncpg.connect(
            self.dsn,
            server_settings={"search_path": "ibr", "role": "ibr_app", "lock_timeout": "1000"},
        )
        try:
            while not ended.is_set():
                begun = time.monotonic()
                try:
                    async with connection.transaction():
                        await connection.fetch(_SIGHT, " ".join(CLASSES))
                        await connection.execute(statement)
                    self.done += 1
                except asyncpg.PostgresError as wrong:
                    self.failed.append(type(wrong).__name__)
                self.longest = max(self.longest, time.monotonic() - begun)
                await asyncio.sleep(0.05)
        finally:
            await connection.close()


def test_the_newest_migrations_hold_up_nobody(older: str) -> None:
    load = Load(older)
    asyncio.run(load.meanwhile(lambda: upgrade(older, today())))
    assert load.failed == []
    assert load.longest <= LONGEST_WAIT
    assert load.done > 20
    print(f"to {newest()}: {load.done} statements, the longest took {load.longest:.3f} s")


def test_control_a_migration_that_holds_its_lock_would_be_seen(older: str) -> None:
    slow = "alter table ibr.change add column x integer; select pg_sleep(1.6)"
    load = Load(older)
    asyncio.run(load.meanwhile(lambda: _on(older, slow)))
    assert load.failed or load.longest > LONGEST_WAIT
