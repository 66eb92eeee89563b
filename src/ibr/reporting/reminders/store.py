"""SQL of reminders: each step once, claimed by one process at a time, tried so often."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from ibr.db.pool import Connection
from ibr.reporting.model import Step
from ibr.reporting.reminders.model import DueStep, Waiting


async def taken(connection: Connection, programmes: Collection[int]) -> set[tuple[int, str, Step]]:
    """Every step that was ever taken for these programmes."""
    rows = await connection.fetch(
        """
        select programme_id, last_month, step from report_reminder
        where programme_id = any ($1::integer[])
        """,
        sorted(programmes),
    )
    return {(row["programme_id"], row["last_month"], row["step"]) for row in rows}


async def take(
    connection: Connection, due: DueStep, mail: str, message_id: str, at: datetime
) -> bool:
    """Takes a step; False where another process took it meanwhile."""
    made = await connection.fetchval(
        """
        insert into report_reminder (programme_id, last_month, step, first_month, due_on, made_at,
                                     mail, message_id, next_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8,
                case when $7 = 'waiting' then $6::timestamptz end)
        on conflict do nothing returning programme_id
        """,
        due.programme_id,
        str(due.cycle.last),
        due.step,
        str(due.cycle.first),
        due.due_on,
        at,
        mail,
        message_id,
    )
    return made is not None


async def note_told(connection: Connection, due: DueStep, told: int) -> None:
    """How many partners were promised a message as well."""
    await connection.execute(
        """
        update report_reminder set told = $4
        where programme_id = $1 and last_month = $2 and step = $3
        """,
        due.programme_id,
        str(due.cycle.last),
        due.step,
        told,
    )


async def claim(connection: Connection, at: datetime) -> Waiting | None:
    """The letter that has been due longest; its next try is put off as far as a first one is, so
    that nobody else takes it meanwhile and a crash only delays it."""
    row = await connection.fetchrow(
        """
        update report_reminder r set attempts = attempts + 1, next_at = $1 + $2::interval
        from (select programme_id, last_month, step from report_reminder
              where mail = 'waiting' and next_at <= $1
              order by next_at, programme_id, last_month limit 1 for update skip locked) as w
        where (r.programme_id, r.last_month, r.step) = (w.programme_id, w.last_month, w.step)
        returning r.programme_id, r.last_month, r.first_month, r.step, r.due_on, r.message_id,
                  r.attempts
        """,
        at,
        timedelta(minutes=5),
    )
    return None if row is None else Waiting(**dict(row))


async def settle(
    connection: Connection,
    letter: Waiting,
    mail: str,
    outcome: str,
    at: datetime,
    next_at: datetime | None,
) -> None:
    """Notes how a try ended."""
    await connection.execute(
        """
        update report_reminder set mail = $4, outcome = $5, next_at = $7,
               sent_at = case when $4 = 'sent' then $6::timestamptz end
        where programme_id = $1 and last_month = $2 and step = $3 and mail = 'waiting'
        """,
        letter.programme_id,
        letter.last_month,
        letter.step,
        mail,
        outcome,
        at,
        next_at,
    )
