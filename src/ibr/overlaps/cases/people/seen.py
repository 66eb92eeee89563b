"""Whom a case is about, as the deciding programme reported them; every look is written down."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import msgspec
from asyncpg import Record

from ibr.access.staff.rights import must_hold_purpose
from ibr.asker import Asker, Purpose
from ibr.audit.questions_asked import record_question
from ibr.codelists.identifier_types import OF_A_PROGRAMME
from ibr.db.pool import Connection
from ibr.overlaps.cases.model import Case
from ibr.overlaps.cases.people import store
from ibr.protection.seal import Sealer, place_of
from ibr.registry.overview.written import PersonWritten, read_record

# More records of one person in one programme than this are not read for a page.
MOST: Final = 12
PURPOSE: Final = "case_work"


class PersonSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A person as one record of the deciding programme shows them."""

    record_id: int
    name: str
    birth_date: date | None
    birth_precision: int
    sex: str | None
    status: int | None
    enrolled_at: datetime | None
    in_group: bool
    identifiers: list[tuple[str, str]]


def with_purpose(asker: Asker, case: Case) -> Asker:
    """The asker with the reason that the ledger gives the person: this case, or its audit."""
    code = PURPOSE if f"purpose.{PURPOSE}" in asker.scopes else "audit"
    return msgspec.structs.replace(asker, purpose=Purpose(code, f"case {case.case_id}"))


async def people_of(
    connection: Connection, sealer: Sealer, asker: Asker, case: Case, at: datetime
) -> list[PersonSeen]:
    """The records of the case in the deciding programme, the look at them in the ledger."""
    seer = with_purpose(asker, case)
    must_hold_purpose(seer)
    rows = await store.records(connection, case, MOST)
    await record_question(
        connection,
        seer,
        question="case",
        subjects=[row["subject_index"] for row in rows],
        programme_id=case.programme_id,
        answer="records" if rows else "none",
        message_key=None,
        at=at,
    )
    return [_seen(sealer, row) for row in rows]


def _seen(sealer: Sealer, row: Record) -> PersonSeen:
    place = place_of("beneficiary_record", "personal", row["record_id"])
    written = read_record(sealer.open(row["personal"], place), 0, ("", ""))
    member = row["member_no"]
    person: PersonWritten | None = written.person
    if member is not None and 0 <= member < len(written.members):
        person = written.members[member]
    return PersonSeen(
        record_id=row["record_id"],
        name=person.name if person else "",
        birth_date=person.birth_date if person else None,
        birth_precision=person.birth_precision if person else 0,
        sex=person.sex if person else None,
        status=row["status"],
        enrolled_at=row["enrolled_at"],
        in_group=row["assistance_unit"] != 1,
        identifiers=person.identifiers if person else [],
    )


async def numbers_of(
    connection: Connection, sealer: Sealer, asker: Asker, case: Case, at: datetime
) -> list[dict[str, str]]:
    """The numbers that a programme itself reported for whom the case is about: its own where it
    has one, else all. The look at them is in the ledger."""
    found: list[tuple[str, str]] = []
    for each in await people_of(connection, sealer, asker, case, at):
        own = [number for number in each.identifiers if number[0] in OF_A_PROGRAMME]
        found += own or each.identifiers
    return [
        {"identifier_type": kind, "identifier_value": value} for kind, value in dict.fromkeys(found)
    ]
