"""How it stands with subscriptions: who has which, and how far behind notifications are."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ibr.db.pool import Connection, Database
from ibr.registry.search.normal import from_json
from ibr.subscriptions import store
from ibr.subscriptions.feed import store as feed
from ibr.subscriptions.model import Listed
from ibr.subscriptions.rules import in_words
from ibr.subscriptions.waiting import store as waiting


class Lag(msgspec.Struct, frozen=True, kw_only=True):
    """How far behind notifications are. Counts end at `MOST_COUNTED`.

    `unmatched` are changes not yet looked at, the oldest of them learned at `oldest_at`; `waiting`
    are those found and not yet written out, of which the first was due at `due_at`.
    """

    active: int
    unmatched: int
    oldest_at: datetime | None
    waiting: int
    due_at: datetime | None


MOST_COUNTED = feed.MOST_COUNTED


async def lag(database: Database) -> Lag:
    """How far behind notifications are, over all programmes."""
    async with database.transaction(()) as connection:
        horizon = await feed.horizon(connection)
        active = len(await store.active_numbers(connection))
    async with database.transaction(horizon.codes.values()) as connection:
        unmatched, oldest_at = await feed.unmatched(connection)
        count, due_at = await waiting.waiting(connection, MOST_COUNTED)
    return Lag(
        active=active, unmatched=unmatched, oldest_at=oldest_at, waiting=count, due_at=due_at
    )


async def listed(connection: Connection) -> list[Listed]:
    """Every subscription, the oldest first; the connection is the owner's."""
    await feed.see_every_programme(connection)
    return [
        Listed(
            code=row["code"],
            partner=row["partner"],
            event=row["event"],
            filter=in_words(from_json(msgspec.json.decode(row["filter"]))),
            frequency=row["frequency"] or "at once",
            start_at=row["start_at"],
            end_at=row["end_at"],
            state=row["state"],
            made_at=row["made_at"],
            notified_at=row["notified_at"],
            notified=row["notified"],
            waiting=row["waiting"],
        )
        for row in await store.every(connection)
    ]
