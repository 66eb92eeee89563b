"""A budget of an asker's own: asked for by one officer, given by another, ended by either.

Giving is an act of two people (access/approvals); whoever runs the registry does it alone on its
machine, which the audit trail says.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from ibr.access.approvals.decide import propose
from ibr.access.approvals.two_people import Act, Approver, Detail, Payload
from ibr.access.budgets import store
from ibr.access.budgets.model import Given, Limit, Used, Wanted
from ibr.access.staff.rights import PRIVACY, must_hold
from ibr.asker import Asker
from ibr.audit.events import BUDGET_ENDED, BUDGET_GIVEN
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotFound, NotUnderstood

GIVE: Final = "budget.give"
MOST: Final = 100_000_000
LONGEST_REASON: Final = 500
LONGEST_DAYS: Final = 366
_LISTED: Final = 200


class UsedSeen(msgspec.Struct, frozen=True):
    """One day of one budget, with the name of who used it."""

    name: str
    used: Used


def wanted_from(
    who: tuple[str, int],
    *,
    purpose: str,
    an_hour: int,
    a_day: int,
    reason: str,
    days: int | None,
    at: datetime,
) -> Wanted:
    """A budget in order; NotUnderstood, with the field, says what is not."""
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise NotUnderstood(
            "budget.reason", "Say in up to 500 characters why, without names.", field="reason"
        )
    if not 0 <= an_hour <= a_day <= MOST:
        raise NotUnderstood(
            "budget.people",
            "Give numbers of people, the hour's not above the day's.",
            field="an_hour",
        )
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise NotUnderstood("budget.days", "Give 1 to 366 days.", field="days")
    until = None if days is None else at + timedelta(days=days)
    return Wanted(
        kind=who[0],
        id=who[1],
        purpose=purpose.strip(),
        limit=Limit(an_hour, a_day),
        reason=reason,
        until=until,
    )


async def find_asker(connection: Connection, written: str) -> tuple[str, int]:
    """The partner of a sender_id or the officer of an address; NotFound where there is neither."""
    found = await store.find_asker(connection, written.strip())
    if found is None:
        raise NotFound("asker.unknown", "No partner and no officer goes by that name.")
    return found


async def ask_for(connection: Connection, asker: Asker, wanted: Wanted, at: datetime) -> int:
    """Proposes a budget, which counts when somebody else approves; the proposal's number."""
    must_hold(asker, PRIVACY)
    payload: dict[str, Any] = {
        "kind": wanted.kind,
        "id": wanted.id,
        "purpose": wanted.purpose,
        "an_hour": wanted.limit.an_hour,
        "a_day": wanted.limit.a_day,
        "reason": wanted.reason,
        "until": None if wanted.until is None else wanted.until.isoformat(),
    }
    return await propose(connection, asker, GIVE, payload, at, why=wanted.reason)


async def give(
    connection: Connection,
    wanted: Wanted,
    *,
    asked_by: int | None,
    giver: Asker | None,
    at: datetime,
) -> int:
    """Enters a budget in force from now on; its number."""
    number = await store.give(
        connection, wanted, asked_by=asked_by, given_by=giver.id if giver else None, at=at
    )
    await record_event(
        connection,
        kind=BUDGET_GIVEN,
        asker=giver,
        details={
            "budget": number,
            "whose": wanted.kind,
            "number": wanted.id,
            "an_hour": wanted.limit.an_hour,
            "a_day": wanted.limit.a_day,
            "until": wanted.until.isoformat() if wanted.until else None,
        },
        at=at,
    )
    return number


async def end(connection: Connection, asker: Asker, number: int, at: datetime) -> None:
    """Ends a budget before its time; Conflict where it is over or there is none."""
    must_hold(asker, PRIVACY)
    if not await store.end(connection, number, asker.id, at):
        raise Conflict("budget.over", "This budget has ended already.")
    await record_event(
        connection, kind=BUDGET_ENDED, asker=asker, details={"budget": number}, at=at
    )


async def budgets(connection: Connection) -> list[Given]:
    """Budgets of askers' own, the newest first."""
    found = []
    for row in await store.listed(connection, _LISTED):
        values = dict(row)
        limit = Limit(values.pop("people_an_hour"), values.pop("people_a_day"))
        found.append(Given(limit=limit, **values))
    return found


async def used_since(connection: Connection, days: int, at: datetime) -> list[UsedSeen]:
    """What everybody used of their budgets in the last days, the newest and largest first."""
    rows = await store.days_used(connection, at.date() - timedelta(days=days - 1))
    return [UsedSeen(row["name"], store.used_of(row)) for row in rows]


async def _carry_out(
    connection: Connection, approver: Approver, payload: Payload, at: datetime
) -> Mapping[str, str]:
    wanted = _read(payload)
    if wanted.until is not None and wanted.until <= at:
        raise Conflict("budget.past", "The days this budget was asked for are over.")
    await give(connection, wanted, asked_by=approver.proposed_by, giver=approver.asker, at=at)
    return {}


async def _explain(connection: Connection, payload: Payload) -> list[Detail]:
    wanted = _read(payload)
    name = await store.name_of(connection, wanted.kind, wanted.id)
    return [
        Detail(what="asker", after=name),
        Detail(what="purpose", after=wanted.purpose or "*"),
        Detail(what="people_an_hour", after=str(wanted.limit.an_hour)),
        Detail(what="people_a_day", after=str(wanted.limit.a_day)),
        Detail(what="until", after=wanted.until.date().isoformat() if wanted.until else "–"),
    ]


def _read(payload: Payload) -> Wanted:
    until = payload["until"]
    return Wanted(
        kind=payload["kind"],
        id=payload["id"],
        purpose=payload["purpose"],
        limit=Limit(payload["an_hour"], payload["a_day"]),
        reason=payload["reason"],
        until=datetime.fromisoformat(until) if until else None,
    )


BUDGET_ACTS: Final = (Act(name=GIVE, propose=PRIVACY, carry_out=_carry_out, explain=_explain),)
