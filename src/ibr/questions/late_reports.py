"""Which reports are missing today after their last day."""

from __future__ import annotations

from datetime import datetime

from ibr.access.staff.rights import COUNTRY, must_hold
from ibr.asker import Asker
from ibr.coverage.engine.operations.count import late
from ibr.coverage.engine.operations.reports.model import Late
from ibr.db.pool import Database


async def late_reports(database: Database, asker: Asker, at: datetime) -> list[Late]:
    """The missing reports of the programmes in reach, those that are missing for longest first."""
    must_hold(asker, COUNTRY)
    async with database.transaction(asker.reach, asker=asker, right=COUNTRY) as connection:
        return await late(connection, sorted(asker.reach), at)
