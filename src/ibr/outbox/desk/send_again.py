"""Sends promised messages again: dead ones, or delivered ones that a receiver has lost.

A message that is sent again has the same message_id and content, so that a receiver which has it
already knows it; and its receiver must still be allowed to see what it shows.
"""

from __future__ import annotations

import msgspec

from ibr.asker import Asker
from ibr.audit.events import CALLBACKS_REPLAYED, CALLBACKS_SENT_AGAIN
from ibr.audit.record import record_event
from ibr.clock import now
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotFound
from ibr.outbox.desk import look, store
from ibr.outbox.model import Kind


class Replayed(msgspec.Struct, frozen=True):
    """How many messages wait again, and how many could not because they are not kept any more."""

    again: int
    dropped: int


async def send_one_again(connection: Connection, asker: Asker | None, name: str) -> int:
    """A dead message by its number or message_id waits once more; returns its number."""
    message = await look.one(connection, name)
    again = await store.send_again(connection, message_no=message.message_no, partner_id=None)
    if not again:
        raise Conflict(
            "outbox.not_dead",
            "Only a message that was given up can be sent again, and only while its content is "
            "kept. This one is not given up, or was dropped.",
        )
    await _record(connection, asker, {"message_no": message.message_no, "count": 1})
    return message.message_no


async def send_all_again(connection: Connection, asker: Asker | None, sender_id: str) -> int:
    """Every dead message of a partner waits once more; returns how many."""
    partner_id = await _partner(connection, sender_id)
    again = await store.send_again(connection, message_no=None, partner_id=partner_id)
    if again:
        await _record(connection, asker, {"partner": partner_id, "count": len(again)})
    return len(again)


async def replay(
    connection: Connection,
    asker: Asker | None,
    sender_id: str,
    *,
    after: str,
    kind: Kind | None = None,
) -> Replayed:
    """Every delivered message of a partner beyond `after`, a number or a message_id, waits once
    more. `after` may be "0" for all that is kept."""
    partner_id = await _partner(connection, sender_id)
    beyond = 0 if after == "0" else (await look.one(connection, after)).message_no
    again = await store.replay(connection, partner_id=partner_id, after=beyond, kind=kind)
    dropped = await store.dropped_after(connection, partner_id=partner_id, after=beyond)
    if again:
        await record_event(
            connection,
            kind=CALLBACKS_REPLAYED,
            asker=asker,
            details={"partner": partner_id, "after": beyond, "count": len(again)},
            at=now(),
        )
    return Replayed(len(again), dropped)


async def _partner(connection: Connection, sender_id: str) -> int:
    number = await store.partner_number(connection, sender_id)
    if number is None:
        raise NotFound("partner.unknown", "There is no partner with this sender_id.")
    return number


async def _record(connection: Connection, asker: Asker | None, details: dict[str, object]) -> None:
    await record_event(
        connection, kind=CALLBACKS_SENT_AGAIN, asker=asker, details=details, at=now()
    )
