"""Cases as the command line works with them: lists, handing out, the outline of one.

Nothing sealed is opened here: a command has no officer whose purpose the ledger could name, so no
name, no note and no letter is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ibr.access.staff.rights import CASE_ASSIGN, CASE_FIGURES, CASES
from ibr.asker import Asker, Purpose
from ibr.db.pool import Connection, Database
from ibr.errors import NotFound
from ibr.overlaps.cases import store as cases_store
from ibr.overlaps.cases.desk.look import ProgrammeNamed, programmes_named
from ibr.overlaps.cases.desk.one_case import FindingSeen, findings_seen
from ibr.overlaps.cases.model import Case, Step, Terms
from ibr.overlaps.cases.work import assign_many
from ibr.overlaps.cases.written import case_from, step_from


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """A case without anybody's name."""

    case: Case
    programme: str
    findings: list[FindingSeen]
    steps: list[Step]


async def operator(database: Database) -> Asker:
    """Whoever runs the registry: every programme, no person."""
    async with database.transaction(()) as connection:
        programmes = frozenset(await programmes_named(connection))
    return Asker(
        kind="registry",
        id=0,
        name="The registry",
        purpose=Purpose("official_duty"),
        ask=programmes,
        scopes=frozenset({CASES, CASE_ASSIGN, CASE_FIGURES}),
    )


async def programme_of(connection: Connection, code: str) -> ProgrammeNamed:
    """A programme by its code."""
    for each in (await programmes_named(connection)).values():
        if each.code == code:
            return each
    raise NotFound("programme.unknown", "There is no programme of that code.")


async def outline(database: Database, asker: Asker, case_id: int) -> Outline:
    """One case: its state, its findings, its steps."""
    async with database.transaction(asker.reach, asker=asker, right=CASES) as connection:
        row = await cases_store.case(connection, case_id)
        if row is None:
            raise NotFound("case.unknown", "There is no such case.")
        case = case_from(row)
        programmes = await programmes_named(connection)
        return Outline(
            case=case,
            programme=programmes[case.programme_id].code,
            findings=findings_seen(await cases_store.evidence(connection, [case_id]), set()),
            steps=[step_from(each) for each in await cases_store.steps(connection, case_id)],
        )


async def assign_by_number(
    database: Database,
    asker: Asker,
    numbers: Sequence[int],
    email: str | None,
    *,
    at: datetime,
    terms: Terms,
) -> tuple[int, int]:
    """Assigns cases by their numbers to the officer of an address, or to nobody by name."""
    async with database.transaction(asker.reach, asker=asker, right=CASES) as connection:
        officer = None
        if email is not None:
            officer = await cases_store.officer_number(connection, email.strip().lower())
            if officer is None:
                raise NotFound("officer.unknown", "There is no officer of that e-mail address.")
        chosen = []
        for number in dict.fromkeys(numbers):
            row = await cases_store.case(connection, number)
            if row is None:
                raise NotFound("case.unknown", f"There is no case {number}.")
            chosen.append((number, int(row["step_no"])))
    return await assign_many(database, asker, chosen, officer, at=at, terms=terms)
