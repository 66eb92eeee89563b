"""Appends audit events in the caller's transaction: no event, no effect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ibr.asker import Asker
from ibr.audit import store
from ibr.audit.events import CATALOGUE
from ibr.audit.model import Event
from ibr.db.pool import Connection

_encoder = msgspec.json.Encoder(order="deterministic")


def event(kind: str, asker: Asker | None, details: dict[str, object], at: datetime) -> Event:
    """An event of a kind in the catalogue; without an asker the registry itself acted."""
    if kind not in CATALOGUE:
        raise KeyError(f"{kind} is not in the catalogue of audit events")
    who = (asker.kind, asker.id) if asker else ("registry", None)
    return Event(at, kind, who[0], who[1], _encoder.encode(details))


async def record_events(connection: Connection, events: Sequence[Event]) -> None:
    """Appends the events with one statement."""
    await store.append_events(connection, events)


async def record_event(
    connection: Connection,
    *,
    kind: str,
    asker: Asker | None,
    details: dict[str, object],
    at: datetime,
) -> None:
    """Appends one event."""
    await store.append_events(connection, [event(kind, asker, details, at)])
