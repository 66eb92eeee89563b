"""`ibr sources`: agreements, orders and what became of them, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from ibr.cli.main import app
from ibr.ids import new_token
from tests.door import Door
from tests.people import a_number, enrolled

SECRET = "a secret that must not be shown"


class Shell:
    """The commands, on the door's database."""

    def __init__(self, door: Door, patch: pytest.MonkeyPatch) -> None:
        self.door = door
        patch.setenv("IBR_DATABASE_URL", door.dsn)
        patch.setenv("IBR_DATA_DIR", str(door.settings.data_dir))
        self.patch = patch

    def run(self, *words: str, given: str | None = None) -> Result:
        return CliRunner().invoke(app, ["sources", *words], input=given)

    def done(self, *words: str, given: str | None = None) -> Any:
        """What a command printed with --json."""
        result = self.run(*words, "--json", given=given)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def add(self, sender_id: str, *more: str, kind: str = "disability", given: str = SECRET) -> Any:
        return self.done(
            *("add", sender_id, "--kind", kind, "--address", "https://dr.example.org/dci"),
            *("--token-address", "https://dr.example.org/token", "--client-id", "ibr"),
            *("--secret-file", "-", "--purpose", "analysis", "--purpose-text", "Analysis"),
            *("--legal-basis", "Act 7", *more),
            given=given,
        )


@pytest.fixture
def shell(door: Door, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(door, monkeypatch)


@pytest.fixture
def sender(door: Door) -> str:
    return door.partner(f"dr-{new_token()[:8]}.example.org").sender_id


def test_a_source_is_added_with_the_usual_attributes_of_its_kind(shell: Shell, sender: str) -> None:
    added = shell.add(sender)
    usual = {"disability_identifier", "disability_info", "is_disabled"}
    assert set(added["attributes"]) == usual
    assert SECRET not in json.dumps(added)
    [row] = [each for each in shell.done("list") if each["sender_id"] == sender]
    assert (row["kind"], row["asked"], row["active"]) == ("disability", 0, 0)
    assert SECRET not in shell.run("show", sender).stdout


def test_the_secret_may_lie_in_a_file(shell: Shell, sender: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n", encoding="utf-8")
    words = ["add", sender, "--kind", "civil", "--address", "https://c.example.org"]
    words += ["--token-address", "https://c.example.org/token", "--client-id", "ibr"]
    words += ["--purpose", "deaths", "--purpose-text", "Deaths", "--legal-basis", "Act 7"]
    assert shell.run(*words, "--secret-file", str(tmp_path / "none")).exit_code == 1
    assert shell.run(*words).exit_code == 1
    assert shell.run(*words, "--secret-file", str(file)).exit_code == 0


def test_an_order_is_taken_in_with_its_job(door: Door, shell: Shell, sender: str) -> None:
    shell.add(sender)
    assert door.partner().report(enrolled(a_number(), "DCI001")).outcomes == ["succ"]
    number = shell.done("ask", sender, "--programme", "dci001", "--disabled")["order"]
    [order] = door.owner("select kind, chosen from source_order where order_no = $1", number)
    chosen = json.loads(order["chosen"])
    assert (order["kind"], chosen["disabled"]) == ("search", True)
    assert len(chosen["programmes"]) == 1
    [job] = door.owner(
        "select arguments from job where kind = 'carry_out_order' and arguments ->> 'order' = $1",
        str(number),
    )
    assert json.loads(job["arguments"]) == {"order": number}


def test_subscribing_and_unsubscribing_are_orders_too(shell: Shell, sender: str) -> None:
    shell.add(sender, kind="civil")
    assert shell.done("subscribe", sender, "--everyone")["what"] == "subscribe"
    assert shell.done("unsubscribe", sender)["what"] == "unsubscribe"
    shown = shell.done("show", sender)
    assert (shown["questions"], shown["subscriptions"]) == ([], [])


def test_only_a_civil_registry_may_tell_of_everybody(shell: Shell, sender: str) -> None:
    shell.add(sender, kind="social")
    refused = shell.run("subscribe", sender, "--everyone")
    assert refused.exit_code == 1
    assert "civil registry" in refused.output


def test_what_does_not_exist_is_refused_with_a_reason(shell: Shell, sender: str) -> None:
    for words in (("show", "nobody"), ("ask", sender), ("end", "nobody")):
        assert shell.run(*words).exit_code == 1
    shell.add(sender)
    assert "no programme NONE" in shell.run("ask", sender, "--programme", "NONE").output


def test_after_its_end_a_source_is_asked_nothing(shell: Shell, sender: str) -> None:
    shell.add(sender)
    assert shell.run("end", sender).exit_code == 0
    assert shell.run("end", sender).exit_code == 1
    assert shell.run("ask", sender).exit_code == 1
    [row] = [each for each in shell.done("list") if each["sender_id"] == sender]
    assert row["ended_at"]


def test_production_needs_to_know_where_it_is_reached(shell: Shell, sender: str) -> None:
    shell.patch.setenv("IBR_PROFILE", "production")
    with pytest.raises(AssertionError, match="IBR_PUBLIC_URL"):
        shell.add(sender)
    shell.patch.setenv("IBR_PUBLIC_URL", "https://ibr.example.org/")
    assert shell.add(sender)["kind"] == "disability"
