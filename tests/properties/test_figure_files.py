"""Whatever figures and names there are, every form gives back the same figures."""

from __future__ import annotations

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from ibr.coverage.figures.model import Cell, FigureTable
from ibr.publish.files.labels import Labels
from tests.figures_out import (
    a_dataset,
    frozen,
    read_csv,
    read_json,
    read_parquet,
    read_xlsx,
    written_as,
)

# A code that begins with a minus gets an apostrophe in CSV (tests/unit/publish/test_files.py).
CODES = st.from_regex(r"[A-Z0-9][A-Z019._-]{0,5}", fullmatch=True) | st.just("")
VALUES = st.none() | st.decimals(
    allow_nan=False, allow_infinity=False, places=4, min_value=-(10**14), max_value=10**14
).map(lambda value: format(value, "f"))
NUMBERS = st.none() | st.integers(-(2**62), 2**62)
CELLS = st.dictionaries(
    st.tuples(CODES, st.sampled_from(["0", "1", "2", "3"])),
    st.tuples(NUMBERS, NUMBERS, VALUES),
    max_size=12,
)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def a_table(cells: dict[tuple[str, str], tuple[int | None, int | None, str | None]]) -> FigureTable:
    return FigureTable(
        indicator="N5",
        version=1,
        period="2026-10",
        breakdown="area1*sex",
        cells=tuple(Cell(key, *values) for key, values in cells.items()),
    )


@settings(max_examples=40, deadline=None)
@given(CELLS, NAMES)
def test_every_form_gives_back_the_same_figures(
    cells: dict[tuple[str, str], tuple[int | None, int | None, str | None]], name: str
) -> None:
    table = a_table(cells)
    dataset = a_dataset(
        [table], labels=Labels(areas=dict.fromkeys((key[0] for key in cells), name))
    )
    expected = frozen([table])
    assert read_csv(written_as(dataset, "csv")) == expected
    assert read_json(written_as(dataset, "json")) == expected
    assert read_parquet(written_as(dataset, "parquet")) == expected
    assert read_xlsx(written_as(dataset, "xlsx")) == read_xlsx(
        written_as(dataset, "xlsx"), text=True
    )
    assert read_xlsx(written_as(dataset, "xlsx")) == expected


@settings(max_examples=40, deadline=None)
@given(CELLS)
def test_no_two_figures_have_the_same_key_in_sdmx(
    cells: dict[tuple[str, str], tuple[int | None, int | None, str | None]],
) -> None:
    rows = list(
        csv.DictReader(io.StringIO(written_as(a_dataset([a_table(cells)]), "sdmx").decode()))
    )
    assert len({(row["REF_AREA"], row["SEX"]) for row in rows}) == len(rows) == len(cells)
    assert {row["OBS_VALUE"] or None for row in rows} == {each[2] for each in cells.values()}
