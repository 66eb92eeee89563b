"""What an officer decides about a delivery: let it go, refuse it, void it, bring it back.

The decision and its audit event are one transaction. What follows from it, merging or working
records out anew, is the worker's: it finds the delivery by its state, so nothing is lost between.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final

from ibr.access.staff.rights import DELIVERIES, DELIVERY_RELEASE, must_hold
from ibr.asker import Asker
from ibr.audit.events import DELIVERY_DECIDED, DELIVERY_LIMITS
from ibr.audit.record import record_event
from ibr.db.pool import Connection, Database
from ibr.deliveries.acts import decide
from ibr.deliveries.acts.model import By, Effect
from ibr.deliveries.checks.judge import set_terms, terms_of
from ibr.deliveries.checks.model import CheckTerms

Decide = Callable[[Connection, int, By, str, datetime], Awaitable[None]]

ACTS: Final[dict[str, Decide]] = {
    "release": decide.release,
    "refuse": decide.refuse,
    "void": decide.ask_void,
    "reinstate": decide.ask_reinstate,
}


async def decide_delivery(
    database: Database, asker: Asker, delivery_id: int, act: str, reason: str, at: datetime
) -> None:
    """Carries one of ACTS out, or begins to.

    NotAllowed without the right, or where the delivery speaks of programmes out of reach; NotFound
    where there is none in reach; NotUnderstood for a reason that says nothing; Conflict where the
    delivery stands elsewhere by now.
    """
    must_hold(asker, DELIVERY_RELEASE)
    async with database.transaction(asker.reach, asker=asker, right=DELIVERY_RELEASE) as connection:
        programmes = await decide.must_reach(connection, delivery_id, asker.reach)
        by = By(asker.kind, asker.id, asker.name)
        await ACTS[act](connection, delivery_id, by, reason, at)
        await record_event(
            connection,
            kind=DELIVERY_DECIDED,
            asker=asker,
            details={"delivery": delivery_id, "what": act, "programmes": programmes},
            at=at,
        )


async def effect_of_void(database: Database, asker: Asker, delivery_id: int) -> Effect:
    """What voiding a delivery would change, in counts alone."""
    must_hold(asker, DELIVERIES)
    must_hold(asker, DELIVERY_RELEASE)
    # Whole sums of what would go, wherever the people live: not only what the asker may look at.
    async with database.transaction(asker.reach) as connection:
        programmes = await decide.must_reach(connection, delivery_id, asker.reach)
        return await decide.effect_of_void(connection, delivery_id, programmes)


async def limits_of(database: Database, asker: Asker, programme_id: int) -> CheckTerms:
    """From when on a delivery of a programme is held."""
    must_hold(asker, DELIVERIES)
    async with database.transaction(asker.reach, asker=asker, right=DELIVERIES) as connection:
        return (await terms_of(connection, [programme_id]))[programme_id]


async def set_limits(
    database: Database,
    asker: Asker,
    programme_id: int,
    changes: Mapping[str, object],
    at: datetime,
) -> CheckTerms:
    """Changes limits of a programme; NotUnderstood for a limit that there is not."""
    must_hold(asker, DELIVERY_RELEASE)
    async with database.transaction(asker.reach, asker=asker, right=DELIVERY_RELEASE) as connection:
        terms = await set_terms(connection, programme_id, changes, asker.name, at)
        await record_event(
            connection,
            kind=DELIVERY_LIMITS,
            asker=asker,
            details={"programme": programme_id, "limits": sorted(changes)},
            at=at,
        )
    return terms
