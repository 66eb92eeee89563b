"""The calendar as officers see and change it: each with its right, within their programmes."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ibr.access.staff.rights import CALENDAR, FEEDS, must_hold
from ibr.asker import Asker
from ibr.db.pool import Connection, Database
from ibr.errors import NotFound
from ibr.reporting import store
from ibr.reporting.calendar import feeds
from ibr.reporting.enter import drop_contact, drop_rule, set_contact, set_rule
from ibr.reporting.model import Contact, ContactEntered, Feed, Feeds, RuleEntered


class OneCalendar(msgspec.Struct, frozen=True):
    """Everything that was entered of one programme's reports."""

    feed: Feed
    rules: list[RuleEntered]
    contacts: list[ContactEntered]

    @property
    def contact(self) -> Contact | None:
        """Whom it is written to now."""
        now = [each.contact for each in self.contacts if each.replaced_at is None]
        return now[0] if now else None


async def feeds_seen(database: Database, asker: Asker, at: datetime) -> Feeds:
    """How the programmes in reach report."""
    must_hold(asker, FEEDS)
    async with database.transaction(asker.reach, asker=asker, right=FEEDS) as connection:
        return await feeds(connection, asker.reach, at)


async def one_calendar(database: Database, asker: Asker, code: str, at: datetime) -> OneCalendar:
    """One programme's calendar with its history; NotFound alike where there is none in reach."""
    must_hold(asker, CALENDAR)
    async with database.transaction(asker.reach, asker=asker, right=CALENDAR) as connection:
        feed = (await feeds(connection, asker.reach, at)).feed(code)
        if feed is None:
            raise _unknown()
        return OneCalendar(
            feed,
            await store.rules(connection, feed.programme_id),
            await store.contacts(connection, feed.programme_id),
        )


async def _programme(connection: Connection, asker: Asker, code: str) -> int:
    number = (await store.numbers(connection)).get(code)
    if number is None or number not in asker.reach:
        raise _unknown()
    return number


async def enter_rule(
    database: Database, asker: Asker, code: str, rule: tuple[str, int, int], at: datetime
) -> bool:
    """Enters from which month on, how often and within how many days a programme reports."""
    must_hold(asker, CALENDAR)
    async with database.transaction(asker.reach, asker=asker, right=CALENDAR) as connection:
        number = await _programme(connection, asker, code)
        return await set_rule(connection, number, *rule, at, asker=asker)


async def take_rule_back(
    database: Database, asker: Asker, code: str, first_month: str, at: datetime
) -> None:
    """What was entered from a month on counts no more."""
    must_hold(asker, CALENDAR)
    async with database.transaction(asker.reach, asker=asker, right=CALENDAR) as connection:
        number = await _programme(connection, asker, code)
        await drop_rule(connection, number, first_month, at, asker=asker)


async def enter_contact(
    database: Database, asker: Asker, code: str, contact: Contact | None, at: datetime
) -> bool:
    """Names whom to remind, or with None nobody any more."""
    must_hold(asker, CALENDAR)
    async with database.transaction(asker.reach, asker=asker, right=CALENDAR) as connection:
        number = await _programme(connection, asker, code)
        if contact is None:
            await drop_contact(connection, number, at, asker=asker)
            return True
        return await set_contact(connection, number, contact, at, asker=asker)


def _unknown() -> NotFound:
    return NotFound("programme.unknown", "There is no such programme among those you may see.")
