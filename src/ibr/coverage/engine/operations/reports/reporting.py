"""R1 to R4, R6 and R7: reports due and received, in time, taken in, as declared, restated."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from asyncpg import Record

from ibr.coverage.engine.operations.cells import Tables, quantile, value_cell
from ibr.coverage.engine.operations.reports import store
from ibr.coverage.engine.operations.reports.model import Report
from ibr.coverage.engine.operations.reports.rules import Calendar, reports_of
from ibr.coverage.figures import store as frozen
from ibr.coverage.figures.model import PARTLY_KNOWN, Cell, FigureTable, share_cell
from ibr.db.pool import Connection
from ibr.periods import Month

RESTATED: Final = "N1"
"""The figure whose restatements are followed: direct beneficiaries, in all and by programme."""
QUANTILES: Final = {"p50": (1, 2), "p90": (9, 10)}


def add_rates(into: Mapping[Month, Tables], known: Sequence[Calendar], at: datetime) -> None:
    """R1, R2 and R3 of each month."""
    for month, tables in into.items():
        reports = reports_of(known, month, at)
        _add_shares(tables, "R1", reports, lambda each: each.first_at is not None)
        # Of a report that is not there yet and has time left nobody knows whether it will be late.
        over = [each for each in reports if each.late_from <= at]
        _add_shares(tables, "R2", over, lambda each: each.on_time)
        _add_lags(tables, reports)


def _add_shares(
    tables: Tables, indicator: str, reports: Sequence[Report], counts: Callable[[Report], bool]
) -> None:
    if not reports:
        return
    tables.add(indicator, (), [share_cell((), sum(map(counts, reports)), len(reports))])
    tables.add(
        indicator,
        ["programme"],
        [share_cell((each.programme.code,), int(counts(each)), 1) for each in reports],
    )


def _add_lags(tables: Tables, reports: Sequence[Report]) -> None:
    lags = {each.programme.code: lag for each in reports if (lag := each.lag_days) is not None}
    for part, share in QUANTILES.items():
        if lags:
            whole = quantile(list(lags.values()), share)
            tables.add("R3", ["part"], [value_cell((part,), whole, len(lags))])
        tables.add(
            "R3",
            ["programme", "part"],
            [value_cell((code, part), lag, 1) for code, lag in lags.items()],
        )


async def add_taken(
    connection: Connection,
    into: Mapping[Month, Tables],
    programmes: Mapping[int, str],
    at: datetime,
) -> None:
    """R4 and R6 of each month."""
    months = [str(month) for month in into]
    sent = await store.taken(connection, programmes.keys(), months, at)
    refused = await store.refused(connection, programmes.keys(), months, at)
    shared = set(await store.shared(connection, months, at))
    for month, tables in into.items():
        own_sent = [row for row in sent if row["month"] == str(month)]
        own_refused = [row for row in refused if row["month"] == str(month)]
        partly = {number for of, number in shared if of == str(month)}
        _add_accepted(tables, own_sent, programmes, partly)
        _add_refused(tables, own_sent, own_refused, programmes, partly)
        _add_declared(tables, own_sent, programmes, partly)


def _add_accepted(
    tables: Tables, sent: Sequence[Record], codes: Mapping[int, str], partly: Collection[int]
) -> None:
    records, refused = (sum(row[name] for row in sent) for name in ("records", "refused"))
    if not records:
        return
    tables.add("R4", (), [share_cell((), records - refused, records)])
    tables.add(
        "R4",
        ["programme"],
        [
            share_cell(
                (codes[row["programme_id"]],),
                row["records"] - row["refused"],
                row["records"],
                notes=_notes(row["programme_id"], partly),
            )
            for row in sent
            if row["programme_id"] in codes and row["records"]
        ],
    )


def _add_refused(
    tables: Tables,
    sent: Sequence[Record],
    refused: Sequence[Record],
    codes: Mapping[int, str],
    partly: Collection[int],
) -> None:
    """By field: the share of what was sent that was set aside because of it."""
    records = sum(row["records"] for row in sent)
    by_field: dict[str, int] = {}
    for row in refused:
        by_field[row["field"]] = by_field.get(row["field"], 0) + row["refused"]
    tables.add(
        "R4", ["field"], [share_cell((name,), count, records) for name, count in by_field.items()]
    )
    of_programme = {row["programme_id"]: row["records"] for row in sent}
    tables.add(
        "R4",
        ["programme", "field"],
        [
            share_cell(
                (codes[row["programme_id"]], row["field"]),
                row["refused"],
                of_programme[row["programme_id"]],
                notes=_notes(row["programme_id"], partly),
            )
            for row in refused
            if row["programme_id"] in codes
        ],
    )


def _add_declared(
    tables: Tables, sent: Sequence[Record], codes: Mapping[int, str], partly: Collection[int]
) -> None:
    tables.add(
        "R6",
        ["programme"],
        [
            share_cell(
                (codes[row["programme_id"]],),
                row["declared_read"],
                row["declared"],
                notes=_notes(row["programme_id"], partly),
            )
            for row in sent
            if row["programme_id"] in codes and row["declared"]
        ],
    )


def _notes(programme: int, partly: Collection[int]) -> list[str]:
    return [PARTLY_KNOWN] if programme in partly else []


async def add_restated(connection: Connection, into: Mapping[Month, Tables]) -> None:
    """R7 of each month: how far its figures have moved since they were first frozen."""
    periods = [str(month) for month in into]
    now = await frozen.tables(connection, [RESTATED], ["", "programme"], periods)
    before = await _first(connection, periods)
    for month, tables in into.items():
        for table in now:
            if table.period != str(month):
                continue
            first = before.get((table.breakdown, table.period), table)
            tables.add("R7", table.dimensions, _moved(first, table))


async def _first(
    connection: Connection, periods: Sequence[str]
) -> dict[tuple[str, str], FigureTable]:
    """The tables as they were first frozen, of those that were stated anew since."""
    found = {}
    for breakdown, period, run_no in await store.restated_runs(connection, RESTATED, periods):
        for table in await frozen.tables(connection, [RESTATED], [breakdown], [period], run_no):
            found[breakdown, period] = table
    return found


def _moved(first: FigureTable, now: FigureTable) -> list[Cell]:
    cells = []
    for key, cell in first.by_key.items():
        after = now.by_key.get(key)
        count = (after.numerator or 0) if after else 0
        if cell.numerator:
            cells.append(share_cell(key, abs(count - cell.numerator), cell.numerator))
    return cells
