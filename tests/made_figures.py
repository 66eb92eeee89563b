"""Consistent made-up figures for tests that only read: pages, files, interface, releases.

How to use it, after the database of tests/web_country.py or any migrated one is there:

    run_no = asyncio.run(freeze_made_at(dsn))                 # in a synchronous fixture
    run_no = await freeze_made(database)                      # database of the role ibr_worker
    await freeze_made(database, months=24, programmes=made_programmes(20), areas1=[...],
                      areas2=made_areas2(areas1, 345), people=5000)

By default 24 months up to 2026-10, the five programmes and eight regions R1 to R8 of
tests/people_web.py and three districts in each region (R1-01 to R8-03; `add_districts(dsn)` puts
them into the table of areas, with squares for outlines). Two runs are frozen: the first knows
little of the third month from the end, the second restates it. `made_tables` gives the tables
without any database. The same arguments always give the same figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg

from ibr.coverage.figures import store
from ibr.coverage.figures.model import (
    Completeness,
    FigureTable,
    Restated,
    Run,
    month_period,
    year_period,
)
from ibr.db.pool import Database, open_database
from ibr.periods import Month
from tests.made_counts import PS, Cells, Made, counts, month_tables, persons, year_tables
from tests.made_people import (
    AREAS1,
    PROGRAMMES,
    MadeProgramme,
    made_areas2,
    made_people,
    made_programmes,
)

__all__ = [
    "AREAS1", "LAST_MONTH", "PROGRAMMES", "add_districts", "freeze_made", "freeze_made_at",
    "made_areas2", "made_country", "made_programmes", "made_tables",
]  # fmt: skip

LAST_MONTH = Month(2026, 10)
SOURCE = "Made-up census 2024 (tests), interpolated"


def made_country(
    *,
    months: int = 24,
    programmes: Sequence[MadeProgramme] = PROGRAMMES,
    areas1: Sequence[str] = AREAS1,
    areas2: Mapping[str, str] | None = None,
    people: int = 600,
    seed: int = 4,
    last: Month = LAST_MONTH,
) -> Made:
    """The people with their programmes, month by month."""
    every = [last.plus(step) for step in range(1 - months, 1)]
    districts = made_areas2(areas1, 3 * len(areas1)) if areas2 is None else areas2
    return Made(
        made_people(people, every, programmes, areas1, districts, seed),
        every,
        {each.code: each for each in programmes},
    )


def made_tables(**wanted: Any) -> list[FigureTable]:
    """The tables of all months and whole years, the oldest first; arguments of `made_country`."""
    return _all_tables(made_country(**wanted))


def _all_tables(made: Made) -> list[FigureTable]:
    every, count = made.months, len(made.programmes)
    tables: list[FigureTable] = []
    for at, month in enumerate(every):
        complete = Completeness(count - (at == len(every) - 1), count)
        tables += _tables(month_tables(made, at), str(month_period(month)), complete)
    for year in sorted({month.year for month in every}):
        if sum(month.year == year for month in every) == 12:
            whole = Completeness(12 * count, 12 * count)
            tables += _tables(year_tables(made, year), str(year_period(year)), whole)
    return tables


def _tables(
    found: Iterable[tuple[str, str, Cells]], period: str, complete: Completeness
) -> list[FigureTable]:
    return [
        FigureTable(
            indicator=indicator,
            version=1,
            period=period,
            breakdown=breakdown,
            cells=tuple(cells),
            completeness=complete,
            sources=(SOURCE,) if indicator in ("C1", "C2", "C3", "C5", "SDG131") else (),
        )
        for indicator, breakdown, cells in found
    ]


def _earlier(made: Made, at: int) -> dict[str, FigureTable]:
    """Direct beneficiaries as they were known before a late report: every tenth was missing."""
    known = [each for each in made.in_month(at) if each.person.number % 10]
    found = (("N1", each, counts(persons(made, each, known))) for each in PS)
    tables = _tables(found, str(month_period(made.months[at])), Completeness(4, 5))
    return {each.breakdown: each for each in tables}


def _restated(before: FigureTable, after: FigureTable, first: int, second: int) -> Restated:
    moved = [
        abs(_value(before, key) - _value(after, key))
        for key in before.by_key.keys() | after.by_key.keys()
    ]
    return Restated(
        run_no=second,
        before_run=first,
        indicator=after.indicator,
        period=after.period,
        breakdown=after.breakdown,
        cells_changed=sum(each > 0 for each in moved),
        cells=len(after.cells),
        value_before=_total(before),
        value_after=_total(after),
        largest_change=format(max(moved), "f"),
        why=("OAP reported 12 records for this month after it was counted.",),
    )


def _value(table: FigureTable, key: tuple[str, ...]) -> Decimal:
    cell = table.by_key.get(key)
    return Decimal(cell.value or 0) if cell else Decimal(0)


def _total(table: FigureTable) -> str | None:
    return table.cells[0].value if not table.breakdown and table.cells else None


def _run(kind: str, tables: Sequence[FigureTable], at: datetime, reason: str = "") -> Run:
    every = sorted({each.period for each in tables if "-" in each.period})
    return Run(
        run_no=0,
        kind=kind,
        state="done",
        snapshot_no=1,
        as_known_at=at,
        first_month=every[0],
        last_month=every[-1],
        inputs={"linkage_run": 1, "denominators": [1]},
        code_version="0.1.0+tests",
        started_at=at + timedelta(minutes=1),
        finished_at=at + timedelta(minutes=2),
        tables=len(tables),
        cells=sum(len(each.cells) for each in tables),
        seconds={"facts": 1.5, "engine": 4.25},
        reason=reason,
        asked_by="",
    )


async def freeze_made(database: Database, **wanted: Any) -> int:
    """Freezes made-up figures (arguments of `made_country`); the number of the newest run.

    `database` acts as ibr_worker. `restated=False` leaves the second run out.
    """
    restates = wanted.pop("restated", True)
    made = made_country(**wanted)
    tables = _all_tables(made)
    at = len(made.months) - 3
    again = str(month_period(made.months[at])) if restates and at > 0 else ""
    new = [each for each in tables if each.period == again and each.indicator == "N1"]
    old = _earlier(made, at) if again else {}
    first = [
        old[each.breakdown] if each.period == again and each.indicator == "N1" else each
        for each in tables
    ]
    known = datetime(2026, 11, 16, 3, 0, tzinfo=UTC)
    async with database.transaction(()) as connection:
        number = await store.add_run(connection, _run("full", first, known - timedelta(days=7)))
        await store.add_tables(connection, number, map(store.frozen, first))
        if not again:
            return number
        second = await store.add_run(connection, _run("recompute", new, known, "a late report"))
        await store.add_tables(connection, second, map(store.frozen, new))
        found = [_restated(old[each.breakdown], each, number, second) for each in new]
        await store.add_restated(connection, [each for each in found if each.cells_changed])
    return second


async def freeze_made_at(dsn: str, **wanted: Any) -> int:
    """The same into the database at an owner's address."""
    database = await open_database(dsn, "ibr_worker", size=1, name="made figures")
    try:
        return await freeze_made(database, **wanted)
    finally:
        await database.close()


async def add_districts(dsn: str, areas2: Mapping[str, str] | None = None) -> None:
    """Puts districts into the table of areas, each a strip of its region's square."""
    districts = made_areas2(AREAS1, 3 * len(AREAS1)) if areas2 is None else areas2
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    try:
        for number, (code, parent) in enumerate(sorted(districts.items())):
            centre = await connection.fetchrow(
                "select centre_x, centre_y from area where code = $1", parent
            )
            place = int(code.rsplit("-", 1)[1]) - 1
            x = round(centre["centre_x"]) - 110 + place % 3 * 73
            y = round(centre["centre_y"]) - 150 + place // 3 * 60
            outline = f"M{x} {y}h73v{300 if len(districts) <= 24 else 60}h-73Z"
            await connection.execute(
                """
                insert into area (code, parent, level, names, outline, centre_x, centre_y)
                values ($1, $2, 2, $3::text::jsonb, $4, $5, $6)
                """,
                *(code, parent, f'{{"en": "District {number + 1}", "fr": "Canton {number + 1}"}}'),
                *(outline, x + 36.0, y + 100.0),
            )
    finally:
        await connection.close()
