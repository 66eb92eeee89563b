"""/registry/sync/enrollment/updates: a programme's system tells who was enrolled and what was paid.

A delivery of one block is one transaction: claim, bytes, records, answer. A larger one is
several: first claim and bytes, then block after block, then the answer; a crash in between loses
nothing, and whoever comes next (the sender again, or the worker) goes on at the next block.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Final

import msgspec

from ibr.asker import Asker
from ibr.audit.events import DELIVERY_DONE
from ibr.audit.record import record_event
from ibr.clock import now, written
from ibr.db.locks import release_delivery, try_delivery
from ibr.db.pool import Connection
from ibr.deliveries import receive, refuse
from ibr.deliveries.model import DeliveryHead, Tally
from ibr.errors import Conflict, NotUnderstood, Unavailable
from ibr.ids import new_token
from ibr.intake.enrolment_updates import Item, Merger, merge_chunk, source_of
from ibr.intake.prepare import Preparer
from ibr.interop.dci import store
from ibr.interop.dci.answers import Answer, Operation
from ibr.interop.dci.envelope import Caller, Opened
from ibr.interop.dci.messages.header import read_count, read_transaction_id
from ibr.interop.dci.messages.read_beneficiary import read_beneficiary
from ibr.interop.dci.outcomes import Outcomes, compressed, decompressed, digest_of
from ibr.interop.dci.read_updates import Updates, read_updates
from ibr.interop.dci.services import Services
from ibr.periods import read_month
from ibr.protection.seal import place_of
from ibr.reported.beneficiary import Refusal

ACTIONS: Final = frozenset({"notify", "register", "enrollment-updates"})
OPERATION: Final = Operation(
    "enrollment_updates",
    "notify",
    "on-notify",
    {"transaction_id": "", "correlation_id": "", "enrolled_response": []},
)
KIND: Final = "enrollment_updates"
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


async def take_updates(services: Services, body: Iterable[bytes], caller: Caller) -> Answer:
    """Takes one delivery in and answers with one outcome a record.

    `body` gives the bytes in pieces, and gives them again each time it is iterated.
    """
    updates = await asyncio.to_thread(read_updates, body, services.spool_folder)
    try:
        opened = _open(services, updates, body, caller)
        transaction_id = _check(updates, opened)
        return await _take(services, updates, opened, body, transaction_id)
    finally:
        updates.close()


def _open(services: Services, updates: Updates, body: Iterable[bytes], caller: Caller) -> Opened:
    return services.envelopes.check(
        header=updates.header,
        message=updates.message,
        signature=updates.signature,
        digests=lambda profile: updates.digests(body, profile),
        body_digest=digest_of(body),
        caller=caller,
        actions=ACTIONS,
        at=now(),
    )


def _check(updates: Updates, opened: Opened) -> str:
    """What must be right of the message as a whole; returns its transaction id."""
    if not updates.has_list:
        raise NotUnderstood(
            "message.schema",
            "message.enrolled_updates.beneficiaries must be an array of beneficiaries.",
        )
    if updates.count == 0:
        raise NotUnderstood(
            "message.total_count", "The message holds no beneficiary; send at least one."
        )
    if opened.header.total_count != updates.count:
        raise NotUnderstood(
            "message.total_count",
            f"header.total_count says {opened.header.total_count}, but the message holds "
            f"{updates.count} beneficiaries. Nothing was stored.",
        )
    given = read_transaction_id(opened.message.get("transaction_id"))
    return given or opened.header.message_id[:99]


async def _take(
    services: Services,
    updates: Updates,
    opened: Opened,
    body: Iterable[bytes],
    transaction_id: str,
) -> Answer:
    whole = updates.block_count <= 1
    reach = opened.asker.report
    async with services.database.transaction(reach) as connection:
        correlation_id = new_token()
        earlier = await store.claim_message(
            connection,
            key=opened.message_key,
            partner_id=opened.partner.partner_id,
            kind=KIND,
            body_digest=opened.body_digest,
            transaction_id=transaction_id,
            correlation_id=correlation_id,
            at=opened.at,
        )
        if earlier is None:
            delivery = await _new(
                services, updates, opened, connection, transaction_id, correlation_id
            )
            await receive.open_delivery(connection, delivery.head, body, services.sealer)
            if whole:
                await _merge_all(services, delivery, connection)
                kept = await _finish(services, delivery, connection)
    if earlier is not None:
        return await _again(services, updates, opened, earlier, transaction_id)
    if whole:
        return _answer(kept)
    return await go_on(services, delivery)


async def _new(
    services: Services,
    updates: Updates,
    opened: Opened,
    connection: Connection,
    transaction_id: str,
    correlation_id: str,
) -> Delivery:
    meta = opened.header.meta
    head = DeliveryHead(
        delivery_id=await receive.new_delivery_id(connection),
        partner_id=opened.partner.partner_id,
        message_key=opened.message_key,
        door="message",
        cycle=_cycle(meta.get("cycle")),
        sequence=read_count(meta.get("sequence")),
        mode="delta",
        as_of=opened.header.sent_at,
        body_digest=opened.body_digest,
        body_bytes=updates.body_bytes,
        key_kid=opened.key_kid,
        control_total=opened.header.total_count,
        received_at=opened.at,
    )
    return Delivery(
        opened.asker,
        opened.partner.sender_id,
        updates,
        head,
        transaction_id,
        correlation_id,
        Outcomes(services.spool_folder, written(opened.at)),
        Tally(),
    )


def _cycle(value: object) -> str | None:
    """The reporting period that header.meta.cycle names; nothing when it names none."""
    try:
        return str(read_month(value)) if isinstance(value, str) else None
    except NotUnderstood:
        return None


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


async def _merge_all(services: Services, delivery: Delivery, connection: Connection) -> None:
    for items in _items(services, delivery):
        await _merge(services, delivery, items, connection)


async def _merge(
    services: Services, delivery: Delivery, items: Sequence[Item], connection: Connection
) -> None:
    merger = Merger(services.sealer, services.blind_index)
    source = source_of(delivery.head.delivery_id, delivery.head.as_of, now())
    await merge_chunk(connection, merger, source, items, delivery.tally)
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


def _say(outcomes: Outcomes, items: Iterable[Item]) -> None:
    for item in items:
        if isinstance(item, Refusal):
            outcomes.refusal(item)
        else:
            outcomes.stored(item[0].reported.reference_id)


async def _finish(services: Services, delivery: Delivery, connection: Connection) -> bytes:
    """Closes the delivery, in the transaction of its last record: event, answer, state."""
    outcomes, at = delivery.outcomes, now()
    all_refused = outcomes.refused == outcomes.count
    header = services.writer.header(
        OPERATION.answer_action,
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


def _answer(kept: bytes) -> Answer:
    if len(kept) > _LARGE_ANSWER:
        return Answer(200, b"", pieces=kept)
    return Answer(200, b"".join(decompressed(kept)))


async def _again(
    services: Services,
    updates: Updates,
    opened: Opened,
    earlier: Any,
    transaction_id: str,
) -> Answer:
    """The same message once more: the stored answer, or the rest of the work."""
    if earlier["body_digest"] != opened.body_digest or earlier["kind"] != KIND:
        raise Conflict(
            "message.duplicate",
            "This message_id was used before with another content; give each message its own id.",
        )
    if earlier["answer"] is not None:
        return _stored(services, opened.message_key, earlier["answer"])
    # Looked for in every programme: the sender may have lost the right to one of them meanwhile.
    async with services.database.transaction(services.book.programmes) as connection:
        row = await receive.delivery_of(connection, opened.message_key)
    if row is None:
        raise Unavailable("delivery.busy", "This message is being taken in; ask again shortly.")
    delivery = Delivery(
        opened.asker,
        opened.partner.sender_id,
        updates,
        row.head,
        transaction_id,
        earlier["correlation_id"],
        Outcomes(services.spool_folder, written(row.head.received_at)),
        row.tally,
        row.next_item,
    )
    return await go_on(services, delivery)


def _stored(services: Services, key: bytes, sealed: bytes) -> Answer:
    return _answer(services.sealer.open(sealed, place_of("message_received", "answer", key)))


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
                return _stored(services, delivery.head.message_key, earlier)
            return await _merge_rest(services, delivery)
        finally:
            await release_delivery(guard, delivery.head.delivery_id)


async def _catch_up(services: Services, delivery: Delivery) -> bytes | None:
    """Reads, now that nobody else is at it, where the delivery stands; its answer if it is done.

    What was read before the lock was held may be old: another may have merged on, or to the end.
    """
    async with services.database.transaction(services.book.programmes) as connection:
        row = await receive.delivery(connection, delivery.head.delivery_id)
        assert row is not None
        delivery.tally, delivery.next_item = row.tally, row.next_item
        return await store.stored_answer(connection, delivery.head.message_key)


async def _merge_rest(services: Services, delivery: Delivery) -> Answer:
    reach = delivery.asker.report | delivery.tally.programme_ids
    blocks = _items(services, delivery)
    if delivery.next_item:
        blocks = await _say_again(services, delivery, blocks)
    # The next block is read and checked while the database merges the one before.
    ahead = asyncio.create_task(asyncio.to_thread(next, blocks, None))
    try:
        while (items := await ahead) is not None:
            ahead = asyncio.create_task(asyncio.to_thread(next, blocks, None))
            async with services.database.transaction(reach) as connection:
                await _merge(services, delivery, items, connection)
    finally:
        # The thread still reads what the caller is about to close.
        await asyncio.wait({ahead})
    async with services.database.transaction(reach) as connection:
        kept = await _finish(services, delivery, connection)
    return _answer(kept)


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
