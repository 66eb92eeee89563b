"""Works out the figures of some months from one snapshot, and freezes them in one transaction.

Whatever is killed on the way leaves no figure. What comes out depends on the snapshot, the
denominators and the code, never on what was worked out before.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from ibr.audit.events import FIGURES_FROZEN
from ibr.audit.record import record_event
from ibr.clock import now
from ibr.coverage.engine.ground import keep_ground
from ibr.coverage.engine.operations.count import completeness, count_operations, missing
from ibr.coverage.facts.model import FactsFile
from ibr.coverage.facts.write import drop_other_facts
from ibr.coverage.figures import store as figures
from ibr.coverage.figures.model import (
    Completeness,
    FigureTable,
    NotReported,
    Run,
    whole_digest,
)
from ibr.coverage.figures.store import Frozen
from ibr.coverage.runs import due, store
from ibr.coverage.runs.count_people import CountPeople, Missing, Reports
from ibr.coverage.runs.folders import Folders
from ibr.coverage.runs.inputs import code_version, read_inputs
from ibr.coverage.runs.stated_anew import emptied, stated_anew
from ibr.db.pool import Database
from ibr.errors import Conflict
from ibr.overlaps.findings.due import alone as alone_with_snapshots
from ibr.overlaps.snapshot.model import Snapshot
from ibr.overlaps.snapshot.read import opened_snapshot, snapshot_of
from ibr.overlaps.snapshot.write import take_snapshot
from ibr.periods import Month
from ibr.protection.seal import Sealer

Tell = Callable[[str], None]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to be worked out; months that have figures need a reason."""

    months: str = ""
    snapshot_no: int | None = None
    reason: str = ""
    asked_by: str = ""


class Took:
    """Seconds that each kind of work took."""

    def __init__(self, tell: Tell) -> None:
        self.seconds: dict[str, float] = {}
        self._tell = tell

    @contextmanager
    def step(self, name: str, said: str = "") -> Iterator[None]:
        if said:
            self._tell(said)
        began_at = time.monotonic()
        try:
            yield
        finally:
            took = time.monotonic() - began_at
            self.seconds[name] = round(self.seconds.get(name, 0.0) + took, 2)


async def run_indicators(
    database: Database,
    programmes: Sequence[int],
    sealer: Sealer,
    folders: Folders,
    asked: Asked,
    *,
    at: datetime,
    tell: Tell = lambda _step: None,
) -> Run | None:
    """A run, to its end; None where every month that has ended has its figures."""
    took = Took(tell)
    async with due.alone(database):
        # Before a snapshot is taken: perhaps there is nothing to do.
        months = await _months(database, programmes, asked, at.date())
        if not months:
            return None
        with took.step("snapshot", "Taking a snapshot" if asked.snapshot_no is None else ""):
            snapshot = await _snapshot(database, programmes, sealer, folders, asked, at)
        try:
            return await _run(
                database, programmes, folders, asked, snapshot, months, at, took, tell
            )
        except Exception as wrong:
            await _note_failure(database, asked, snapshot, months, at, type(wrong).__name__)
            raise


async def _note_failure(
    database: Database,
    asked: Asked,
    snapshot: Snapshot,
    months: Sequence[Month],
    at: datetime,
    reason: str,
) -> None:
    """Keeps that a run failed, and nothing else of it."""
    async with database.transaction(()) as connection:
        await figures.add_run(
            connection,
            _ran(asked, snapshot, months, at, state="failed", reason=reason),
        )


async def _months(
    database: Database, programmes: Sequence[int], asked: Asked, on: date
) -> list[Month]:
    async with database.transaction(programmes) as connection:
        if not asked.months:
            first = await store.first_benefit(connection)
            return due.in_a_row(await due.missing(connection, first, on))
        months = due.named(asked.months, on)
        there = await figures.periods(connection, None)
    again = sorted({str(each) for each in months} & set(there))
    if again and not asked.reason:
        raise Conflict(
            "figures.reason",
            f"There are figures of {again[0]} already. Say why they are worked out again: --reason",
        )
    return months


async def _snapshot(
    database: Database,
    programmes: Sequence[int],
    sealer: Sealer,
    folders: Folders,
    asked: Asked,
    at: datetime,
) -> Snapshot:
    if asked.snapshot_no is not None:
        return await snapshot_of(database, asked.snapshot_no)
    async with alone_with_snapshots(database):
        return await take_snapshot(database, programmes, sealer, folders.snapshots, at)


