"""The response file: the sender's own rows, what became of each, and nothing that runs."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import python_calamine

from ibr.files.reading.open_rows import open_rows
from ibr.files.response.model import Sink, harmless
from ibr.files.sending.respond import write_response
from ibr.protection.spool import Spool
from tests.files_made import FORMS, as_csv, as_xlsx

ROWS = [["Name", "No", "Born"], ["=1+cmd|'/c calc'!A0", "0042", "2020-01-05"], ["Öz & <Co>", "42"]]
SAID = {1: ("new", "", ""), 2: ("refused", "No is no number.", "Write digits.")}


def written(content: bytes, heading: int, width: int = 3, first: int = 1) -> tuple[str, bytes]:
    file = io.BytesIO(content)
    folder = Path(tempfile.gettempdir())
    spool = Spool(folder)
    sink = Sink(spool)
    form = write_response(
        open_rows(file, folder),
        file,
        heading,
        width,
        lambda row: SAID.get(row - first + 1, ("", "", "")),
        sink,
    )
    sink.end()
    made = b"".join(spool)
    spool.close()
    return form, made


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_answered_with_its_rows_and_three_columns_more(form: str) -> None:
    titled = form in ("parquet", "jsonl")
    content = FORMS[form]([[*row, ""][:3] for row in ROWS])
    kind, made = written(content, 0 if titled else 1, first=1 if titled else 2)
    rows = [cells for _, cells in open_rows(io.BytesIO(made), None).rows()]
    assert kind == ("xlsx" if form == "ods" else form)
    assert rows[0][:3] == ROWS[0]
    assert [name.replace("_", " ") for name in rows[0][3:]] == ["outcome", "reason", "how to mend"]
    assert rows[1][3] == "new"
    assert rows[2][3:] == list(SAID[2])
    assert rows[2][0] == ROWS[2][0]


def test_a_workbook_opens_in_other_programs_and_holds_no_formula() -> None:
    _, made = written(as_xlsx(ROWS), 1, first=2)
    book = python_calamine.load_workbook(io.BytesIO(made))
    rows = book.get_sheet_by_name("List").to_python()
    assert rows[1][0] == "'" + ROWS[1][0]
    assert rows[1][1] == "0042"
    assert rows[2][:2] == ["Öz & <Co>", 42.0]
    assert b"<f>" not in made


def test_csv_keeps_its_separator_and_encoding() -> None:
    _, made = written(as_csv(ROWS, delimiter=";", encoding="utf-16"), 1, first=2)
    assert (
        made.decode("utf-16").splitlines()[2]
        == "Öz & <Co>;42;;refused;No is no number.;Write digits."
    )
    _, made = written(as_csv(ROWS, delimiter="\t", encoding="cp1252"), 1, first=2)
    assert made.decode("cp1252").splitlines()[0] == "Name\tNo\tBorn\toutcome\treason\thow to mend"


def test_parquet_keeps_its_types() -> None:
    _, made = written(FORMS["parquet"]([ROWS[0], ["A", "7", ""]]), 0)
    table = pq.read_table(io.BytesIO(made))
    assert table.column_names[3:] == ["outcome", "reason", "how to mend"]
    assert table.to_pylist()[0]["Born"] is None


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-cmd", "'-cmd"),
        ("\tx", "'\tx"),
        ("-12.5", "-12.5"),
        ("+254 700 123", "+254 700 123"),
        ("Ama", "Ama"),
    ],
)
def test_no_cell_becomes_a_formula_and_no_number_is_changed(cell: str, shown: str) -> None:
    assert harmless(cell) == shown
