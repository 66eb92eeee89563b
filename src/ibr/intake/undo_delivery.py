"""Voids a delivery, or lets a voided one count again: its records become what the others say.

Nothing is undone step by step. For every record that the delivery spoke of, all other deliveries
that count are read again from the bytes they came in, and the record is worked out from nothing;
what differs from how it stands is written, and what that takes the place of is kept beside it. So
the outcome is that of the other deliveries alone, in whatever order anything came.

Records are worked on in blocks, each in a transaction of its own, under the same locks as merging.
A crash in between leaves the delivery on its way; whoever comes next begins again, and finds the
blocks that were done unchanged.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from ibr.audit.events import DELIVERY_UNDONE
from ibr.audit.record import record_event
from ibr.db.locks import hold_programmes, release_delivery, try_delivery
from ibr.db.pool import Connection, Database
from ibr.db.staging import prepare as prepare_tables
from ibr.deliveries.acts import decide, reach_back
from ibr.deliveries.acts.model import Undoing
from ibr.deliveries.acts.reach_back import Chunk, Earlier
from ibr.errors import Unavailable
from ibr.intake.enrolment_updates import TEMPORARY, Merger
from ibr.intake.erased import enrolled_anew
from ibr.intake.plan import Planner
from ibr.intake.prepare import Prepared
from ibr.intake.restating import Difference
from ibr.intake.rows import Known, Rows, Source
from ibr.keeping.erasure.kept_out import erased
from ibr.protection.spool import Spool
from ibr.registry.beneficiaries import record_beneficiary
from ibr.registry.programmes.merges import count_merge
from ibr.registry.withdrawn import restate

BLOCK: Final = 2_000
# Reports set aside for a block before they go to its spool.
_WAITING: Final = 500

# Reads the records of a delivery again that were merged of it, with the delivery's own clock.
Reader = Callable[[Earlier], AsyncIterator[list[Prepared]]]


class Report(msgspec.Struct, frozen=True):
    """One record of an earlier delivery, as it was said then."""

    delivery_id: int
    as_of: datetime
    known_at: datetime
    prepared: Prepared


class Undoer(msgspec.Struct, frozen=True, kw_only=True):
    """What undoing needs; `database` acts as the worker, `programmes` are all there are.

    `readers` read deliveries again, by the door they came through.
    """

    database: Database
    merger: Merger
    spool_folder: Path
    programmes: frozenset[int]
    readers: dict[str, Reader]
    now: Callable[[], datetime]


async def undo(undoer: Undoer, undoing: Undoing) -> dict[str, int]:
    """Carries one void or return out to its end; returns how much changed.

    Unavailable when somebody else is at it, or when news of the same records came in meanwhile:
    then it is begun again later.
    """
    async with undoer.database.session() as guard:
        if not await try_delivery(guard, undoing.delivery_id):
            raise Unavailable("delivery.busy", "Somebody else is at work on this delivery.")
        try:
            return await _undo(undoer, undoing)
        finally:
            await release_delivery(guard, undoing.delivery_id)


async def _undo(undoer: Undoer, undoing: Undoing) -> dict[str, int]:
    async with undoer.database.transaction(undoer.programmes) as connection:
        records = await reach_back.records_of(connection, undoing.delivery_id)
        seen = await reach_back.chunks(connection, undoing)
        earlier = await reach_back.to_read(connection, undoing, records)
    blocks = [records[at : at + BLOCK] for at in range(0, len(records), BLOCK)]
    totals: dict[str, int] = {"records": len(records)}
    shelves = _Shelves(undoer.spool_folder, blocks)
    try:
        await _gather(undoer, earlier, shelves)
        for number, block in enumerate(blocks):
            async with undoer.database.transaction(undoer.programmes) as connection:
                counts = await _restate(
                    undoer, undoing, connection, block, shelves.reports(number), seen
                )
            for name, count in counts.items():
                totals[name] = totals.get(name, 0) + count
    finally:
        shelves.close()
    async with undoer.database.transaction(undoer.programmes) as connection:
        await hold_programmes(connection, undoing.programme_ids)
        await restate.close_months(connection, undoing.programme_ids)
        await decide.undone(connection, undoing, totals, undoer.now())
        await record_event(
            connection,
            kind=DELIVERY_UNDONE,
            asker=None,
            details={"delivery": undoing.delivery_id, "what": undoing.state, **totals},
            at=undoer.now(),
        )
    return totals


async def _gather(undoer: Undoer, earlier: Sequence[Earlier], shelves: _Shelves) -> None:
    """Reads the other deliveries, and sets aside what they say of the records concerned."""
    for each in earlier:
        async for block in undoer.readers[each.door](each):
            keys = [prepared.record_key for prepared in block]
            async with undoer.database.transaction(undoer.programmes) as connection:
                numbers = await record_beneficiary.numbers_of(connection, keys)
                gone = await erased(connection, numbers)
            for prepared in block:
                number = numbers.get(prepared.record_key)
                at = gone.get(prepared.record_key)
                # What was said before an erasure is never said again of who enrolled anew.
                before = at is not None and not enrolled_anew(
                    prepared, at, each.as_of, known=each.known_at > at
                )
                if number is not None and not before:
                    shelves.add(number, each, prepared)


async def _restate(
    undoer: Undoer,
    undoing: Undoing,
    connection: Connection,
    block: Sequence[int],
    reports: Sequence[Report],
    seen: set[Chunk],
) -> dict[str, int]:
    at = undoer.now()
    await hold_programmes(connection, undoing.programme_ids)
    await prepare_tables(connection, *TEMPORARY)
    # Whoever drafted a chunk ahead by how these records stood must draft it anew.
    await count_merge(connection, undoing.programme_ids)
    if await reach_back.chunks(connection, undoing, block) - seen:
        raise Unavailable(
            "delivery.busy", "News of the same records came in meanwhile; it is begun again."
        )
    now = await restate.standing_of(connection, block)
    said = await _replayed(undoer, connection, reports)
    difference = Difference(undoer.merger.sealer, undoing.delivery_id, at)
    new = difference.between(block, now, said)
    await restate.put(connection, new, undoing.delivery_id, at)
    return new.counts


async def _replayed(undoer: Undoer, connection: Connection, reports: Sequence[Report]) -> Rows:
    """The rows that these reports alone add up to."""
    if not reports:
        return Rows()
    numbers = await record_beneficiary.numbers_of(
        connection, [each.prepared.record_key for each in reports]
    )
    kinds = {each.known_as.kind for report in reports for each in report.prepared.known}
    type_ids = await record_beneficiary.identifier_types(connection, kinds)
    first = reports[0]
    planner = Planner(
        undoer.merger.sealer,
        undoer.merger.blind_index,
        Source(first.delivery_id, first.as_of, first.known_at),
    )
    return planner.replay(
        ((Source(each.delivery_id, each.as_of, each.known_at), each.prepared) for each in reports),
        Known(numbers, {}, {}, {}, type_ids),
    )


class _Shelves:
    """Reports by the block of records that they are about; sealed on disk where there are many."""

    def __init__(self, folder: Path, blocks: Sequence[Sequence[int]]) -> None:
        self._place = {record: number for number, each in enumerate(blocks) for record in each}
        self._spools = [Spool(folder) for _ in blocks]
        self._waiting: list[list[Report]] = [[] for _ in blocks]

    def add(self, record_id: int, earlier: Earlier, prepared: Prepared) -> None:
        """Sets a report aside, where it is of a record that is worked on."""
        number = self._place.get(record_id)
        if number is None:
            return
        waiting = self._waiting[number]
        waiting.append(Report(earlier.delivery_id, earlier.as_of, earlier.known_at, prepared))
        if len(waiting) >= _WAITING:
            self._write(number)

    def _write(self, number: int) -> None:
        self._spools[number].write(msgspec.msgpack.encode(self._waiting[number]))
        self._waiting[number] = []

    def reports(self, number: int) -> list[Report]:
        """What was set aside for a block, in the order it came; for one use."""
        if self._waiting[number]:
            self._write(number)
        return list(self._read(number))

    def _read(self, number: int) -> Iterator[Report]:
        for piece in self._spools[number]:
            yield from msgspec.msgpack.decode(piece, type=list[Report])

    def close(self) -> None:
        for each in self._spools:
            each.close()
