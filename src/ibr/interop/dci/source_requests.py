"""Orders carried out: questions and subscriptions to other registries, block by block.

Each block is one transaction: whom it is about, the ledger, the audit event, the message in the
outbox and how far the order has got, together or not at all. Nothing is sent from here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from ibr.access.model import Partner
from ibr.asker import Asker
from ibr.clock import now, written
from ibr.db.pool import Connection
from ibr.interop.dci.services import Services
from ibr.interop.dci.source_messages import (
    item,
    of_everybody,
    of_person,
    promise_question,
    request_header,
    search_criteria,
    subscribe_criteria,
)
from ibr.log import logger
from ibr.questions.people_to_ask import Block as People
from ibr.questions.people_to_ask import Identified, people_to_ask, write_down
from ibr.sources.asked import orders
from ibr.sources.asked.model import Kind, Order, OrderKind, Question
from ibr.sources.listening import keep
from ibr.sources.listening.model import Subscribing
from ibr.sources.model import Source
from ibr.sources.register_source import source_by_number

# The kind of job that carries an order out; its argument is the order's number.
CARRY_OUT: Final = "carry_out_order"
# A subscription is asked for again when it ends within this time.
_RENEW: Final = timedelta(days=14)

Object = dict[str, Any]


class Block(msgspec.Struct, frozen=True):
    """One step of an order inside its transaction."""

    services: Services
    connection: Connection
    order: Order
    source: Source
    partner: Partner
    asker: Asker
    at: datetime


def order_job(order_no: int) -> tuple[str, dict[str, Any], str]:
    """The job that carries an order out: its kind, its arguments, and a key, so that there is
    never more than one."""
    return CARRY_OUT, {"order": order_no}, f"{CARRY_OUT} {order_no}"


async def enqueue_order(services: Services, connection: Connection, order_no: int) -> None:
    """Makes the job that carries the order out; nothing where it has one already."""
    kind, arguments, key = order_job(order_no)
    await services.enqueue(connection, kind, arguments, key=key)


async def carry_out(services: Services, order_no: int) -> None:
    """Goes on with an order until it is done, or until the source has enough to answer."""
    while await _step(services, order_no):
        pass


async def _step(services: Services, order_no: int) -> bool:
    """One block; False when nothing is to be done now."""
    await services.book.refresh()
    programmes = frozenset(services.book.programmes)
    async with services.database.transaction(programmes) as connection:
        order = await orders.held(connection, order_no)
        if order is None:
            return False
        at = now()
        source = await source_by_number(connection, order.source_id)
        partner = await services.book.by_number(source.partner_id) if source else None
        if source is None or partner is None or partner.suspended:
            logger().warning("an order ends with its source", reason="source.ended")
            await orders.finish(connection, order, at)
            return False
        if await orders.waits(connection, source):
            return False
        asker = source.asker(programmes)
        block = Block(services, connection, order, source, partner, asker, at)
        if not await _STEPS[order.kind](block):
            await orders.finish(connection, order, at)
            return False
        return True


async def _search(block: Block) -> bool:
    next_block = await _people(block)
    if next_block.people:
        await _ask_about(block, next_block.people)
    await orders.advance(block.connection, block.order, next_block.reached, len(next_block.people))
    return not next_block.end


async def _ask_about(block: Block, people: Sequence[Identified]) -> None:
    asked, header = _begun(block, "search", len(people))
    items = [
        item(
            asked,
            number,
            {"search_criteria": search_criteria(block.source, each.value, block.at)},
        )
        for number, each in enumerate(people, 1)
    ]
    await _ask(block, asked, header, [each.subject for each in people], {"search_request": items})


async def _subscribe(block: Block) -> bool:
    source = block.source
    until = block.at + min(_RENEW, timedelta(days=source.subscription_days) / 4)
    if block.order.chosen.everyone:
        if not await keep.hears_everyone(block.connection, source.source_id, until):
            await _listen(block, [of_everybody(source, block.at)], [None])
        return False
    next_block = await _people(block)
    people = next_block.people
    heard = await keep.heard_of(
        block.connection, source.source_id, [each.subject for each in people], until
    )
    fresh = [each for each in people if each.subject not in heard]
    if fresh:
        filters = [of_person(source, each.value) for each in fresh]
        await _listen(block, filters, [each.subject for each in fresh])
    await orders.advance(block.connection, block.order, next_block.reached, len(fresh))
    return not next_block.end


async def _listen(
    block: Block, filters: Sequence[Object], subjects: Sequence[bytes | None]
) -> None:
    """Asks for a subscription for each filter; without a subject it is about everybody."""
    source, at = block.source, block.at
    ends_at = at + timedelta(days=source.subscription_days)
    asked, header = _begun(block, "subscribe", len(filters))
    items = [
        item(
            asked,
            number,
            {"subscribe_criteria": subscribe_criteria(source, narrowed, at, ends_at)},
        )
        for number, narrowed in enumerate(filters, 1)
    ]
    named = [each or orders.NOBODY for each in subjects]
    number = await _ask(block, asked, header, named, {"subscribe_request": items})
    wanted = [
        Subscribing(
            item_no=place,
            subject=subject,
            event_type=source.event_type,
            starts_at=at,
            ends_at=ends_at,
        )
        for place, subject in enumerate(subjects, 1)
    ]
    await keep.asked(block.connection, source.source_id, number, wanted)


async def _unsubscribe(block: Block) -> bool:
    source = block.source
    codes = await keep.active_codes(block.connection, source.source_id, source.batch_size)
    if not codes:
        return False
    asked, header = _begun(block, "unsubscribe", len(codes))
    message = {"timestamp": written(block.at), "subscription_codes": codes}
    number = await _ask(block, asked, header, [], message)
    await keep.ending(block.connection, source.source_id, codes, number)
    await orders.advance(block.connection, block.order, b"", len(codes))
    return True


_STEPS: Final[dict[OrderKind, Callable[[Block], Awaitable[bool]]]] = {
    "search": _search,
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
}


async def _people(block: Block) -> People:
    return await people_to_ask(
        block.connection,
        block.services.sealer,
        block.asker,
        block.source,
        block.order.chosen,
        after=block.order.reached,
        most=block.source.batch_size,
    )


def _begun(block: Block, kind: Kind, items: int) -> tuple[Question, Object]:
    header = request_header(block.services, block.partner, kind, items, block.at)
    asked = orders.question(
        block.source, kind, items, header["message_id"], block.at, order_no=block.order.order_no
    )
    return asked, header


async def _ask(
    block: Block, asked: Question, header: Object, subjects: Sequence[bytes], message: Object
) -> int:
    """Keeps the question, writes it down and promises the message; its number."""
    number = await orders.begin(block.connection, asked, subjects)
    await write_down(
        block.connection,
        block.asker,
        block.source,
        block.order.kind,
        [each for each in subjects if each != orders.NOBODY],
        transaction_id=asked.transaction_id,
        items=asked.items,
        at=block.at,
    )
    await promise_question(
        block.services, block.connection, block.source, block.partner, asked, header, message
    )
    return number
