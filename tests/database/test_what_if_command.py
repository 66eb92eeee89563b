"""`ibr indicators what-if`: changes in words, and what comes of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ibr.cli.what_if import asked_by, what_if
from ibr.coverage.engine.ground import ground_folder, keep_ground
from ibr.coverage.what_if.model import ChangeAge, Close, Exclude, Open, Step
from ibr.coverage.what_if.read_step import NEW, step_of
from ibr.errors import NotUnderstood
from tests.conftest import scratch_folder
from tests.what_if_ground import ground, small_country

app = typer.Typer()
app.command()(what_if)


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = scratch_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def registry(dsn: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IBR_DATABASE_URL", dsn)
    monkeypatch.setenv("IBR_DATA_DIR", str(folder))


@pytest.fixture
def stands(folder: Path) -> None:
    keep_ground(ground(small_country().tables), ground_folder(folder))


def test_a_simulation_is_told_with_its_mark(stands: None) -> None:
    result = CliRunner().invoke(app, ["close PEN"])
    assert result.exit_code == 0, result.output
    assert result.output.count("SIMULATION: not a figure") == 2
    assert "Closing PEN." in result.output
    assert "2 lose every benefit, 1 lose one and keep another" in result.output
    assert "gets no other one in its place" in result.output


def test_changes_come_one_after_the_other(stands: None) -> None:
    words = ["close PEN", "open ages=60- sex=female amount='XTS 200' not_in=DIS", "--json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    outcome = json.loads(result.stdout)["simulation"]["outcome"]
    # Women of 70 and 62; the one of 64 receives from DIS.
    assert [each["enter"] for each in outcome["counted"]] == [0, 2]
    assert outcome["whole"]["after"]["people"] == 4


def test_before_any_run_it_is_said_what_to_do() -> None:
    result = CliRunner().invoke(app, ["close PEN"])
    assert result.exit_code == 1
    assert "ibr indicators run" in result.output


@pytest.mark.parametrize(
    ("words", "step"),
    [
        ("close PEN DIS", Close(("PEN", "DIS"))),
        ("age PEN 62-", ChangeAge(programme="PEN", age_from=62)),
        ("age PEN -17 take_up=70", ChangeAge(programme="PEN", age_to=17, take_up=70)),
        ("age PEN any", ChangeAge(programme="PEN")),
        ("exclude PEN DIS", Exclude(first="PEN", second="DIS", loses="smaller")),
        (
            "exclude PEN DIS loses=DIS unit=household",
            Exclude(first="PEN", second="DIS", loses="DIS", unit="household"),
        ),
        (
            "open ages=18-64 disability=yes area=R01,R02 amount='XTS 5'",
            Open(code=NEW, age_from=18, age_to=64, disability=True, areas=("R01", "R02"),
                 amount_minor=500, currency="XTS"),
        ),
    ],
)  # fmt: skip
def test_a_change_is_read_from_its_words(words: str, step: Step) -> None:
    assert step_of(asked_by(words)) == step


@pytest.mark.parametrize(
    "words",
    [
        "", "close", "shut PEN", "age", "age PEN DIS 60-", "age PEN sixty", "exclude PEN",
        "exclude PEN DIS HEW", "open PEN", "open colour=red", "close PEN take_up=5",
        "open amount='XTS 5", "age PEN 70-60", "open take_up=-5", "exclude PEN DIS loses=HEW",
    ],
)  # fmt: skip
def test_what_is_no_change_is_refused(words: str) -> None:
    with pytest.raises(NotUnderstood):
        step_of(asked_by(words))