async def _run(
    database: Database,
    programmes: Sequence[int],
    folders: Folders,
    asked: Asked,
    snapshot: Snapshot,
    months: Sequence[Month],
    at: datetime,
    took: Took,
    tell: Tell,
) -> Run:
    known_at = snapshot.as_known_at
    async with database.transaction(programmes, frozen=True) as connection:
        with took.step("inputs"):
            inputs = await read_inputs(connection, snapshot, months)
            reports = await completeness(connection, _of_years(months), programmes, known_at)
            lacking = await missing(connection, _of_years(months), programmes, known_at)
    with opened_snapshot(folders.snapshots, snapshot, also=(folders.facts,)) as opened:
        count = CountPeople(opened, folders.facts, inputs, reports, lacking)
        found = await asyncio.to_thread(_people, count, months, took, tell)
        with took.step("operations", "Counting reports, identity and cases"):
            tables = await _operations(database, programmes, months, known_at, opened)
            found += _completed(tables, reports, lacking)
        with took.step("ground"):
            ground = await asyncio.to_thread(count.ground, max(months), known_at)
    ran = _ran(
        asked,
        snapshot,
        months,
        at,
        inputs=inputs.noted | {"facts": {each.period: each.sha256 for each in count.files}},
        tables=len(found),
        cells=sum(each.cell_count for each in found),
        seconds=took.seconds,
    )
    done = await _freeze(database, ran, found)
    _drop_replaced(folders.facts, count.files)
    await asyncio.to_thread(keep_ground, ground, folders.ground)
    return done


def _of_years(months: Sequence[Month]) -> list[Month]:
    """Every month of their years: a year is as complete as the reports on all of its months."""
    return [
        Month(year, number) for year in sorted({m.year for m in months}) for number in range(1, 13)
    ]


def _drop_replaced(folder: Path, files: Sequence[FactsFile]) -> None:
    """Of the periods of this run only its own facts are kept; of others the last ones stay."""
    now_there = {each.period: each.path for each in files}
    others = [each for each in folder.glob("*/*.parquet") if each.parent.name not in now_there]
    drop_other_facts(folder, [*now_there.values(), *others])


def _people(count: CountPeople, months: Sequence[Month], took: Took, tell: Tell) -> list[Frozen]:
    """Every table of people, months first; each is packed at once, since cells take much room."""
    found: list[Frozen] = []
    with took.step("people", "Putting people together"):
        count.prepare(months)
    for month in months:
        tell(f"Counting {month}")
        for name, tables in count.month(month):
            with took.step(name):
                made = list(tables())
            with took.step("packing"):
                found += [figures.frozen(each) for each in made]
    for year in sorted({month.year for month in months}):
        with took.step("years", f"Counting {year}"):
            found += [figures.frozen(each) for each in count.year(year)]
    return found


async def _operations(
    database: Database,
    programmes: Sequence[int],
    months: Sequence[Month],
    at: datetime,
    opened: duckdb.DuckDBPyConnection,
) -> list[FigureTable]:
    async with database.transaction(programmes, frozen=True) as connection:
        return await count_operations(connection, months, programmes, at, opened)


def _completed(tables: Sequence[FigureTable], reports: Reports, lacking: Missing) -> list[Frozen]:
    """The tables ready to be kept, each with the reports that it rests on and lacks."""
    whole = {str(month): each.get(None) for month, each in reports.items()}
    gone = {str(month): each for month, each in lacking.items()}
    return [
        figures.frozen(_complete(table, whole.get(table.period), gone.get(table.period)))
        for table in tables
    ]


def _complete(
    table: FigureTable, reports: Completeness | None, lacking: tuple[NotReported, ...] | None
) -> FigureTable:
    if table.completeness is not None or reports is None:
        return table
    return msgspec.structs.replace(table, completeness=reports, not_reported=lacking)


def _ran(
    asked: Asked,
    snapshot: Snapshot,
    months: Sequence[Month],
    at: datetime,
    *,
    state: str = "done",
    reason: str | None = None,
    **counted: Any,
) -> Run:
    """A run as it is noted, before it has a number."""
    fields: dict[str, Any] = {"inputs": {}, "tables": 0, "cells": 0, "seconds": {}} | counted
    return Run(
        run_no=0,
        kind=_kind(months, asked),
        state=state,
        snapshot_no=snapshot.snapshot_no,
        as_known_at=snapshot.as_known_at,
        first_month=str(min(months)),
        last_month=str(max(months)),
        code_version=code_version(),
        started_at=at,
        finished_at=now(),
        reason=asked.reason if reason is None else reason,
        asked_by=asked.asked_by,
        **fields,
    )


def _kind(months: Collection[Month], asked: Asked) -> str:
    if asked.reason:
        return "recompute"
    return "full" if len(months) > 1 else "month"


async def _freeze(database: Database, ran: Run, found: list[Frozen]) -> Run:
    """Keeps the run with all its tables, and notes which of them differ from those before."""
    periods = sorted({each.period for each in found})
    async with database.transaction(()) as connection:
        before = await figures.digests(connection, periods)
        found = found + emptied(found, before)
        number = await figures.add_run(connection, ran)
        await figures.add_tables(connection, number, found)
        anew = await stated_anew(
            connection, msgspec.structs.replace(ran, run_no=number), found, before
        )
        await figures.add_restated(connection, anew)
        details: dict[str, Any] = {
            "run": number,
            "snapshot": ran.snapshot_no,
            "snapshot_digest": ran.inputs.get("snapshot_digest"),
            "digest": whole_digest({each.place: each.digest for each in found}),
            "first": ran.first_month,
            "last": ran.last_month,
            "tables": len(found),
            "stated_anew": len(anew),
        }
        await record_event(connection, kind=FIGURES_FROZEN, asker=None, details=details, at=now())
    return msgspec.structs.replace(ran, run_no=number)
