"""Finishes deliveries whose process died, from the bytes that were kept, without the sender."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from ibr.clock import now, written
from ibr.deliveries import receive
from ibr.deliveries.model import Started
from ibr.errors import RegistryError, Unavailable
from ibr.interop.dci import store
from ibr.interop.dci.enrollment_updates import decrypted_updates
from ibr.interop.dci.merge_delivery import go_on
from ibr.interop.dci.outcomes import Outcomes
from ibr.interop.dci.read_updates import read_updates
from ibr.interop.dci.reading_delivery import Delivery
from ibr.interop.dci.services import Services
from ibr.log import logger
from ibr.protection.spool import Spool
from ibr_messages.encryption import is_encrypted

# Whoever took the delivery in is given this long to begin merging it.
LEFT_ALONE: Final = timedelta(seconds=30)


async def to_resume(services: Services) -> list[int]:
    """Deliveries that nobody is at work on although they are not done."""
    await services.book.refresh()
    async with services.database.transaction(services.book.programmes) as connection:
        return await receive.left_behind(connection, now() - LEFT_ALONE)


async def resume(services: Services, delivery_id: int) -> None:
    """Merges the rest of a delivery and keeps its answer for the sender's next try.

    The signature was checked before the bytes were stored, and is not checked again. A partner
    shut out since then changes nothing: the delivery was accepted.
    """
    await services.book.refresh()
    async with services.database.transaction(services.book.programmes) as connection:
        row = await receive.delivery(connection, delivery_id)
        # A file is finished by the folder that reads files.
        if row is None or row.state not in ("received", "refused") or row.head.door != "message":
            return
        received = await store.received(connection, row.head.message_key)
    body = Spool(services.spool_folder)
    try:
        await _fetch(services, row, body)
        await _finish(services, row, body, *received)
    finally:
        body.close()


async def _fetch(services: Services, row: Started, body: Spool) -> None:
    """The stored parts, set aside again: reading them may take longer than a transaction may."""
    async with services.database.transaction(()) as connection:
        pieces = receive.body_pieces(connection, row.head.delivery_id, services.sealer)
        async for piece in pieces:
            await asyncio.to_thread(body.write, piece)


async def _finish(
    services: Services, row: Started, body: Spool, transaction_id: str, correlation_id: str
) -> None:
    partner = await services.book.by_number(row.head.partner_id)
    if partner is None:
        raise Unavailable("partner.unknown", "The sender of this delivery is not known any more.")
    updates = await asyncio.to_thread(read_updates, body, services.spool_folder)
    if is_encrypted(updates.message):
        updates = await decrypted_updates(services, updates, now(), accepted_before=True)
    outcomes = Outcomes(services.spool_folder, written(row.head.received_at))
    try:
        delivery = Delivery(
            partner.asker(partner.scopes),
            partner.sender_id,
            updates,
            row.head,
            transaction_id,
            correlation_id,
            outcomes,
            row.tally,
            row.next_item,
        )
        await go_on(services, delivery)
        logger().info("a delivery was finished", delivery_id=row.head.delivery_id)
    except RegistryError as refused:
        logger().warning(
            "a delivery could not be finished",
            delivery_id=row.head.delivery_id,
            code=refused.code,
        )
        raise
    finally:
        outcomes.close()
        updates.close()
