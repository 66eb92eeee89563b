"""Reading frozen figures: what every page, file and interface asks, and the only place they do."""

from __future__ import annotations

from collections.abc import Sequence

from ibr.coverage.figures import store
from ibr.coverage.figures.model import FigureTable, Restated, Run, read_period
from ibr.db.pool import Connection
from ibr.errors import NotFound


async def figure_table(
    connection: Connection,
    indicator: str,
    period: str,
    breakdown: str = "",
    run_no: int | None = None,
) -> FigureTable:
    """One table as it counts now, or as it counted after a run; NotFound where there is none."""
    found = await store.tables(connection, [indicator], [breakdown], [period], run_no)
    if not found:
        raise NotFound(
            "figures.none",
            "There are no figures for this indicator, period and breakdown. "
            "See: ibr indicators list",
        )
    return found[0]


async def figure_tables(
    connection: Connection,
    indicators: Sequence[str],
    breakdowns: Sequence[str],
    periods: Sequence[str],
    run_no: int | None = None,
) -> dict[tuple[str, str, str], FigureTable]:
    """Many tables in one question, by indicator, breakdown and period; those that there are."""
    found = await store.tables(connection, indicators, breakdowns, periods, run_no)
    return {(each.indicator, each.breakdown, each.period): each for each in found}


async def months(connection: Connection, indicator: str | None = None) -> list[str]:
    """The months with figures, the oldest first."""
    return [each for each in await store.periods(connection, indicator) if "-" in each]


async def years(connection: Connection, indicator: str | None = None) -> list[str]:
    """The years with figures, the oldest first."""
    return [each for each in await store.periods(connection, indicator) if "-" not in each]


async def trend(
    connection: Connection,
    indicator: str,
    breakdown: str = "",
    *,
    until: str | None = None,
    most: int = 24,
) -> list[FigureTable]:
    """One breakdown over the last months up to a month, the oldest first."""
    if until is not None:
        read_period(until)
    wanted = [m for m in await months(connection, indicator) if until is None or m <= until]
    found = await store.tables(connection, [indicator], [breakdown], wanted[-most:])
    return sorted(found, key=lambda table: table.period)


async def breakdowns(connection: Connection, indicator: str, period: str) -> list[str]:
    return await store.breakdowns(connection, indicator, period)


async def runs(connection: Connection, most: int = 50) -> list[Run]:
    return await store.runs(connection, most)


async def one_run(connection: Connection, run_no: int) -> Run:
    """A run by its number; NotFound where there is none."""
    found = await store.runs(connection, 1, run_no)
    if not found:
        raise NotFound("figures.run", "There is no run with this number. See: ibr indicators list")
    return found[0]


async def restated(
    connection: Connection,
    run_no: int | None = None,
    period: str | None = None,
    *,
    indicator: str | None = None,
) -> list[Restated]:
    return await store.restated(connection, run_no, period, indicator)
