"""Looks a delivery through before any of it is merged, and says so where it must wait.

A delivery that is held was acknowledged: its bytes are stored, signed for and kept. Its answer says
`pdng` for the delivery and for each record, since `succ` promises that a record is merged. The
final answer is kept once a person has decided; the same message again, or transaction status,
brings it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any, Final

from ibr.audit.events import DELIVERY_HELD, DELIVERY_NOT_TAKEN
from ibr.audit.record import record_event
from ibr.clock import now
from ibr.db.pool import Connection
from ibr.deliveries import receive
from ibr.deliveries.acts import decide
from ibr.deliveries.checks.judge import anomalies_of, check_delivery
from ibr.deliveries.checks.rules import is_held
from ibr.deliveries.checks.words import to_sender
from ibr.intake.count_items import ItemCount
from ibr.interop.dci import store
from ibr.interop.dci.answers import Answer
from ibr.interop.dci.outcomes import compressed, decompressed, digest_of
from ibr.interop.dci.reading_delivery import Block, Delivery, blocks_of
from ibr.interop.dci.services import Services
from ibr.protection.seal import place_of
from ibr.reported.beneficiary import Refusal

ANSWER_ACTION: Final = "on-notify"
# Beyond this, compressed, an answer is sent piece by piece.
_LARGE_ANSWER: Final = 64 * 1024
_WAITS: Final = "Stored; waits for a person at the registry to look at the delivery."


async def must_wait(delivery: Delivery, blocks: Iterable[Block], connection: Connection) -> bool:
    """Checks a delivery of few blocks within the transaction that stores it; whether it is held."""
    count = ItemCount(delivery.head.cycle, delivery.head.as_of)
    for block in blocks:
        count.add_bytes(block.encoded)
        await count.add(connection, block.items)
    return await _judge(delivery, count, connection)


async def must_wait_large(services: Services, delivery: Delivery) -> bool:
    """Checks a stored delivery of many blocks, each looked up in a transaction of its own."""
    count = ItemCount(delivery.head.cycle, delivery.head.as_of)
    reach = delivery.asker.report
    blocks = blocks_of(services, delivery)
    while (block := await asyncio.to_thread(next, blocks, None)) is not None:
        await asyncio.to_thread(count.add_bytes, block.encoded)
        async with services.database.transaction(reach) as connection:
            await count.add(connection, block.items)
    async with services.database.transaction(reach) as connection:
        return await _judge(delivery, count, connection)


async def _judge(delivery: Delivery, count: ItemCount, connection: Connection) -> bool:
    at, head = now(), delivery.head
    anomalies = await check_delivery(connection, head, count.counted(), at)
    if not is_held(anomalies):
        return False
    await decide.hold(connection, head.delivery_id, at)
    await record_event(
        connection,
        kind=DELIVERY_HELD,
        asker=delivery.asker,
        details={
            "delivery": head.delivery_id,
            "why": sorted({each.code for each in anomalies if each.level == "hold"}),
        },
        at=at,
    )
    return True


async def answer_held(services: Services, delivery: Delivery) -> Answer:
    """The answer to a delivery that waits; it is made each time, and never kept."""
    async with services.database.transaction(services.book.programmes) as connection:
        anomalies = await anomalies_of(connection, delivery.head.delivery_id)
    reason = to_sender(anomalies, delivery.head.delivery_id)
    outcomes = delivery.outcomes
    for block in blocks_of(services, delivery):
        for item in block.items:
            if isinstance(item, Refusal):
                outcomes.refusal(item)
            else:
                outcomes.waiting(item[0].reported.reference_id, _WAITS)
    header = _header(services, delivery, "pdng", outcomes.refused, reason=reason)
    return answer_of(_signed(services, delivery, header))


async def answer_refused(services: Services, delivery: Delivery) -> Answer:
    """Keeps the final answer to a delivery that a person refused, and gives it."""
    async with services.database.transaction(services.book.programmes) as connection:
        acts = await decide.acts_on(connection, delivery.head.delivery_id)
    words = next((each.reason for each in reversed(acts) if each.kind == "refused"), None)
    reason = f"The registry did not take this delivery in: {words or ''}"
    outcomes = delivery.outcomes
    for block in blocks_of(services, delivery):
        for item in block.items:
            if isinstance(item, Refusal):
                outcomes.refusal(item)
                continue
            own = item[0].reported
            outcomes.refusal(Refusal(own.item_no, own.reference_id, "delivery.refused", reason))
    at = now()
    header = _header(
        services, delivery, "rjct", outcomes.count, reason=reason, code="rjct.errors.too_many"
    )
    kept = _signed(services, delivery, header)
    async with services.database.transaction(services.book.programmes) as connection:
        await keep_answer(services, delivery, kept, connection)
        await receive.close_refused(connection, delivery.head.delivery_id, at)
        await record_event(
            connection,
            kind=DELIVERY_NOT_TAKEN,
            asker=delivery.asker,
            details={"delivery": delivery.head.delivery_id, "records": outcomes.count},
            at=at,
        )
    return answer_of(kept)


def _header(
    services: Services,
    delivery: Delivery,
    status: str,
    completed: int,
    *,
    reason: str | None = None,
    code: str | None = None,
) -> dict[str, Any]:
    return services.writer.header(
        ANSWER_ACTION,
        delivery.sender_id,
        status=status,
        total=delivery.outcomes.count,
        completed=completed,
        at=now(),
        reason_code=code,
        reason=reason[:999] if reason else None,
    )


def _signed(services: Services, delivery: Delivery, header: dict[str, Any]) -> bytes:
    outcomes = delivery.outcomes

    def content() -> Iterator[bytes]:
        return outcomes.content(header, delivery.transaction_id, delivery.correlation_id)

    signature = services.writer.sign_digest(digest_of(content()))
    kept = compressed(signature, content())
    outcomes.close()
    return kept


def signed_answer(services: Services, delivery: Delivery) -> bytes:
    """The final answer to a merged delivery, compressed: how it is kept."""
    outcomes = delivery.outcomes
    # A delivery without records, which withdraws another, has nothing that was refused.
    all_refused = bool(outcomes.count) and outcomes.refused == outcomes.count
    header = _header(
        services,
        delivery,
        "rjct" if all_refused else "succ",
        outcomes.count,
        code="rjct.errors.too_many" if all_refused else None,
    )
    return _signed(services, delivery, header)


async def keep_answer(
    services: Services, delivery: Delivery, kept: bytes, connection: Connection
) -> None:
    """Keeps an answer with the message, for whoever sends it again or asks for its status."""
    key = delivery.head.message_key
    sealed = services.sealer.seal(kept, place_of("message_received", "answer", key))
    await store.keep_answer(connection, key, sealed)


def answer_of(kept: bytes) -> Answer:
    """A kept answer as it is sent, piece by piece where it is long."""
    if len(kept) > _LARGE_ANSWER:
        return Answer(200, b"", pieces=kept)
    return Answer(200, b"".join(decompressed(kept)))


def stored_answer(services: Services, key: bytes, sealed: bytes) -> Answer:
    """The answer that was kept with the message."""
    return answer_of(services.sealer.open(sealed, place_of("message_received", "answer", key)))
