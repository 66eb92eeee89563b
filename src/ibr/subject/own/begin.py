"""A person signs in: the number and birth date that the provider proves lead to their records.

Unknown, protected, a number that two carry, a record that contradicts: whoever signs in is told one
sentence in all of these cases, and nothing of theirs or of anybody else's is shown.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Final

import msgspec

from ibr.asker import Asker, Purpose
from ibr.audit.events import PERSON_NOT_SIGNED_IN, PERSON_SIGNED_IN
from ibr.audit.questions_asked import record_question
from ibr.audit.record import record_event
from ibr.db.pool import Connection, Database
from ibr.errors import NotAllowed
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer
from ibr.registry.overview import counts
from ibr.registry.protected.mark import is_protected
from ibr.subject.own import limits
from ibr.subject.own.model import IDLE
from ibr.subject.own.told import told_in
from ibr.subject.places import visit_place
from ibr.subject.visits import store
from ibr.subject.visits.during import OWN_PAGES
from ibr.subject.visits.model import HelpVisit, Proved
from ibr.subject.visits.whose import Own, own_records

PURPOSE: Final = "own_access"
PROOF: Final = "own_sign_in"
_BEGIN: Final = "begin_own_visit"


async def sign_in(
    database: Database,
    sealer: Sealer,
    blind_index: BlindIndex,
    proved: Proved,
    *,
    who: limits.Counted,
    language: str,
    at: datetime,
) -> str:
    """The secret of a session; NotAllowed where number and birth date lead to nobody who can be
    shown anything here, TooMuch for who signed in too often. Written down in each case."""
    secret = secrets.token_urlsafe(32)
    index = blind_index.of(proved.kind, proved.value)
    async with database.transaction(()) as connection:
        await limits.must_not_wait(connection, who, at)
        number = await store.next_number(connection)
        every = frozenset((await counts.numbers_by_code(connection)).values())
    asker = person(number, every, right=_BEGIN)
    async with database.transaction(asker.reach, asker=asker, right=_BEGIN) as connection:
        own = await own_records(connection, sealer, index, proved, alone=True)
        if own is not None and await _is_hidden(connection, own, asker, at):
            own = None
        await limits.count(connection, who, at, in_vain=own is None)
        await _write_down(connection, asker, index, own, language, at)
        if own is not None:
            visit = _visit(number, proved, own, language, at)
            sealed = sealer.seal(msgspec.json.encode(proved), visit_place(own.records, number))
            await store.add(connection, visit, sealed, digest_of(secret))
    if own is None:
        raise NotAllowed(
            "own.nobody", "Your data cannot be shown to you here. A help desk can help you."
        )
    return secret


def person(number: int, programmes: frozenset[int], *, right: str = OWN_PAGES) -> Asker:
    """A person as the gate sees them: by one right, in the visit of this number."""
    return Asker(
        kind="person",
        id=number,
        name="",
        purpose=Purpose(PURPOSE),
        ask=programmes,
        scopes=frozenset({right}),
    )


def digest_of(secret: str) -> bytes:
    """What is kept of a session's secret."""
    return hashlib.sha256(b"own\x1f" + secret.encode()).digest()


async def _is_hidden(connection: Connection, own: Own, asker: Asker, at: datetime) -> bool:
    """Whether the person, or somebody who lives with them, is protected: whoever holds their phone
    would learn where they are."""
    for index in own.subjects:
        if await is_protected(connection, index, asker.reach, at):
            return True
    return False


async def _write_down(
    connection: Connection,
    asker: Asker,
    index: bytes,
    own: Own | None,
    language: str,
    at: datetime,
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
    details: dict[str, object] = {"code": "own.nobody"}
    kind = PERSON_NOT_SIGNED_IN
    if own is not None:
        kind = PERSON_SIGNED_IN
        details = {"visit": asker.id, "told": told_in(language).version}
    await record_event(
        connection, kind=kind, asker=asker if own is not None else None, details=details, at=at
    )


def _visit(number: int, proved: Proved, own: Own, language: str, at: datetime) -> HelpVisit:
    return HelpVisit(
        visit_no=number,
        officer_id=None,
        proved=proved,
        subjects=own.subjects,
        records=own.records,
        proof_code=PROOF,
        consent=told_in(language),
        note=None,
        opened_for=None,
        begun_at=at,
        until=at + IDLE,
        ended_at=None,
    )
