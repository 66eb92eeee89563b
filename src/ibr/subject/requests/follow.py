"""Sees whether a delivery carries what was accepted: only then is a request done.

The registry edits nothing. What a programme promised is looked for in what it reports.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec
from asyncpg import Record

from ibr.audit.events import PERSON_REQUEST_DONE
from ibr.audit.record import record_event
from ibr.db.pool import Connection, Database
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer, place_of
from ibr.subject.content import fields_of, person_in
from ibr.subject.places import request_place
from ibr.subject.requests import store
from ibr.subject.requests.rules import same, watched
from ibr.subject.visits.model import Proved

_AT_ONCE: Final = 200


async def follow_requests(
    database: Database,
    sealer: Sealer,
    blind_index: BlindIndex,
    programmes: Iterable[int],
    at: datetime,
) -> int:
    """Marks what is done; how many. `programmes` are all there are."""
    reach, last, marked = list(programmes), 0, 0
    while True:
        async with database.transaction(reach) as connection:
            rows = await store.awaited(connection, last, _AT_ONCE)
            for row in rows:
                how = _how(sealer, blind_index, row)
                if how is not None:
                    marked += await _mark(connection, row["request_no"], how, at)
        if len(rows) < _AT_ONCE:
            return marked
        last = rows[-1]["request_no"]


def _how(sealer: Sealer, blind_index: BlindIndex, row: Record) -> str | None:
    """How it was done; None while everything watched stands as it stood."""
    fields: dict[str, str] = {}
    number = row["request_no"]
    if row["personal"] is not None:
        opened = sealer.open(row["proved"], request_place("proved", row["record_id"], number))
        proved = msgspec.json.decode(opened, type=Proved)
        content = sealer.open(
            row["personal"], place_of("beneficiary_record", "personal", row["record_id"])
        )
        fields = fields_of(person_in(content, row["role"], proved.kind, proved.value))
    stands = watched(row["kind"], row["about"], fields, row["status"], theirs=row["theirs"])
    if blind_index.digest(stands.encode()) == row["before"]:
        return None
    if row["wished"] is None:
        return "as_asked"
    wished = sealer.open(row["wished"], request_place("wished", row["record_id"], number)).decode()
    return "as_asked" if same(stands, wished) else "otherwise"


async def _mark(connection: Connection, number: int, how: str, at: datetime) -> int:
    if not await store.done(connection, number, how, at):
        return 0
    await record_event(
        connection,
        kind=PERSON_REQUEST_DONE,
        asker=None,
        details={"request": number, "how": how},
        at=at,
    )
    return 1
