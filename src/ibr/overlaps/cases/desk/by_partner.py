"""Cases as a programme's own system works with them: those of the programmes it reports for.

It sees whom a case is about by the numbers that it reported itself, and may say what came of a
question, of a visit, of a decision; who approves is always an officer.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

import msgspec

from ibr.access.agreements.rules import programmes_of
from ibr.access.scopes import CASES as ON_CASES
from ibr.access.staff.rights import CASE_DECIDE, CASES
from ibr.asker import Asker
from ibr.db.pool import Database
from ibr.errors import NotFound, NotUnderstood
from ibr.overlaps.cases.desk.by_command import programme_of
from ibr.overlaps.cases.desk.look import VIEWS, View, Wanted, cases
from ibr.overlaps.cases.model import Act, Action, Case, Outcome, Terms
from ibr.overlaps.cases.people.seen import PURPOSE, numbers_of
from ibr.overlaps.cases.rules import possible
from ibr.overlaps.cases.work import Given, by_asker, take_step
from ibr.protection.seal import Sealer

# Views that are one officer's make no sense for a system.
_VIEWS: Final = tuple(view for view in VIEWS if view not in ("mine", "to_approve"))


class AskedList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which cases a system asks for."""

    view: str = "open"
    programme: str | None = None
    page: int = 1


class AskedStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step that a system reports; `step` is the one that it last saw. A lawful exception that is
    proposed names its law and its last day."""

    case: int
    step: int
    action: Action
    reason: str | None = None
    outcome: Outcome | None = None
    law: str | None = None
    until: date | None = None
    note: str | None = None


def as_programme(asker: Asker) -> Asker:
    """The partner as it may work on cases: of programmes that it reports for and whose cases its
    agreement leaves to it, no others.

    Only the scope for cases gives the rights of an officer who works on them.
    """
    gained = {CASES, CASE_DECIDE, f"purpose.{PURPOSE}"} if ON_CASES in asker.scopes else set()
    own = asker.report
    if asker.terms is not None:
        own &= programmes_of(asker.terms, "cases")
    return msgspec.structs.replace(asker, ask=own, report=own, scopes=asker.scopes | gained)


async def listed(
    database: Database, sealer: Sealer, asker: Asker, asked: AskedList, at: datetime, terms: Terms
) -> dict[str, Any]:
    """A page of cases of the partner's own programmes; the look at them is in the ledger."""
    own = as_programme(asker)
    view: View | None = next((each for each in _VIEWS if each == asked.view), None)
    if view is None or not 1 <= asked.page <= 1000:
        raise NotUnderstood(
            "case.filter", f"view is one of {', '.join(_VIEWS)}; page counts from 1.", field="view"
        )
    wanted = Wanted(view=view)
    if asked.programme is not None:
        async with database.transaction(()) as connection:
            programme = await programme_of(connection, asked.programme)
        if programme.programme_id not in own.reach:
            raise NotFound("programme.unknown", "There is no programme of that code.")
        wanted = msgspec.structs.replace(wanted, programme_id=programme.programme_id)
    found = await cases(database, own, wanted, asked.page, at)
    codes = {number: each.code for number, each in found.programmes.items()}
    shown = [line.case for line in found.lines]
    async with database.transaction(own.reach, asker=own, right=CASES) as connection:
        numbers = {
            case.case_id: await numbers_of(connection, sealer, own, case, at) for case in shown
        }
    by = by_asker(own)
    return {
        "cases": [
            _plain(case, codes[case.programme_id], at)
            | {"identifier": numbers[case.case_id], "possible": possible(case, by, at, terms)}
            for case in shown
        ],
        "page": found.page,
        "pages": found.pages,
        "total": found.total,
    }


async def reported(
    database: Database, sealer: Sealer, asker: Asker, asked: AskedStep, at: datetime, terms: Terms
) -> dict[str, Any]:
    """Takes a step that a programme's system reports."""
    given = Given(
        case_id=asked.case,
        step_no=asked.step,
        act=Act(
            action=asked.action,
            reason=asked.reason,
            outcome=asked.outcome,
            law=asked.law,
            until=asked.until,
        ),
        note=asked.note,
    )
    case = await take_step(database, sealer, as_programme(asker), given, at=at, terms=terms)
    return {"case": case.case_id, "state": case.state, "step": case.step_no}


def _plain(case: Case, programme: str, at: datetime) -> dict[str, Any]:
    return {
        "case": case.case_id,
        "step": case.step_no,
        "programme": programme,
        "checks": case.checks,
        "severity": case.severity,
        "state": case.state,
        "outcome": case.outcome,
        "due": case.due_at,
        # The only thing that a system must act on by itself: until when payment is asked to wait.
        "hold_until": case.hold_until if case.on_hold(at) else None,
    }
