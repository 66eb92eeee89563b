"""Promised messages as people and monitors see them: never what they say."""

from __future__ import annotations

from collections.abc import Sequence

from ibr.db.pool import Connection
from ibr.errors import NotFound
from ibr.outbox.desk import store
from ibr.outbox.model import Backlog, Kind, Listed, ReceiverSeen, State


async def listed(
    connection: Connection,
    *,
    states: Sequence[State],
    partner: str | None = None,
    kind: Kind | None = None,
    most: int = 100,
    skip: int = 0,
) -> list[Listed]:
    """Messages in these states, the newest first; of one partner by its sender_id."""
    return await store.listed(
        connection, states=states, partner=partner, kind=kind, most=most, skip=skip
    )


async def count(
    connection: Connection, *, states: Sequence[State], partner: str | None = None
) -> int:
    """How many messages are in these states."""
    return await store.count(connection, states, partner)


async def receivers(connection: Connection) -> list[ReceiverSeen]:
    """The partners with something waiting or dead, those with dead messages first."""
    return [ReceiverSeen(**dict(row)) for row in await store.receivers(connection)]


async def one(connection: Connection, name: str) -> Listed:
    """A message by its number or its message_id; NotFound when there is none."""
    found = await store.one(connection, name)
    if found is None:
        raise NotFound("outbox.unknown", "There is no promised message with this number or id.")
    return found


async def partner_of(connection: Connection, message_no: int) -> int | None:
    """Whose message it is."""
    return await store.partner_of(connection, message_no)


async def backlog(connection: Connection) -> Backlog:
    """How much waits, how much is dead, and since when the oldest waits."""
    return await store.backlog(connection)
