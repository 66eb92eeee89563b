"""`ibr linkage quality`: measured, kept, written into the page, from the command line."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import Result
from typer.testing import CliRunner

from ibr.cli.main import app
from ibr.clock import now
from ibr.db.pool import owner_transaction
from ibr.identity.persons import kept_models
from ibr.identity.quality.kept import history, judge_of
from ibr.identity.quality.model import KeptQuality
from ibr.identity.weights.model import LinkageModel
from ibr.identity.weights.starting import starting_model
from tests.conftest import scratch_folder

PAGE = Path(__file__).parents[2] / "docs" / "linkage.md"
SMALL = ("--people", "200", "--seed", "5")


class Shell:
    """The command, on a registry's database."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(app, ["linkage", "quality", *words])

    def done(self, *words: str) -> Any:
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def put_model(self, model: LinkageModel) -> int:
        async def work() -> int:
            async with owner_transaction(self.dsn) as connection:
                return await kept_models.add(connection, model, {}, now())

        return asyncio.run(work())

    def kept(self) -> list[KeptQuality]:
        async def work() -> list[KeptQuality]:
            async with owner_transaction(self.dsn) as connection:
                return await history(connection)

        return asyncio.run(work())

    def reasons(self, model_no: int) -> list[str]:
        async def work() -> list[str]:
            async with owner_transaction(self.dsn) as connection:
                return (await judge_of(connection))({"model_no": model_no})

        return asyncio.run(work())


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = scratch_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def shell(dsn: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("IBR_DATABASE_URL", dsn)
    monkeypatch.setenv("IBR_DATA_DIR", str(folder))
    return Shell(dsn)


def test_the_same_country_gives_the_same_bytes(shell: Shell) -> None:
    once, again = (shell.run(*SMALL, "--json").stdout for _ in range(2))
    assert once == again
    found = json.loads(once)
    assert found["figures"]["even_odds"]["f1"] > 0.9
    assert found["hardness"]["true_pairs"] == found["figures"]["true_pairs"]
    assert found["model"].startswith("the starting model")
    # The control: another seed is another country.
    assert shell.run("--people", "200", "--seed", "6", "--json").stdout != once


def test_it_is_told_in_words_too(shell: Shell) -> None:
    result = shell.run(*SMALL)
    assert result.exit_code == 0, result.output
    for words in ("likelier one", "linked without a", "programme: OAP", "floor"):
        assert words in " ".join(result.output.replace("│", " ").split())


def test_a_model_that_was_measured_below_its_floor_is_held_back(shell: Shell) -> None:
    model = starting_model()
    careless = msgspec.structs.replace(model, link=-20.0, review=-30.0)
    good, bad = shell.put_model(model), shell.put_model(careless)
    for number in (good, bad):
        found = shell.done(*SMALL, "--model", str(number), "--keep")
        assert found["model"] == f"model {number} of this registry"
    newest, before = shell.kept()[:2]
    assert (newest.kind, newest.model_no, before.model_no) == ("made_up", bad, good)
    assert "200 people of seed 5" in newest.method
    assert any("precision of what is linked" in each for each in shell.reasons(bad))
    assert not any("precision of what is linked" in each for each in shell.reasons(good))


def test_nothing_is_kept_unless_it_is_asked_for(shell: Shell) -> None:
    before = len(shell.kept())
    shell.done(*SMALL)
    assert len(shell.kept()) == before


def test_what_is_not_there_is_said_with_what_to_do(shell: Shell, folder: Path) -> None:
    for words, told in (
        (("--reviewed",), "ibr linkage run"),
        ((*SMALL, "--model", "0"), "ibr linkage run"),
        ((*SMALL, "--model", "9999"), "no model of this number"),
        ((*SMALL, "--write", str(folder / "none.md")), "--write docs/linkage.md"),
    ):
        result = shell.run(*words)
        assert result.exit_code == 1
        assert told in result.stderr


def test_the_registry_s_own_figures_are_told_when_a_model_is_in_use(shell: Shell) -> None:
    number = shell.put_model(starting_model())

    async def use() -> None:
        async with owner_transaction(shell.dsn) as connection:
            await kept_models.make_current(connection, number, now())

    asyncio.run(use())
    found = shell.done("--reviewed", "--keep")
    assert found["precision"]["share"] is None
    assert found["to_look_at"] == []
    assert shell.kept()[0].kind == "reviewed"
    assert shell.kept()[0].model_no == number
    assert "Still to look at: 0 pairs" in shell.run("--reviewed").output


def test_the_page_is_rewritten_between_its_markers_and_nowhere_else(
    shell: Shell, folder: Path
) -> None:
    page = folder / "linkage.md"
    page.write_text(PAGE.read_text(encoding="utf-8"), "utf-8")
    shell.done(*SMALL, "--write", str(page))
    new = page.read_text(encoding="utf-8")
    assert "200 people of seed 5; the starting model" in new

    def outside(text: str) -> list[str]:
        kept, inside = [], False
        for line in text.splitlines():
            inside = (inside or line.startswith("<!-- quality:")) and not line.startswith("<!-- /")
            if not inside:
                kept.append(line)
        return kept

    assert outside(new) == outside(PAGE.read_text(encoding="utf-8"))
