"""SQL of frozen figures: written once by a run, read by everybody."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import zstandard
from asyncpg import Record

from ibr.coverage.figures.model import Cell, Completeness, FigureTable, NotReported, Restated, Run
from ibr.db.pool import Connection
from ibr.periods import read_month

_cells = msgspec.msgpack.Decoder(tuple[Cell, ...])
_encoder = msgspec.msgpack.Encoder()
_HEAD = """
    f.indicator, f.breakdown, f.period, f.run_no, f.version, f.cells, f.reports_received,
    f.reports_expected, f.sources::text as sources, f.not_reported::text as not_reported,
    r.as_known_at
"""
_COLUMNS = (
    "indicator", "breakdown", "period", "run_no", "version", "cells", "cell_count", "digest",
    "reports_received", "reports_expected", "sources", "not_reported",
)  # fmt: skip
_RESTATED = (
    "run_no", "before_run", "indicator", "breakdown", "period", "cells_changed", "cells",
    "value_before", "value_after", "largest_change", "why",
)  # fmt: skip


def packed(cells: tuple[Cell, ...]) -> tuple[bytes, bytes]:
    """Cells as they are kept, and their digest."""
    plain = _encoder.encode(cells)
    return zstandard.ZstdCompressor(level=3).compress(plain), hashlib.sha256(plain).digest()


def _table(row: Record) -> FigureTable:
    expected = row["reports_expected"]
    return FigureTable(
        indicator=row["indicator"],
        version=row["version"],
        period=row["period"],
        breakdown=row["breakdown"],
        cells=thawed(row["cells"]),
        run_no=row["run_no"],
        as_known_at=row["as_known_at"],
        completeness=(
            None if expected is None else Completeness(row["reports_received"] or 0, expected)
        ),
        sources=msgspec.json.decode(row["sources"], type=tuple[str, ...]),
        not_reported=read_not_reported(row["not_reported"]),
    )


def write_not_reported(found: tuple[NotReported, ...] | None) -> str | None:
    """As it is kept beside a table."""
    return None if found is None else msgspec.json.encode(found).decode()


def read_not_reported(text: str | None) -> tuple[NotReported, ...] | None:
    """As it was kept; None where nothing was."""
    return None if text is None else msgspec.json.decode(text, type=tuple[NotReported, ...])


async def tables(
    connection: Connection,
    indicators: Sequence[str],
    breakdowns: Sequence[str],
    periods: Sequence[str],
    run_no: int | None = None,
) -> list[FigureTable]:
    """The tables that count, by indicator, breakdown and period: of the newest run, or of the
    newest up to a run."""
    rows = await connection.fetch(
        f"""
        select distinct on (f.indicator, f.breakdown, f.period) {_HEAD}
        from ibr.figure_table f join ibr.indicator_run r using (run_no)
        where f.indicator = any($1::text[]) and f.breakdown = any($2::text[])
          and f.period = any($3::text[]) and ($4::integer is null or f.run_no <= $4)
        order by f.indicator, f.breakdown, f.period, f.run_no desc
        """,
        list(indicators),
        list(breakdowns),
        list(periods),
        run_no,
    )
    return [_table(row) for row in rows]


async def digests(
    connection: Connection, periods: Sequence[str]
) -> dict[tuple[str, str, str], tuple[int, bytes]]:
    """The run and digest of every table that counts in these periods, by indicator, breakdown and
    period."""
    rows = await connection.fetch(
        """
        select distinct on (indicator, breakdown, period) indicator, breakdown, period, run_no,
               digest
        from ibr.figure_table where period = any($1::text[])
        order by indicator, breakdown, period, run_no desc
        """,
        list(periods),
    )
    return {
        (row["indicator"], row["breakdown"], row["period"]): (row["run_no"], row["digest"])
        for row in rows
    }


async def periods(connection: Connection, indicator: str | None = None) -> list[str]:
    """Every period with figures, of an indicator where one is named, the oldest first."""
    rows = await connection.fetch(
        """
        select distinct period from ibr.figure_table
        where $1::text is null or indicator = $1 order by period
        """,
        indicator,
    )
    return [row["period"] for row in rows]


async def breakdowns(connection: Connection, indicator: str, period: str) -> list[str]:
    """The breakdowns that an indicator has figures in for a period."""
    rows = await connection.fetch(
        """
        select distinct breakdown from ibr.figure_table where indicator = $1 and period = $2
        order by breakdown
        """,
        indicator,
        period,
    )
    return [row["breakdown"] for row in rows]


async def add_run(connection: Connection, run: Run) -> int:
    """Notes a run; its number. The one it is handed in with is not looked at."""
    number: int = await connection.fetchval(
        """
        insert into ibr.indicator_run (
            kind, state, snapshot_no, as_known_at, first_month, last_month, inputs, code_version,
            started_at, finished_at, tables, cells, seconds, reason, asked_by
        ) values ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8, $9, $10, $11, $12,
                  $13::text::jsonb, $14, $15)
        returning run_no
        """,
        run.kind,
        run.state,
        run.snapshot_no,
        run.as_known_at,
        read_month(run.first_month).first,
        read_month(run.last_month).first,
        msgspec.json.encode(run.inputs).decode(),
        run.code_version,
        run.started_at,
        run.finished_at,
        run.tables,
        run.cells,
        msgspec.json.encode(run.seconds).decode(),
        run.reason,
        run.asked_by,
    )
    return number


class Frozen(msgspec.Struct, frozen=True, kw_only=True):
    """A table as it is kept: much smaller than its cells, so that a run can hold all of its own."""

    indicator: str
    breakdown: str
    period: str
    version: int
    cells: bytes
    cell_count: int
    digest: bytes
    reports_received: int | None
    reports_expected: int | None
    sources: str
    not_reported: str | None = None

    @property
    def place(self) -> tuple[str, str, str]:
        return self.indicator, self.breakdown, self.period


def frozen(table: FigureTable) -> Frozen:
    """A table ready to be kept, its cells in the order of their keys."""
    cells, digest = packed(tuple(sorted(table.cells, key=lambda cell: cell.key)))
    complete = table.completeness
    return Frozen(
        indicator=table.indicator,
        breakdown=table.breakdown,
        period=table.period,
        version=table.version,
        cells=cells,
        cell_count=len(table.cells),
        digest=digest,
        reports_received=complete.received if complete else None,
        reports_expected=complete.expected if complete else None,
        sources=msgspec.json.encode(table.sources).decode(),
        not_reported=write_not_reported(table.not_reported),
    )


def thawed(cells: bytes) -> tuple[Cell, ...]:
    """The cells of a table that is kept."""
    return _cells.decode(zstandard.ZstdDecompressor().decompress(cells))


async def add_tables(connection: Connection, run_no: int, found: Iterable[Frozen]) -> None:
    """Keeps tables under the number of their run."""
    rows = (
        tuple(run_no if name == "run_no" else getattr(each, name) for name in _COLUMNS)
        for each in found
    )
    await connection.copy_records_to_table("figure_table", records=rows, columns=_COLUMNS)


async def cells_of(
    connection: Connection, places: Sequence[tuple[str, str, str, int]]
) -> dict[tuple[str, str, str], tuple[Cell, ...]]:
    """The cells of tables, each named by indicator, breakdown, period and run."""
    rows = await connection.fetch(
        """
        select f.indicator, f.breakdown, f.period, f.cells
        from ibr.figure_table f
        join unnest($1::text[], $2::text[], $3::text[], $4::integer[])
            as wanted (indicator, breakdown, period, run_no)
          using (indicator, breakdown, period, run_no)
        """,
        *([each[at] for each in places] for at in range(4)),
    )
    return {
        (row["indicator"], row["breakdown"], row["period"]): thawed(row["cells"]) for row in rows
    }


async def add_restated(connection: Connection, found: Iterable[Restated]) -> None:
    rows = [
        tuple(
            msgspec.json.encode(each.why).decode() if name == "why" else getattr(each, name)
            for name in _RESTATED
        )
        for each in found
    ]
    await connection.copy_records_to_table("figure_restated", records=rows, columns=_RESTATED)


def _run(row: Record) -> Run:
    return Run(
        run_no=row["run_no"],
        kind=row["kind"],
        state=row["state"],
        snapshot_no=row["snapshot_no"],
        as_known_at=row["as_known_at"],
        first_month=f"{row['first_month']:%Y-%m}",
        last_month=f"{row['last_month']:%Y-%m}",
        inputs=msgspec.json.decode(row["inputs"], type=dict[str, Any]),
        code_version=row["code_version"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        tables=row["tables"],
        cells=row["cells"],
        seconds=msgspec.json.decode(row["seconds"], type=dict[str, float]),
        reason=row["reason"],
        asked_by=row["asked_by"],
    )


async def runs(connection: Connection, most: int = 50, run_no: int | None = None) -> list[Run]:
    """Runs, the newest first; only one where its number is given."""
    rows = await connection.fetch(
        """
        select run_no, kind, state, snapshot_no, as_known_at, first_month, last_month,
               inputs::text as inputs, code_version, started_at, finished_at, tables, cells,
               seconds::text as seconds, reason, asked_by
        from ibr.indicator_run where $2::integer is null or run_no = $2
        order by run_no desc limit $1
        """,
        most,
        run_no,
    )
    return [_run(row) for row in rows]


async def restated(
    connection: Connection,
    run_no: int | None = None,
    period: str | None = None,
    indicator: str | None = None,
    most: int = 500,
) -> list[Restated]:
    """What runs stated anew, the newest and the totals first."""
    rows = await connection.fetch(
        """
        select run_no, before_run, indicator, breakdown, period, cells_changed, cells,
               value_before, value_after, largest_change, why::text as why
        from ibr.figure_restated
        where ($1::integer is null or run_no = $1) and ($2::text is null or period = $2)
          and ($3::text is null or indicator = $3)
        order by run_no desc, period desc, breakdown, indicator limit $4
        """,
        run_no,
        period,
        indicator,
        most,
    )
    return [
        Restated(
            **{name: row[name] for name in _RESTATED if name != "why"},
            why=msgspec.json.decode(row["why"], type=tuple[str, ...]),
        )
        for row in rows
    ]
