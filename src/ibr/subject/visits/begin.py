"""Begins a visit: the person is found by number and birth date, by nothing else.

That somebody looked is written to the ledger and counted against the officer's budget whether
anybody is found or not. A person who is protected, somebody out of the officer's reach and somebody
whom nobody knows are told apart by nothing that is shown.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from ibr.access.budgets.model import Seen, Spending
from ibr.access.budgets.spend import Budgets
from ibr.access.staff.rights import SERVE_PERSON, must_hold, must_hold_purpose
from ibr.asker import Asker, Purpose
from ibr.audit.events import VISIT_BEGUN, VISIT_NOT_BEGUN
from ibr.audit.questions_asked import record_question
from ibr.audit.record import record_event
from ibr.db.pool import Connection, Database
from ibr.errors import Conflict, NotUnderstood
from ibr.protection.blind_index import BlindIndex, canonical_type, canonical_value
from ibr.protection.seal import Sealer
from ibr.questions.open_protected import OPENED_FOR, note_opened
from ibr.registry.overview import records
from ibr.registry.protected.mark import is_protected
from ibr.subject.places import visit_place
from ibr.subject.visits import store
from ibr.subject.visits.consent import consent_in
from ibr.subject.visits.during import end_over
from ibr.subject.visits.model import LASTS, Asked, HelpVisit, Proved
from ibr.subject.visits.rules import check_asked, read_day
from ibr.subject.visits.whose import Own, own_records

PURPOSE: Final = "help_desk_request"
_BEGIN: Final = "begin_visit"
_BEGIN_PROTECTED: Final = "begin_protected_visit"
_FIRST_TYPES: Final = ["UIN"]


async def kinds_of_number(database: Database, asker: Asker) -> list[str]:
    """Kinds of number that a person may prove."""
    must_hold(asker, SERVE_PERSON)
    async with database.transaction(()) as connection:
        found = await records.identifier_types(connection)
    return [kind for kind, whose in found if whose == "person"] or _FIRST_TYPES


def read_proved(asked: Asked, at: datetime) -> Proved:
    """Number and birth date in canonical form; NotUnderstood, with its field, for what is none."""
    kind, value = canonical_type(asked.kind), canonical_value(asked.value)
    return Proved(kind, value, read_day(asked.birth_date, at))


async def begin_visit(
    database: Database,
    sealer: Sealer,
    blind_index: BlindIndex,
    asker: Asker,
    asked: Asked,
    *,
    budgets: Budgets,
    at: datetime,
) -> int | None:
    """The number of the visit; None where nobody can be served under number and birth date.

    Conflict where the officer serves somebody already.
    """
    must_hold(asker, SERVE_PERSON)
    asker = msgspec.structs.replace(asker, purpose=Purpose(PURPOSE))
    must_hold_purpose(asker)
    check_asked(asked)
    if asked.opened_for and asked.opened_for not in OPENED_FOR:
        raise NotUnderstood(
            "protection.opened_for", "Choose why these records are opened.", field="opened_for"
        )
    proved = read_proved(asked, at)
    index = blind_index.of(proved.kind, proved.value)
    seer, right = _seer(asker, asked)
    transaction = database.transaction(asker.reach, asker=seer, right=right)
    async with budgets.noting(database, asker, transaction) as connection:
        await end_over(connection, at, asker.id)
        if await store.open_number(connection, asker.id, at) is not None:
            raise _serves_already()
        own = await own_records(connection, sealer, index, proved)
        await _write_down(connection, asker, index, own, at)
        await budgets.spend(connection, [Spending(asker, [Seen(index, own is not None)], at)])
        if own is None:
            return None
        return await _keep(connection, sealer, asker, asked, proved, own, at)


def _seer(asker: Asker, asked: Asked) -> tuple[Asker, str]:
    """The asker for the one transaction in which it is looked for the person."""
    right = _BEGIN_PROTECTED if asked.opened_for else _BEGIN
    if SERVE_PERSON not in asker.scopes:
        return asker, right
    return msgspec.structs.replace(asker, scopes=asker.scopes | {right}), right


async def _keep(
    connection: Connection,
    sealer: Sealer,
    asker: Asker,
    asked: Asked,
    proved: Proved,
    own: Own,
    at: datetime,
) -> int:
    number = await store.next_number(connection)
    visit = HelpVisit(
        visit_no=number,
        officer_id=asker.id,
        proved=proved,
        subjects=own.subjects,
        records=own.records,
        proof_code=asked.proof,
        consent=consent_in(asked.language, asked.agreed_by),
        note=asked.note.strip() or None,
        opened_for=asked.opened_for or None,
        begun_at=at,
        until=at + LASTS,
        ended_at=None,
    )
    sealed = sealer.seal(msgspec.json.encode(proved), visit_place(own.records, number))
    if not await store.add(connection, visit, sealed):
        raise _serves_already()
    index = own.subjects[0]
    if asked.opened_for and await is_protected(connection, index, asker.reach, at):
        await note_opened(connection, asker, index, asked.opened_for, at)
    await record_event(
        connection,
        kind=VISIT_BEGUN,
        asker=asker,
        details={
            "visit": number,
            "proof": asked.proof,
            "consent": visit.consent.version,
            "agreed_by": asked.agreed_by,
            "records": len(own.records),
        },
        at=at,
    )
    return number


async def _write_down(
    connection: Connection, asker: Asker, index: bytes, own: Own | None, at: datetime
) -> None:
    await record_question(
        connection,
        asker,
        question="person_record",
        subjects=[index],
        programme_id=None,
        answer="records" if own else "none",
        message_key=None,
        at=at,
    )
    if own is None:
        await record_event(connection, kind=VISIT_NOT_BEGUN, asker=asker, details={}, at=at)


def _serves_already() -> Conflict:
    return Conflict(
        "visit.open", "You are serving somebody already. End that visit before you begin another."
    )
