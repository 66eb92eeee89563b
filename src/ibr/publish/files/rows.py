"""Figures as rows: one for each figure, in one order, with the same columns for every form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ibr.clock import written
from ibr.coverage.figures.model import DIMENSIONS, Cell, FigureTable
from ibr.publish.files.model import NOT_KNOWN, Dataset, Row, Status

Text = str | int | None
FIRST: Final = ("indicator", "name", "period", "breakdown")
LAST: Final = (
    "numerator",
    "denominator",
    "value",
    "unit",
    "status",
    "notes",
    "as_known_at",
    "reports_received",
    "reports_due",
    "run_no",
    "sources",
    "audience",
    "not_reported",
)
NUMBERS: Final = frozenset(
    {"numerator", "denominator", "reports_received", "reports_due", "run_no"}
)
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def dimensions_in(dataset: Dataset) -> tuple[str, ...]:
    """The dimensions that any table of the file has, in their order."""
    there = {each for table in dataset.tables for each in table.dimensions}
    return tuple(each for each in DIMENSIONS if each in there)


def columns(dataset: Dataset) -> tuple[str, ...]:
    """The header: each dimension has a column for its code and one for its name."""
    pairs = (name for each in dimensions_in(dataset) for name in (each, f"{each}_name"))
    return (*FIRST, *pairs, *LAST)


def count_rows(dataset: Dataset) -> int:
    """How many rows a file will have."""
    return sum(len(set(t.by_key) | _hidden(dataset, t)) for t in dataset.tables)


def rows(dataset: Dataset) -> Iterator[Row]:
    """Every figure once, by table and key; withheld ones as rows without a figure."""
    for table in dataset.tables:
        hidden = _hidden(dataset, table)
        for key in sorted(set(table.by_key) | hidden):
            cell = None if key in hidden else table.by_key[key]
            yield _row(dataset, table, key, cell)


def _hidden(dataset: Dataset, table: FigureTable) -> frozenset[tuple[str, ...]]:
    return dataset.hidden.get((table.indicator, table.breakdown, table.period), frozenset())


def _row(dataset: Dataset, table: FigureTable, key: tuple[str, ...], cell: Cell | None) -> Row:
    known = dataset.indicators.get(table.indicator)
    codes = dict(zip(table.dimensions, key, strict=True))
    status: Status = "hidden" if cell is None else "no_value" if cell.value is None else "shown"
    return Row(
        table=table,
        name=known.name.in_language(dataset.labels.language) if known else table.indicator,
        unit=known.unit if known else "",
        codes={each: code or NOT_KNOWN for each, code in codes.items()},
        names={each: dataset.labels.of(each, code) for each, code in codes.items()},
        numerator=cell.numerator if cell else None,
        denominator=cell.denominator if cell else None,
        value=_checked(cell.value) if cell else None,
        status=status,
        notes=cell.notes if cell else (),
    )


def _checked(value: str | None) -> str | None:
    """A frozen figure; what is no plain number never gets into a file as one."""
    if value is not None and not _NUMBER.fullmatch(value):
        raise ValueError("A frozen figure is no plain number.")
    return value


def fields(dataset: Dataset, row: Row, dimensions: tuple[str, ...]) -> list[Text]:
    """A row in the order of `columns`; None where a field is empty."""
    table = row.table
    received = table.completeness.received if table.completeness else None
    due = table.completeness.expected if table.completeness else None
    return [
        table.indicator,
        row.name,
        table.period,
        table.breakdown,
        *(text for each in dimensions for text in (row.codes.get(each), row.names.get(each))),
        row.numerator,
        row.denominator,
        row.value,
        row.unit,
        row.status,
        "; ".join(row.notes),
        written(table.as_known_at) if table.as_known_at else None,
        received,
        due,
        table.run_no,
        "; ".join(table.sources),
        dataset.audience,
        lacking_in(table),
    ]


def lacking_in(table: FigureTable) -> str | None:
    """The programmes whose reports a table lacks, each with its last day, in one field."""
    if not table.not_reported:
        return None
    return "; ".join(f"{each.programme} {each.due_on}" for each in table.not_reported)


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula; figures are not handed to this."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else text
