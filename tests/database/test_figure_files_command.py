"""Files and briefs from the command line: the frozen figures, readable by their owner alone."""

from __future__ import annotations

import asyncio
import stat

import pytest

from ibr.cli.figure_files import brief_file, figure_file, save
from ibr.errors import NotFound, NotUnderstood
from tests.conftest import scratch_folder
from tests.figures_out import frozen, read_csv
from tests.made_figures import freeze_made_at, made_tables
from tests.web_country import filled


@pytest.fixture(scope="module")
def country(dsn: str) -> str:
    filled(dsn)
    asyncio.run(freeze_made_at(dsn, months=2, people=200, restated=False))
    return dsn


def test_a_file_of_figures_is_the_frozen_table_and_private(country: str) -> None:
    query = {"indicator": "N1", "breakdown": "area1", "period": "2026-10"}
    made = asyncio.run(figure_file(country, query, "csv"))
    folder = scratch_folder()
    place = save(made.pieces, made.name, folder)
    assert place == folder / "N1-by-area1-2026-10-internal.csv"
    (table,) = (
        each
        for each in made_tables(months=2, people=200)
        if (each.indicator, each.breakdown, each.period) == ("N1", "area1", "2026-10")
    )
    assert read_csv(place.read_bytes()) == frozen([table])
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_a_brief_can_be_had_in_both_languages(country: str) -> None:
    for language in ("en", "fr"):
        name, content = asyncio.run(brief_file(country, "R1", "2026-10", language))
        assert name == "brief-R1-2026-10-internal.pdf"
        assert content.startswith(b"%PDF")


def test_what_cannot_be_had_is_refused(country: str) -> None:
    with pytest.raises(NotFound):
        asyncio.run(figure_file(country, {"indicator": "ZZ"}, "csv"))
    with pytest.raises(NotUnderstood, match="csv"):
        asyncio.run(figure_file(country, {"indicator": "N1"}, "doc"))
    with pytest.raises(NotUnderstood, match="en or fr"):
        asyncio.run(brief_file(country, "", "", "tlh"))
    with pytest.raises(NotUnderstood, match="cannot be written"):
        save(iter(()), "x.csv", scratch_folder() / "no" / "such")
