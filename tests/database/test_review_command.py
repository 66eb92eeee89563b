"""`ibr review` from the command line: figures, and known pairs put in and taken out."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from ibr.cli.main import app
from ibr.protection.keyring import open_keyring
from tests.conftest import scratch_folder
from tests.review_web import Told, a_pair, begin
from tests.web_country import WebCountry, filled


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    country = filled(dsn)
    asyncio.run(begin(country))
    return country


@pytest.fixture
def place(country: WebCountry, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A data folder with keys of its own."""
    folder = scratch_folder()
    open_keyring(folder / "keys", create=True)
    monkeypatch.setenv("IBR_DATABASE_URL", country.dsn)
    monkeypatch.setenv("IBR_DATA_DIR", str(folder))
    yield
    shutil.rmtree(folder)


def done(*words: str) -> Any:
    result = CliRunner().invoke(app, ["review", *words, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_where_nothing_is_linked_nothing_is_planted_and_that_is_said(place: None) -> None:
    assert done("plant") == {"same": 0, "different": 0}
    said = CliRunner().invoke(app, ["review", "plant"]).stdout
    assert "No pair has two foundational numbers" in " ".join(said.split())
    assert done("unplant") == {"ended": 0}


def test_records_of_other_keys_are_not_planted_but_told(country: WebCountry, place: None) -> None:
    asyncio.run(a_pair(country, Told(uin="19928847731"), Told(uin="19928847731"), state="linked"))
    result = CliRunner().invoke(app, ["review", "plant"])
    assert result.exit_code != 0
    assert "Traceback" not in result.output
    assert asyncio.run(country.read("select * from review_known")) == []


def test_the_figures_are_told_before_anybody_decided(place: None) -> None:
    assert done("quality")["agreement"] == {"pairs": 0, "agreed": 0, "kappa": None}
    said = CliRunner().invoke(app, ["review", "quality"]).stdout
    assert "0 pairs were looked at twice" in said
