"""A visitor asks for a correction or objects; the registry changes nothing and passes it on."""

from __future__ import annotations

from datetime import datetime

import msgspec
from asyncpg import Record

from ibr.asker import Asker
from ibr.audit.events import PERSON_ASKED
from ibr.audit.record import record_event
from ibr.db.pool import Connection, Database
from ibr.errors import Conflict, NotFound
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer, place_of
from ibr.subject.content import fields_of, person_in
from ibr.subject.places import request_place
from ibr.subject.requests import store
from ibr.subject.requests.model import TO_ANSWER, PersonRequest, Wish
from ibr.subject.requests.rules import check_wish, watched
from ibr.subject.visits.during import over, within
from ibr.subject.visits.model import HelpVisit


async def ask(
    database: Database,
    sealer: Sealer,
    blind_index: BlindIndex,
    asker: Asker,
    visit: HelpVisit,
    wish: Wish,
    at: datetime,
) -> int:
    """The number of the request. Conflict where the same was asked and is not answered."""
    role = visit.records.get(wish.record_id)
    if role is None:
        raise NotFound("person_request.record", "This is none of the person's records.")
    async with within(database, asker, visit) as connection:
        row = await store.record(connection, wish.record_id)
        if row is None:
            raise over()
        fields = _fields(sealer, row, role, visit)
        value = check_wish(wish, fields, at)
        stands = watched(wish.kind, wish.about, fields, row["status"], theirs=True)
        number = await store.next_number(connection)
        sealed = sealer.seal(value.encode(), request_place("wished", wish.record_id, number))
        added = await store.add(
            connection,
            number=number,
            visit_no=visit.visit_no,
            programme_id=row["programme_id"],
            record_id=wish.record_id,
            subject_index=visit.subjects[0],
            role=role,
            kind=wish.kind,
            about=wish.about,
            proved=sealer.seal(
                msgspec.json.encode(visit.proved), request_place("proved", wish.record_id, number)
            ),
            wished=sealed if wish.kind == "correction" else None,
            before=blind_index.digest(stands.encode()),
            at=at,
            due_at=at + TO_ANSWER,
            by_self=visit.officer_id is None,
        )
        if not added:
            raise Conflict(
                "person_request.open",
                "The same was asked of the programme already and is not answered yet.",
            )
        await _write_down(connection, asker, visit, wish, number, row, at)
    return number


def _fields(sealer: Sealer, row: Record, role: int, visit: HelpVisit) -> dict[str, str]:
    place = place_of("beneficiary_record", "personal", row["record_id"])
    opened = sealer.open(row["personal"], place)
    return fields_of(person_in(opened, role, visit.proved.kind, visit.proved.value))


async def of_visitor(database: Database, asker: Asker, visit: HelpVisit) -> list[PersonRequest]:
    """What the visitor asked before and in this visit, the newest first."""
    async with within(database, asker, visit) as connection:
        rows = await store.of_subjects(connection, visit.subjects)
    return [PersonRequest(**dict(row)) for row in rows]


async def _write_down(
    connection: Connection,
    asker: Asker,
    visit: HelpVisit,
    wish: Wish,
    number: int,
    row: Record,
    at: datetime,
) -> None:
    await record_event(
        connection,
        kind=PERSON_ASKED,
        asker=asker,
        details={
            "request": number,
            "visit": visit.visit_no,
            "programme": row["programme_id"],
            "what": wish.kind,
            # Of a number only that it is one: its type is the sender's own word.
            "about": wish.about.partition(":")[0],
        },
        at=at,
    )
