"""Rows out of every form of file, as they were written and never as somebody would like them."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from ibr.errors import NotUnderstood, TooMuch
from ibr.files.reading import shared_texts, zip_parts
from ibr.files.reading.open_rows import open_rows
from ibr.files.reading.pieces import over_pieces
from ibr.files.reading.xlsx_rows import XlsxRows
from tests.files_made import FORMS, as_csv, as_ods, as_xlsx

TABLE = [["Name", "Ünit", "Note"], ["Ama", "7", 'He said "no",\nand left'], ["Öz", "", "x"]]


def rows_of(content: bytes, folder: Path | None = None) -> list[list[str]]:
    return [cells for _, cells in open_rows(io.BytesIO(content), folder).rows()]


def filled(rows: list[list[str]]) -> list[list[str]]:
    """Rows without what is empty at their ends, as readers give them."""
    return [[*row[:2], row[2]] for row in rows]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_rows(form: str, tmp_path: Path) -> None:
    assert rows_of(FORMS[form](TABLE), tmp_path) == filled(TABLE)


@pytest.mark.parametrize("form", FORMS)
def test_rows_can_be_read_again(form: str, tmp_path: Path) -> None:
    reader = open_rows(io.BytesIO(FORMS[form](TABLE)), tmp_path)
    assert list(reader.rows()) == list(reader.rows())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_says_itself_how_it_is_written(encoding: str, delimiter: str) -> None:
    assert rows_of(as_csv(TABLE, delimiter=delimiter, encoding=encoding)) == filled(TABLE)


def test_a_separator_that_excel_names_is_believed() -> None:
    reader = open_rows(io.BytesIO(b"sep=;\na,b;c\n1,5;2\n"), None)
    assert list(reader.rows()) == [(2, ["a,b", "c"]), (3, ["1,5", "2"])]


def test_blank_lines_are_counted_so_that_numbers_are_those_of_the_file() -> None:
    reader = open_rows(io.BytesIO(b"a,b\n\n,\n1,2\n"), None)
    assert list(reader.rows()) == [(1, ["a", "b"]), (2, []), (3, []), (4, ["1", "2"])]


def test_an_open_quotation_mark_is_told_by_its_row() -> None:
    with pytest.raises(NotUnderstood, match="from row 2 on"):
        rows_of(b'a,b\n"1,2\n3,4\n')


def test_excel_gives_dates_numbers_and_formulas_as_a_person_sees_them(tmp_path: Path) -> None:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made)
    page = book.add_worksheet()
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    elapsed = book.add_format({"num_format": '0.00 "days"'})
    page.write_datetime(0, 0, datetime(1990, 5, 1), day)
    page.write_datetime(0, 1, datetime(2026, 10, 5, 14, 30), day)
    page.write_number(0, 2, 0.1 + 0.2)
    page.write_number(0, 3, 19_900_012_345_678)
    page.write_number(0, 4, 1_234_567.5, elapsed)
    page.write_boolean(0, 5, True)
    page.write_formula(0, 6, "=1+1", None, 2)
    page.write_rich_string(0, 7, "bo", book.add_format({"bold": True}), "ld")
    book.close()
    assert rows_of(made.getvalue(), tmp_path) == [
        ["1990-05-01", "2026-10-05T14:30:00", "0.3", "19900012345678", "1234567.5", "true", "2"]
        + ["bold"]
    ]


def test_a_number_that_excel_rounded_keeps_its_exponent(tmp_path: Path) -> None:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made)
    book.add_worksheet().write_number(0, 0, 1.2345678901234e18)
    book.close()
    assert rows_of(made.getvalue(), tmp_path) == [["1.2345678901234E+18"]]


def test_a_hidden_sheet_and_an_empty_one_are_passed_over(tmp_path: Path) -> None:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made)
    hidden = book.add_worksheet("Codes")
    hidden.write(0, 0, "secret")
    book.add_worksheet("Empty")
    people = book.add_worksheet("People")
    people.write(2, 1, "Ama")
    people.activate()
    hidden.hide()
    book.close()
    reader = XlsxRows(made, tmp_path)
    assert (reader.sheet, list(reader.rows())) == ("People", [(3, ["", "Ama"])])
    assert list(XlsxRows(made, tmp_path, "Codes").rows()) == [(1, ["secret"])]
    with pytest.raises(NotUnderstood, match="no sheet of the name"):
        XlsxRows(made, tmp_path, "Nobody")


def test_texts_beyond_memory_come_back_from_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_texts, "IN_MEMORY", 3)
    monkeypatch.setattr(shared_texts, "BLOCK", 2)
    monkeypatch.setattr(shared_texts, "_AT_HAND", 1)
    table = [[f"{row}-{place}" for place in range(5)] for row in range(20)]
    assert rows_of(as_xlsx(table), tmp_path) == table


def test_parquet_keeps_digits_dates_and_what_is_inside() -> None:
    made = io.BytesIO()
    columns = {
        "id": pa.array([9_007_199_254_740_993, None]),
        "day": pa.array([datetime(1990, 5, 1).date(), None]),
        "name": pa.array([{"first": "Ama"}, {"first": "Öz"}]),
        "count": pa.array([7.0, 1.5]),
        "phones": pa.array([["1", "2"], []]),
    }
    pq.write_table(pa.table(columns), made)
    assert rows_of(made.getvalue()) == [
        ["id", "day", "name.first", "count", "phones"],
        ["9007199254740993", "1990-05-01", "Ama", "7", "1; 2"],
        ["", "", "Öz", "1.5"],
    ]


def test_json_lines_are_flattened_under_all_their_names() -> None:
    content = b'{"a": {"b": 1}}\n\n{"c": true, "a": {"b": null, "d": [1, 2]}}\n'
    reader = open_rows(io.BytesIO(content), None)
    assert list(reader.rows()) == [
        (0, ["a.b", "c", "a.d"]),
        (1, ["1"]),
        (2, []),
        (3, ["", "true", "1; 2"]),
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"%PDF-1.4", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "before 2007"),
        (b'[{"a": 1}]', "one object a line"),
        (b'{"a": 1}\n[2]\n', "Line 2 is no JSON object"),
        (b"PK\x03\x04 but no zip", "damaged"),
        (b"PAR1 but no parquet", "Parquet"),
        (b"a,b\n1,\x00\n", "no text"),
    ],
)
def test_what_cannot_be_read_says_what_to_send_instead(content: bytes, words: str) -> None:
    with pytest.raises(NotUnderstood, match=words):
        rows_of(content)


def workbook_with(sheet: str) -> bytes:
    """A workbook whose one sheet holds this XML."""
    made = io.BytesIO(as_xlsx([["x"]]))
    out = io.BytesIO()
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            kept = sheet.encode() if name == "xl/worksheets/sheet1.xml" else old.read(name)
            new.writestr(name, kept)
    return out.getvalue()


def test_entities_of_its_own_are_refused_before_they_are_unfolded(tmp_path: Path) -> None:
    sheet = (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
        '<worksheet><sheetData><row r="1"><c r="A1" t="str"><v>&b;</v></c></row></sheetData>'
        "</worksheet>"
    )
    with pytest.raises(NotUnderstood, match="entities"):
        rows_of(workbook_with(sheet), tmp_path)


def test_a_zip_that_unpacks_beyond_all_reason_is_refused_while_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = '<worksheet><sheetData><row r="1"><c r="A1" t="str"><v>7</v></c>' + " " * 3_000_000
    bomb = workbook_with(sheet + "</row></sheetData></worksheet>")
    assert rows_of(bomb, tmp_path) == [["7"]]
    monkeypatch.setattr(zip_parts, "_ALWAYS_ALLOWED", 1024 * 1024)
    with pytest.raises(TooMuch, match="unpacks to far more"):
        rows_of(bomb, tmp_path)


def test_a_zip_of_too_many_parts_is_refused_by_its_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_parts, "_MOST_PARTS", 3)
    with pytest.raises(TooMuch, match="more parts"):
        rows_of(as_xlsx(TABLE))


def test_a_sheet_of_repeated_rows_stays_small() -> None:
    content = as_ods([["a", "b"], ["1", "2"]])
    assert rows_of(content) == [["a", "b"], ["1", "2"]]
    packed = io.BytesIO(content)
    with zipfile.ZipFile(packed) as old:
        xml = old.read("content.xml").decode()
    xml = xml.replace("<table:table-row>", '<table:table-row table:number-rows-repeated="9999">', 1)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        new.writestr("content.xml", xml)
    with pytest.raises(TooMuch, match="repeated"):
        rows_of(out.getvalue())


def test_a_damaged_cell_is_told_and_never_guessed(tmp_path: Path) -> None:
    for cell in ('<c r="A1" t="s"><v>99</v></c>', '<c r="1A"><v>1</v></c>'):
        sheet = f'<worksheet><sheetData><row r="1">{cell}</row></sheetData></worksheet>'
        with pytest.raises(NotUnderstood, match="damaged"):
            rows_of(workbook_with(sheet), tmp_path)


def test_pieces_of_any_lengths_read_like_one_file() -> None:
    content = bytes(range(256)) * 9
    cuts = [0, 1, 1, 700, 256, 1346]
    starts = [sum(cuts[:place]) for place in range(len(cuts))]
    whole = over_pieces(
        lambda number: content[starts[number] : starts[number] + cuts[number]], cuts
    )
    assert whole.read() == content
    whole.seek(-5, io.SEEK_END)
    assert whole.read() == content[-5:]
    whole.seek(699)
    assert whole.read(10) == content[699:709]
