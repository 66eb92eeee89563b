"""Records enrolments and every change of their status, in whatever order the news arrives."""

from __future__ import annotations

from collections.abc import Sequence

from ibr.db.pool import Connection
from ibr.registry.beneficiaries.model import Replaced
from ibr.registry.enrolment import store
from ibr.registry.enrolment.model import EnrolmentRow, IndexRow, RecordState, StatusRow

TEMPORARY = store.TEMPORARY


async def states(connection: Connection, record_ids: Sequence[int]) -> dict[int, RecordState]:
    """What is known of these records; those not there yet are left out."""
    return await store.states(connection, record_ids) if record_ids else {}


async def statuses_of_keys(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, int]:
    """The status now of the records of these keys, in the programmes in reach."""
    return await store.statuses_of_keys(connection, keys) if keys else {}


async def put(
    connection: Connection,
    *,
    enrolments: Sequence[EnrolmentRow],
    statuses: Sequence[StatusRow],
    index: Sequence[IndexRow],
    replaced: Sequence[Replaced],
) -> None:
    """Writes one chunk's rows. Benefits must be recorded before, so that totals can be added."""
    if enrolments:
        await store.put_enrolments(connection, enrolments)
    if statuses:
        await store.put_statuses(connection, statuses)
    if replaced:
        await store.drop_index(connection, replaced)
    if index:
        await store.put_index(connection, index)
    if replaced:
        # After the index, which tells an identifier that is gone from one that moved within it.
        await store.drop_confirmed(connection, replaced)
