"""Carries erasures out: rows first, then the journal, then the keys. Each step can be done again.

Nobody merges into the programmes meanwhile, links records or runs checks: whoever read the record
before would write of it again afterwards. Where one of them is at it, the erasure waits.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec

from ibr.audit.events import ERASURE_DONE
from ibr.audit.record import record_event
from ibr.db.locks import (
    hold_programmes,
    release_checks,
    release_linkage,
    try_checks,
    try_linkage,
)
from ibr.db.pool import Connection, Database
from ibr.errors import Conflict, Unavailable
from ibr.keeping.erasure import journal, store
from ibr.keeping.erasure.ask import seen
from ibr.keeping.erasure.model import Entry, Erasure
from ibr.protection.seal import Sealer
from ibr.registry.programmes.merges import count_merge

HELD: Final = "IBH01"
"""What the database says of something that is held."""


class Eraser(msgspec.Struct, frozen=True, kw_only=True):
    """What erasing needs; `database` acts as the worker, `programmes` are all there are, `keys` is
    the folder of the keyring."""

    database: Database
    sealer: Sealer
    keys: Path
    programmes: frozenset[int]
    now: Callable[[], datetime]


async def open_erasures(database: Database) -> list[int]:
    """Erasures that were approved and are not at their end."""
    async with database.transaction(()) as connection:
        return await store.open_ones(connection)


async def carry_out(eraser: Eraser, erasure_id: int) -> None:
    """Brings one erasure to its end, from wherever it stands.

    Unavailable where somebody links or checks just now; Conflict where a hold came in between: it
    goes on when that is lifted.
    """
    async with eraser.database.session() as guard:
        if not await try_linkage(guard):
            raise _busy()
        try:
            if not await try_checks(guard):
                raise _busy()
            try:
                await _carry_out(eraser, erasure_id)
            finally:
                await release_checks(guard)
        finally:
            await release_linkage(guard)


def _busy() -> Unavailable:
    return Unavailable("erasure.busy", "Records are linked or checked just now; it goes on after.")


async def _carry_out(eraser: Eraser, erasure_id: int) -> None:
    async with eraser.database.transaction(eraser.programmes) as connection:
        row = await store.one(connection, erasure_id)
        if row is None:
            return
        erasure = seen(row)
        if erasure.state == "approved":
            await _rows(connection, erasure, eraser.now())
    async with eraser.database.transaction(eraser.programmes) as connection:
        row = await store.one(connection, erasure_id)
        assert row is not None
        erasure = seen(row)
        keys = await store.keys_of(connection, erasure_id)
    if erasure.state != "rows_gone":
        return
    journal.append(eraser.keys, _entry(erasure, keys))
    destroy_keys(eraser.sealer, _entry(erasure, keys))
    async with eraser.database.transaction(()) as connection:
        if await store.done(connection, erasure_id, eraser.now()):
            await record_event(
                connection,
                kind=ERASURE_DONE,
                asker=None,
                details={"erasure": erasure_id, **counted(erasure.counts)},
                at=eraser.now(),
            )


async def _rows(connection: Connection, erasure: Erasure, at: datetime) -> None:
    programmes = await store.programmes_of(connection, erasure.record_ids)
    await hold_programmes(connection, programmes)
    # Whoever drafted a chunk ahead by how these records stood must draft it anew.
    await count_merge(connection, programmes)
    try:
        await store.take_out(connection, erasure.erasure_id, at)
    except asyncpg.PostgresError as refused:
        if refused.sqlstate != HELD:
            raise
        raise Conflict(
            "erasure.held",
            "A legal hold covers a record of this person. It must be lifted first, by two people.",
        ) from None


def destroy_keys(sealer: Sealer, entry: Entry) -> None:
    """Destroys the keys of everything that an erasure was of; those destroyed before stay so."""
    own = sealer.record_keys
    if own is None:
        return
    own.destroy("record", entry.records)
    for kind, numbers in (
        ("case", entry.cases),
        ("letter", entry.letters),
        ("delivery", entry.deliveries),
    ):
        if numbers:
            own.destroy(kind, numbers)


def counted(counts: dict[str, Any]) -> dict[str, int]:
    """The counts of an erasure without the numbers of what went."""
    return {name: count for name, count in counts.items() if isinstance(count, int)}


def _entry(erasure: Erasure, keys: list[bytes]) -> Entry:
    assert erasure.rows_gone_at is not None
    return Entry(
        approved_at=erasure.approved_at,
        erased_at=erasure.rows_gone_at,
        ground=erasure.ground,
        with_bytes=erasure.with_bytes,
        records=list(erasure.record_ids),
        keys=keys,
        cases=erasure.counts.get("case_ids", []),
        letters=erasure.counts.get("letter_nos", []),
        deliveries=erasure.counts.get("delivery_ids", []),
    )
