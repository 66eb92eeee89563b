"""The calendar: what was due, what came of it, and what is due next."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Final

from ibr.coverage.engine.operations.count import LATE_MONTHS, calendars_known
from ibr.coverage.engine.operations.reports.model import Cycle
from ibr.coverage.engine.operations.reports.rules import Calendar, late_of
from ibr.db.pool import Connection
from ibr.periods import month_of
from ibr.reporting import store
from ibr.reporting.model import Feed, Feeds, Reminder
from ibr.reporting.rules import slots_of

SHOWN: Final = 6
"""How many reports of each programme are looked at."""


async def feeds(
    connection: Connection, programmes: Collection[int], at: datetime, shown: int = SHOWN
) -> Feeds:
    """How these programmes report, as known at a moment; the connection has them in reach."""
    known = await calendars_known(connection, programmes, at)
    own = [each.programme.programme_id for each in known]
    sums = await store.sums(connection, own, at)
    names = await store.names(connection, own)
    taken: dict[int, list[Reminder]] = {}
    for each in await store.reminders(connection, own):
        taken.setdefault(each.programme_id, []).append(each)
    found = []
    for calendar in known:
        number = calendar.programme.programme_id
        terms = calendar.terms_on(month_of(at.date()))
        found.append(
            Feed(
                programme_id=number,
                code=calendar.programme.code,
                names=names.get(number, {}),
                cycle_months=(terms or calendar.programme).cycle_months,
                report_days=(terms or calendar.programme).report_days,
                entered=bool(calendar.programme.terms),
                slots=slots_of(calendar, sums, shown, at),
                next=_next(calendar, at),
                reminders=tuple(taken.get(number, ())),
            )
        )
    return Feeds(found, late_of(known, at, LATE_MONTHS))


def _next(calendar: Calendar, at: datetime) -> tuple[Cycle, date] | None:
    """The cycle that is under way and the last day of its report; None where none is due."""
    month = month_of(at.date())
    if not calendar.runs_in(month):
        return None
    cycle, terms = calendar.cycle_of(month), calendar.terms_on(month)
    days = (terms or calendar.programme).report_days
    return cycle, cycle.last_day + timedelta(days=days)
