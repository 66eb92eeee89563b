"""One person across programmes, for an officer with a purpose.

The question is written to the ledger and the audit trail in the transaction that reads the
records, so nothing is shown that was not recorded. An identifier that nobody carries and one whose
records lie outside the officer's programmes look the same.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from ibr.access.budgets.model import Seen, Spending
from ibr.access.budgets.spend import Budgets
from ibr.access.staff.rights import PERSON, must_hold, must_hold_purpose
from ibr.asker import Asker
from ibr.audit.events import QUESTION_PERSON
from ibr.audit.model import Asked
from ibr.audit.questions_asked import record_question, who_asked
from ibr.audit.record import record_event
from ibr.codelists.identifier_types import OF_A_PROGRAMME
from ibr.codelists.people import SEX_OF_NUMBER
from ibr.db.pool import Connection, Database
from ibr.protection.blind_index import BlindIndex, canonical_type, canonical_value
from ibr.protection.seal import Sealer, place_of
from ibr.questions.masking import masked
from ibr.questions.open_protected import note_opened, seer_of
from ibr.questions.told_elsewhere import Elsewhere, told_elsewhere
from ibr.registry.overview import counts, records
from ibr.registry.overview.known_on import records_known_on
from ibr.registry.overview.model import CarriedRecord, Given, ProgrammeFacts, StatusChanged
from ibr.registry.overview.records import MOST_RECORDS, Carried
from ibr.registry.overview.written import (
    OF_THE_GROUP,
    OTHER_MEMBER,
    PersonWritten,
    RecordWritten,
    read_record,
)
from ibr.registry.protected.mark import is_protected

# Offered while no programme has reported any identifier yet.
_FIRST_TYPES = [("UIN", "person"), ("HOUSEHOLD_ID", "group")]


class Subject(msgspec.Struct, frozen=True):
    """The identifier asked about, in its canonical form."""

    kind: str
    value: str


class RecordSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One record of the person, or of their household, as its programme reported it."""

    programme: ProgrammeFacts
    role: int
    record: CarriedRecord
    person: PersonWritten | None
    sex: str
    birth_date: date | None
    birth_precision: int
    areas: list[dict[str, str] | str]
    identifiers: list[tuple[str, str]]
    members: list[PersonWritten]
    changes: list[StatusChanged]
    benefits: list[Given]

    @property
    def money(self) -> dict[str, int]:
        """The value of the benefits shown, by currency."""
        money: dict[str, int] = {}
        for each in self.benefits:
            if each.value_minor and each.currency:
                money[each.currency] = money.get(each.currency, 0) + each.value_minor
        return money


class PersonRecord(msgspec.Struct, frozen=True):
    """What the registry holds under an identifier, who asked about it, and what other registries
    told."""

    records: list[RecordSeen]
    asked: list[Asked]
    cut: bool
    elsewhere: Elsewhere = Elsewhere()
    hidden: bool = False
    """Whether there are records that are hidden to protect somebody."""


def read_subject(kind: str, value: str) -> Subject:
    """The identifier in its canonical form; NotUnderstood, with its field, when it has none."""
    return Subject(canonical_type(kind), canonical_value(value))


async def identifier_types(database: Database, asker: Asker) -> list[tuple[str, str]]:
    """Kinds of identifier that a look-up may use: the kind, and `person` or `group`."""
    must_hold(asker, PERSON)
    async with database.transaction(asker.reach, asker=asker, right=PERSON) as connection:
        return await records.identifier_types(connection) or _FIRST_TYPES


