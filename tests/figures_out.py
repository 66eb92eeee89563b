"""Files and briefs of made-up figures for tests, and ways to read each form back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any, get_args

import msgspec
import pyarrow.parquet as pq
import python_calamine

from ibr.coverage.catalogue.model import Example, Indicator, Unit, Words
from ibr.coverage.figures.model import FigureTable
from ibr.publish.files.forms import FORMS, write
from ibr.publish.files.labels import Labels
from ibr.publish.files.model import Dataset

UNITS: dict[str, Unit] = {
    "N1": "persons", "N2": "persons", "N3": "persons", "N4": "households", "N5": "money",
    "C1": "share", "C2": "share", "C3": "share", "C4": "share", "C5": "share", "C6": "ratio",
    "A1": "money", "O1": "persons", "O2": "share", "SDG131": "share", "O4": "persons", "R3": "days",
}  # fmt: skip


def an_indicator(code: str) -> Indicator:
    """A made-up definition; only its unit is the true one."""
    name = Words(f"indicator {code}", f"indicateur {code}")
    unit = UNITS.get(code, "share")
    assert unit in get_args(Unit)
    return Indicator(
        code=code,
        version=1,
        name=name,
        about=Words("What it tells.", "Ce qu’il dit."),
        formula=Words("some over all", "certains sur tous"),
        symbols="a / b",
        unit=unit,
        decimals=4,
        numerator=Words("some", "certains"),
        denominator=Words("all", "tous"),
        breakdowns=("",),
        limits=Words("It does not tell everything.", "Il ne dit pas tout."),
        source=Words("the tests", "les essais"),
        example=Example(Words("A story.", "Une histoire."), 1, 2, "0.5000"),
    )


INDICATORS = {code: an_indicator(code) for code in UNITS}
LABELS = Labels(programmes={"OAP": "Old-age pension"}, areas={"R1": 'North, "upper"\nregion'})


def a_dataset(tables: Iterable[FigureTable], **changed: Any) -> Dataset:
    """What a file of these tables holds, for the ministry unless it is said otherwise."""
    there = tuple(tables)
    values: dict[str, Any] = {
        "title": "Made-up figures",
        "audience": "internal",
        "tables": there,
        "indicators": INDICATORS,
        "labels": LABELS,
    }
    return Dataset(**values | changed)


def written_as(dataset: Dataset, form: str) -> bytes:
    return b"".join(write(dataset, FORMS[form]))


Name = tuple[str, str, str, tuple[str, ...]]
"""Indicator, breakdown, period and key of a figure."""


def _key(breakdown: str, code: Any) -> tuple[str, ...]:
    dimensions = breakdown.split("*") if breakdown else []
    return tuple("" if code(each) == "_U" else str(code(each)) for each in dimensions)


def _rows(found: Iterable[dict[str, Any]]) -> dict[Name, str | None]:
    return {
        (
            row["indicator"],
            row["breakdown"] or "",
            row["period"],
            _key(row["breakdown"] or "", lambda each, row=row: row[each]),
        ): row["read"]
        for row in found
    }


def read_csv(content: bytes) -> dict[Name, str | None]:
    found = list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))
    return _rows({**row, "read": row["value"] or None} for row in found)


def read_json(content: bytes) -> dict[Name, str | None]:
    found = msgspec.json.decode(content)["figures"]
    return _rows({**row, **row["codes"], "read": row["value"]} for row in found)


def read_parquet(content: bytes) -> dict[Name, str | None]:
    found = pq.read_table(io.BytesIO(content)).to_pylist()
    for row in found:
        assert row["value"] == (None if row["value_text"] is None else float(row["value_text"]))
    return _rows({**row, "read": row["value_text"]} for row in found)


def read_xlsx(content: bytes, *, text: bool = False) -> dict[Name, str | None]:
    """Figures as Excel shows them; with `text` from the column that holds them as texts."""
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    head, *lines = book.get_sheet_by_name("figures").to_python(skip_empty_area=False)
    found = []
    for line in lines:
        row = dict(zip(head, line, strict=True))
        exact = str(row["value_text"])
        decimals = len(exact.partition(".")[2])
        number = row["value"]
        shown = number if isinstance(number, str) else f"{number:.{decimals}f}"
        found.append({**row, "read": (exact if text else shown) or None})
    return _rows(found)


def frozen(tables: Iterable[FigureTable]) -> dict[Name, str | None]:
    """The figures as they were frozen."""
    return {
        (table.indicator, table.breakdown, table.period, cell.key): cell.value
        for table in tables
        for cell in table.cells
    }
