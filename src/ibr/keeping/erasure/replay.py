"""Erases again what a restored backup brought back, by the journal beside the keyring."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ibr.audit.events import ERASURE_REPLAYED
from ibr.audit.record import record_event
from ibr.db.pool import Connection, owner_transaction
from ibr.keeping.erasure import journal, store
from ibr.keeping.erasure.carry_out import Eraser, carry_out, destroy_keys
from ibr.keeping.erasure.model import Entry
from ibr.protection.seal import Sealer


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay did."""

    erasures: int
    """Erasures that the database did not know."""
    records: int
    """Records that stood again and are erased again."""


async def forgotten(connection: Connection, folder: Path) -> list[Entry]:
    """Erasures in the journal that the database does not know: it was restored from before."""
    return [
        each
        for each in journal.entries(folder)
        if not await store.is_known(connection, each.approved_at, each.records)
    ]


async def keys_left(connection: Connection, folder: Path, sealer: Sealer) -> int:
    """Records that were erased and whose keys this machine's file still has."""
    own = sealer.record_keys
    if own is None or not own.are_there():
        return 0
    erased = set(await store.done_records(connection))
    erased.update(number for each in journal.entries(folder) for number in each.records)
    return sum(not own.is_destroyed("record", number) for number in erased)


async def replay(eraser: Eraser, dsn: str) -> Replayed:
    """Erases again whom the restored database knows again, and destroys keys that came back.

    It acts as the database's owner first, since two people approved it before.
    """
    numbers, records = [], 0
    async with owner_transaction(dsn) as connection:
        entries = await forgotten(connection, eraser.keys)
        for entry in entries:
            there = await store.still_there(connection, entry.records, entry.keys)
            number = await store.add(
                connection,
                entry.records,
                entry.ground,
                with_bytes=entry.with_bytes,
                asked_by=None,
                approved_by=None,
                at=entry.approved_at,
                replayed=1,
            )
            await store.remember(connection, number, entry.keys, entry.erased_at)
            if there:
                numbers.append(number)
                records += len(there)
            else:
                await store.nothing_left(connection, number, eraser.now())
        known = [*entries, *journal.entries(eraser.keys)]
        if known:
            await store.number_beyond(connection, max(max(each.records) for each in known))
        done = await store.done_records(connection)
        if entries:
            await record_event(
                connection,
                kind=ERASURE_REPLAYED,
                asker=None,
                details={"erasures": len(entries), "records": records},
                at=eraser.now(),
            )
    for number in numbers:
        await carry_out(eraser, number)
    for entry in journal.entries(eraser.keys):
        destroy_keys(eraser.sealer, entry)
    if done and eraser.sealer.record_keys is not None:
        eraser.sealer.record_keys.destroy("record", done)
    return Replayed(erasures=len(entries), records=records)
