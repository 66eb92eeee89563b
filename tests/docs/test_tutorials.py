"""Every marked command of the tutorials works, in the order a reader meets it."""

from __future__ import annotations

import json
import re

import pytest

from tests.docs.conftest import DOCS, Reader
from tests.docs.tutorial import commands_of

TUTORIALS = DOCS / "tutorials"
HOWTO = DOCS / "howto"
_MAKE_KEY = "python examples/report_and_ask.py key && mv partner.jwks.json {}"


@pytest.fixture(scope="module")
def connected(reader: Reader) -> dict[str, str]:
    """What the commands of the first tutorial printed."""
    commands = commands_of(TUTORIALS / "connect-a-programme.md")
    return {name: reader.run(each) for name, each in commands.items()}


@pytest.fixture(scope="module")
def asked(reader: Reader, connected: dict[str, str]) -> dict[str, str]:
    """What the commands of the second tutorial printed, in the first one's folder."""
    commands = commands_of(TUTORIALS / "ask-if-enrolled.md")
    return {name: reader.run(each) for name, each in commands.items()}


@pytest.fixture(scope="module")
def followed(reader: Reader, asked: dict[str, str]) -> dict[str, str]:
    """What the guides printed: programmes, then a partner, then its second key."""
    guide = HOWTO / "add-a-programme.md"
    rows = re.search(r"```csv\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
    assert rows
    (reader.folder / "programmes.csv").write_text(rows[1], encoding="utf-8")
    printed = {f"programme {name}": reader.run(each) for name, each in commands_of(guide).items()}
    reader.run(_MAKE_KEY.format("pension.jwks.json"))
    partner = commands_of(HOWTO / "add-a-partner.md")
    printed["partner add"] = reader.run(partner["add"])
    reader.run(_MAKE_KEY.format("new.jwks.json"))
    key = commands_of(HOWTO / "rotate-a-partners-key.md")
    printed["key add"] = reader.run(key["add"])
    first = json.loads((reader.folder / "pension.jwks.json").read_text(encoding="utf-8"))
    kid = first["keys"][0]["kid"]
    printed["key revoke"] = reader.run(key["revoke"].replace("OLD_KEY_ID", kid))
    printed["partner shut out"] = reader.run(partner["shut out"])
    return printed


def test_the_guide_adds_programmes(followed: dict[str, str]) -> None:
    assert "DIS" in followed["programme look"]


def test_the_guide_adds_a_partner_and_shuts_it_out(followed: dict[str, str]) -> None:
    assert "client_secret" in followed["partner add"]
    assert "let in again" in followed["partner shut out"]


def test_the_guide_changes_a_key(followed: dict[str, str]) -> None:
    assert "ed25519" in followed["key revoke"]


def test_the_programme_is_listed(connected: dict[str, str]) -> None:
    assert "DCI001" in connected["programme"]


def test_the_partner_may_report_for_it(connected: dict[str, str]) -> None:
    assert "spmis" in connected["partner"]


def test_the_report_is_taken_in(connected: dict[str, str]) -> None:
    outcome = json.loads(connected["report"])["enrolled_response"][0]
    assert (outcome["reference_id"], outcome["status"]) == ("case-1001", "succ")


def test_the_same_report_again_is_taken_in(connected: dict[str, str]) -> None:
    assert json.loads(connected["report again"])["enrolled_response"][0]["status"] == "succ"


def test_the_private_key_is_for_its_owner_only(reader: Reader, connected: dict[str, str]) -> None:
    assert (reader.folder / "partner.key").stat().st_mode & 0o077 == 0


def test_whoever_was_reported_is_enrolled(asked: dict[str, str]) -> None:
    assert json.loads(asked["yes"])["enrolled_response"][0]["enrolled_status"] == "yes"


def test_whoever_is_unknown_is_not(asked: dict[str, str]) -> None:
    assert json.loads(asked["no"])["enrolled_response"][0]["enrolled_status"] == "no"


def test_another_programme_is_refused(asked: dict[str, str]) -> None:
    assert "refused, as it should be" in asked["refused"]


def test_the_demo_answers_as_the_tutorial_says(reader: Reader, followed: dict[str, str]) -> None:
    reader.run("ibr demo load --people 60 --seed 7")
    printed = {
        name: reader.run(each) for name, each in commands_of(TUTORIALS / "run-the-demo.md").items()
    }
    assert json.loads(printed["ready"])["ready"] is True
    assert "OAP" in printed["lists"]
    assert "NOT WELL" not in printed["doctor"]
