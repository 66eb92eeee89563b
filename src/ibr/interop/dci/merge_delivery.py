"""A delivery's records merged, in one transaction or block by block, and its answer kept.

A crash between two blocks loses nothing: whoever comes next (the sender again, or the worker) goes
on at the next block, one at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

import msgspec

from ibr.asker import Asker
from ibr.audit.events import DELIVERY_DONE
from ibr.audit.record import record_event
from ibr.clock import now
from ibr.db.locks import release_delivery, try_delivery
from ibr.db.pool import Connection
from ibr.deliveries import receive, refuse
from ibr.deliveries.model import DeliveryHead, Tally
from ibr.errors import Unavailable
from ibr.intake.enrolment_updates import (
    Draft,
    Item,
    Merged,
    Merger,
    draft_chunk,
    merge_chunk,
    source_of,
)
from ibr.intake.prepare import Preparer
from ibr.interop.dci import store
from ibr.interop.dci.answers import Answer
from ibr.interop.dci.messages.read_beneficiary import read_beneficiary
from ibr.interop.dci.outcomes import Outcomes, compressed, decompressed, digest_of
from ibr.interop.dci.read_updates import Updates
from ibr.interop.dci.services import Services
from ibr.protection.seal import place_of
from ibr.reported.beneficiary import Refusal

ANSWER_ACTION: Final = "on-notify"
# Beyond this, compressed, an answer is sent piece by piece.
_LARGE_ANSWER: Final = 64 * 1024


class Delivery(msgspec.Struct):
    """One delivery while it is taken in."""

    asker: Asker
    sender_id: str
    updates: Updates
    head: DeliveryHead
    transaction_id: str
    correlation_id: str
    outcomes: Outcomes
    tally: Tally
    next_item: int = 0


def _items(services: Services, delivery: Delivery) -> Iterator[list[Item]]:
    """The delivery's records in blocks, read and checked."""
    preparer = Preparer(delivery.asker, services.book.programmes_by_code, services.blind_index)
    as_of = delivery.head.as_of
    currency_of = services.book.currency_of
    item_no = 0
    for block in delivery.updates.blocks():
        items: list[Item] = []
        for encoded in block:
            read = read_beneficiary(encoded, item_no, as_of, currency_of)
            items.append(read if isinstance(read, Refusal) else preparer.prepare(read))
            item_no += 1
        yield items


async def merge_all(services: Services, delivery: Delivery, connection: Connection) -> None:
    for items in _items(services, delivery):
        await _merge(services, delivery, items, connection)


async def _merge(
    services: Services,
    delivery: Delivery,
    items: Sequence[Item],
    connection: Connection,
    draft: Draft | None = None,
    before: Merged | None = None,
) -> Merged:
    merged = await merge_chunk(
        connection,
        Merger(services.sealer, services.blind_index),
        source_of(delivery.head.delivery_id, delivery.head.as_of, now()),
        items,
        delivery.tally,
        draft=draft,
        before=before,
    )
    refusals = [item for item in items if isinstance(item, Refusal)]
    first_item = delivery.next_item
    delivery.next_item += len(items)
    await receive.save_progress(
        connection,
        delivery.head.delivery_id,
        delivery.tally,
        refusals,
        first_item=first_item,
        next_item=delivery.next_item,
        done_at=None,
    )
    _say(delivery.outcomes, items)
    return merged


def _say(outcomes: Outcomes, items: Iterable[Item]) -> None:
    for item in items:
        if isinstance(item, Refusal):
            outcomes.refusal(item)
        else:
            outcomes.stored(item[0].reported.reference_id)


async def finish(services: Services, delivery: Delivery, connection: Connection) -> bytes:
    """Closes the delivery, in the transaction of its last record: event, answer, state."""
    outcomes, at = delivery.outcomes, now()
    all_refused = outcomes.refused == outcomes.count
    header = services.writer.header(
        ANSWER_ACTION,
        delivery.sender_id,
        status="rjct" if all_refused else "succ",
        total=outcomes.count,
        completed=outcomes.count,
        at=at,
        reason_code="rjct.errors.too_many" if all_refused else None,
    )

    def content() -> Iterator[bytes]:
        return outcomes.content(header, delivery.transaction_id, delivery.correlation_id)

    signature = services.writer.sign_digest(digest_of(content()))
    kept = compressed(signature, content())
    outcomes.close()
    key = delivery.head.message_key
    sealed = services.sealer.seal(kept, place_of("message_received", "answer", key))
    await store.keep_answer(connection, key, sealed)
    await receive.save_progress(
        connection,
        delivery.head.delivery_id,
        delivery.tally,
        (),
        first_item=delivery.next_item,
        next_item=delivery.next_item,
        done_at=at,
    )
    tally = delivery.tally
    await record_event(
        connection,
        kind=DELIVERY_DONE,
        asker=delivery.asker,
        details={
            "delivery": delivery.head.delivery_id,
            "programmes": sorted(tally.programme_ids),
            "stored": tally.stored,
            "unchanged": tally.unchanged,
            "refused": tally.refused,
        },
        at=at,
    )
    return kept


