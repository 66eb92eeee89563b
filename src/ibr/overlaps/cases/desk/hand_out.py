"""Handing out all cases that fit a list at once."""

from __future__ import annotations

from datetime import datetime

from ibr.access.staff.rights import CASES, must_hold
from ibr.asker import Asker
from ibr.db.pool import Database
from ibr.overlaps.cases.desk.look import Wanted, fitting
from ibr.overlaps.cases.model import Terms
from ibr.overlaps.cases.work import MOST_AT_ONCE, assign_many


async def assign_fitting(
    database: Database,
    asker: Asker,
    wanted: Wanted,
    officer_id: int | None,
    *,
    at: datetime,
    terms: Terms,
) -> tuple[int, int]:
    """Assigns the cases of a list, at most as many as may be assigned at once; how many were, and
    how many were left as they are."""
    must_hold(asker, CASES)
    async with database.transaction(asker.reach, asker=asker, right=CASES) as connection:
        found = await fitting(connection, asker, wanted, MOST_AT_ONCE, at)
    if not found:
        return 0, 0
    chosen = [(case.case_id, case.step_no) for case in found]
    return await assign_many(database, asker, chosen, officer_id, at=at, terms=terms)
