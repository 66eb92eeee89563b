"""When a programme reports and whom it named: entered, taken back, each with its audit event."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ibr.asker import Asker
from ibr.audit.events import (
    CALENDAR_CONTACT,
    CALENDAR_CONTACT_GONE,
    CALENDAR_RULE,
    CALENDAR_RULE_GONE,
)
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import NotFound
from ibr.reporting import store
from ibr.reporting.model import Contact, RuleEntered
from ibr.reporting.rules import check_terms, checked_contact

COMMAND_LINE: Final = "command line"


async def owner_reaches(connection: Connection) -> None:
    """Lets the owner's transaction reach every programme, which row-level security keeps from it
    as from everybody."""
    await store.reach_everything(connection)


async def number_of_programme(connection: Connection, code: str) -> int:
    """A programme by its code; NotFound where there is none."""
    found = (await store.numbers(connection)).get(code)
    if found is None:
        raise NotFound("programme.unknown", "There is no such programme among those you may see.")
    return found


async def set_rule(
    connection: Connection,
    programme: int,
    first_month: str,
    cycle_months: int,
    report_days: int,
    at: datetime,
    *,
    asker: Asker | None = None,
) -> bool:
    """From a month on a programme reports so; what was said of that month is kept as history.

    False, and nothing changes, where that counts already.
    """
    month = str(check_terms(first_month, cycle_months, report_days, at))
    now = [e for e in await store.rules(connection, programme) if e.replaced_at is None]
    same = next((each for each in now if each.first_month == month), None)
    if same and (same.cycle_months, same.report_days) == (cycle_months, report_days):
        return False
    await store.replace_rule(connection, programme, month, at)
    rule = RuleEntered(
        first_month=month,
        cycle_months=cycle_months,
        report_days=report_days,
        known_at=at,
        replaced_at=None,
        changed_by=_by(asker),
    )
    await store.add_rule(connection, programme, rule)
    details: dict[str, object] = {
        "programme": programme,
        "first_month": month,
        "cycle_months": cycle_months,
        "report_days": report_days,
        "before": [same.cycle_months, same.report_days] if same else None,
    }
    await record_event(connection, kind=CALENDAR_RULE, asker=asker, details=details, at=at)
    return True


async def drop_rule(
    connection: Connection,
    programme: int,
    first_month: str,
    at: datetime,
    *,
    asker: Asker | None = None,
) -> None:
    """What was entered from a month on counts no more; NotFound where nothing was."""
    if not await store.replace_rule(connection, programme, first_month, at):
        raise NotFound("reporting.no_rule", "Nothing that counts was entered for this month.")
    details: dict[str, object] = {"programme": programme, "first_month": first_month}
    await record_event(connection, kind=CALENDAR_RULE_GONE, asker=asker, details=details, at=at)


async def set_contact(
    connection: Connection,
    programme: int,
    contact: Contact,
    at: datetime,
    *,
    asker: Asker | None = None,
) -> bool:
    """Whom to remind from now on; False where that is so already. The event holds no address.

    Whoever is newly named is not reminded again of what was reminded of already.
    """
    checked = checked_contact(contact)
    now = (await store.contacts_now(connection, [programme])).get(programme)
    if now == checked:
        return False
    await store.replace_contact(connection, programme, at)
    await store.add_contact(connection, programme, checked, _by(asker), at)
    details: dict[str, object] = {
        "programme": programme,
        "language": checked.language,
        "before_days": checked.before_days,
        "escalation_days": checked.escalation_days,
        "escalates": checked.escalation_email is not None,
    }
    await record_event(connection, kind=CALENDAR_CONTACT, asker=asker, details=details, at=at)
    return True


async def drop_contact(
    connection: Connection, programme: int, at: datetime, *, asker: Asker | None = None
) -> None:
    """Nobody is written to any more; NotFound where nobody was."""
    if not await store.replace_contact(connection, programme, at):
        raise NotFound("reporting.no_contact", "Nobody was named for this programme.")
    details: dict[str, object] = {"programme": programme}
    await record_event(connection, kind=CALENDAR_CONTACT_GONE, asker=asker, details=details, at=at)


def _by(asker: Asker | None) -> str:
    return asker.name if asker else COMMAND_LINE
