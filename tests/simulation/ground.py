"""What every run begins with: a database with partners, keys and subscriptions, to be copied."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import asyncpg
import msgspec

from ibr.audit.seals.begin import begin_sealing
from ibr.clock import now
from ibr.db.pool import owner_transaction
from ibr.protection.seal import Sealer
from tests.conftest import database_at, scratch_folder
from tests.door import Door, System
from tests.door_fixtures import PROGRAMMES
from tests.later import Worker
from tests.subscribing import ENROLLMENT, STATUS_CHANGE, Teller, item_of, of_programme

HOST: Final = "https://mis.example.org"
GOOD: Final = f"{HOST}/dci/callbacks"
# Another host of another partner, which may never answer.
OTHER: Final = "https://other.example.org/dci/callbacks"
# In place of PostgreSQL's own clock, for whoever looks here first: the transaction says when it is.
_CLOCK: Final = """
    create schema simulation;
    create function simulation.now() returns timestamptz language sql stable as $$
        select coalesce(nullif(pg_catalog.current_setting('simulation.now', true), '')::timestamptz,
                        pg_catalog.now())
    $$;
    grant usage on schema simulation to public;
    do $$
    declare of record;
    begin
        for of in
            select d.adrelid::regclass as named, a.attname, pg_get_expr(d.adbin, d.adrelid) as text
            from pg_attrdef d join pg_attribute a on (a.attrelid, a.attnum) = (d.adrelid, d.adnum)
            where pg_get_expr(d.adbin, d.adrelid) = 'now()'
        loop
            execute format('alter table %s alter column %I set default simulation.now()',
                           of.named, of.attname);
        end loop;
    end $$;
"""


class Party(msgspec.Struct, frozen=True):
    """A partner's system: who it is and what it signs with."""

    sender_id: str
    client_id: str
    system: System


class Ground(msgspec.Struct, frozen=True):
    """What runs share."""

    cluster: str
    database: str
    folder: Path
    reporters: tuple[Party, ...]
    asker: Party
    other: Party
    codes: tuple[str, ...]
    """Of the asker's subscriptions: to new enrolments, and to changes of status."""
    begun: datetime


def _party(door: Door, sender_id: str, **rights: object) -> Party:
    system = door.partner(sender_id, **rights)
    return Party(sender_id, system.credentials["client_id"], system)


@contextmanager
def laid(cluster: str, template: str) -> Iterator[Ground]:
    """Lays the ground, with the registry's own means."""
    name, folder = f"{template}_ground", scratch_folder()
    asyncio.run(on_server(cluster, f"create database {name} template {template}"))
    try:
        dsn = database_at(cluster, name)
        door = Door(dsn, folder, PROGRAMMES)
        worker = Worker(door)
        try:
            reporters = tuple(
                _party(door, f"mis-{code.lower()}.example.org", report=[code])
                for code in ("DCI001", "DCI002")
            )
            asker = _party(door, "asker.example.org", callback_urls=[GOOD])
            other = _party(door, "other.example.org", callback_urls=[OTHER])
            teller = Teller(door, worker)
            codes = tuple(
                teller.code(asker.system, item_of(event, of_programme("DCI001")))
                for event in (ENROLLMENT, STATUS_CHANGE)
            )
            door.owner("delete from outgoing_message")
            door.run(_prepare(dsn, worker.services.sealer))
        finally:
            worker.close()
            door.close()
        yield Ground(cluster, name, folder, reporters, asker, other, codes, now())
    finally:
        asyncio.run(on_server(cluster, f"drop database {name} with (force)"))
        shutil.rmtree(folder, ignore_errors=True)


async def _prepare(dsn: str, sealer: Sealer) -> None:
    async with owner_transaction(dsn) as owner:
        await begin_sealing(owner, sealer, now())
        # Made yesterday, so that they count although somebody sets the clock back.
        await owner.execute(
            "update registry_key set made_at = made_at - interval '1 day', "
            "not_before = not_before - interval '1 day'"
        )
        await owner.execute(_CLOCK)


async def on_server(cluster: str, statement: str) -> None:
    connection = await asyncpg.connect(cluster)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
