"""An erasure is proposed by whoever watches over privacy and approved by a second person.

A proposal holds numbers of records only. What is held, or is part of a case that is still open,
is refused: when it is proposed, when it is approved, and by the database when it is carried out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from ibr.access.approvals.decide import propose
from ibr.access.approvals.two_people import Act, Approver, Detail, Payload
from ibr.access.staff.rights import PRIVACY, must_hold
from ibr.asker import Asker
from ibr.audit.events import ERASURE_APPROVED
from ibr.audit.record import record_event
from ibr.db.pool import Connection, Database
from ibr.errors import Conflict, NotFound, NotUnderstood
from ibr.keeping.erasure import store
from ibr.keeping.erasure.model import GROUNDS, MOST_RECORDS, Erasure, Found
from ibr.keeping.rules import words

ERASE: Final = "erasure"
_LISTED: Final = 100


async def find(database: Database, programmes: frozenset[int], asker: Asker, index: bytes) -> Found:
    """What a blind number leads to, in every programme; nothing of the records is shown.

    NotFound where it leads to nothing, NotUnderstood for a number that many records carry.
    """
    must_hold(asker, PRIVACY)
    async with database.transaction(programmes) as connection:
        rows = await store.found(connection, index, MOST_RECORDS + 1)
    if len(rows) > MOST_RECORDS:
        raise NotUnderstood(
            "erasure.shared",
            "Many records carry this number, so it is nobody's own. Use another number of the "
            "person.",
            field="value",
        )
    own = tuple(row["record_id"] for row in rows if row["own"])
    if not rows:
        raise NotFound("erasure.nobody", "No record carries this number.")
    return Found(records=own, households=len(rows) - len(own))


async def ask_for(
    database: Database,
    programmes: frozenset[int],
    asker: Asker,
    records: Sequence[int],
    *,
    ground: str,
    with_bytes: bool,
    why: str,
    at: datetime,
) -> int:
    """Proposes to erase these records; the proposal's number."""
    must_hold(asker, PRIVACY)
    if ground not in GROUNDS:
        raise NotUnderstood("erasure.ground", "Choose on what ground.", field="ground")
    why = words(why, "erasure.why", "why")
    numbers = sorted(set(records))
    if not 1 <= len(numbers) <= MOST_RECORDS:
        raise NotUnderstood(
            "erasure.records",
            "The number leads to no record of the person alone. A household's record is corrected "
            "by its programme.",
            field="value",
        )
    payload: dict[str, Any] = {"records": numbers, "ground": ground, "bytes": with_bytes}
    async with database.transaction(programmes) as connection:
        await must_be_erasable(connection, numbers)
        return await propose(connection, asker, ERASE, payload, at, why=why)


async def must_be_erasable(connection: Connection, records: Sequence[int]) -> None:
    """Conflict for a record that is held, in an open case, or not there; sees all programmes."""
    if await store.held(connection, records):
        raise Conflict(
            "erasure.held",
            "A legal hold covers a record of this person. It must be lifted first, by two people.",
        )
    if await store.open_cases(connection, records):
        raise Conflict(
            "erasure.case_open",
            "A case about this person is open. It must be decided and closed first, so that nobody "
            "loses a decision or an appeal.",
        )
    if set(records) - await store.there(connection, records):
        raise Conflict("erasure.gone", "A record of this proposal is not there any more.")


async def approved(
    connection: Connection,
    records: Sequence[int],
    ground: str,
    *,
    with_bytes: bool,
    asked_by: int | None,
    asker: Asker | None,
    at: datetime,
) -> int:
    """Enters an approved erasure, which the worker carries out within seconds; its number."""
    number = await store.add(
        connection,
        records,
        ground,
        with_bytes=with_bytes,
        asked_by=asked_by,
        approved_by=asker.id if asker else None,
        at=at,
    )
    await record_event(
        connection,
        kind=ERASURE_APPROVED,
        asker=asker,
        details={"erasure": number, "records": len(records), "ground": ground},
        at=at,
    )
    return number


async def erasures(connection: Connection) -> list[Erasure]:
    """Erasures, the newest first; by number only."""
    return [seen(row) for row in await store.listed(connection, _LISTED)]


def seen(row: Any) -> Erasure:
    """A row as an erasure."""
    values = dict(row)
    return Erasure(
        record_ids=tuple(values.pop("record_ids")),
        counts=msgspec.json.decode(values.pop("counts")),
        **values,
    )


async def _carry_out(
    connection: Connection, approver: Approver, payload: Payload, at: datetime
) -> Mapping[str, str]:
    if await store.held(connection, payload["records"]):
        raise Conflict(
            "erasure.held",
            "A legal hold covers a record of this person. It must be lifted first, by two people.",
        )
    await approved(
        connection,
        payload["records"],
        payload["ground"],
        with_bytes=payload["bytes"],
        asked_by=approver.proposed_by,
        asker=approver.asker,
        at=at,
    )
    return {}


async def _explain(connection: Connection, payload: Payload) -> list[Detail]:
    held = await store.held(connection, payload["records"])
    details = [
        Detail(what="records", before=str(len(payload["records"])), after="0"),
        Detail(what="ground", after=payload["ground"]),
        Detail(what="with_bytes", after="yes" if payload["bytes"] else "no"),
    ]
    return [*details, Detail(what="held", after=str(len(held)))] if held else details


ERASURE_ACTS: Final = (Act(name=ERASE, propose=PRIVACY, carry_out=_carry_out, explain=_explain),)
