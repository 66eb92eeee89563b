"""What must not be forgotten about other registries, and what is done again by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from ibr.clock import now
from ibr.db.pool import Connection
from ibr.interop.dci.services import Services
from ibr.interop.dci.source_messages import promise_question, request_header, status_request
from ibr.interop.dci.source_requests import enqueue_order
from ibr.sources.asked import orders, overdue
from ibr.sources.asked.overdue import Due
from ibr.sources.listening import keep
from ibr.sources.register_source import source_by_number

_LONGEST_GRACE: Final = timedelta(days=1)


async def watch(services: Services) -> None:
    """What must not be forgotten: unfinished orders, unanswered questions, what has lapsed."""
    async with services.database.transaction(()) as connection:
        for order_no in await orders.unfinished(connection):
            await enqueue_order(services, connection, order_no)
        await keep.lapse(connection, now())
    await services.book.refresh()
    async with services.database.transaction(()) as connection:
        at = now()
        for late in await overdue.due(connection, at):
            if not (late.worth_asking and await _ask_what_became(services, connection, late, at)):
                await overdue.give_up(connection, late, at)


async def _ask_what_became(
    services: Services, connection: Connection, late: Due, at: datetime
) -> bool:
    """Asks the source once what became of a question; False where it may not be asked."""
    source = await source_by_number(connection, late.source_id)
    partner = await services.book.by_number(source.partner_id) if source else None
    if source is None or partner is None or partner.suspended:
        return False
    header = request_header(services, partner, "txn-status", 1, at)
    asked = orders.question(
        source, "txn-status", 1, header["message_id"], at, about_no=late.transaction_no
    )
    await orders.begin(connection, asked, [])
    message = status_request(asked, late.kind, late.transaction_id)
    await promise_question(services, connection, source, partner, asked, header, message)
    grace = min(timedelta(seconds=source.answer_seconds), _LONGEST_GRACE)
    await overdue.polled(connection, late, at, at + grace)
    return True


async def keep_listening(services: Services) -> None:
    """Once a day: subscribes for people who came since, and again for what ends soon; ends what
    was answered only after somebody had asked to stop."""
    async with services.database.transaction(()) as connection:
        active = await keep.still_active(connection)
        for source_id, (kind, chosen) in (await orders.wishes(connection)).items():
            if kind == "unsubscribe" and source_id not in active:
                continue
            source = await source_by_number(connection, source_id)
            if source is not None:
                order_no = await orders.order(connection, source, kind, chosen, now())
                await enqueue_order(services, connection, order_no)
