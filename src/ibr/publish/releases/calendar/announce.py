"""Announces releases, and says which are due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from ibr.asker import Asker
from ibr.audit.events import RELEASE_ANNOUNCED
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import NotUnderstood
from ibr.periods import read_month
from ibr.publish.releases.calendar import store
from ibr.publish.releases.model import AUDIENCES, Audience, CalendarEntry

_COMMAND_LINE = "command line"


async def announce(
    connection: Connection,
    audience: Audience,
    period: str,
    due_on: date,
    at: datetime,
    *,
    note: str = "",
    asker: Asker | None = None,
) -> None:
    """Says on which day a month is published; in place of what was said of it before."""
    if audience not in AUDIENCES:
        raise NotUnderstood("release.audience", "Releases are for public or for partners.")
    month = read_month(period)
    if due_on < month.plus(1).first:
        raise NotUnderstood(
            "release.too_early", "A month is published after it has ended. Name a later day."
        )
    if len(note) > 500:
        raise NotUnderstood("release.note", "Write at most 500 characters.")
    who = asker.name if asker else _COMMAND_LINE
    await store.announce(connection, audience, str(month), due_on, note, who, at)
    details: dict[str, object] = {
        "audience": audience,
        "period": str(month),
        "due_on": due_on.isoformat(),
    }
    await record_event(connection, kind=RELEASE_ANNOUNCED, asker=asker, details=details, at=at)


async def announced(
    connection: Connection, audience: Audience | None = None
) -> Sequence[CalendarEntry]:
    """The calendar, the next first."""
    return await store.calendar(connection, audience)


async def due(connection: Connection, on: date) -> list[CalendarEntry]:
    """What was announced for this day or before and has not become a release."""
    return [
        each
        for each in await store.calendar(connection)
        if each.due_on <= on and each.release_no is None
    ]