def answer_of(kept: bytes) -> Answer:
    if len(kept) > _LARGE_ANSWER:
        return Answer(200, b"", pieces=kept)
    return Answer(200, b"".join(decompressed(kept)))


def stored_answer(services: Services, key: bytes, sealed: bytes) -> Answer:
    """The answer that was kept with the message."""
    return answer_of(services.sealer.open(sealed, place_of("message_received", "answer", key)))


async def go_on(services: Services, delivery: Delivery) -> Answer:
    """Merges a large delivery block by block, each in a transaction, from where it stands.

    Rights are those the sender has now; what was merged under an earlier right stays merged, and
    its programmes stay in reach so that the delivery can be counted to its end.
    """
    async with services.database.session() as guard:
        if not await try_delivery(guard, delivery.head.delivery_id):
            raise Unavailable(
                "delivery.busy",
                "This delivery is being merged; ask again shortly.",
                retry_after=30,
            )
        try:
            earlier = await _catch_up(services, delivery)
            if earlier is not None:
                return stored_answer(services, delivery.head.message_key, earlier)
            return await _merge_rest(services, delivery)
        finally:
            await release_delivery(guard, delivery.head.delivery_id)


async def _catch_up(services: Services, delivery: Delivery) -> bytes | None:
    """Reads, now that nobody else is at it, where the delivery stands; its answer if it is done.

    What was read before the lock was held may be old: another may have merged on, or to the end.
    """
    async with services.database.transaction(services.book.programmes) as connection:
        row = await receive.delivery(connection, delivery.head.delivery_id)
        if row is None:
            raise Unavailable(
                "delivery.busy", "This delivery cannot be read now; ask again shortly."
            )
        delivery.tally, delivery.next_item = row.tally, row.next_item
        return await store.stored_answer(connection, delivery.head.message_key)


async def _merge_rest(services: Services, delivery: Delivery) -> Answer:
    reach = delivery.asker.report | delivery.tally.programme_ids
    blocks = _items(services, delivery)
    if delivery.next_item:
        blocks = await _say_again(services, delivery, blocks)
    # The next block is read, checked and drafted while the database writes the one before.
    ahead = asyncio.create_task(_next_block(services, delivery, blocks, reach))
    before: Merged | None = None
    try:
        while (block := await ahead) is not None:
            ahead = asyncio.create_task(_next_block(services, delivery, blocks, reach))
            items, draft = block
            async with services.database.transaction(reach) as connection:
                before = await _merge(services, delivery, items, connection, draft, before)
    finally:
        # The thread still reads what the caller is about to close.
        await asyncio.gather(ahead, return_exceptions=True)
    async with services.database.transaction(reach) as connection:
        kept = await finish(services, delivery, connection)
    return answer_of(kept)


async def _next_block(
    services: Services,
    delivery: Delivery,
    blocks: Iterator[list[Item]],
    reach: Iterable[int],
) -> tuple[list[Item], Draft] | None:
    """The next block with a draft of what it changes; None after the last."""
    items = await asyncio.to_thread(next, blocks, None)
    if items is None:
        return None
    source = source_of(delivery.head.delivery_id, delivery.head.as_of, now())
    merger = Merger(services.sealer, services.blind_index)
    async with services.database.transaction(reach) as connection:
        return items, await draft_chunk(connection, merger, source, items)


async def _say_again(
    services: Services, delivery: Delivery, blocks: Iterator[list[Item]]
) -> Iterator[list[Item]]:
    """Repeats the outcomes of what was committed before a crash; returns what is left to merge.

    An outcome is what it was then, whatever the sender's rights are now. Blocks may have been cut
    differently then, so the first one left may be the rest of one.
    """
    async with services.database.transaction(services.book.programmes) as connection:
        refused = {
            refusal.item_no: refusal
            for refusal in await refuse.refused_items(connection, delivery.head.delivery_id)
        }
    item_no = 0
    while item_no < delivery.next_item:
        items = await asyncio.to_thread(next, blocks)
        for place, item in enumerate(items):
            if item_no == delivery.next_item:
                return chain([items[place:]], blocks)
            if item_no in refused:
                delivery.outcomes.refusal(refused[item_no])
            elif isinstance(item, Refusal):
                delivery.outcomes.stored(item.reference_id)
            else:
                delivery.outcomes.stored(item[0].reported.reference_id)
            item_no += 1
    return blocks
