"""`ibr agreements`: listed, shown, entered and ended from the command line."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from ibr.cli.main import app
from ibr.clock import today
from tests.door import Door


@pytest.fixture
def run(door: Door, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("IBR_DATABASE_URL", door.dsn)
    monkeypatch.setenv("IBR_DATA_DIR", str(door.settings.data_dir))

    def invoke(*words: str, given: str | None = None) -> Any:
        return CliRunner().invoke(app, ["agreements", *words], input=given)

    return invoke


def test_what_is_shown_can_be_entered_again(door: Door, run: Any) -> None:
    partner = door.partner(report=["DCI001"], ask=["DCI002"])
    [added] = [
        each
        for each in json.loads(run("list", "--json").stdout)
        if each["partner"] == partner.sender_id
    ]
    number = str(added["agreement"])
    assert "may report for DCI001." in run("show", number).stdout.replace("\n", " ")
    shown = json.loads(run("show", number, "--json").stdout)
    whole = {
        name: value
        for name, value in shown.items()
        if name not in ("agreement", "state", "ended_from", "ended_why")
    }
    whole["valid_to"] = (today() + timedelta(days=99)).isoformat()
    whole["takes_place_of"] = added["agreement"]
    for clause in whole["clauses"]:
        clause["purposes"] = clause["purposes"] or ["enrolment_check"]
    entered = run("add", "-", "--json", given=json.dumps(whole))
    assert entered.exit_code == 0, entered.output
    follows = str(json.loads(entered.stdout)["agreement"])
    assert "Data" not in run("show", follows).stdout
    ended = run("end", follows, "--why", "It was repealed.", "--json")
    assert json.loads(ended.stdout)["ended_from"] == today().isoformat()
    states = {
        each["agreement"]: each["state"]
        for each in json.loads(run("list", "--all", "--json").stdout)
    }
    assert (states[int(number)], states[int(follows)]) == ("ended", "ended")


@pytest.mark.parametrize(
    ("words", "given", "says"),
    [
        (("show", "99999"), None, "no agreement of that number"),
        (("end", "99999", "--why", "x"), None, "no agreement of that number"),
        (("end", "1", "--why", "x", "--from", "soon"), None, "Write a day as"),
        (("add", "-"), "{", "is not JSON"),
        (("add", "-"), "[]", "An agreement has the fields"),
        (("add", "/nowhere/at/all.json"), None, "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said(
    door: Door, run: Any, words: tuple[str, ...], given: str | None, says: str
) -> None:
    result = run(*words, given=given)
    assert result.exit_code == 1
    assert says in " ".join(result.output.split())
