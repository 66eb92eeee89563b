"""Legal holds: placed by one person, lifted by two. What is held nobody disposes of or erases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from ibr.access.approvals.decide import propose
from ibr.access.approvals.two_people import Act, Approver, Detail, Payload
from ibr.access.staff.rights import PRIVACY, must_hold
from ibr.asker import Asker
from ibr.audit.events import HOLD_LIFTED, HOLD_PLACED
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotUnderstood
from ibr.keeping import rules, store
from ibr.keeping.model import CLASSES, Hold

LIFT: Final = "hold.lift"
_LISTED: Final = 200
_MOST_RECORDS: Final = 100


async def place(
    connection: Connection,
    asker: Asker | None,
    *,
    number: bytes | None = None,
    programme: str = "",
    data_class: str = "",
    reason: str,
    until: date | None,
    at: datetime,
) -> int:
    """Holds a person by a blind number of theirs, a programme or a class; the hold's number.

    It counts at once. The transaction has all programmes in reach where it holds a person; without
    an asker whoever runs the registry does it. NotUnderstood says what is not in order.
    """
    if asker is not None:
        must_hold(asker, PRIVACY)
    reason = rules.words(reason, "hold.reason", "reason")
    kind, programme_id = await _what(connection, number, programme, data_class)
    hold_id = await store.place(
        connection,
        kind=kind,
        blind_index=number,
        programme_id=programme_id,
        data_class=data_class or None,
        reason=reason,
        until=until,
        by=asker.id if asker else None,
        at=at,
    )
    if number is not None:
        await _hold_records(connection, hold_id, number)
    await record_event(
        connection,
        kind=HOLD_PLACED,
        asker=asker,
        details={
            "hold": hold_id,
            "what": kind,
            "programme": programme_id,
            "class": data_class or None,
            "until": until.isoformat() if until else None,
        },
        at=at,
    )
    return hold_id


async def _what(
    connection: Connection, number: bytes | None, programme: str, data_class: str
) -> tuple[str, int | None]:
    """What kind of thing is held, and the programme where it is one."""
    if (number is not None) + bool(programme) + bool(data_class) != 1:
        raise NotUnderstood(
            "hold.what", "Hold one thing: a person, a programme or a class.", field="value"
        )
    if number is not None:
        return "person", None
    if data_class:
        if data_class not in CLASSES:
            raise NotUnderstood("rule.class", "Choose a class of data.", field="data_class")
        return "class", None
    programme_id = await store.programme(connection, programme)
    if programme_id is None:
        raise NotUnderstood(
            "programme.unknown", f"There is no programme {programme!r}.", field="programme"
        )
    return "programme", programme_id


async def _hold_records(connection: Connection, hold_id: int, number: bytes) -> None:
    """Holds the records that carry a number now; those of later are known by the number."""
    found = await store.records_of(connection, number, _MOST_RECORDS + 1)
    if len(found) > _MOST_RECORDS:
        raise NotUnderstood(
            "hold.shared",
            "Many records carry this number, so it is nobody's own. Use another number.",
            field="value",
        )
    await store.hold_records(connection, hold_id, found)


async def ask_to_lift(
    connection: Connection, asker: Asker, hold_id: int, why: str, at: datetime
) -> int:
    """Proposes to lift a hold; the proposal's number."""
    must_hold(asker, PRIVACY)
    why = rules.words(why, "hold.why", "why")
    payload: dict[str, Any] = {"hold": hold_id, "why": why}
    return await propose(connection, asker, LIFT, payload, at, why=why)


async def lift(
    connection: Connection,
    hold_id: int,
    why: str,
    *,
    asked_by: int | None,
    asker: Asker | None,
    at: datetime,
) -> None:
    """Lifts a hold; Conflict where it was lifted before."""
    by = asker.id if asker else None
    if not await store.lift(connection, hold_id, asked_by, by, why, at):
        raise Conflict("hold.over", "This hold was lifted already, or there is none.")
    await record_event(connection, kind=HOLD_LIFTED, asker=asker, details={"hold": hold_id}, at=at)


async def holds(connection: Connection) -> list[Hold]:
    """Those that count first, the newest first."""
    return [Hold(**dict(row)) for row in await store.holds(connection, _LISTED)]


async def _one(connection: Connection, hold_id: int) -> Hold:
    rows = await store.holds(connection, 1, hold_id)
    if not rows or rows[0]["lifted_at"] is not None:
        raise Conflict("hold.over", "This hold was lifted already, or there is none.")
    return Hold(**dict(rows[0]))


async def _check(connection: Connection, _: Asker, payload: Payload, __: datetime) -> None:
    await _one(connection, payload["hold"])


async def _explain(connection: Connection, payload: Payload) -> list[Detail]:
    rows = await store.holds(connection, 1, payload["hold"])
    if not rows:
        return []
    hold = Hold(**dict(rows[0]))
    return [
        Detail(what="hold", after=str(hold.hold_id)),
        Detail(what="held", after=hold.programme or hold.data_class or f"{hold.records} ✕"),
        Detail(what="hold_reason", after=hold.reason),
        Detail(what="until", after=hold.until.isoformat() if hold.until else "–"),
    ]


async def _carry_out(
    connection: Connection, approver: Approver, payload: Payload, at: datetime
) -> Mapping[str, str]:
    await lift(
        connection,
        payload["hold"],
        payload["why"],
        asked_by=approver.proposed_by,
        asker=approver.asker,
        at=at,
    )
    return {}


HOLD_ACTS: Final = (
    Act(name=LIFT, propose=PRIVACY, check=_check, carry_out=_carry_out, explain=_explain),
)
