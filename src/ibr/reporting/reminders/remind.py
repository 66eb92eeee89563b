"""Reminds of reports: takes the steps of the day, and sends the letters that wait.

A step is taken once, in the transaction that also promises messages to partners; from then on its
letter waits. A letter is claimed, handed to the mail server, and then noted: a crash in between
sends it a second time, with the same Message-ID. So it arrives at least once, or is given up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from email.utils import format_datetime
from typing import Final

import msgspec

from ibr.audit.events import CALENDAR_REMINDED
from ibr.audit.record import record_event
from ibr.calls.mail import Handed, Letter, MailServer, hand_in
from ibr.coverage.engine.operations.count import calendars_known
from ibr.db.pool import Connection, Database
from ibr.log import logger
from ibr.reporting import store as calendar_store
from ibr.reporting.model import Contact
from ibr.reporting.reminders import store
from ibr.reporting.reminders.letter import subject_and_text
from ibr.reporting.reminders.model import DueStep, Waiting
from ibr.reporting.reminders.rules import MOST_ATTEMPTS, due_steps, message_id_of, wait_after

Tell = Callable[[Connection, DueStep], Awaitable[int]]
"""Promises messages about a step to the programme's partners; how many."""
HandIn = Callable[[MailServer, Letter], Handed]
MOST_AT_ONCE: Final = 200


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """What letters need: the server, whose they are, where the registry is reached."""

    server: MailServer | None
    registry_id: str
    reached_at: str | None = None


async def nobody_told(_connection: Connection, _due: DueStep) -> int:
    """Where no messages are promised beside letters."""
    return 0


async def take_steps(
    database: Database,
    programmes: Collection[int],
    post: Post,
    at: datetime,
    tell: Tell = nobody_told,
) -> int:
    """Takes every step that is due by the registry's clock; how many."""
    async with database.transaction(programmes) as connection:
        contacts = await calendar_store.contacts_now(connection, programmes)
        known = await calendars_known(connection, programmes, at)
        before = await store.taken(connection, programmes)
        count = 0
        for due in due_steps(known, contacts, before, at):
            mail = "waiting" if post.server and due.programme_id in contacts else "none"
            message_id = message_id_of(due, post.registry_id)
            if await store.take(connection, due, mail, message_id, at):
                await store.note_told(connection, due, await tell(connection, due))
                count += 1
    return count


async def send_letters(
    database: Database,
    programmes: Collection[int],
    post: Post,
    clock: Callable[[], datetime],
    hand: HandIn = hand_in,
) -> int:
    """Sends what waits and is due, one after the other; how many the mail server took."""
    if post.server is None:
        return 0
    sent = 0
    for _ in range(MOST_AT_ONCE):
        at = clock()
        async with database.transaction(programmes) as connection:
            waiting = await store.claim(connection, at)
            if waiting is None:
                break
            letter = await _letter(connection, waiting, post, at)
        if isinstance(letter, str):
            handed = Handed(letter)
        else:
            handed = await asyncio.to_thread(hand, post.server, letter)
        await _note(database, programmes, waiting, handed, clock())
        sent += handed.taken
        if handed.outcome == "no_answer":
            # The others would wait for the same server just as long.
            break
    return sent


async def _letter(
    connection: Connection, waiting: Waiting, post: Post, at: datetime
) -> Letter | str:
    """The letter as it is to be written now, or why it is not sent any more."""
    number = waiting.programme_id
    contact = (await calendar_store.contacts_now(connection, [number])).get(number)
    if contact is None:
        return "nobody_named"
    [known] = await calendars_known(connection, [number], at)
    reports = [e for e in known.newest(at, 60) if str(e.cycle.last) == waiting.last_month]
    if not reports:
        return "not_due_any_more"
    if reports[0].first_at is not None:
        return "came_meanwhile"
    names = (await calendar_store.names(connection, [number])).get(number, {})
    subject, text = subject_and_text(
        waiting, known.programme.code, names, contact.language, at.date(), post.reached_at
    )
    return Letter(
        to=_to(waiting, contact),
        subject=subject,
        text=text,
        message_id=waiting.message_id,
        language=contact.language,
        date=format_datetime(at),
    )


def _to(waiting: Waiting, contact: Contact) -> tuple[str, ...]:
    if waiting.step == "escalation" and contact.escalation_email:
        return tuple(dict.fromkeys((contact.email, contact.escalation_email)))
    return (contact.email,)


async def _note(
    database: Database,
    programmes: Collection[int],
    waiting: Waiting,
    handed: Handed,
    at: datetime,
) -> None:
    again = handed.again and waiting.attempts < MOST_ATTEMPTS
    tried = handed.again or handed.outcome.endswith("_refused")
    mail = "sent" if handed.taken else "waiting" if again else "given_up" if tried else "none"
    async with database.transaction(programmes) as connection:
        next_at = at + wait_after(waiting.attempts) if again else None
        await store.settle(connection, waiting, mail, handed.outcome, at, next_at)
        if not again:
            details: dict[str, object] = {
                "programme": waiting.programme_id,
                "cycle": waiting.last_month,
                "step": waiting.step,
                "mail": mail,
                "outcome": handed.outcome,
            }
            await record_event(
                connection, kind=CALENDAR_REMINDED, asker=None, details=details, at=at
            )
    if not handed.taken:
        logger().warning(
            "a reminder was not sent",
            programme=waiting.programme_id,
            reason=handed.outcome,
            attempt=waiting.attempts,
        )
