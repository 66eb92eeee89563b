"""Records people and groups as reported, keeping every earlier version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ibr.codelists.identifier_types import identifies
from ibr.db.pool import Connection
from ibr.registry.beneficiaries import store
from ibr.registry.beneficiaries.model import (
    IdentifierRow,
    MemberRow,
    RecordRow,
    Replaced,
    StoredRecord,
    VersionRow,
)

TEMPORARY = store.TEMPORARY


async def number_records(
    connection: Connection, keys: Iterable[bytes]
) -> tuple[dict[bytes, int], dict[bytes, int]]:
    """The record number of each key, and which keys are new with the numbers kept for them.

    The new ones are not written yet: `add_keys` does that, under the programmes' merge locks.
    """
    wanted = list(dict.fromkeys(keys))
    known = await store.record_ids(connection, wanted)
    missing = [key for key in wanted if key not in known]
    if not missing:
        return known, {}
    blocks = await store.new_block(connection, -(-len(missing) // store.BLOCK))
    numbers = (first + step for first in blocks for step in range(store.BLOCK))
    fresh = dict(zip(missing, numbers, strict=False))
    return known | fresh, fresh


async def numbers_of(connection: Connection, keys: Iterable[bytes]) -> dict[bytes, int]:
    """The record number of each key that has one."""
    return await store.record_ids(connection, list(dict.fromkeys(keys)))


async def add_keys(connection: Connection, fresh: dict[bytes, int]) -> None:
    """Writes the numbers of new records; the caller holds their programmes' merge locks."""
    if fresh:
        await store.add_keys(connection, fresh)


async def stored_content(
    connection: Connection, record_ids: Sequence[int]
) -> dict[int, StoredRecord]:
    """The sealed content of these records."""
    return await store.stored_records(connection, record_ids) if record_ids else {}


async def identifiers_now(
    connection: Connection, record_ids: Sequence[int]
) -> dict[int, set[tuple[bytes, int]]]:
    """Blind index and role of every identifier these records carry now."""
    return await store.identifiers_now(connection, record_ids) if record_ids else {}


async def put(
    connection: Connection,
    *,
    records: Sequence[RecordRow],
    versions: Sequence[VersionRow],
    groups: Sequence[int],
    members: Sequence[MemberRow],
    identifiers: Sequence[IdentifierRow],
    replaced: Sequence[Replaced],
) -> None:
    """Writes one chunk's rows, each kind with one statement."""
    if versions:
        await store.put_versions(connection, versions)
    if records:
        await store.put_records(connection, records)
    if groups:
        await store.put_members(connection, groups, members)
    if replaced:
        await store.mark_replaced(connection, replaced)
    if identifiers:
        await store.put_identifiers(connection, identifiers)


async def identifier_types(connection: Connection, kinds: Iterable[str]) -> dict[str, int]:
    """The number of every identifier type, adding those not seen before."""
    known = await store.identifier_types(connection)
    missing = {kind: identifies(kind) for kind in kinds if kind not in known}
    if missing:
        await store.add_identifier_types(connection, missing)
        known = await store.identifier_types(connection)
    return known
