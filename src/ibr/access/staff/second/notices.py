"""What officers are told about the safety of accounts: on the page, and by mail once it is sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from ibr.access.staff.second import store
from ibr.access.staff.second.model import Notice
from ibr.db.pool import Connection

# What others than the officer are told too: those who watch over all accounts.
ALARMS: Final[tuple[Notice, ...]] = ("break_glass", "guessing", "copied_passkey", "reset")
ALARMS_SHOWN: Final = timedelta(days=30)
_MOST: Final = 10


class Told(msgspec.Struct, frozen=True):
    """One notice."""

    kind: str
    at: datetime


class Alarm(msgspec.Struct, frozen=True):
    """One notice with whose account it is about."""

    kind: str
    at: datetime
    name: str
    email: str


async def note(connection: Connection, officer_id: int, kind: Notice, at: datetime) -> None:
    """Writes down what befell an account; in the transaction of what befell it."""
    await store.add_notice(connection, officer_id, kind, at)


async def notices_of(connection: Connection, officer_id: int) -> list[Told]:
    """What the officer was told of late, the newest first."""
    found = await store.notices(connection, officer_id, _MOST)
    return [Told(each["kind"], each["at"]) for each in found]


async def alarms(connection: Connection, at: datetime) -> list[Alarm]:
    """Alarms of all accounts in the last 30 days, the newest first."""
    found = await store.alarms_since(connection, ALARMS, at - ALARMS_SHOWN)
    return [Alarm(each["kind"], each["at"], each["name"], each["email"]) for each in found]
