"""Steps of a case taken by officers: one at a time, each written down with what it rested on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import asyncpg
import msgspec
from asyncpg import Record

from ibr.access.staff.rights import CASE_ASSIGN, CASE_DECIDE, CASES, RIGHTS, must_hold
from ibr.asker import Asker
from ibr.audit.events import CASE_STEP
from ibr.audit.record import event, record_event, record_events
from ibr.db.pool import Connection, Database
from ibr.errors import Conflict, NotFound, NotUnderstood
from ibr.overlaps.cases import store
from ibr.overlaps.cases.evidence import digest
from ibr.overlaps.cases.lawful.exceptions import end_exemptions
from ibr.overlaps.cases.letters import LETTERS, Compose, LetterFacts, keep
from ibr.overlaps.cases.model import Act, By, Case, Step, Terms
from ibr.overlaps.cases.people.seen import people_of
from ibr.overlaps.cases.rules import apply, undone, why_not
from ibr.overlaps.cases.terms import terms_of
from ibr.overlaps.cases.written import LONGEST_NOTE, case_before, case_from, step_from, step_row
from ibr.protection.seal import Sealer

MOST_AT_ONCE: Final = 500
# Somebody who was on hold is not put on hold again soon, by another case either.
HOLD_APART: Final = timedelta(days=365)
WORKING_ROLES: Final = tuple(role for role, rights in RIGHTS.items() if CASE_DECIDE in rights.pages)
_NOT_FOUND: Final = "There is no such case among your programmes."


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A step as an officer gives it: on the case as it was shown, with a note."""

    case_id: int
    step_no: int
    act: Act
    note: str | None = None


def by_asker(asker: Asker) -> By:
    """The asker as whoever takes a step. A person who sees their own data takes none."""
    if asker.kind == "person":
        raise NotFound("case.unknown", _NOT_FOUND)
    return By(asker.kind, asker.id or None, asker.scopes)


async def take_step(
    database: Database,
    sealer: Sealer,
    asker: Asker,
    given: Given,
    *,
    at: datetime,
    terms: Terms,
    compose: Compose | None = None,
) -> Case:
    """Takes one step; Conflict where somebody else took one since the case was shown."""
    must_hold(asker, CASES)
    if given.note and len(given.note) > LONGEST_NOTE:
        raise NotUnderstood(
            "case.note", f"A note has at most {LONGEST_NOTE} characters.", field="note"
        )
    if given.act.action == "note" and not given.note:
        raise NotUnderstood("case.note_empty", "Write the note first.", field="note")
    async with database.transaction(asker.reach, asker=asker, right=CASES) as connection:
        case = await _in_hand(connection, given.case_id, given.step_no)
        own = await terms_of(connection, case.programme_id, terms)
        after = apply(case, given.act, by_asker(asker), at, own)
        await _more_to_ask(connection, case, given.act, at)
        letter_no = None
        if compose is not None and given.act.action in LETTERS:
            letter_no = await _written(connection, sealer, asker, after, given, own, at, compose)
        elif given.act.action == "notify":
            raise NotUnderstood("case.letter", "The decision is told by a letter; make it.")
        if given.act.action == "end_exception":
            await end_exemptions(connection, asker, case.case_id, at)
        await _kept(connection, sealer, asker, case, after, given, at, letter_no)
    return after


async def take_back(
    database: Database, asker: Asker, case_id: int, step_no: int, *, at: datetime, terms: Terms
) -> Case:
    """Takes back the asker's own last step, within minutes."""
    must_hold(asker, CASES)
    try:
        async with database.transaction(asker.reach, asker=asker, right=CASES) as connection:
            case = await _in_hand(connection, case_id, step_no)
            row = await store.last_step(connection, case_id)
            if row is None:
                raise NotFound("case.unknown", _NOT_FOUND)
            last: Step = step_from(row)
            before = case_before(case, row["before"])
            after = undone(case, last, before, by_asker(asker), at, terms)
            if last.letter_no is not None:
                await store.void_letter(connection, last.letter_no, at)
            given = Given(case_id=case_id, step_no=step_no, act=Act(action="undo"))
            await _kept(connection, None, asker, case, after, given, at, None)
    except asyncpg.UniqueViolationError:
        raise Conflict(
            "case.other_open",
            "Meanwhile another case about the same person was opened. Work on that one.",
        ) from None
    return after


