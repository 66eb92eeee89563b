"""Finds records in the given programmes and opens what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.protection.seal import Sealer, place_of
from ibr.registry.beneficiaries.model import decode_document
from ibr.registry.search import store
from ibr.registry.search.model import BenefitFound, FoundRecord, Page, Wanted

SORTABLE = store.SORTABLE
MOST_BENEFITS = store.MOST_BENEFITS


async def find(
    connection: Connection, sealer: Sealer, programmes: Iterable[int], wanted: Wanted
) -> Page:
    """One page of the records of these programmes that match.

    Row-level security narrows the same programmes again, so neither of the two is trusted alone.
    """
    reach = sorted(programmes)
    rows = await store.page(connection, reach, wanted)
    if len(rows) < wanted.page_size and (rows or wanted.page_number == 1):
        total = (wanted.page_number - 1) * wanted.page_size + len(rows)
    else:
        total = await store.count(connection, reach, wanted.filter)
    return Page(await _opened(connection, sealer, reach, rows), total)


async def find_records(
    connection: Connection, sealer: Sealer, programmes: Iterable[int], numbers: Sequence[int]
) -> dict[int, FoundRecord]:
    """These records by their numbers, as far as they are of these programmes."""
    reach = sorted(programmes)
    rows = await store.records(connection, reach, numbers)
    return {each.record_id: each for each in await _opened(connection, sealer, reach, rows)}


async def _opened(
    connection: Connection, sealer: Sealer, reach: Sequence[int], rows: Sequence[Record]
) -> list[FoundRecord]:
    if not rows:
        return []
    benefits = await _benefits(connection, reach, rows)
    found = []
    for row in rows:
        record_id = row["record_id"]
        opened = sealer.open(row["personal"], place_of("beneficiary_record", "personal", record_id))
        content = decode_document(opened)
        found.append(
            FoundRecord(
                record_id=record_id,
                programme_id=row["programme_id"],
                unit=row["assistance_unit"],
                subject_index=row["subject_index"],
                member=content.member,
                group=content.group,
                enrolled_at=row["enrolled_at"],
                status=row["status"],
                status_dates=row["status_dates"],
                benefits=benefits.get(record_id, []),
            )
        )
    return found


async def _benefits(
    connection: Connection, reach: Sequence[int], rows: Sequence[Record]
) -> dict[int, list[BenefitFound]]:
    given = [row for row in rows if row["first_benefit_at"] is not None]
    if not given:
        return {}
    found: dict[int, list[BenefitFound]] = {}
    for row in await store.benefits(
        connection,
        reach,
        [row["record_id"] for row in given],
        min(row["first_benefit_at"] for row in given),
        max(row["last_benefit_at"] for row in given),
    ):
        record_id, *parts = row.values()
        found.setdefault(record_id, []).append(BenefitFound(*parts))
    return found
