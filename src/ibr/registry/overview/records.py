"""The records that carry an identifier, with all that belongs to them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ibr.db.pool import Connection
from ibr.registry.overview import store
from ibr.registry.overview.model import CarriedRecord, Given, StatusChanged

# One identifier carried by more records than this is no person's; the page says that it was cut.
MOST_RECORDS = 50
MOST_BENEFITS = 2000
_OTHER_MEMBER = 2


class Carried(msgspec.Struct, frozen=True):
    """Everything under one identifier."""

    records: list[CarriedRecord]
    changes: list[StatusChanged]
    benefits: list[Given]
    subjects: list[bytes]


async def identifier_types(connection: Connection) -> list[tuple[str, str]]:
    """Kinds of identifier that name a person or a group: the kind and which of the two."""
    found = await store.identifier_types(connection)
    return [(row["code"], row["identifies"]) for row in found]


async def records_of(connection: Connection, blind_index: bytes) -> Carried:
    """The records in reach that carry the identifier; empty lists when there are none."""
    found = await store.records_of(connection, blind_index, MOST_RECORDS)
    records = [CarriedRecord(**dict(row)) for row in found]
    ids = [record.record_id for record in records]
    if not ids:
        return Carried([], [], [], [blind_index])
    changes = await store.status_changes(connection, ids)
    benefits = await store.benefits(connection, ids, MOST_BENEFITS)
    return Carried(
        records,
        [StatusChanged(**dict(row)) for row in changes],
        [Given(**dict(row)) for row in benefits],
        await _subjects(connection, blind_index, records),
    )


async def _subjects(
    connection: Connection, asked: bytes, records: Sequence[CarriedRecord]
) -> list[bytes]:
    """Every index under which questions about the same person may have been kept.

    The identifiers of a household's other members are kept together, so which of them belong to
    the one asked about is not known here; then only the identifier asked for counts.
    """
    own = [record for record in records if record.role != _OTHER_MEMBER]
    indexes = await store.indexes_of(
        connection, [each.record_id for each in own], [each.role for each in own]
    )
    return list(dict.fromkeys([asked, *indexes]))
