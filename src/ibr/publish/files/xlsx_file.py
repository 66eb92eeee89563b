"""An Excel workbook: a sheet of figures, one of definitions, one of dates and sources.

Excel keeps a number with fifteen digits. A figure is written as a number with as many decimals as
it was frozen with, so that it reads the same; one that does not fit is written as a text. Beside
it stands the figure as a text, for whoever wants to be sure.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import xlsxwriter

from ibr.publish.files.definitions import (
    definition_of,
    facts_of,
    indicators_in,
    table_heads,
    tables_of,
)
from ibr.publish.files.model import Dataset
from ibr.publish.files.rows import NUMBERS, columns, dimensions_in, fields, rows

TEXT: Final = "value_text"
MOST_ROWS: Final = 1_048_575
_NO_DATE: Final = datetime(2000, 1, 1, tzinfo=UTC)
_EXACT_DIGITS: Final = 15
# Nothing that a file holds is a formula or a link, whatever it looks like.
_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def xlsx_bytes(dataset: Dataset) -> bytes:
    """The workbook. The same figures give the same bytes."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, _OPTIONS)
    known = (dataset.known_at or _NO_DATE).astimezone(UTC).replace(tzinfo=None)
    book.set_properties(
        {"title": dataset.title, "created": known, "comments": dataset.audience, "author": ""}
    )
    bold = book.add_format({"bold": True})
    _figures(book, dataset, bold)
    _definitions(book, dataset, bold)
    _dates(book, dataset, bold)
    book.close()
    return made.getvalue()


def _figures(book: Any, dataset: Dataset, bold: Any) -> None:
    sheet = book.add_worksheet("figures")
    names, dimensions = columns(dataset), dimensions_in(dataset)
    at = names.index("value")
    shown = (*names[: at + 1], TEXT, *names[at + 1 :])
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(shown) - 1, 14)
    sheet.set_column(1, 1, 34)
    for place, name in enumerate(shown):
        sheet.write_string(0, place, name, bold)
    formats: dict[int, Any] = {}
    for number, row in enumerate(rows(dataset), 1):
        values = fields(dataset, row, dimensions)
        values.insert(at + 1, row.value)
        for place, (name, value) in enumerate(zip(shown, values, strict=True)):
            if value is None or value == "":
                continue
            if name == "value":
                _write_figure(book, sheet, (number, place), str(value), formats)
            elif name in NUMBERS and _fits(str(value)):
                sheet.write_number(number, place, int(value))
            else:
                sheet.write_string(number, place, str(value))


def _write_figure(
    book: Any, sheet: Any, at: tuple[int, int], value: str, formats: dict[int, Any]
) -> None:
    if not _fits(value):
        sheet.write_string(*at, value)
        return
    decimals = len(value.partition(".")[2])
    if decimals not in formats:
        pattern = "0." + "0" * decimals if decimals else "0"
        formats[decimals] = book.add_format({"num_format": pattern})
    sheet.write_number(*at, float(value), formats[decimals])


def _fits(value: str) -> bool:
    """Whether a number of Excel holds every digit of it."""
    digits = len(Decimal(value).as_tuple().digits)
    return digits <= _EXACT_DIGITS


def _definitions(book: Any, dataset: Dataset, bold: Any) -> None:
    sheet = book.add_worksheet("definitions")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 110)
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    line = 0
    language = dataset.labels.language
    for indicator in indicators_in(dataset):
        sheet.write_string(line, 0, indicator.code, bold)
        sheet.write_string(line, 1, indicator.name.in_language(language), bold)
        line += 1
        for head, text in definition_of(indicator, language):
            sheet.write_string(line, 0, head)
            sheet.write_string(line, 1, text, wrap)
            line += 1
        line += 1


def _dates(book: Any, dataset: Dataset, bold: Any) -> None:
    sheet = book.add_worksheet("about")
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 6, 24)
    line = 0
    for head, text in facts_of(dataset):
        sheet.write_string(line, 0, head, bold)
        sheet.write_string(line, 1, text)
        line += 1
    line += 1
    for place, name in enumerate(table_heads(dataset.labels.language)):
        sheet.write_string(line, place, name, bold)
    for values in tables_of(dataset):
        line += 1
        for place, value in enumerate(values):
            sheet.write_string(line, place, value)
