"""Recognises what a file is by its beginning, whatever its name says, and opens its rows."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Final

from ibr.files.reading.csv_rows import CsvRows
from ibr.files.reading.jsonl_rows import JsonRows
from ibr.files.reading.model import Format, Reader, unreadable
from ibr.files.reading.ods_rows import OdsRows
from ibr.files.reading.parquet_rows import ParquetRows
from ibr.files.reading.xlsx_rows import XlsxRows
from ibr.files.reading.zip_parts import ZipParts

_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_PDF: Final = b"%PDF"


def open_rows(file: BinaryIO, folder: Path | None, sheet: str | None = None) -> Reader:
    """The rows of a file; NotUnderstood says what to save it as where it is none of the forms.

    `folder` takes, sealed, what of a large workbook must be found again.
    """
    kind = format_of(file)
    if kind == "xlsx":
        return XlsxRows(file, folder, sheet)
    if kind == "ods":
        return OdsRows(file, sheet)
    if kind == "parquet":
        return ParquetRows(file)
    if kind == "jsonl":
        return JsonRows(file)
    return CsvRows(file)


def format_of(file: BinaryIO) -> Format:
    """What a file is by its first bytes."""
    file.seek(0)
    start = file.read(4096)
    if not start.strip():
        raise unreadable("The file is empty.")
    if start.startswith(b"PK"):
        return _of_zip(file)
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(_OLD_EXCEL):
        raise unreadable(
            "The file is an Excel workbook of before 2007, or locked with a password. Open it and "
            "save it as XLSX without a password."
        )
    if start.startswith(_PDF):
        raise unreadable("The file is a PDF. Send the table it was made of: XLSX or CSV.")
    if start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return "jsonl"
    if start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[{"):
        raise unreadable("The file is one JSON list. Write one object a line, without the list.")
    return "csv"


def _of_zip(file: BinaryIO) -> Format:
    names = ZipParts(file).names
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "xl/workbook.bin" in names:
        raise unreadable("The file is a binary Excel workbook (XLSB). Save it as XLSX.")
    if "content.xml" in names:
        return "ods"
    raise unreadable("The file is a zip and no workbook. Send the table itself: XLSX or CSV.")
