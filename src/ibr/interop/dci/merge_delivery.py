"""A delivery's records merged, in one transaction or block by block, and its answer kept.

A crash between two blocks loses nothing: whoever comes next (the sender again, or the worker) goes
on at the next block, one at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from itertools import chain

from ibr.audit.events import DELIVERY_DONE
from ibr.audit.record import record_event
from ibr.clock import now
from ibr.db.locks import release_delivery, try_delivery
from ibr.db.pool import Connection
from ibr.deliveries import receive, refuse
from ibr.deliveries.model import Started
from ibr.errors import Unavailable
from ibr.intake.enrolment_updates import (
    Draft,
    Merged,
    Merger,
    draft_chunk,
    merge_chunk,
    source_of,
)
from ibr.intake.prepare import Item
from ibr.interop.dci import store
from ibr.interop.dci.answers import Answer
from ibr.interop.dci.check_delivery import (
    answer_held,
    answer_of,
    answer_refused,
    keep_answer,
    must_wait_large,
    signed_answer,
    stored_answer,
)
from ibr.interop.dci.outcomes import Outcomes
from ibr.interop.dci.reading_delivery import Block, Delivery, blocks_of
from ibr.interop.dci.services import Services
from ibr.reported.beneficiary import Refusal


async def merge_all(
    services: Services, delivery: Delivery, blocks: Iterable[Block], connection: Connection
) -> None:
    """Merges a delivery of few blocks in the caller's transaction."""
    for block in blocks:
        await _merge(services, delivery, block.items, connection)


async def _merge(
    services: Services,
    delivery: Delivery,
    items: list[Item],
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
    at = now()
    kept = signed_answer(services, delivery)
    await keep_answer(services, delivery, kept, connection)
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
            row, earlier = await _catch_up(services, delivery)
            if earlier is not None:
                return stored_answer(services, delivery.head.message_key, earlier)
            if row.state == "refused":
                return await answer_refused(services, delivery)
            held = row.state == "held"
            if not held and not row.checked:
                held = await must_wait_large(services, delivery)
            if held:
                return await answer_held(services, delivery)
            return await _merge_rest(services, delivery)
        finally:
            await release_delivery(guard, delivery.head.delivery_id)


async def _catch_up(services: Services, delivery: Delivery) -> tuple[Started, bytes | None]:
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
        return row, await store.stored_answer(connection, delivery.head.message_key)


async def _merge_rest(services: Services, delivery: Delivery) -> Answer:
    reach = delivery.asker.report | delivery.tally.programme_ids
    blocks: Iterator[list[Item]] = (block.items for block in blocks_of(services, delivery))
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
