"""Small files of every form with the same rows, and what a test needs to send them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

Rows = Sequence[Sequence[str]]


def as_csv(rows: Rows, *, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def as_xlsx(rows: Rows, *, sheet: str = "List") -> bytes:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"strings_to_formulas": False, "strings_to_numbers": False})
    page = book.add_worksheet(sheet)
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            if cell:
                page.write_string(number, place, cell)
    book.close()
    return made.getvalue()


def as_ods(rows: Rows) -> bytes:
    """A content.xml as LibreOffice writes it, with the cells and rows that it repeats."""
    table = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p>'
            "</table:table-cell>"
            if cell
            else "<table:table-cell/>"
            for cell in row
        )
        + '<table:table-cell table:number-columns-repeated="16000"/></table:table-row>'
        for row in rows
    )
    names = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0"?><office:document-content{names}><office:body><office:spreadsheet>'
        f'<table:table table:name="List">{table}<table:table-row '
        'table:number-rows-repeated="1040000"><table:table-cell/></table:table-row></table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("content.xml", content)
    return made.getvalue()


def as_parquet(rows: Rows) -> bytes:
    made = io.BytesIO()
    titles, body = rows[0], rows[1:]
    columns = {title: [row[place] or None for row in body] for place, title in enumerate(titles)}
    pq.write_table(
        pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()}), made
    )
    return made.getvalue()


def as_jsonl(rows: Rows) -> bytes:
    titles, body = rows[0], rows[1:]
    return b"".join(
        msgspec.json.encode({name: cell for name, cell in zip(titles, row, strict=True) if cell})
        + b"\n"
        for row in body
    )


FORMS = {
    "csv": as_csv,
    "xlsx": as_xlsx,
    "ods": as_ods,
    "parquet": as_parquet,
    "jsonl": as_jsonl,
}


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def people(count: int, **changed: Mapping[int, str]) -> list[list[str]]:
    """A list of people as a clerk keeps it; `changed` puts other cells into rows, by column."""
    titles = ["Beneficiary No", "Surname", "First name", "Sex", "Date of birth", "Status"]
    titles += ["Payment date", "Amount"]
    rows = [titles]
    for number in range(1, count + 1):
        row = {
            "Beneficiary No": f"B-{number:04d}",
            "Surname": "Sow" if number % 2 else "Kane",
            "First name": f"Awa {number}",
            "Sex": "F" if number % 3 else "M",
            "Date of birth": f"{13 + number % 15}/0{1 + number % 9}/{1950 + number % 50}",
            "Status": "Active",
            "Payment date": f"{13 + number % 10}/10/2026",
            "Amount": f"{number},250.50",
        }
        for title, cells in changed.items():
            row[title.replace("_", " ")] = cells.get(number, row[title.replace("_", " ")])
        rows.append([row[title] for title in titles])
    return rows
