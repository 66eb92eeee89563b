"""What came of a decision in money: entered by the programme, counted once another confirms it."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from ibr.access.staff.rights import CASE_APPROVE, CASE_DECIDE, CASES, must_hold
from ibr.asker import Asker
from ibr.audit.events import CASE_MONEY
from ibr.audit.record import record_event
from ibr.db.pool import Connection, Database
from ibr.errors import Conflict, NotAllowed, NotFound, NotUnderstood
from ibr.overlaps.cases import store
from ibr.overlaps.cases.model import CONFIRMED, Case
from ibr.overlaps.cases.written import case_from

KINDS = ("stopped", "recovered", "restored")
_MOST = 10**15


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A sum and the days it is for."""

    kind: str
    amount_minor: int
    currency: str
    first_day: date
    last_day: date


async def enter(
    database: Database, asker: Asker, case_id: int, entry: Entry, *, at: datetime
) -> None:
    """Enters a sum; it counts nowhere until somebody else has confirmed it."""
    _may(asker, CASE_DECIDE)
    if entry.kind not in KINDS or not 0 < entry.amount_minor < _MOST:
        raise NotUnderstood("case.money", "Write what it is, and a sum above nought.")
    if entry.last_day < entry.first_day or entry.first_day > at.date():
        raise NotUnderstood("case.money_days", "Write the first and the last day, in this order.")
    async with database.transaction(asker.reach, asker=asker, right=CASE_DECIDE) as connection:
        case = await _case(connection, case_id)
        if case.decided_at is None or case.outcome not in CONFIRMED:
            raise Conflict(
                "case.money_undecided",
                "Money is entered once something was decided and confirmed, never before.",
            )
        await store.add_money(
            connection,
            case,
            entry.kind,
            entry.amount_minor,
            entry.currency,
            entry.first_day,
            entry.last_day,
            asker.id,
            at,
        )
        await _noted(connection, asker, case_id, "entered", at)


async def confirm(
    database: Database, asker: Asker, case_id: int, entry_no: int, *, at: datetime
) -> None:
    """Confirms another officer's entry."""
    _may(asker, CASE_APPROVE)
    async with database.transaction(asker.reach, asker=asker, right=CASE_APPROVE) as connection:
        await _case(connection, case_id)
        if not await store.confirm_money(connection, case_id, entry_no, asker.id, at):
            raise Conflict(
                "case.money_settled",
                "It was confirmed or dropped already, or is your own: somebody else confirms it.",
            )
        await _noted(connection, asker, case_id, "confirmed", at)


async def drop(
    database: Database, asker: Asker, case_id: int, entry_no: int, *, at: datetime
) -> None:
    """Drops an entry that is wrong and not confirmed."""
    _may(asker, CASE_DECIDE)
    async with database.transaction(asker.reach, asker=asker, right=CASE_DECIDE) as connection:
        await _case(connection, case_id)
        if not await store.drop_money(connection, case_id, entry_no, asker.id, at):
            raise Conflict("case.money_settled", "It was confirmed or dropped already.")
        await _noted(connection, asker, case_id, "dropped", at)


def _may(asker: Asker, right: str) -> None:
    must_hold(asker, CASES)
    if right not in asker.scopes:
        raise NotAllowed("case.not_yours", "Your role does not allow this step of a case.")


async def _case(connection: Connection, case_id: int) -> Case:
    row = await store.case(connection, case_id)
    if row is None:
        raise NotFound("case.unknown", "There is no such case among your programmes.")
    return case_from(row)


async def _noted(
    connection: Connection, asker: Asker, case_id: int, what: str, at: datetime
) -> None:
    await record_event(
        connection, kind=CASE_MONEY, asker=asker, details={"case": case_id, "what": what}, at=at
    )
