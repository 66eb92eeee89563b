"""Brings the database to the newest numbered migration."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import asyncpg
import msgspec
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from asyncpg.pool import PoolConnectionProxy
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from ibr.errors import Unavailable
from ibr.periods import month_of

MONTHS_BACK = 36
MONTHS_AHEAD = 12
# One number for "a migration is running" among the advisory locks of this database.
_LOCK = 0x1B20001


class SchemaState(msgspec.Struct, frozen=True):
    """Which migration the database is at, and which is the newest."""

    current: str | None
    newest: str

    @property
    def is_newest(self) -> bool:
        return self.current == self.newest


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def newest() -> str:
    """The number of the newest migration."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


async def state(connection: asyncpg.Connection | PoolConnectionProxy) -> SchemaState:
    """Where the database stands."""
    current = None
    if await connection.fetchval("select to_regclass('public.migration') is not null"):
        current = await connection.fetchval("select version_num from public.migration")
    return SchemaState(current, newest())


async def upgrade(dsn: str, today: date, *, to: str = "head") -> SchemaState:
    """Runs what is missing up to `to`, one transaction a migration, and makes the benefit months
    around today.

    Only one upgrade runs at a time; a second one waits and then finds nothing to do.
    """
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        before = await state(connection)
        if before.current is not None and before.current > before.newest:
            raise Unavailable(
                "database.newer",
                f"The database is at migration {before.current}, newer than this program's "
                f"{before.newest}. Install the newer version of the registry.",
            )
        if not before.is_newest:
            await _run(dsn, to)
        first = month_of(today).plus(-MONTHS_BACK)
        await connection.execute(
            """
            select ibr.make_benefit_month(month::date)
            from generate_series($1::date, $2::date, interval '1 month') as month
            """,
            first.first,
            first.plus(MONTHS_BACK + MONTHS_AHEAD).first,
        )
        return await state(connection)
    finally:
        await connection.close()


async def _run(dsn: str, to: str) -> None:
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(dsn), poolclass=NullPool
    )

    def run(connection: Connection) -> None:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, to)

    try:
        async with engine.connect() as connection:
            await connection.run_sync(run)
    finally:
        await engine.dispose()
