"""Keeps cases up to date: opened from findings, closed when findings go away, holds ended in time.

Each round of each part is one transaction of at most two thousand cases, and each looks for what
is still to do: a worker that is killed loses at most one round, and the next one does it. A hold
needs no worker to end: whoever asks is told by the clock (Case.on_hold); the round only writes it
down.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from asyncpg import Record

from ibr.audit.events import CASE_STEP, CASES_OPENED
from ibr.audit.record import event, record_event, record_events
from ibr.db.pool import Connection, Database
from ibr.overlaps.cases import store as cases_store
from ibr.overlaps.cases.evidence import digest
from ibr.overlaps.cases.lawful.exceptions import enter_exemptions
from ibr.overlaps.cases.model import (
    OPEN_STATES,
    REGISTRY,
    WITHOUT_CASE,
    Act,
    Case,
    Terms,
)
from ibr.overlaps.cases.opening import store
from ibr.overlaps.cases.paths import PATHS
from ibr.overlaps.cases.rules import apply, first_due
from ibr.overlaps.cases.written import case_from, step_row

A_ROUND: Final = 2_000
_UNDECIDED: Final = PATHS["finding_gone"].starts
_DECIDED: Final = tuple(state for state in OPEN_STATES if state not in _UNDECIDED)


class Kept(msgspec.Struct, frozen=True):
    """What one run did, by its parts."""

    exempt: int = 0
    gathered: int = 0
    gone: int = 0
    noted: int = 0
    released: int = 0
    effective: int = 0
    settled: int = 0
    told: int = 0


async def keep_cases(
    database: Database, programmes: Iterable[int], at: datetime, terms: Terms
) -> Kept:
    """Does all that is due, in rounds."""
    reach = frozenset(programmes)
    counts = {}
    for name, part in _PARTS.items():
        whole, done = 0, A_ROUND
        while done >= A_ROUND:
            async with database.transaction(reach) as connection:
                await store.begin_round(connection)
                done = await part(connection, at, terms)
            whole += done
        counts[name] = whole
    return Kept(**counts)


async def _exempt(connection: Connection, at: datetime, _terms: Terms) -> int:
    return await store.exempt(connection, list(WITHOUT_CASE), at, A_ROUND)


async def _gone(connection: Connection, at: datetime, terms: Terms) -> int:
    found = await store.gone(connection, _UNDECIDED, A_ROUND)
    steps = [
        (case_from(row), Act(action="exempt" if row["exempt"] else "finding_gone")) for row in found
    ]
    return await _steps(connection, steps, at, terms)


async def _noted(connection: Connection, at: datetime, terms: Terms) -> int:
    found = await store.gone(connection, _DECIDED, A_ROUND)
    act = Act(action="note", reason="finding_gone")
    return await _steps(connection, [(case_from(row), act) for row in found], at, terms)


async def _released(connection: Connection, at: datetime, terms: Terms) -> int:
    found = await store.holds_over(connection, at, A_ROUND)
    act = Act(action="hold_over")
    return await _steps(connection, [(case_from(row), act) for row in found], at, terms)


async def _effective(connection: Connection, at: datetime, terms: Terms) -> int:
    found = await store.windows_over(connection, at, A_ROUND)
    act = Act(action="take_effect")
    return await _steps(connection, [(case_from(row), act) for row in found], at, terms)


async def _told(connection: Connection, at: datetime, terms: Terms) -> int:
    # Each look goes through all cases, so few looks tell much.
    most = 10 * A_ROUND
    return await store.tell_others(connection, at, _no_longer_undone(at, terms), most)


def _no_longer_undone(at: datetime, terms: Terms) -> datetime:
    """What happened up to this moment cannot be taken back any more."""
    return at - timedelta(minutes=terms.undo_minutes)


async def _gather(connection: Connection, at: datetime, terms: Terms) -> int:
    """Puts findings into the open case of their person and programme, or opens one."""
    await store.one_at_a_time(connection)
    found = await store.take_waiting(connection, list(WITHOUT_CASE), A_ROUND)
    if not found:
        return 0
    opened = await store.open_cases(connection, at, first_due(at, terms))
    added = await store.gather(connection)
    await store.add_up(connection, [*opened, *added])
    await _write_opening(connection, opened, at)
    joined = await cases_store.cases(connection, added)
    act = Act(action="add_finding")
    await _steps(connection, [(case_from(row), act) for row in joined], at, terms)
    await record_event(
        connection,
        kind=CASES_OPENED,
        asker=None,
        details={"findings": found, "opened": len(opened), "added_to": len(added)},
        at=at,
    )
    return found


async def _write_opening(connection: Connection, case_ids: Sequence[int], at: datetime) -> None:
    digests = await _digests(connection, case_ids)
    act = Act(action="open")
    rows = []
    for row in await cases_store.cases(connection, case_ids):
        case = case_from(row)
        rows.append(step_row(None, case, case, act, REGISTRY, at, evidence=digests[case.case_id]))
    await cases_store.add_steps(connection, rows)


async def _steps(
    connection: Connection, steps: Sequence[tuple[Case, Act]], at: datetime, terms: Terms
) -> int:
    """Takes steps of the registry's own; how many."""
    if not steps:
        return 0
    digests = await _digests(connection, [case.case_id for case, _ in steps])
    rows, events, saved = [], [], []
    for case, act in steps:
        after = apply(case, act, REGISTRY, at, terms)
        saved.append(after)
        rows.append(step_row(None, case, after, act, REGISTRY, at, evidence=digests[case.case_id]))
        details: dict[str, object] = {
            "case": case.case_id,
            "step": act.action,
            "from": case.state,
            "to": after.state,
        }
        events.append(event(CASE_STEP, None, details, at))
    await cases_store.save_all(connection, saved)
    await cases_store.add_steps(connection, rows)
    await record_events(connection, events)
    return len(steps)


async def _digests(connection: Connection, case_ids: Sequence[int]) -> dict[int, bytes]:
    by_case: dict[int, list[Record]] = {case_id: [] for case_id in case_ids}
    for row in await cases_store.evidence(connection, case_ids):
        by_case[row["case_id"]].append(row)
    return {case_id: digest(rows) for case_id, rows in by_case.items()}


async def _settled(connection: Connection, at: datetime, terms: Terms) -> int:
    """Tells the findings of closed cases that they are decided."""
    before = _no_longer_undone(at, terms)
    found = [case_from(row) for row in await store.to_settle(connection, before, A_ROUND)]
    await enter_exemptions(connection, [case.case_id for case in found if case.is_exception], at)
    await store.settle(connection, [case.case_id for case in found], at)
    return len(found)


# First what protects people: a hold that is over is over before anything else.
_PARTS: Final[dict[str, Callable[[Connection, datetime, Terms], Awaitable[int]]]] = {
    "released": _released,
    "exempt": _exempt,
    "gathered": _gather,
    "gone": _gone,
    "noted": _noted,
    "effective": _effective,
    "settled": _settled,
    "told": _told,
}
