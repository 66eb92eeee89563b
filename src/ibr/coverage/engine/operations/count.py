"""All figures of reports, payments, identity and cases, and what is late: what others call.

`count_operations` takes the programmes by their numbers and reads the rest from the catalogue. The
connection's transaction must have all of them in reach. With an opened snapshot it counts what
records and payments tell as well; without one these tables are not there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime

import duckdb

from ibr.coverage.engine.operations.casework.case_figures import add_cases
from ibr.coverage.engine.operations.casework.link_figures import add_links
from ibr.coverage.engine.operations.casework.store import confirmed_copies
from ibr.coverage.engine.operations.cells import Tables
from ibr.coverage.engine.operations.held.record_figures import add_held
from ibr.coverage.engine.operations.reports import store
from ibr.coverage.engine.operations.reports.model import Late
from ibr.coverage.engine.operations.reports.reporting import add_rates, add_restated, add_taken
from ibr.coverage.engine.operations.reports.rules import (
    Calendar,
    calendars,
    how_complete,
    late_of,
    not_reported,
    reports_of,
)
from ibr.coverage.figures.model import Completeness, FigureTable, NotReported
from ibr.db.pool import Connection
from ibr.periods import Month

LATE_MONTHS = 12
"""How far back a missing report is looked for."""


async def count_operations(
    connection: Connection,
    months: Sequence[Month],
    programmes: Collection[int],
    at: datetime,
    snapshot: duckdb.DuckDBPyConnection | None = None,
) -> list[FigureTable]:
    """R1-R4, R6, R7, Q4, Q5, Q7, K1-K5 and S1 of these months as known at a moment; from a
    snapshot of that moment also R5, Q1-Q3, P1 and P2."""
    into = {month: Tables(month) for month in sorted(set(months))}
    if not into:
        return []
    known = await calendars_known(connection, programmes, at)
    reporters = [each.programme for each in known]
    codes = {each.programme_id: each.code for each in reporters}
    add_rates(into, known, at)
    await add_taken(connection, into, codes, at)
    await add_restated(connection, into)
    await add_cases(connection, into, codes, at)
    await add_links(connection, into, at)
    if snapshot is not None:
        copies = await confirmed_copies(connection)
        await asyncio.to_thread(add_held, snapshot, into, reporters, copies)
    return [table for month in into for table in into[month].made()]


async def calendars_known(
    connection: Connection, programmes: Collection[int], at: datetime
) -> list[Calendar]:
    """When these programmes report, with what had come at a moment: the one definition of due and
    in time, for figures, pages and reminders alike."""
    reporters = await store.reporters(connection, programmes)
    arrived = await store.arrived(connection, [each.programme_id for each in reporters], at)
    return calendars(reporters, arrived)


async def completeness(
    connection: Connection, months: Sequence[Month], programmes: Collection[int], at: datetime
) -> dict[Month, dict[str | None, Completeness]]:
    """For each month the reports received of those that were due, by code of the programme and
    under None of all together; nothing for what no report was due for."""
    known = await calendars_known(connection, programmes, at)
    return {month: how_complete(reports_of(known, month, at)) for month in months}


async def missing(
    connection: Connection, months: Sequence[Month], programmes: Collection[int], at: datetime
) -> dict[Month, tuple[NotReported, ...]]:
    """For each month whose reports were due and had not come: those that completeness lacks."""
    known = await calendars_known(connection, programmes, at)
    return {month: not_reported(reports_of(known, month, at)) for month in months}


async def late(
    connection: Connection, programmes: Collection[int], at: datetime, months: int = LATE_MONTHS
) -> list[Late]:
    """The reports that are missing after their last day, those missing for longest first."""
    return late_of(await calendars_known(connection, programmes, at), at, months)
