"""Pure rules of the calendar: what may be entered, and what a report's deliveries add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from ibr.calls.mail import checked_address
from ibr.coverage.engine.operations.reports.model import Cycle, Report
from ibr.coverage.engine.operations.reports.rules import Calendar, number_of
from ibr.errors import NotUnderstood
from ibr.periods import Month, month_of, read_month
from ibr.reporting.model import LANGUAGES, Contact, MonthKey, MonthSums, Slot, State

FURTHEST_AHEAD: Final = 24
_EARLIEST: Final = Month(2000, 1)


def wrong(field: str, rule: str) -> NotUnderstood:
    """Why something cannot be entered, with its field."""
    return NotUnderstood("reporting.invalid", rule, field=field)


def check_terms(first_month: str, cycle_months: int, report_days: int, at: datetime) -> Month:
    """The first month of terms that may be entered; NotUnderstood names the field at fault."""
    month = read_month(first_month)
    if not _EARLIEST <= month <= month_of(at.date()).plus(FURTHEST_AHEAD):
        raise wrong("first_month", "The first month is from 2000 to two years from now.")
    if not 0 <= cycle_months <= 120:
        raise wrong("cycle_months", "A cycle has from 1 to 120 months; 0 where none is due.")
    if not 0 <= report_days <= 366:
        raise wrong("report_days", "Allow from 0 to 366 days after the end of a cycle.")
    return month


def checked_contact(contact: Contact) -> Contact:
    """A contact that may be entered; NotUnderstood names the field at fault."""
    email = checked_address(contact.email)
    other = contact.escalation_email
    if contact.language not in LANGUAGES:
        raise wrong("language", "Letters are written in English or French: en or fr.")
    if not 0 <= contact.before_days <= 60:
        raise wrong("before_days", "Remind from 0 to 60 days before; 0 for not before.")
    if not 1 <= contact.escalation_days <= 366:
        raise wrong("escalation_days", "Escalate from 1 to 366 days after the last day.")
    return Contact(
        email=email,
        escalation_email=checked_address(other, "escalation_email") if other else None,
        language=contact.language,
        before_days=contact.before_days,
        escalation_days=contact.escalation_days,
    )


def state_of(report: Report, at: datetime) -> State:
    """Where a report stands at a moment."""
    if report.first_at is not None:
        return "on_time" if report.on_time else "late"
    return "missing" if report.late_from <= at else "awaited"


def months_in(cycle: Cycle) -> list[Month]:
    """Every month of a cycle."""
    return [cycle.first.plus(n) for n in range(number_of(cycle.last) - number_of(cycle.first) + 1)]


def added(found: Iterable[MonthSums]) -> MonthSums:
    """The sums of several months."""
    every = list(found)
    return MonthSums(
        first_at=min((e.first_at for e in every if e.first_at), default=None),
        last_at=max((e.last_at for e in every if e.last_at), default=None),
        deliveries=sum(e.deliveries for e in every),
        newest=max((e.newest for e in every if e.newest), default=None),
        records=sum(e.records for e in every),
        refused=sum(e.refused for e in every),
        shared=any(e.shared for e in every),
        differing=sum(e.differing for e in every),
        gaps=sum(e.gaps for e in every),
        waiting=sum(e.waiting for e in every),
    )


def slots_of(
    known: Calendar, sums: Mapping[MonthKey, MonthSums], count: int, at: datetime
) -> tuple[Slot, ...]:
    """The last so many reports of a programme, the newest first."""
    number = known.programme.programme_id
    return tuple(
        Slot(
            cycle=report.cycle,
            due_on=report.due_on,
            state=state_of(report, at),
            first_at=report.first_at,
            sums=added(
                sums[MonthKey(number, month)]
                for month in months_in(report.cycle)
                if MonthKey(number, month) in sums
            ),
        )
        for report in known.newest(at, count)
    )
