"""What the doctor says of the reporting calendar and of the mail server behind its reminders."""

from __future__ import annotations

import asyncio
from typing import Final

import asyncpg

from ibr.calls.mail import look_in
from ibr.calls.set_up import mail_server_from
from ibr.errors import RegistryError
from ibr.operation.doctor import store
from ibr.operation.doctor.model import Finding, care, strictly, well, wrong
from ibr.settings import Settings

_CALENDAR: Final = "reporting calendar"
_REMINDERS: Final = "reminders"
_SERVER: Final = "mail server"
_HOW: Final = "See docs/howto/reporting-calendar.md."
_SAID: Final = {
    "not_let_in": "it did not let the registry in",
    "no_encryption": "it does not encrypt",
    "certificate": "its certificate does not hold",
    "no_answer": "it does not answer",
}


async def look_at_reporting(connection: asyncpg.Connection, settings: Settings) -> list[Finding]:
    """Whether the calendar is entered, the mail server takes letters, and reminders go out."""
    async with connection.transaction():
        row = await store.reporting(connection)
    found = [_calendar(row)]
    server = await _server(settings)
    if server is not None:
        found.append(server)
    found.append(_reminders(row, settings))
    return found


def _calendar(row: asyncpg.Record) -> Finding:
    words = f"entered for {row['ruled']} of {row['programmes']} programmes"
    if row["ruled"] < row["programmes"]:
        return care(
            _CALENDAR,
            words,
            "Of the others only the catalogue says when they report, which nobody may have agreed.",
            f"Enter it on the page Feed health, or with: ibr reporting set. {_HOW}",
        )
    return well(_CALENDAR, words)


async def _server(settings: Settings) -> Finding | None:
    try:
        server = mail_server_from(settings)
    except RegistryError as refused:
        return wrong(
            _SERVER,
            refused.message,
            "The registry does not start with a mail server that it cannot use.",
            "Correct the settings that begin with IBR_SMTP. docs/reference/settings.md lists them.",
        )
    if server is None:
        return None
    seen = await asyncio.to_thread(look_in, server)
    if seen.taken:
        return well(_SERVER, f"answers, with encryption: {server.encryption}")
    return strictly(
        settings.production,
        _SERVER,
        _SAID.get(seen.outcome, seen.outcome),
        "Reminders of reports wait, and are given up in the end.",
        f"Look at the settings that begin with IBR_SMTP, and at the server. {_HOW}",
    )


def _reminders(row: asyncpg.Record, settings: Settings) -> Finding:
    if row["named"] and settings.smtp_host is None:
        return care(
            _REMINDERS,
            f"{row['named']} programmes named somebody, and no mail server is set",
            "Nobody is written to, however late a report is.",
            f"Set IBR_SMTP_HOST and IBR_SMTP_SENDER. {_HOW}",
        )
    if row["given_up"] or row["stuck"]:
        return care(
            _REMINDERS,
            f"{row['given_up']} letters given up in 30 days, {row['stuck']} wait for over a day",
            "Whoever should send a report does not know that it is missing.",
            f"The page Feed health says why, letter by letter. {_HOW}",
        )
    return well(_REMINDERS, f"{row['named']} programmes named somebody; no letter is stuck")
