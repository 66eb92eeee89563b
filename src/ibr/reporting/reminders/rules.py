"""When somebody is reminded of a report, and how often a letter is tried; pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Final

from ibr.coverage.engine.operations.reports.model import Report
from ibr.coverage.engine.operations.reports.rules import Calendar
from ibr.reporting.model import STEPS, Contact, Step
from ibr.reporting.reminders.model import DueStep

USUAL_BEFORE: Final = 3
USUAL_ESCALATION: Final = 14
LOOK_BACK_DAYS: Final = 60
"""A report that is missing for longer is an old story, which no reminder brings back."""
_LOOKED_AT: Final = 24
MOST_ATTEMPTS: Final = 8
_WAITS: Final = (5, 15, 60, 240, 720, 1440, 1440, 1440)
_PLAIN: Final = re.compile(r"[^A-Za-z0-9.-]+")

Taken = Collection[tuple[int, str, Step]]
"""Programme, last month of the cycle and step of every reminder there was."""


def step_of(report: Report, contact: Contact | None, today: date) -> Step | None:
    """The step that a report is at on a day of the registry's clock; None where none is."""
    if report.first_at is not None:
        return None
    before = contact.before_days if contact else USUAL_BEFORE
    escalation = contact.escalation_days if contact else USUAL_ESCALATION
    over = (today - report.due_on).days
    if over > LOOK_BACK_DAYS + escalation:
        return None
    if over >= escalation:
        return "escalation"
    if over >= 1:
        return "late"
    return "before" if -over < before else None


def due_steps(
    known: Iterable[Calendar], contacts: dict[int, Contact], taken: Taken, at: datetime
) -> list[DueStep]:
    """What is to be done today: of each report the step it is at, unless that or a later one was
    taken already."""
    found = []
    for calendar in known:
        number = calendar.programme.programme_id
        for report in calendar.newest(at, _LOOKED_AT):
            step = step_of(report, contacts.get(number), at.date())
            last = str(report.cycle.last)
            if step is None or any((number, last, e) in taken for e in STEPS[STEPS.index(step) :]):
                continue
            found.append(
                DueStep(
                    programme_id=number,
                    code=calendar.programme.code,
                    cycle=report.cycle,
                    due_on=report.due_on,
                    step=step,
                )
            )
    return found


def wait_after(attempt: int) -> timedelta:
    """How long after this try the next one is made: from five minutes to a day."""
    return timedelta(minutes=_WAITS[min(attempt, len(_WAITS)) - 1])


def message_id_of(due: DueStep, registry_id: str) -> str:
    """The same for the same step of the same report, so that a letter sent twice is seen as one."""
    domain = _PLAIN.sub("-", registry_id).strip("-.") or "registry"
    code = _PLAIN.sub("-", due.code)
    return f"<report.{code}.{due.programme_id}.{due.cycle.last}.{due.step}@{domain}>"
