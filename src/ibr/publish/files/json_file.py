"""Figures as JSON: the same rows and names as the columns of CSV, figures as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from ibr.clock import written
from ibr.coverage.figures.model import FigureTable
from ibr.publish.files.model import Dataset, Row
from ibr.publish.files.rows import rows

_encoder: Final = msgspec.json.Encoder(order="deterministic")
ROWS_AT_ONCE: Final = 500


def row_as_json(row: Row) -> dict[str, Any]:
    """One figure; `value` is a text so that no reader rounds it."""
    return {
        "indicator": row.table.indicator,
        "period": row.table.period,
        "breakdown": row.table.breakdown,
        "codes": row.codes,
        "names": row.names,
        "numerator": row.numerator,
        "denominator": row.denominator,
        "value": row.value,
        "unit": row.unit,
        "status": row.status,
        "notes": list(row.notes),
        "run_no": row.table.run_no,
    }


def table_as_json(table: FigureTable) -> dict[str, Any]:
    """What is true of a whole table: as known when, how complete, from which sources."""
    complete = table.completeness
    return {
        "indicator": table.indicator,
        "version": table.version,
        "period": table.period,
        "breakdown": table.breakdown,
        "run_no": table.run_no,
        "as_known_at": written(table.as_known_at) if table.as_known_at else None,
        "reports_received": complete.received if complete else None,
        "reports_due": complete.expected if complete else None,
        "not_reported": not_reported_as_json(table),
        "sources": list(table.sources),
    }


def not_reported_as_json(table: FigureTable) -> list[dict[str, str]] | None:
    """Whose reports a table lacks, with the last day of each; None where that was not noted."""
    if table.not_reported is None:
        return None
    return [
        {"programme": each.programme, "due_on": each.due_on.isoformat()}
        for each in table.not_reported
    ]


def json_pieces(dataset: Dataset) -> Iterator[bytes]:
    """The file in pieces; one object with what is true of all, the tables, and the figures."""
    head = {
        "title": dataset.title,
        "audience": dataset.audience,
        "licence": dataset.licence,
        "release_no": dataset.release_no,
        "tables": [table_as_json(table) for table in dataset.tables],
    }
    yield _encoder.encode(head)[:-1] + b',"figures":['
    part: list[bytes] = []
    first = True
    for row in rows(dataset):
        part.append((b"" if first else b",\n") + _encoder.encode(row_as_json(row)))
        first = False
        if len(part) == ROWS_AT_ONCE:
            yield b"".join(part)
            part = []
    yield b"".join(part) + b"]}"