async def person_record(
    database: Database,
    sealer: Sealer,
    blind_index: BlindIndex,
    asker: Asker,
    *,
    subject: Subject,
    budgets: Budgets,
    at: datetime,
    opened_for: str | None = None,
    known_on: datetime | None = None,
) -> PersonRecord:
    """Everything in reach under an identifier; no records when there is none to show.

    With `known_on` what was known at that moment, and nothing that was learned since.

    What is hidden to protect somebody is left out, and that is said. With a reason, `opened_for`,
    it is shown, and an alarm is raised (questions/open_protected.py).
    """
    must_hold(asker, PERSON)
    must_hold_purpose(asker)
    index = blind_index.of(subject.kind, subject.value)
    seer, right = (asker, PERSON) if opened_for is None else seer_of(asker, opened_for)
    transaction = database.transaction(asker.reach, asker=seer, right=right)
    async with budgets.noting(database, asker, transaction) as connection:
        if known_on is None:
            carried = await records.records_of(connection, index)
        else:
            carried = await records_known_on(
                connection, sealer, index, (subject.kind, subject.value), known_on
            )
        hidden = await is_protected(connection, index, asker.reach, at)
        await _write_down(connection, asker, index, len(carried.records), at)
        found = Seen(index, bool(carried.records or hidden))
        await budgets.spend(connection, [Spending(asker, [found], at)])
        if opened_for is not None and hidden:
            await note_opened(connection, asker, index, opened_for, at)
            hidden = False
        if not carried.records:
            return PersonRecord([], [], False, hidden=hidden)
        seen = await _seen(connection, sealer, asker, subject, carried)
        asked = await who_asked(connection, carried.subjects)
        elsewhere = await told_elsewhere(connection, sealer, carried.subjects)
    return PersonRecord(
        seen,
        [_within_reach(each, asker) for each in asked],
        len(seen) == MOST_RECORDS,
        elsewhere,
        hidden,
    )


async def _write_down(
    connection: Connection, asker: Asker, index: bytes, found: int, at: datetime
) -> None:
    await record_question(
        connection,
        asker,
        question="person_record",
        subjects=[index],
        programme_id=None,
        answer="records" if found else "none",
        message_key=None,
        at=at,
    )
    await record_event(
        connection,
        kind=QUESTION_PERSON,
        asker=asker,
        details={"purpose": asker.purpose.code, "records": found},
        at=at,
    )


async def _seen(
    connection: Connection, sealer: Sealer, asker: Asker, subject: Subject, carried: Carried
) -> list[RecordSeen]:
    facts = {each.programme_id: each for each in await counts.programmes(connection, asker.reach)}
    codes = [
        code
        for record in carried.records
        for code in (record.region_code, record.sub_region_code)
        if code
    ]
    areas = await counts.area_names(connection, codes)
    return [
        _one(record, facts[record.programme_id], areas, sealer, subject=subject, carried=carried)
        for record in carried.records
    ]


def _one(
    record: CarriedRecord,
    programme: ProgrammeFacts,
    areas: dict[str, dict[str, str]],
    sealer: Sealer,
    *,
    subject: Subject,
    carried: Carried,
) -> RecordSeen:
    place = place_of(record.place, "personal", record.record_id)
    asked = (subject.kind, subject.value)
    written = read_record(sealer.open(record.personal, place), record.role, asked)
    person = written.person
    other = record.role == OTHER_MEMBER and person is not None
    codes = [code for code in (record.sub_region_code, record.region_code) if code]
    return RecordSeen(
        programme=programme,
        role=record.role,
        record=record,
        person=person,
        # The columns speak of the person or the head; another member is read from the content.
        sex=(person.sex or "unknown") if other and person else SEX_OF_NUMBER[record.sex],
        birth_date=person.birth_date if other and person else record.birth_date,
        birth_precision=person.birth_precision if other and person else record.birth_precision,
        areas=[areas.get(code, code) for code in codes],
        identifiers=_identifiers(written, record.role, asked),
        members=written.members,
        changes=stated([each for each in carried.changes if each.record_id == record.record_id]),
        benefits=[each for each in carried.benefits if each.record_id == record.record_id],
    )


def _identifiers(
    written: RecordWritten, role: int, asked: tuple[str, str]
) -> list[tuple[str, str]]:
    """The identifiers; others than the one asked for show only their end: enough to recognise.

    The programme's own number is shown: the officer needs it to find the case in its system.
    """
    found = written.group_identifiers if role == OF_THE_GROUP else []
    if role != OF_THE_GROUP and written.person is not None:
        found = written.person.identifiers
    return [
        (kind, value if (kind, value) == asked or kind in OF_A_PROGRAMME else masked(value))
        for kind, value in found
    ]


def stated(changes: list[StatusChanged]) -> list[StatusChanged]:
    """The changes without those dates for which a status is known as well."""
    known = {each.changed_at for each in changes if each.status}
    return [each for each in changes if each.status or each.changed_at not in known]


def _within_reach(asked: Asked, asker: Asker) -> Asked:
    """A question about a programme out of reach, without the programme and the asker's words.

    That somebody asked is the person's to know; which other programme they may be in is not this
    officer's.
    """
    if asked.programme_id is None or asked.programme_id in asker.reach:
        return asked
    return msgspec.structs.replace(asked, programme_id=None, purpose_text=None, answer="")
