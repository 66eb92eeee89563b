"""What tests of erasures and disposals begin with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ibr.clock import now
from ibr.db.pool import open_database, owner_transaction
from ibr.keeping.disposing.dispose import Keeper
from ibr.keeping.erasure import ask
from ibr.keeping.erasure.carry_out import Eraser
from ibr.protection.record_keys import make_record_keys
from tests.door import Door


def with_record_keys(door: Door) -> None:
    """Gives the registry keys of single records, and forgets that there were none."""
    make_record_keys(door.settings.data_dir / "keys")
    own = door.services.sealer.record_keys
    assert own is not None
    own._looked = float("-inf")


async def eraser(door: Door, clock: Callable[[], datetime] = now) -> Eraser:
    """What the worker erases with; its database is to be closed."""
    database = await open_database(door.dsn, "ibr_worker", size=4, name="test erasure")
    return Eraser(
        database=database,
        sealer=door.services.sealer,
        keys=door.settings.data_dir / "keys",
        programmes=frozenset(door.services.book.programmes),
        now=clock,
    )


async def keeper(door: Door, clock: Callable[[], datetime] = now) -> Keeper:
    """What the worker disposes with; its database is to be closed."""
    made = await eraser(door, clock)
    return Keeper(database=made.database, sealer=made.sealer, programmes=made.programmes, now=clock)


async def approved(door: Door, records: list[int], **more: Any) -> int:
    """An erasure that somebody approved on the machine."""
    async with owner_transaction(door.dsn) as connection:
        return await ask.approved(
            connection,
            sorted(records),
            more.get("ground", "request"),
            with_bytes=more.get("with_bytes", False),
            asked_by=None,
            asker=None,
            at=more.get("at", now()),
        )


def record_of(door: Door, number: str, programme: str) -> int:
    """The record that carries a number as its own."""
    index = door.services.blind_index.of("UIN", number)
    rows = door.owner(
        "select e.record_id from enrolled_index e join programme p using (programme_id) "
        "where e.blind_index = $1 and p.code = $2",
        index,
        programme,
    )
    return int(rows[0]["record_id"])
