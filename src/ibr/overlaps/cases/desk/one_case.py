"""One case with all that belongs to it; nothing of its person is shown before the ledger has it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from asyncpg import Record

from ibr.access.staff.rights import CASES, must_hold
from ibr.asker import Asker
from ibr.audit.events import CASE_SEEN
from ibr.audit.record import record_event
from ibr.db.pool import Connection, Database
from ibr.errors import NotFound
from ibr.overlaps.cases import store as cases_store
from ibr.overlaps.cases.desk import store
from ibr.overlaps.cases.desk.look import (
    OfficerNamed,
    ProgrammeNamed,
    officers_for,
    programmes_named,
)
from ibr.overlaps.cases.lawful.exceptions import ExemptionSeen, exemptions_of
from ibr.overlaps.cases.letters import LetterSeen, opened
from ibr.overlaps.cases.model import NEVER_THE_OTHER, Action, Case, Step, Terms
from ibr.overlaps.cases.people.seen import PersonSeen, people_of
from ibr.overlaps.cases.rules import NEVER_UNDONE, heard, possible, who_can
from ibr.overlaps.cases.terms import terms_of
from ibr.overlaps.cases.work import by_asker
from ibr.overlaps.cases.written import case_from, opened_note, step_from
from ibr.protection.seal import Sealer

# Stands in a sentence where another programme's code would.
ANOTHER = "another programme"


class FindingSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A finding of the case, with the facts that its sentence is made of."""

    finding_id: int
    check_code: str
    check_version: int
    severity: int
    facts: dict[str, Any]
    first_day: date | None
    last_day: date | None
    money_minor: int | None
    currency: str | None
    found_at: datetime
    closed_at: datetime | None
    closed_reason: str | None


class LetterMade(msgspec.Struct, frozen=True, kw_only=True):
    """A letter in the list of a case."""

    letter_no: int
    kind: str
    language: str
    made_at: datetime
    made_by: str
    voided_at: datetime | None
    digest: bytes


class MoneySeen(msgspec.Struct, frozen=True, kw_only=True):
    """Money stopped, recovered or given back, and who has said so."""

    entry_no: int
    kind: str
    amount_minor: int
    currency: str
    first_day: date
    last_day: date
    entered_by: int
    entered_name: str
    entered_at: datetime
    confirmed_name: str | None
    confirmed_at: datetime | None
    dropped_at: datetime | None


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """Another case about the same person in the same programme."""

    case_id: int
    state: str
    outcome: str | None
    opened_at: datetime
    closed_at: datetime | None


class CaseSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A case as its page shows it."""

    case: Case
    programme: ProgrammeNamed
    others: list[ProgrammeNamed]
    """Other programmes by name where they are in reach."""
    unnamed: int
    """How many other programmes there are that the reader may not know."""
    people: list[PersonSeen]
    findings: list[FindingSeen]
    steps: list[Step]
    letters: list[LetterMade]
    money: list[MoneySeen]
    exemptions: list[ExemptionSeen]
    earlier: list[Earlier]
    officers: list[OfficerNamed]
    officer_name: str | None
    possible: list[Action]
    leads_on: dict[Action, tuple[str, ...]]
    terms: Terms
    heard: bool
    can_undo: bool


async def one_case(
    database: Database,
    sealer: Sealer,
    asker: Asker,
    case_id: int,
    at: datetime,
    terms: Terms,
) -> CaseSeen:
    """A case in reach; NotFound for any other, as if there were none."""
    must_hold(asker, CASES)
    async with database.transaction(asker.reach, asker=asker, right=CASES) as connection:
        case = await _case(connection, case_id)
        await _write_down(connection, asker, case, at)
        people = await people_of(connection, sealer, asker, case, at)
        programmes = await programmes_named(connection)
        hidden = {each.code for number, each in programmes.items() if number not in asker.reach}
        steps = [
            step_from(row, opened_note(sealer, row, case_id))
            for row in await cases_store.steps(connection, case_id)
        ]
        officers = await officers_for(connection, frozenset({case.programme_id}))
        own = await terms_of(connection, case.programme_id, terms)
        by = by_asker(asker)
        return CaseSeen(
            case=case,
            programme=programmes[case.programme_id],
            others=[programmes[n] for n in case.other_programmes if n in asker.reach],
            unnamed=sum(n not in asker.reach for n in case.other_programmes),
            people=people,
            findings=findings_seen(await cases_store.evidence(connection, [case_id]), hidden),
            steps=steps,
            letters=await _letters(connection, case_id),
            money=[MoneySeen(**dict(row)) for row in await cases_store.money(connection, case_id)],
            exemptions=await exemptions_of(connection, case_id),
            earlier=[Earlier(**dict(row)) for row in await store.earlier(connection, case)],
            officers=officers,
            officer_name=next(
                (each.name for each in officers if each.officer_id == case.officer_id), None
            ),
            possible=possible(case, by, at, own),
            leads_on=who_can(case),
            terms=own,
            heard=heard(case, at),
            can_undo=_can_undo(steps, asker, at, own),
        )


async def one_letter(
    database: Database,
    sealer: Sealer,
    asker: Asker,
    case_id: int,
    letter_no: int,
    at: datetime,
) -> LetterSeen:
    """A letter of a case in reach, as it was made; the look at it is written down too."""
    must_hold(asker, CASES)
    async with database.transaction(asker.reach, asker=asker, right=CASES) as connection:
        case = await _case(connection, case_id)
        await _write_down(connection, asker, case, at)
        await people_of(connection, sealer, asker, case, at)
        return await opened(connection, sealer, case_id, letter_no)


async def cases_of_records(
    database: Database, asker: Asker, record_ids: Sequence[int]
) -> list[tuple[ProgrammeNamed, Earlier]]:
    """Cases about the people of these records, with their programmes, for who may see cases."""
    if CASES not in asker.scopes or not record_ids:
        return []
    async with database.transaction(asker.reach, asker=asker, right=CASES) as connection:
        rows = [dict(row) for row in await store.of_records(connection, record_ids)]
        programmes = await programmes_named(connection) if rows else {}
    return [(programmes[row.pop("programme_id")], Earlier(**row)) for row in rows]


async def _letters(connection: Connection, case_id: int) -> list[LetterMade]:
    return [LetterMade(**dict(row)) for row in await cases_store.letters(connection, case_id)]


async def _case(connection: Connection, case_id: int) -> Case:
    row = await cases_store.case(connection, case_id)
    if row is None:
        raise NotFound("case.unknown", "There is no such case among your programmes.")
    return case_from(row)


async def _write_down(connection: Connection, asker: Asker, case: Case, at: datetime) -> None:
    await record_event(
        connection, kind=CASE_SEEN, asker=asker, details={"case": case.case_id}, at=at
    )


def _can_undo(steps: Sequence[Step], asker: Asker, at: datetime, terms: Terms) -> bool:
    if not steps:
        return False
    last = steps[-1]
    mine = last.actor_kind == asker.kind == "officer" and last.actor_id == asker.id
    recent = (at - last.at).total_seconds() <= terms.undo_minutes * 60
    return mine and recent and last.action not in NEVER_UNDONE


def findings_seen(rows: Sequence[Record], hidden: set[str]) -> list[FindingSeen]:
    """Findings without what may not be known of these programmes."""
    names = [name for name in FindingSeen.__struct_fields__ if name != "facts"]
    return [
        FindingSeen(
            facts=without_others(row["check_code"], json.loads(row["facts"]), hidden),
            **{name: row[name] for name in names},
        )
        for row in rows
    ]


def without_others(check_code: str, facts: Mapping[str, Any], hidden: set[str]) -> dict[str, Any]:
    """The facts without what the reader may not know of other programmes, and of the other party
    where two people claim one child."""

    def told(value: Any) -> Any:
        if isinstance(value, list):
            return [told(each) for each in value]
        return ANOTHER if isinstance(value, str) and value in hidden else value

    kept = {name: told(value) for name, value in facts.items()}
    if check_code in NEVER_THE_OTHER:
        kept = {name: value for name, value in kept.items() if not _says_where(name)}
    return kept


def _says_where(name: str) -> bool:
    return any(word in name for word in ("area", "region", "district", "place", "address"))
