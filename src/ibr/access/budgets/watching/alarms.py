"""Alarms: raised once, looked at by a person, closed with an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import msgspec

from ibr.access.budgets.judge import FACTS, Alarm
from ibr.access.budgets.watching import store
from ibr.access.staff.rights import PRIVACY, must_hold
from ibr.asker import Asker
from ibr.audit.events import ALARM_LOOKED_AT, ALARM_RAISED
from ibr.audit.record import event, record_event, record_events
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotFound, NotUnderstood

OUTCOMES: Final = ("explained", "false_alarm", "misuse", "protected_need")
LONGEST_NOTE: Final = 500
A_PAGE: Final = 100


class AlarmSeen(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm as it is kept, with who it is about and what came of it."""

    alarm_id: int
    rule: str
    asker_kind: str
    asker_id: int
    asker_name: str | None
    day: date
    hour: int
    raised_at: datetime
    facts: dict[str, int]
    looked_by_name: str | None
    looked_at: datetime | None
    outcome: str | None
    note: str | None


async def raise_alarms(connection: Connection, alarms: Sequence[Alarm], at: datetime) -> int:
    """Keeps alarms that are not there yet, each with its audit event; how many were new."""
    events = []
    for alarm in alarms:
        number = await store.add(connection, alarm, at)
        if number is not None:
            details: dict[str, object] = {
                "alarm": number,
                "rule": alarm.rule,
                "about": alarm.kind,
                "number": alarm.id,
                **alarm.facts,
            }
            events.append(event(ALARM_RAISED, None, details, at))
    if events:
        await record_events(connection, events)
    return len(events)


async def alarms(
    connection: Connection, asker: Asker, *, waiting: bool, page: int = 1
) -> tuple[list[AlarmSeen], int]:
    """One page of the alarms that wait for somebody, or of those looked at; and how many in all."""
    must_hold(asker, PRIVACY)
    rows = await store.listed(connection, waiting=waiting, most=A_PAGE, skip=(page - 1) * A_PAGE)
    return [_seen(row) for row in rows], await store.many(connection, waiting=waiting)


async def one_alarm(connection: Connection, asker: Asker, number: int) -> AlarmSeen:
    """An alarm; NotFound where there is none of that number."""
    must_hold(asker, PRIVACY)
    row = await store.one(connection, number)
    if row is None:
        raise NotFound("alarm.unknown", "There is no alarm of that number.")
    return _seen(row)


async def look_at(
    connection: Connection, asker: Asker, number: int, outcome: str, note: str, at: datetime
) -> None:
    """Closes an alarm; NotUnderstood without an outcome, Conflict where somebody did already.

    Nobody closes an alarm about themselves.
    """
    alarm = await one_alarm(connection, asker, number)
    if outcome not in OUTCOMES:
        raise NotUnderstood("alarm.outcome", "Choose what came of it.", field="outcome")
    note = note.strip()
    if not note or len(note) > LONGEST_NOTE:
        raise NotUnderstood(
            "alarm.note", "Write in up to 500 characters what you found.", field="note"
        )
    if (alarm.asker_kind, alarm.asker_id) == (asker.kind, asker.id):
        raise Conflict("alarm.own", "This alarm is about you; somebody else looks at it.")
    if not await store.close(connection, number, asker.id, outcome, note, at):
        raise Conflict("alarm.closed", "Somebody has looked at this alarm already.")
    await record_event(
        connection,
        kind=ALARM_LOOKED_AT,
        asker=asker,
        details={"alarm": number, "outcome": outcome},
        at=at,
    )


async def waiting_alarms(connection: Connection) -> int:
    """How many alarms nobody has looked at."""
    return await store.many(connection, waiting=True)


def _seen(row: store.Row) -> AlarmSeen:
    values = dict(row)
    facts = msgspec.json.decode(values["facts"])
    order = {name: number for number, name in enumerate(FACTS)}
    values["facts"] = dict(sorted(facts.items(), key=lambda fact: order.get(fact[0], len(order))))
    return AlarmSeen(**values)
