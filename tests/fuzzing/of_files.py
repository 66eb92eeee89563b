"""Files that programmes send, each form by itself, and the mapping of their columns.

A workbook is a zip of XML: the bytes that are tried become its parts, because a changed zip would
be refused at its first checksum and nothing behind it reached. The zip itself is tried too.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

from ibr.files.mapping.dates import read_written
from ibr.files.mapping.guess import meaning_of
from ibr.files.mapping.headers import is_total
from ibr.files.mapping.look import body_of
from ibr.files.mapping.numbers import identifier_text, read_amount, read_count
from ibr.files.mapping.propose import Ground
from ibr.files.mapping.read_mapping import read_mapping
from ibr.files.reading.open_rows import open_rows
from ibr.files.records.build import Builder, Terms
from ibr.files.sending.look_at import look_at
from ibr.periods import Month
from ibr.registry.areas.geojson import read_geojson
from tests.files_made import as_csv, as_jsonl, as_ods, as_parquet, as_xlsx

FOLDER = Path(tempfile.gettempdir())
_BETWEEN = b"\x00|\x00"
_MOST = 3_000
_GROUND = Ground(unit=1, currency="KES", cycle=Month(2026, 10), today=date(2026, 11, 2))
_TERMS = Terms(
    programme_id=1,
    programme_code="P",
    as_of=datetime(2026, 11, 1, tzinfo=UTC),
    cycle_start=datetime(2026, 10, 1, tzinfo=UTC),
    currency="KES",
    benefit_type=None,
)
TABLE = [
    ["Beneficiary No", "Name", "Date of birth", "Sex", "Amount", "Enrolled on", "Household"],
    ["B-1", "Ama Öz", "31/01/1990", "F", "1.234,50", "2024-01-31", "H1"],
    ["B-2", 'He "said"', "1 mai 2001", "male", "KES 2,000", "45000", "H1"],
    ["Total", "", "", "", "3234.50", "", ""],
]


def read_rows(content: bytes) -> None:
    """Every row, twice: a file must say the same when it is read again."""
    reader = open_rows(io.BytesIO(content), FOLDER)
    first = list(islice(reader.rows(), _MOST))
    again = list(islice(reader.rows(), _MOST))
    assert first == again
    for _, cells in first[:50]:
        for cell in cells[:20]:
            cell.encode()


def read_mapped(content: bytes) -> None:
    """A file from its bytes to its records, with every column guessed."""
    seen = look_at(io.BytesIO(content), FOLDER, _GROUND, lambda _kind, _word: None)
    titles = seen.start.heading.titles
    builder = Builder(seen.mapping, titles, _TERMS)
    for number, cells in islice(body_of(seen.reader, seen.start.heading.row), 200):
        if cells and not is_total(cells):
            builder.what_counts([(number, cells)])
            builder.record(number, [(number, cells)])


def tables() -> Iterator[bytes]:
    yield as_csv(TABLE)
    yield as_csv(TABLE, delimiter=";", encoding="utf-16")
    yield as_csv(TABLE, delimiter="\t", encoding="cp1252")
    yield b"sep=;\n" + as_csv(TABLE, delimiter=";")


def lines() -> Iterator[bytes]:
    yield as_jsonl(TABLE)
    yield b'{"a":{"b":[1,2,{"c":null}]},"d":1e3}\n\n{"a":true}\n'


def read_parquet(content: bytes) -> None:
    """A Parquet file; the four letters that make it one are put before and after."""
    read_rows(b"PAR1" + content + b"PAR1")


def parquet() -> Iterator[bytes]:
    yield as_parquet(TABLE)[4:-4]


def read_zip(content: bytes) -> None:
    read_rows(b"PK" + content)


def zips() -> Iterator[bytes]:
    yield as_xlsx(TABLE)[2:]
    yield as_ods(TABLE)[2:]


_PARTS: dict[str, Sequence[str]] = {
    "xlsx": (
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/worksheets/sheet1.xml",
        "xl/sharedStrings.xml",
        "xl/styles.xml",
    ),
    "ods": ("content.xml",),
}


def _book(kind: str, content: bytes) -> bytes:
    names = _PARTS[kind]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as book:
        for name, part in zip(names, content.split(_BETWEEN, len(names) - 1), strict=False):
            book.writestr(name, part)
    return made.getvalue()


def _parts(kind: str, book: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(book)) as opened:
        return _BETWEEN.join(opened.read(name) for name in _PARTS[kind])


def read_xlsx(content: bytes) -> None:
    read_rows(_book("xlsx", content))


def read_ods(content: bytes) -> None:
    read_rows(_book("ods", content))


def xlsx_parts() -> Iterator[bytes]:
    yield _parts("xlsx", as_xlsx(TABLE))


def ods_parts() -> Iterator[bytes]:
    yield _parts("ods", as_ods(TABLE))


def read_a_mapping(content: bytes) -> None:
    """A mapping that somebody wrote, used on a small file."""
    mapping = read_mapping(content)
    titles = [column.column for column in mapping.columns] or TABLE[0]
    Builder(mapping, titles, _TERMS).record(0, [(2, [*TABLE[1], *[""] * len(titles)])])


def mappings() -> Iterator[bytes]:
    columns = [
        {"column": "Beneficiary No", "to": "identifier:PROGRAMME_NUMBER"},
        {"column": "Date of birth", "to": "birth_date", "dates": "dmy"},
        {"column": "Amount", "to": "benefit.value", "decimal": ","},
        {"column": "Sex", "to": "sex", "codes": {"F": "2"}},
    ]
    yield json.dumps({"columns": columns, "header": 1}).encode()
    yield b'header = 1\n[[columns]]\ncolumn = "Name"\nto = "surname"\n'


def read_cells(content: bytes) -> None:
    """One cell by every way that a cell can be read."""
    cell = content.decode("utf-8", "replace")
    for order in ("dmy", "mdy", "ymd", None):
        for birth in (True, False):
            written = read_written(cell, order, birth=birth)  # type: ignore[arg-type]
            assert written is None or written.text
    for decimal in (".", ",", None):
        read_amount(cell, decimal)  # type: ignore[arg-type]
    read_count(cell)
    identifier_text(cell)
    meaning_of(cell)


def cells() -> Iterator[bytes]:
    for row in TABLE:
        for cell in row:
            yield cell.encode()
    for text in (
        "1er janvier 1990",
        "1990-W05",
        "٣١/٠١/١٩٩٠",
        "1e5",
        "(1,234)",
        "KSh 5/-",
        "12.5%",
    ):
        yield text.encode()


def read_areas(content: bytes) -> None:
    read_geojson(content, 1)


def areas() -> Iterator[bytes]:
    ring = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
    feature = {
        "type": "Feature",
        "properties": {"code": "A1", "name": "Here", "parent": "A"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    yield json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
