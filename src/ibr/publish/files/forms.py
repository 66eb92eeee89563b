"""The forms that figures can be had in, and the one function that writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from ibr.errors import NotUnderstood
from ibr.publish.files.csv_file import csv_pieces
from ibr.publish.files.json_file import json_pieces
from ibr.publish.files.model import Dataset
from ibr.publish.files.parquet_file import parquet_bytes
from ibr.publish.files.rows import count_rows
from ibr.publish.files.sdmx_file import sdmx_pieces
from ibr.publish.files.xlsx_file import xlsx_bytes

MOST_ROWS: Final = 250_000
"""More rows than this are no file for a page; a program asks month by month."""
MOST_SHEET_ROWS: Final = 60_000
"""A workbook takes some seconds for so many."""


class Form(msgspec.Struct, frozen=True):
    """One form: the end of its file name, its media type, who writes it, how many rows at most."""

    suffix: str
    media_type: str
    write: Callable[[Dataset], Iterator[bytes]]
    most_rows: int = MOST_ROWS


def _whole(make: Callable[[Dataset], bytes]) -> Callable[[Dataset], Iterator[bytes]]:
    return lambda dataset: iter((make(dataset),))


FORMS: Final[dict[str, Form]] = {
    "csv": Form("csv", "text/csv; charset=utf-8; header=present", csv_pieces),
    "xlsx": Form(
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _whole(xlsx_bytes),
        MOST_SHEET_ROWS,
    ),
    "parquet": Form("parquet", "application/vnd.apache.parquet", _whole(parquet_bytes)),
    "sdmx": Form(
        "sdmx.csv", "application/vnd.sdmx.data+csv; version=2.0.0; charset=utf-8", sdmx_pieces
    ),
    "json": Form("json", "application/json", json_pieces),
}
_PLAIN: Final = re.compile(r"[^A-Za-z0-9.]+")


def form_of(name: str) -> Form:
    """A form by its name; NotUnderstood for another."""
    found = FORMS.get(name)
    if found is None:
        raise NotUnderstood("figures.form", f"Files can be had as {', '.join(FORMS)}.")
    return found


def write(dataset: Dataset, form: Form) -> Iterator[bytes]:
    """The file in pieces; NotUnderstood before the first one where it would be too large."""
    if count_rows(dataset) > form.most_rows:
        raise NotUnderstood(
            "figures.too_many",
            f"That is more than {form.most_rows:,} figures. Ask for fewer periods or a coarser "
            "breakdown, or take CSV.",
        )
    return form.write(dataset)


def file_name(dataset: Dataset, form: Form) -> str:
    """A name that says what is in it and whom it is for, with letters that any system takes."""
    codes = dict.fromkeys(table.indicator for table in dataset.tables)
    periods = sorted({table.period for table in dataset.tables})
    breakdowns = dict.fromkeys(table.breakdown for table in dataset.tables)
    span = periods[:1] if len(periods) < 2 else [periods[0], "to", periods[-1]]
    said = ["-".join(codes) if len(codes) < 6 else f"{len(codes)}-indicators"]
    said += ["by-" + breakdown for breakdown in breakdowns if breakdown and len(breakdowns) == 1]
    release = [f"release-{dataset.release_no}"] if dataset.release_no is not None else []
    parts = [*release, *said, *span, dataset.audience]
    return "-".join(_PLAIN.sub("-", part) for part in parts) + f".{form.suffix}"
