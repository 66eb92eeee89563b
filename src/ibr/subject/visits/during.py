"""While a visit lasts, and its end: by the officer, by a person who signed in themselves, or by
itself when the time is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

import msgspec
from asyncpg import Record

from ibr.access.staff.rights import SERVE_PERSON, must_hold
from ibr.asker import Asker
from ibr.audit.events import VISIT_ENDED
from ibr.audit.record import event, record_events
from ibr.db.pool import Connection, Database
from ibr.errors import Conflict, NotFound
from ibr.protection.seal import Sealer
from ibr.subject.places import visit_place
from ibr.subject.visits import store
from ibr.subject.visits.model import Consent, HelpVisit, Proved

_PROTECTED: Final = "serve_protected"
OWN_PAGES: Final = "own_pages"
"""The right of a person who signed in, to their own data and nobody else's."""


async def visit_of(
    database: Database, sealer: Sealer, asker: Asker, number: int, at: datetime
) -> HelpVisit:
    """An officer's own visit that lasts; NotFound for any other's, as if there were none, Conflict
    where it has ended."""
    must_hold(asker, SERVE_PERSON)
    async with database.transaction(asker.reach, asker=asker, right=SERVE_PERSON) as connection:
        row = await store.one(connection, number, asker.id)
    if row is None:
        raise NotFound("visit.unknown", "You have no visit of that number.")
    visit = as_visit(sealer, row)
    if not visit.lasts(at):
        raise over()
    return visit


async def open_visit(database: Database, asker: Asker, at: datetime) -> int | None:
    """The number of the visit in which the officer serves somebody now."""
    must_hold(asker, SERVE_PERSON)
    async with database.transaction((), asker=asker, right=SERVE_PERSON) as connection:
        return await store.open_number(connection, asker.id, at)


@asynccontextmanager
async def within(database: Database, asker: Asker, visit: HelpVisit) -> AsyncIterator[Connection]:
    """A transaction that sees the visitor's records and nobody else's, by the database's own word:
    none at all when the visit has ended meanwhile."""
    right = OWN_PAGES if asker.kind == "person" else SERVE_PERSON
    must_hold(asker, right)
    seer = asker
    if visit.opened_for is not None and SERVE_PERSON in asker.scopes:
        seer, right = msgspec.structs.replace(asker, scopes=asker.scopes | {_PROTECTED}), _PROTECTED
    async with database.transaction(
        asker.reach, asker=seer, right=right, visit=visit.visit_no
    ) as connection:
        yield connection


async def end_visit(database: Database, asker: Asker, number: int, at: datetime) -> None:
    """Ends an officer's own visit; Conflict where it has ended already."""
    must_hold(asker, SERVE_PERSON)
    async with database.transaction((), asker=asker, right=SERVE_PERSON) as connection:
        if await store.end(connection, number, asker.id, at):
            details: dict[str, object] = {"visit": number, "how": "officer"}
            await record_events(connection, [event(VISIT_ENDED, asker, details, at)])
            return
        row = await store.one(connection, number, asker.id)
    if row is None:
        raise NotFound("visit.unknown", "You have no visit of that number.")
    raise over()


async def end_over(connection: Connection, at: datetime, officer_id: int | None = None) -> int:
    """Ends what is over by its time, of one officer or of everybody; how many."""
    ended = await store.end_over(connection, at, officer_id)
    if ended:
        await record_events(
            connection,
            [event(VISIT_ENDED, None, _over_by_time(row), at) for row in ended],
        )
    return len(ended)


async def keep_visits(database: Database, at: datetime) -> int:
    """Ends everybody's visits that are over; for the worker."""
    async with database.transaction(()) as connection:
        return await end_over(connection, at)


def _over_by_time(row: Record) -> dict[str, object]:
    officer = {} if row["officer_id"] is None else {"officer": row["officer_id"]}
    return {"visit": row["visit_no"], **officer, "how": "time"}


def over() -> Conflict:
    """Why nothing more is shown."""
    return Conflict("visit.over", "This visit has ended. Begin a new one if the person is there.")


def as_visit(sealer: Sealer, row: Record) -> HelpVisit:
    """A visit as it is kept, with what the visitor proved."""
    number = row["visit_no"]
    opened = sealer.open(row["proved"], visit_place(row["records"], number))
    return HelpVisit(
        visit_no=number,
        officer_id=row["officer_id"],
        proved=msgspec.json.decode(opened, type=Proved),
        subjects=tuple(row["subjects"]),
        records=dict(zip(row["records"], row["roles"], strict=True)),
        proof_code=row["proof_code"],
        consent=Consent(
            version=row["consent_version"],
            digest=row["consent_digest"],
            language=row["consent_language"],
            by=row["consent_by"],
        ),
        note=row["note"],
        opened_for=row["opened_for"],
        begun_at=row["begun_at"],
        until=row["until"],
        ended_at=row["ended_at"],
    )
