"""Which records are the visitor's own: those that carry the number they proved, with their birth
date, and those that people confirmed to be of the same person.

What linkage alone believes is never among them. A number that leads to two people leads to nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from asyncpg import Record

from ibr.db.pool import Connection
from ibr.protection.seal import Sealer, place_of
from ibr.subject.content import birth_in, name_in, person_in, sex_in
from ibr.subject.visits import store
from ibr.subject.visits.model import OF_THE_PERSON, Proved
from ibr.subject.visits.rules import Claim, all_of_one, born_on, may_be_one

# One number that more records carry is no person's.
_MOST: Final = 40


class Own(msgspec.Struct, frozen=True):
    """The visitor's records with their roles, and the numbers that are theirs alone."""

    records: dict[int, int]
    subjects: tuple[bytes, ...]


async def own_records(
    connection: Connection, sealer: Sealer, index: bytes, proved: Proved, *, alone: bool = False
) -> Own | None:
    """What is the visitor's; None where the number with the birth date leads to nobody, or to more
    than one. With `alone` also where any record that carries the number speaks of somebody else:
    at a counter an officer sees who stands there, in a browser nobody does."""
    rows = await store.carrying(connection, index, _MOST + 1)
    if len(rows) > _MOST:
        return None
    every = _claims(sealer, rows, proved)
    if alone and not all_of_one(every, proved.birth_date):
        return None
    claims = [each for each in every if born_on(each, proved.birth_date)]
    if not claims or not may_be_one(claims):
        return None
    records = {each.record_id: each.role for each in claims}
    for row in await store.confirmed(connection, index, list(records)):
        records.setdefault(row["record_id"], OF_THE_PERSON)
    about = [record for record, role in records.items() if role == OF_THE_PERSON]
    others = await store.own_numbers(connection, about, list(records))
    return Own(records, tuple(dict.fromkeys([index, *others])))


def _claims(sealer: Sealer, rows: Sequence[Record], proved: Proved) -> list[Claim]:
    found = []
    for row in rows:
        place = place_of("beneficiary_record", "personal", row["record_id"])
        opened = sealer.open(row["personal"], place)
        person = person_in(opened, row["role"], proved.kind, proved.value)
        born, precision = birth_in(person)
        found.append(
            Claim(
                record_id=row["record_id"],
                role=row["role"],
                name=name_in(person),
                sex=sex_in(person),
                birth_date=born,
                birth_precision=precision,
            )
        )
    return found