async def assign_many(
    database: Database,
    asker: Asker,
    chosen: Sequence[tuple[int, int]],
    officer_id: int | None,
    *,
    at: datetime,
    terms: Terms,
) -> tuple[int, int]:
    """Assigns cases, each by its number and the step it was shown at: how many were, and how many
    were left as they are because somebody worked on them or they are past assigning."""
    must_hold(asker, CASES)
    if CASE_ASSIGN not in asker.scopes:
        must_hold(asker, CASE_DECIDE)
    if not 1 <= len(chosen) <= MOST_AT_ONCE:
        raise NotUnderstood(
            "case.how_many", f"Choose from 1 to {MOST_AT_ONCE} cases.", field="case"
        )
    by = by_asker(asker)
    act = Act(action="assign", officer_id=officer_id)
    shown = dict(chosen)
    async with database.transaction(asker.reach, asker=asker, right=CASES) as connection:
        may: dict[int, bool] = {}
        steps = []
        for row in await store.cases(connection, list(shown)):
            case = case_from(row)
            programme = case.programme_id
            if officer_id is not None and programme not in may:
                may[programme] = await store.may_work(
                    connection, officer_id, programme, WORKING_ROLES
                )
            if case.step_no != shown[case.case_id] or not may.get(programme, True):
                continue
            if why_not(case, act, by, at, terms) is None:
                steps.append((case, apply(case, act, by, at, terms)))
        await _assigned(connection, asker, steps, act, at)
    return len(steps), len(shown) - len(steps)


async def _assigned(
    connection: Connection,
    asker: Asker,
    steps: Sequence[tuple[Case, Case]],
    act: Act,
    at: datetime,
) -> None:
    """Writes many assignments down with a handful of statements."""
    found: dict[int, list[Record]] = {before.case_id: [] for before, _ in steps}
    for row in await store.evidence(connection, list(found)):
        found[row["case_id"]].append(row)
    await store.save_all(connection, [after for _, after in steps])
    by = by_asker(asker)
    await store.add_steps(
        connection,
        [
            step_row(None, before, after, act, by, at, evidence=digest(found[after.case_id]))
            for before, after in steps
        ],
    )
    await record_events(
        connection,
        [
            event(
                CASE_STEP,
                asker,
                {"case": after.case_id, "step": "assign", "from": before.state, "to": after.state},
                at,
            )
            for before, after in steps
        ],
    )


async def _in_hand(connection: Connection, case_id: int, step_no: int) -> Case:
    row = await store.case(connection, case_id, to_change=True)
    if row is None:
        raise NotFound("case.unknown", _NOT_FOUND)
    case = case_from(row)
    if case.step_no != step_no:
        raise Conflict(
            "case.changed",
            "Somebody else has worked on this case since you opened it. Look at what is there now.",
        )
    return case


async def _more_to_ask(connection: Connection, case: Case, act: Act, at: datetime) -> None:
    """What a step needs to know beyond its case."""
    officer = act.officer_id if act.action == "assign" else None
    if officer is not None and not await store.may_work(
        connection, officer, case.programme_id, WORKING_ROLES
    ):
        raise NotUnderstood(
            "case.officer", "That officer does not work for the programme.", field="officer"
        )
    if act.action == "order_hold" and await store.held_since(connection, case, at - HOLD_APART):
        raise Conflict(
            "case.held_before",
            "This person was on hold within the last year. A hold is not renewed; decide the case.",
        )


async def _written(
    connection: Connection,
    sealer: Sealer,
    asker: Asker,
    case: Case,
    given: Given,
    terms: Terms,
    at: datetime,
    compose: Compose,
) -> int:
    people = await people_of(connection, sealer, asker, case, at)
    programmes = {row["programme_id"]: row for row in await store.programmes(connection)}
    programme = programmes[case.programme_id]
    kind = LETTERS[given.act.action]
    letter = compose(
        LetterFacts(
            kind=kind,
            case=case,
            terms=terms,
            at=at,
            name=next((each.name for each in people if each.name), ""),
            programme=json.loads(programme["names"]),
            programme_code=programme["code"],
        )
    )
    return await keep(connection, sealer, case, kind, letter, asker.id, at)


async def _kept(
    connection: Connection,
    sealer: Sealer | None,
    asker: Asker,
    case: Case,
    after: Case,
    given: Given,
    at: datetime,
    letter_no: int | None,
) -> None:
    evidence = await _save(connection, sealer, asker, case, after, given, at, letter_no)
    await record_event(
        connection,
        kind=CASE_STEP,
        asker=asker,
        details={
            "case": case.case_id,
            "step": given.act.action,
            "from": case.state,
            "to": after.state,
            "evidence": evidence.hex(),
        },
        at=at,
    )


async def _save(
    connection: Connection,
    sealer: Sealer | None,
    asker: Asker,
    case: Case,
    after: Case,
    given: Given,
    at: datetime,
    letter_no: int | None,
) -> bytes:
    """Writes the step; the digest of what it rests on."""
    found = await store.evidence(connection, [case.case_id])
    evidence = digest(found)
    await store.save(connection, case, after)
    await store.add_steps(
        connection,
        [
            step_row(
                sealer,
                case,
                after,
                given.act,
                by_asker(asker),
                at,
                evidence=evidence,
                note=given.note if sealer else None,
                letter_no=letter_no,
            )
        ],
    )
    return evidence
