"""Deliveries merged by the registry itself, and what it then holds, read out in the clear."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from ibr.clock import now
from ibr.db.pool import Connection, owner_transaction
from ibr.deliveries.model import Tally
from ibr.intake.enrolment_updates import (
    Draft,
    Merged,
    Merger,
    draft_chunk,
    merge_chunk,
    source_of,
)
from ibr.intake.prepare import Preparer
from ibr.interop.dci.messages.read_beneficiary import read_beneficiary
from ibr.protection.seal import place_of
from ibr.reported.beneficiary import Refusal
from tests.door import Door, System

Json = dict[str, Any]
Batch = tuple[datetime, Sequence[Json]]
TABLES = [
    "record_key",
    "beneficiary_record",
    "beneficiary_version",
    "group_member",
    "identifier",
    "enrolled_index",
    "enrolment",
    "status_change",
    "change",
    "benefit",
    "benefit_month",
]


async def merge(
    door: Door, system: System, batches: Sequence[Batch], *, ahead: bool = False
) -> list[Tally]:
    """Empties the registry and merges these batches, one transaction each.

    With `ahead`, each batch is drafted before the one before it is written, as within a large
    delivery.
    """
    services = door.services
    partner = await services.book.by_client(system.credentials["client_id"])
    assert partner is not None
    async with owner_transaction(door.dsn) as owner:
        await owner.execute(";".join(f"delete from {table}" for table in TABLES))
    asker = partner.asker(partner.scopes)
    preparer = Preparer(asker, services.book.programmes_by_code, services.blind_index)
    merger = Merger(services.sealer, services.blind_index)
    before: Merged | None = None
    drafts: list[Draft] = []

    async def draft(number: int) -> None:
        if ahead and number < len(batches):
            source = source_of(number, batches[number][0], now())
            async with services.database.transaction(asker.report) as connection:
                drafts.append(await draft_chunk(connection, merger, source, read_items(number)))

    def read_items(number: int) -> list[Any]:
        as_of, records = batches[number]
        items: list[Any] = []
        for place, record in enumerate(records):
            encoded = json.dumps(record).encode()
            read = read_beneficiary(encoded, place, as_of, services.book.currency_of)
            items.append(read if isinstance(read, Refusal) else preparer.prepare(read))
        assert not any(isinstance(item, Refusal) for item in items), items
        return items

    tallies = []
    await draft(0)
    for number, (as_of, _) in enumerate(batches):
        await draft(number + 1)
        tally = Tally()
        async with services.database.transaction(asker.report) as connection:
            before = await merge_chunk(
                connection,
                merger,
                source_of(number, as_of, now()),
                read_items(number),
                tally,
                draft=drafts[number] if ahead else None,
                before=before if ahead else None,
            )
        tallies.append(tally)
    return tallies


async def state(door: Door) -> Json:
    """Everything that stands, by record key and without what only says when we learned it."""
    async with owner_transaction(door.dsn) as owner:
        return await _state(door, owner)


async def _state(door: Door, owner: Connection) -> Json:
    keys = {
        row["record_id"]: row["record_key"].hex()
        for row in await owner.fetch("select record_id, record_key from record_key")
    }

    async def rows(columns: str, table: str, where: str = "true") -> list[tuple[Any, ...]]:
        found = await owner.fetch(f"select record_id, {columns} from {table} where {where}")
        return sorted(((keys[row["record_id"]], *list(row)[1:]) for row in found), key=repr)

    content = await owner.fetch("select record_id, personal from beneficiary_record")
    return {
        "content": {keys[row["record_id"]]: _opened(door, row) for row in content},
        "records": await rows(
            "programme_id, assistance_unit, sex, birth_date, birth_precision, is_disabled, "
            "region_code, group_size, subject_index",
            "beneficiary_record",
        ),
        "enrolments": await rows(
            "programme_id, enrolled_at, status, status_at, status_rank, as_of, benefit_count, "
            "benefit_total, first_benefit_at, last_benefit_at",
            "enrolment",
        ),
        "index": await rows(
            "blind_index, programme_id, role, assistance_unit, status, status_at, status_rank",
            "enrolled_index",
        ),
        "identifiers": await rows(
            "blind_index, role, type_id", "identifier", "replaced_at is null"
        ),
        "history": await rows("changed_at, status", "status_change"),
        "benefits": await rows("given_at, benefit_type, value_minor, currency", "benefit"),
        "months": [
            tuple(row) for row in await owner.fetch("select * from benefit_month order by 1, 2")
        ],
    }


def _opened(door: Door, row: Any) -> Json:
    place = place_of("beneficiary_record", "personal", row["record_id"])
    document = msgspec.json.decode(door.services.sealer.open(row["personal"], place))
    return _sorted({"member": document.get("member"), "group": document.get("group")})


def _sorted(value: Any) -> Any:
    """Lists of identifiers are sets."""
    if isinstance(value, dict):
        return {name: _sorted(each) for name, each in sorted(value.items())}
    if isinstance(value, list):
        return sorted((_sorted(each) for each in value), key=repr)
    return value
