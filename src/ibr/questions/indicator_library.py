"""The indicators with their newest figures, and one of them with all that is known of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ibr.access.staff.rights import COUNTRY, must_hold
from ibr.asker import Asker
from ibr.coverage.catalogue.model import Indicator
from ibr.coverage.figures import read
from ibr.coverage.figures.model import FigureTable, Restated, Run
from ibr.db.pool import Database

MONTHS = 24
RUNS = 10
RESTATED = 8


class Newest(msgspec.Struct, frozen=True):
    """The newest month with figures, and the totals of all indicators in it."""

    month: str
    totals: dict[str, FigureTable]


class OneIndicator(msgspec.Struct, frozen=True, kw_only=True):
    """An indicator's figures over time, what was stated anew, and the runs they are from."""

    months: list[str]
    trend: list[FigureTable]
    counted: list[str]
    """The breakdowns that the newest month has."""
    restated: list[Restated]
    runs: list[Run]


async def newest_totals(
    database: Database, asker: Asker, indicators: Sequence[Indicator]
) -> Newest | None:
    """Every indicator's newest total; None where nothing was counted yet."""
    must_hold(asker, COUNTRY)
    async with database.transaction(()) as connection:
        months = await read.months(connection)
        if not months:
            return None
        codes = [each.code for each in indicators if "" in each.breakdowns]
        found = await read.figure_tables(connection, codes, [""], months[-1:])
    return Newest(months[-1], {code: table for (code, _, _), table in found.items()})


async def one_indicator(database: Database, asker: Asker, indicator: Indicator) -> OneIndicator:
    """What is known of an indicator's figures, the newest months."""
    must_hold(asker, COUNTRY)
    code = indicator.code
    shown = "" if "" in indicator.breakdowns else first_breakdown(indicator)
    async with database.transaction(()) as connection:
        months = await read.months(connection, code)
        trend = await read.trend(connection, code, shown, most=MONTHS) if months else []
        counted = await read.breakdowns(connection, code, months[-1]) if months else []
        restated = await read.restated(connection, indicator=code)
        runs = await read.runs(connection, 50)
    own = {each.run_no for each in trend} | {each.run_no for each in restated}
    return OneIndicator(
        months=months,
        trend=trend,
        counted=counted,
        restated=sorted(restated, key=lambda each: (each.breakdown != "", -each.run_no))[:RESTATED],
        runs=[each for each in runs if each.run_no in own][:RUNS],
    )


def first_breakdown(indicator: Indicator) -> str:
    """The breakdown with the fewest dimensions, for an indicator that has no total."""
    return min(indicator.breakdowns, key=lambda each: (each.count("*"), len(each)), default="")
