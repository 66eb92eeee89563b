"""A merged delivery read again from the bytes that were kept, as it was understood then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

from ibr.asker import Asker, Purpose
from ibr.clock import now, written
from ibr.db.pool import Connection
from ibr.deliveries import receive, refuse
from ibr.deliveries.acts.reach_back import Earlier
from ibr.deliveries.model import Started, Tally
from ibr.errors import Unavailable
from ibr.intake.enrolment_updates import Merger
from ibr.intake.prepare import Prepared
from ibr.intake.undo_delivery import Reader, Undoer
from ibr.interop.dci.enrollment_updates import decrypted_updates
from ibr.interop.dci.outcomes import Outcomes
from ibr.interop.dci.read_updates import read_updates
from ibr.interop.dci.reading_delivery import Delivery, blocks_of
from ibr.interop.dci.services import Services
from ibr.protection.spool import Spool
from ibr.reported.beneficiary import Refusal
from ibr_messages.encryption import is_encrypted


def undoer(services: Services, **readers: Reader) -> Undoer:
    """What undoing deliveries needs; `readers` read those of other doors, by the door's name."""
    return Undoer(
        database=services.database,
        merger=Merger(services.sealer, services.blind_index),
        spool_folder=services.spool_folder,
        programmes=frozenset(services.book.programmes),
        readers={"message": partial(merged_records, services), **readers},
        now=now,
    )


async def merged_records(services: Services, earlier: Earlier) -> AsyncIterator[list[Prepared]]:
    """The records of a delivery that were merged, block by block.

    What was refused then stays refused, and what was taken is read with every programme in reach,
    whatever its sender may report now. Unavailable where a record that was taken cannot be read
    any more: then nothing may be worked out without it.
    """
    body = Spool(services.spool_folder)
    try:
        async with services.database.transaction(services.book.programmes) as connection:
            started = await receive.delivery(connection, earlier.delivery_id)
            refused = {
                each.item_no for each in await refuse.refused_items(connection, earlier.delivery_id)
            }
        async with services.database.transaction(()) as connection:
            await _fetch(services, connection, earlier.delivery_id, body)
        if started is None:
            raise _unreadable()
        async for block in _blocks(services, started, body, earlier, refused):
            yield block
    finally:
        body.close()


async def _fetch(services: Services, connection: Connection, delivery_id: int, body: Spool) -> None:
    async for piece in receive.body_pieces(connection, delivery_id, services.sealer):
        await asyncio.to_thread(body.write, piece)


async def _blocks(
    services: Services, started: Started, body: Spool, earlier: Earlier, refused: set[int]
) -> AsyncIterator[list[Prepared]]:
    updates = await asyncio.to_thread(read_updates, body, services.spool_folder)
    if is_encrypted(updates.message):
        updates = await decrypted_updates(services, updates, now(), accepted_before=True)
    outcomes = Outcomes(services.spool_folder, written(started.head.received_at))
    try:
        delivery = Delivery(
            _registry(services), "", updates, started.head, "", "", outcomes, Tally()
        )
        blocks = blocks_of(services, delivery)
        item_no = 0
        while (block := await asyncio.to_thread(next, blocks, None)) is not None:
            kept: list[Prepared] = []
            for item in block.items:
                if item_no < earlier.merged and item_no not in refused:
                    if isinstance(item, Refusal):
                        raise _unreadable()
                    kept += item
                item_no += 1
            yield kept
    finally:
        outcomes.close()
        updates.close()


def _registry(services: Services) -> Asker:
    every = frozenset(services.book.programmes)
    return Asker(
        kind="registry",
        id=0,
        name="The registry",
        purpose=Purpose("official_duty"),
        ask=every,
        report=every,
    )


def _unreadable() -> Unavailable:
    return Unavailable(
        "delivery.unreadable",
        "An earlier delivery about the same people cannot be read any more, so it cannot be worked "
        "out what they are without this one. Ask its sender for a correction instead.",
    )
