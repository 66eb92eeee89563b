"""Requests as those see them who answer them, and those who watch that they are answered.

Whoever only watches learns that there is a request, of which programme, about what and since when;
never of whom and never what it says.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from asyncpg import Record

from ibr.access.budgets.model import Seen, Spending
from ibr.access.budgets.spend import Budgets
from ibr.access.staff.rights import REQUEST_ANSWER, REQUESTS, must_hold
from ibr.asker import Asker, Purpose
from ibr.audit.events import PERSON_ANSWERED
from ibr.audit.questions_asked import record_question
from ibr.audit.record import record_event
from ibr.codelists.identifier_types import OF_A_PROGRAMME
from ibr.db.pool import Connection, Database
from ibr.errors import Conflict, NotFound
from ibr.protection.seal import Sealer, place_of
from ibr.subject.content import birth_in, fields_of, numbers_of, person_in
from ibr.subject.places import request_place
from ibr.subject.requests import store
from ibr.subject.requests.model import (
    A_PAGE,
    VIEWS,
    Listed,
    OneRequest,
    PersonRequest,
    View,
    Whose,
)
from ibr.subject.requests.rules import check_answer
from ibr.subject.visits.model import Proved

PURPOSE: Final = "data_correction"


async def requests(
    database: Database,
    asker: Asker,
    view: View,
    page: int,
    at: datetime,
    programme_id: int | None = None,
) -> Listed:
    """A page of the requests of the asker's programmes, those due first."""
    must_hold(asker, REQUESTS)
    async with database.transaction(asker.reach, asker=asker, right=REQUESTS) as connection:
        row = await store.counts(connection, at)
        counted: dict[View, int] = {each: row[each] if row else 0 for each in VIEWS}
        pages = max(1, -(-counted[view] // A_PAGE))
        number = min(max(1, page), pages)
        rows = await store.in_view(
            connection, view, at, programme_id, A_PAGE, (number - 1) * A_PAGE
        )
    return Listed(
        requests=[PersonRequest(**dict(each)) for each in rows],
        counts=counted,
        page=number,
        pages=pages,
        total=counted[view],
    )


async def one_request(database: Database, asker: Asker, number: int) -> OneRequest:
    """A request in reach, and nothing of whom it is; NotFound for any other, as if there were
    none."""
    must_hold(asker, REQUESTS)
    async with database.transaction(asker.reach, asker=asker, right=REQUESTS) as connection:
        request = _request(await _row(connection, number))
    return OneRequest(request=request, whose=None, may_answer=False)


async def request_to_answer(
    database: Database,
    sealer: Sealer,
    asker: Asker,
    number: int,
    *,
    budgets: Budgets,
    at: datetime,
) -> OneRequest:
    """A request in reach with whom it is of and what it says, once the look is in the ledger and
    counted."""
    must_hold(asker, REQUEST_ANSWER)
    asker = msgspec.structs.replace(asker, purpose=Purpose(PURPOSE, asker.purpose.text))
    transaction = database.transaction(asker.reach, asker=asker, right=REQUEST_ANSWER)
    async with budgets.noting(database, asker, transaction) as connection:
        row = await _row(connection, number)
        whose = await _whose(connection, sealer, asker, row, at)
        spending = Spending(asker, [Seen(row["subject_index"], whose is not None)], at)
        await budgets.spend(connection, [spending])
    request = _request(row)
    return OneRequest(request=request, whose=whose, may_answer=request.answer is None)


async def answer(
    database: Database, asker: Asker, number: int, said: str, reason: str, at: datetime
) -> PersonRequest:
    """Answers a request. The registry changes no record: the programme's system does, and its next
    delivery says so. Conflict where it has been answered."""
    must_hold(asker, REQUEST_ANSWER)
    chosen = check_answer(said, reason)
    async with database.transaction(asker.reach, asker=asker, right=REQUEST_ANSWER) as connection:
        await _row(connection, number)
        if not await store.answer(
            connection, number, said=chosen, reason=reason, kind=asker.kind, by=asker.id, at=at
        ):
            raise Conflict("person_request.answered", "This request has been answered already.")
        await record_event(
            connection,
            kind=PERSON_ANSWERED,
            asker=asker,
            details={"request": number, "answer": chosen, "reason": reason},
            at=at,
        )
        return _request(await _row(connection, number))


async def whose_of(
    connection: Connection, sealer: Sealer, asker: Asker, number: int, at: datetime
) -> Whose | None:
    """Of whom a request is, for a transaction that may see it; the look is in the ledger."""
    return await _whose(connection, sealer, asker, await _row(connection, number), at)


async def _row(connection: Connection, number: int) -> Record:
    row = await store.one(connection, number)
    if row is None:
        raise NotFound("person_request.unknown", "There is no request of that number.")
    return row


def _request(row: Record) -> PersonRequest:
    return PersonRequest(**{name: row[name] for name in PersonRequest.__struct_fields__})


async def _whose(
    connection: Connection, sealer: Sealer, asker: Asker, row: Record, at: datetime
) -> Whose | None:
    number = row["request_no"]
    found = await store.record(connection, row["record_id"])
    await record_question(
        connection,
        asker,
        question="person_record",
        subjects=[row["subject_index"]],
        programme_id=row["programme_id"],
        answer="records" if found else "none",
        message_key=None,
        at=at,
    )
    if found is None:
        return None
    opened = sealer.open(row["proved"], request_place("proved", row["record_id"], number))
    proved = msgspec.json.decode(opened, type=Proved)
    content = sealer.open(
        found["personal"], place_of("beneficiary_record", "personal", row["record_id"])
    )
    person = person_in(content, row["role"], proved.kind, proved.value)
    born, precision = birth_in(person)
    fields = fields_of(person)
    numbers = numbers_of(person)
    wished = ""
    if row["wished"] is not None:
        wished = sealer.open(
            row["wished"], request_place("wished", row["record_id"], number)
        ).decode()
    return Whose(
        name=fields.get("name", ""),
        birth_date=born,
        birth_precision=precision,
        numbers=[each for each in numbers if each[0] in OF_A_PROGRAMME] or numbers,
        stands=fields.get(row["about"], ""),
        wished=wished,
    )
