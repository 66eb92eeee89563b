"""Marks people as protected, keeps what is hidden for them up to date, and ends it.

Who is protected is known here by blind numbers alone. The policies of the tables hide the records
from everybody who may see people, through any door (0037_budgets.sql); the answer to "enrolled?"
stays the same, for another answer would tell that somebody is protected.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from ibr.access.staff.rights import PRIVACY, PROTECT, must_hold
from ibr.asker import Asker
from ibr.audit.events import PERSON_PROTECTED, PROTECTION_ENDED
from ibr.audit.record import record_event
from ibr.db.pool import Connection, Database
from ibr.errors import Conflict, NotUnderstood
from ibr.registry.protected import store
from ibr.registry.protected.model import REASONS, Protection

LONGEST_WHY: Final = 500
_LISTED: Final = 200
# Each round finds the numbers of records that the round before led to; people have few.
_ROUNDS: Final = 4


async def mark(
    database: Database,
    asker: Asker,
    programmes: Iterable[int],
    *,
    index: bytes,
    reason: str,
    until: date | None,
    at: datetime,
) -> int:
    """Protects whoever carries the number, and all who stand in one record with them, at once.

    `programmes` are all there are. NotUnderstood for a reason that is none, a day that is past, or
    a number that many records carry. It is the same whether the number is known or not: what is
    reported later is found by `keep`.
    """
    must_hold(asker, PROTECT)
    if reason not in REASONS:
        raise NotUnderstood("protection.reason", "Choose why.", field="reason")
    if until is not None and until < at.date():
        raise NotUnderstood("protection.until", "The last day is past.", field="until")
    async with database.transaction(programmes) as connection:
        if await store.carried_by(connection, index) > store.MOST_RECORDS:
            raise NotUnderstood(
                "protection.shared",
                "Many records carry this number, so it is nobody's own. Use another number of "
                "the person.",
                field="value",
            )
        number = await store.add(connection, index, reason, until, asker.id, at)
        await _spread(connection, at)
        await record_event(
            connection,
            kind=PERSON_PROTECTED,
            asker=asker,
            details={
                "protection": number,
                "reason": reason,
                "until": until.isoformat() if until else None,
            },
            at=at,
        )
    return number


async def end(database: Database, asker: Asker, number: int, why: str, at: datetime) -> None:
    """Ends a protection; what led to the person is forgotten, and the records are seen again."""
    must_hold(asker, PRIVACY)
    why = why.strip()
    if not why or len(why) > LONGEST_WHY:
        raise NotUnderstood(
            "protection.why", "Say in up to 500 characters why, without names.", field="why"
        )
    async with database.transaction(()) as connection:
        if not await store.end(connection, number, asker.id, why, at):
            raise Conflict("protection.over", "This protection has ended already.")
        await store.forget_ended(connection, at.date())
        await record_event(
            connection,
            kind=PROTECTION_ENDED,
            asker=asker,
            details={"protection": number},
            at=at,
        )


async def keep(database: Database, programmes: Iterable[int], at: datetime) -> int:
    """Hides what was reported since, shows again what is over; how many records are newly hidden.

    `programmes` are all there are.
    """
    async with database.transaction(programmes) as connection:
        await store.forget_ended(connection, at.date())
        if not await store.any_in_force(connection, at.date()):
            return 0
        return await _spread(connection, at)


async def protections(connection: Connection, asker: Asker) -> list[Protection]:
    """Those in force first, then those that ended; never of whom."""
    must_hold(asker, PRIVACY)
    return [Protection(**dict(row)) for row in await store.listed(connection, _LISTED)]


async def is_protected(
    connection: Connection, index: bytes, programmes: Iterable[int], at: datetime
) -> bool:
    """Whether a number leads to a record of these programmes that is hidden."""
    return await store.is_protected(connection, index, programmes, at.date())


async def _spread(connection: Connection, at: datetime) -> int:
    for _ in range(_ROUNDS):
        if not await store.spread_own(connection, at.date(), at):
            break
    await store.spread_household(connection, at.date(), at)
    return await store.hide_records(connection, at.date())
