"""The session of a person who signed in themselves, while it lasts and when it ends.

It is a visit without an officer: the cookie holds 256 random bits, the database their digest beside
the visit, and row-level security shows a transaction of it the records of that visit alone.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from ibr.audit.events import VISIT_ENDED
from ibr.audit.record import record_event
from ibr.db.pool import Database
from ibr.protection.seal import Sealer
from ibr.registry.overview import counts
from ibr.subject.own.begin import digest_of, person
from ibr.subject.own.model import IDLE, LONGEST, OwnSession
from ibr.subject.visits import store
from ibr.subject.visits.during import as_visit


async def session_of(
    database: Database, sealer: Sealer, secret: str, at: datetime
) -> OwnSession | None:
    """The session of a cookie; None where it is unknown, ended, idle too long or too old."""
    if not secret:
        return None
    async with database.transaction(()) as connection:
        row = await store.of_session(connection, digest_of(secret), at)
        if row is None:
            return None
        await store.go_on(connection, row["visit_no"], at, IDLE, LONGEST)
        every = frozenset((await counts.numbers_by_code(connection)).values())
    visit = as_visit(sealer, row)
    return OwnSession(
        visit=visit, asker=person(visit.visit_no, every), form_token=form_token(secret)
    )


async def sign_out(database: Database, secret: str, at: datetime) -> None:
    """Ends the session of a cookie; one that has ended is left as it is."""
    async with database.transaction(()) as connection:
        number = await store.end_session(connection, digest_of(secret), at)
        if number is not None:
            details: dict[str, object] = {"visit": number, "how": "person"}
            await record_event(
                connection,
                kind=VISIT_ENDED,
                asker=person(number, frozenset()),
                details=details,
                at=at,
            )


def form_token(secret: str) -> str:
    """What this session's forms carry back: only its own browser's pages can know it."""
    return hashlib.sha256(b"own form\x1f" + secret.encode()).hexdigest()
