"""The made-up country's reporting calendar: what was agreed, whom each programme named."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from ibr.db.pool import Connection
from ibr.demo.country import Country
from ibr.demo.timeline import LAST, LAST_DAY
from ibr.reporting.enter import number_of_programme, owner_reaches, set_contact, set_rule
from ibr.reporting.model import Contact

SENDS_TOO_SELDOM: Final = "SCH"
"""It agreed to report every month and still sends a quarter at a time: two of its reports lack."""
_DAYS: Final = 15
_TIME_LEFT: Final = 7
_FRENCH: Final = frozenset({"FOOD", "SCH"})


async def enter_calendar(connection: Connection, country: Country, at: datetime) -> None:
    """Enters when each programme reports from its last cycle on; the connection is the owner's."""
    await owner_reaches(connection)
    for each in country.programmes:
        number = await number_of_programme(connection, each.code)
        months, days = each.cycle_months, days_left(at.date())
        first = LAST.plus(1 - months)
        if each.code == SENDS_TOO_SELDOM:
            months, days = 1, _DAYS
        await set_rule(connection, number, str(first), months, days, at)
        contact = Contact(
            email=f"reports.{each.code.lower()}@talmira.example",
            escalation_email="registry-unit@talmira.example",
            language="fr" if each.code in _FRENCH else "en",
        )
        await set_contact(connection, number, contact, at)


def days_left(today: date) -> int:
    """Days allowed so that a country that is filled today has reported its last cycle in time."""
    return min(366, max(_DAYS, (today - LAST_DAY).days + _TIME_LEFT))
