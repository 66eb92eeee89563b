"""SQL of the calendar of releases."""

from __future__ import annotations

from datetime import date, datetime

from ibr.db.pool import Connection
from ibr.publish.releases.model import CalendarEntry


async def calendar(connection: Connection, audience: str | None = None) -> list[CalendarEntry]:
    """What is announced, the next first."""
    rows = await connection.fetch(
        """
        select entry_no, audience, period, due_on, note, release_no from ibr.release_calendar
        where cancelled_at is null and ($1::text is null or audience = $1)
        order by due_on, entry_no
        """,
        audience,
    )
    return [CalendarEntry(**row) for row in rows]


async def announce(
    connection: Connection,
    audience: str,
    period: str,
    due_on: date,
    note: str,
    who: str,
    at: datetime,
) -> None:
    """Puts a release into the calendar in place of what was said of the same month."""
    await connection.execute(
        """
        update ibr.release_calendar set cancelled_at = $3
        where audience = $1 and period = $2 and cancelled_at is null and release_no is null
        """,
        audience,
        period,
        at,
    )
    await connection.execute(
        """
        insert into ibr.release_calendar (audience, period, due_on, note, entered_by, entered_at)
        values ($1, $2, $3, $4, $5, $6)
        """,
        audience,
        period,
        due_on,
        note,
        who,
        at,
    )
