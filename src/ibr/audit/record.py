"""Appends audit events in the caller's transaction: no event, no effect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ibr.asker import Asker
from ibr.audit import store
from ibr.audit.events import CATALOGUE, EVEN_LATE
from ibr.audit.model import Event
from ibr.db.pool import Connection
from ibr.errors import Unavailable

_encoder = msgspec.json.Encoder(order="deterministic")


def event(kind: str, asker: Asker | None, details: dict[str, object], at: datetime) -> Event:
    """An event of a kind in the catalogue; without an asker the registry itself acted. Of an
    officer it says in which role they acted."""
    if kind not in CATALOGUE:
        raise KeyError(f"{kind} is not in the catalogue of audit events")
    who = (asker.kind, asker.id) if asker else ("registry", None)
    if asker is not None and asker.role is not None:
        details = {**details, "acting_as": asker.role}
    return Event(at, kind, who[0], who[1], _encoder.encode(details))


async def record_events(connection: Connection, events: Sequence[Event]) -> None:
    """Appends the events with one statement.

    Unavailable where the audit trail has not been sealed for too long: no event, no effect.
    """
    if not await store.append_events(connection, events, EVEN_LATE):
        raise sealing_is_late()


async def record_event(
    connection: Connection,
    *,
    kind: str,
    asker: Asker | None,
    details: dict[str, object],
    at: datetime,
) -> None:
    """Appends one event; Unavailable as for several."""
    await record_events(connection, [event(kind, asker, details, at)])


def sealing_is_late() -> Unavailable:
    """Why nothing is written while the audit trail is not sealed."""
    return Unavailable(
        "audit.sealing_late",
        "The registry's audit trail has not been sealed for more than 15 minutes, so nothing is "
        "written and no question is answered. It goes on by itself as soon as it is sealed; "
        "please try again in a few minutes.",
        retry_after=60,
    )
