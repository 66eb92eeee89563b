"""Files of figures: every form says the same to the last digit, and none says too much."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime

import msgspec
import pyarrow.parquet as pq
import pytest
import python_calamine

from ibr.coverage.figures.model import (
    Cell,
    Completeness,
    FigureTable,
    NotReported,
    count_cell,
    share_cell,
)
from ibr.errors import NotUnderstood
from ibr.publish.files.forms import FORMS, Form, file_name, form_of, write
from ibr.publish.files.labels import Labels
from ibr.publish.files.rows import columns, harmless
from tests.figures_out import (
    a_dataset,
    frozen,
    read_csv,
    read_json,
    read_parquet,
    read_xlsx,
    written_as,
)
from tests.made_figures import made_tables

KNOWN = datetime(2026, 11, 9, 3, tzinfo=UTC)
READERS = {"csv": read_csv, "json": read_json, "parquet": read_parquet, "xlsx": read_xlsx}


@pytest.fixture(scope="module")
def tables() -> list[FigureTable]:
    """Two months of everything that is made up."""
    return made_tables(months=2, people=300)


def a_table(*cells: Cell, **changed: object) -> FigureTable:
    values: dict[str, object] = {
        "indicator": "C2",
        "version": 1,
        "period": "2026-10",
        "breakdown": "area1",
        "cells": cells,
        "run_no": 7,
        "as_known_at": KNOWN,
        "completeness": Completeness(4, 5),
        "sources": ("Census 2024, projected",),
    }
    return FigureTable(**values | changed)  # type: ignore[arg-type]  # the fields of the table above


@pytest.mark.parametrize("form", READERS)
def test_every_form_has_every_figure_to_the_last_digit(
    tables: list[FigureTable], form: str
) -> None:
    content = written_as(a_dataset(tables), form)
    assert READERS[form](content) == frozen(tables)


def test_control_a_digit_that_changes_is_noticed(tables: list[FigureTable]) -> None:
    first = next(table for table in tables if table.breakdown == "area1*sex")
    moved = msgspec.structs.replace(first, cells=(count_cell(first.cells[0].key, 1_000_001),))
    assert read_csv(written_as(a_dataset([moved]), "csv")) != frozen([first])


def test_a_figure_too_long_for_excel_is_a_text_with_all_its_digits() -> None:
    table = a_table(Cell(("R1",), None, None, "12345678901234567.89"), indicator="N5")
    content = written_as(a_dataset([table]), "xlsx")
    assert read_xlsx(content) == read_xlsx(content, text=True) == frozen([table])


def test_sdmx_says_the_same_figures(tables: list[FigureTable]) -> None:
    found = csv.DictReader(io.StringIO(written_as(a_dataset(tables), "sdmx").decode()))
    rows = list(found)
    assert [row["OBS_VALUE"] or None for row in rows] == [
        cell.value for table in tables for cell in sorted(table.cells, key=lambda c: c.key)
    ]
    keys = [tuple(value for name, value in row.items() if name not in NOT_IN_KEY) for row in rows]
    assert len(set(keys)) == len(keys)


NOT_IN_KEY = {
    "OBS_VALUE", "OBS_STATUS", "UNIT_MEASURE", "UNIT_MULT", "DECIMALS", "NUMERATOR",
    "DENOMINATOR", "COMMENT_OBS", "AS_KNOWN_AT", "REPORTS_RECEIVED", "REPORTS_DUE",
    "REPORTS_MISSING", "RUN_NO", "SOURCE", "CONF_STATUS",
}  # fmt: skip


def test_sdmx_has_codes_of_statistical_offices() -> None:
    table = a_table(
        share_cell(("7", "2"), 9, 20), indicator="SDG131", breakdown="series*sex", period="2026"
    )
    (row,) = csv.DictReader(io.StringIO(written_as(a_dataset([table]), "sdmx").decode()))
    assert row["STRUCTURE"] == "dataflow"
    assert (row["FREQ"], row["TIME_PERIOD"]) == ("A", "2026")
    assert (row["SERIES"], row["SEX"], row["REF_AREA"]) == ("SI_COV_PENSN", "F", "_T")
    assert (row["OBS_VALUE"], row["UNIT_MEASURE"], row["UNIT_MULT"]) == ("0.4500", "PT", "2")
    assert row["OBS_STATUS"] == "P"
    assert row["REPORTS_MISSING"] == ""


def test_sdmx_names_the_programmes_whose_reports_a_figure_lacks() -> None:
    late = NotReported("OAP", date(2026, 11, 15)), NotReported("SCH", date(2026, 10, 15))
    table = a_table(share_cell(("R1",), 9, 20), not_reported=late)
    (row,) = csv.DictReader(io.StringIO(written_as(a_dataset([table]), "sdmx").decode()))
    assert row["REPORTS_MISSING"] == "OAP 2026-11-15; SCH 2026-10-15"


@pytest.mark.parametrize("form", FORMS)
def test_a_hidden_figure_is_in_no_form(form: str) -> None:
    table = a_table(share_cell(("R1",), 777_123, 888_456), share_cell(("R2",), 1, 2))
    hidden = {("C2", "area1", "2026-10"): frozenset({("R1",)})}
    content = written_as(a_dataset([table], hidden=hidden, audience="public"), form)
    text = content if form not in ("xlsx", "parquet") else _unpacked(content, form)
    assert b"777123" not in text
    assert b"0.8747" not in text
    assert (b",Q," if form == "sdmx" else b"hidden") in text


@pytest.mark.parametrize("form", FORMS)
def test_control_the_same_figure_is_there_where_it_is_not_hidden(form: str) -> None:
    table = a_table(share_cell(("R1",), 777_123, 888_456))
    content = written_as(a_dataset([table]), form)
    text = content if form not in ("xlsx", "parquet") else _unpacked(content, form)
    assert b"777123" in text


def _unpacked(content: bytes, form: str) -> bytes:
    """All texts and numbers of a packed form."""
    if form == "parquet":
        return str(pq.read_table(io.BytesIO(content)).to_pylist()).encode()
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    return str(sheets).encode()


def test_a_key_that_is_hidden_and_has_no_cell_is_still_a_row() -> None:
    hidden = {("C2", "area1", "2026-10"): frozenset({("R9",)})}
    content = written_as(a_dataset([a_table()], hidden=hidden, audience="public"), "csv")
    (row,) = csv.DictReader(io.StringIO(content.decode()))
    assert (row["area1"], row["value"], row["status"]) == ("R9", "", "hidden")


@pytest.mark.parametrize("name", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_name_is_a_formula(name: str) -> None:
    table = a_table(count_cell(("R1",), -5), indicator="N1")
    dataset = a_dataset([table], labels=Labels(areas={"R1": name}))
    (row,) = csv.DictReader(io.StringIO(written_as(dataset, "csv").decode(), newline=""))
    assert row["area1_name"] == f"'{name}"
    assert row["value"] == "-5"
    assert harmless("plain") == "plain"


def test_csv_keeps_names_with_quotes_commas_and_line_ends() -> None:
    content = written_as(a_dataset([a_table(share_cell(("R1",), 1, 2))]), "csv")
    assert content.endswith(b"\r\n")
    (row,) = csv.DictReader(io.StringIO(content.decode(), newline=""))
    assert row["area1_name"] == 'North, "upper"\nregion'


def test_each_row_says_where_it_is_from() -> None:
    table = a_table(share_cell(("",), 3, 2))
    (row,) = csv.DictReader(io.StringIO(written_as(a_dataset([table]), "csv").decode()))
    assert row == {
        "indicator": "C2",
        "name": "indicator C2",
        "period": "2026-10",
        "breakdown": "area1",
        "area1": "_U",
        "area1_name": "not known",
        "numerator": "3",
        "denominator": "2",
        "value": "1.5000",
        "unit": "share",
        "status": "shown",
        "notes": "over_100",
        "as_known_at": "2026-11-09T03:00:00.000Z",
        "reports_received": "4",
        "reports_due": "5",
        "run_no": "7",
        "sources": "Census 2024, projected",
        "audience": "internal",
        "not_reported": "",
    }


def test_the_columns_are_those_of_the_breakdowns_in_the_file() -> None:
    assert "sex" not in columns(a_dataset([a_table()]))
    both = a_dataset([a_table(), a_table(breakdown="sex")])
    assert [each for each in columns(both) if each in ("area1", "sex")] == ["area1", "sex"]


@pytest.mark.parametrize("form", FORMS)
def test_the_same_figures_are_the_same_bytes(tables: list[FigureTable], form: str) -> None:
    some = a_dataset(tables[:8])
    assert written_as(some, form) == written_as(some, form)


def test_the_workbook_has_definitions_and_dates() -> None:
    content = written_as(a_dataset([a_table(share_cell(("R1",), 1, 2))]), "xlsx")
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert book.sheet_names == ["figures", "definitions", "about"]
    text = str([book.get_sheet_by_name(each).to_python() for each in book.sheet_names])
    for said in ("a / b", "internal: exact figures", "4 / 5", "Census 2024, projected"):
        assert said in text


def test_parquet_has_types_and_says_what_it_is() -> None:
    content = written_as(a_dataset([a_table(share_cell(("R1",), 1, 2))]), "parquet")
    schema = pq.read_schema(io.BytesIO(content))
    assert str(schema.field("numerator").type) == "int64"
    about = msgspec.json.decode(schema.metadata[b"ibr"])
    assert about["audience"] == "internal"
    assert about["tables"][0]["reports_due"] == 5


def test_a_file_that_would_be_too_large_is_refused_before_it_is_written() -> None:
    table = a_table(*(count_cell((f"R{n}",), n) for n in range(1, 5)))
    small = Form("csv", "text/csv", FORMS["csv"].write, most_rows=3)
    with pytest.raises(NotUnderstood, match="more than 3"):
        write(a_dataset([table]), small)
    fits = Form("csv", "text/csv", FORMS["csv"].write, most_rows=4)
    assert list(write(a_dataset([table]), fits))


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(NotUnderstood, match="csv, xlsx"):
        form_of("doc")


def test_what_is_no_number_is_never_written_as_a_figure() -> None:
    table = a_table(Cell(("R1",), None, None, "=1+1"))
    with pytest.raises(ValueError, match="plain number"):
        written_as(a_dataset([table]), "csv")


def test_a_file_is_named_after_what_is_in_it() -> None:
    table = a_table(share_cell(("R1",), 1, 2))
    assert file_name(a_dataset([table]), FORMS["csv"]) == "C2-by-area1-2026-10-internal.csv"
    several = a_dataset([table, a_table(period="2026-09")], audience="public", release_no=3)
    name = file_name(several, FORMS["sdmx"])
    assert name == "release-3-C2-by-area1-2026-09-to-2026-10-public.sdmx.csv"
