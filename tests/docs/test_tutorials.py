"""Every marked command of the tutorials works, in the order a reader meets it."""

from __future__ import annotations

import json
import re

import pytest

from tests.docs.conftest import DOCS, ROOT, Reader
from tests.docs.tutorial import commands_of, programs_of

TUTORIALS = DOCS / "tutorials"
HOWTO = DOCS / "howto"
CLIENT = ROOT / "client"
DEMO = "http://127.0.0.1:8080"
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
    printed["key address"] = reader.run(key["address"])
    printed["key times"] = reader.run(key["times"])
    printed["partner change"] = reader.run(partner["change"])
    own = commands_of(HOWTO / "rotate-the-registrys-keys.md")
    printed |= {f"own {name}": reader.run(each) for name, each in own.items()}
    outbox = commands_of(HOWTO / "look-after-callbacks.md")
    printed["outbox list"] = reader.run(outbox["list"])
    printed["partner shut out"] = reader.run(partner["shut out"])
    return printed


def test_the_guide_lists_what_was_given_up(followed: dict[str, str]) -> None:
    assert "none yet" in followed["outbox list"]


def test_the_guide_adds_programmes(followed: dict[str, str]) -> None:
    assert "DIS" in followed["programme look"]


def test_the_guide_adds_a_partner_and_shuts_it_out(followed: dict[str, str]) -> None:
    assert "client_secret" in followed["partner add"]
    assert "let in again" in followed["partner shut out"]


def test_the_guide_changes_a_key(followed: dict[str, str]) -> None:
    assert "ed25519" in followed["key revoke"]


def test_the_guide_gives_a_key_its_time_and_changes_a_partner(followed: dict[str, str]) -> None:
    assert "2099-12-31" in followed["key times"]
    assert "changed" in followed["key address"]
    assert "changed" in followed["partner change"]


def test_the_guide_rotates_the_registrys_own_keys(followed: dict[str, str]) -> None:
    assert "in use" in followed["own list"]
    assert followed["own rotate"].count("is used from") == 4
    assert "jwks.json" in followed["own stolen"]


def test_the_programme_is_listed(connected: dict[str, str]) -> None:
    assert "DCI001" in connected["programme"]


def test_the_partner_may_report_for_it(connected: dict[str, str]) -> None:
    assert "spmis" in connected["partner"]


def test_the_report_is_taken_in(connected: dict[str, str]) -> None:
    assert connected["report"].split() == ["case-1001", "succ"]


def test_the_same_report_again_is_taken_in(connected: dict[str, str]) -> None:
    assert connected["report again"].split() == ["case-1001", "succ"]


def test_the_same_report_without_the_client_is_taken_in(connected: dict[str, str]) -> None:
    outcome = json.loads(connected["without the client"])["enrolled_response"][0]
    assert (outcome["reference_id"], outcome["status"]) == ("case-1001", "succ")


def test_the_private_key_is_for_its_owner_only(reader: Reader, connected: dict[str, str]) -> None:
    assert (reader.folder / "partner.key").stat().st_mode & 0o077 == 0


def test_whoever_was_reported_is_enrolled(asked: dict[str, str]) -> None:
    assert asked["yes"] == "yes\n"
    assert json.loads(asked["message"])["enrolled_response"][0]["enrolled_status"] == "yes"


def test_whoever_is_unknown_is_not(asked: dict[str, str]) -> None:
    assert asked["no"] == "no\n"


def test_another_programme_is_refused(asked: dict[str, str]) -> None:
    assert "refused, as it should be" in asked["refused"]


@pytest.fixture(scope="module")
def demo(reader: Reader, followed: dict[str, str]) -> Reader:
    """The same reader, with the made-up country in the registry."""
    reader.run("ibr demo load --people 60 --seed 7")
    return reader


def test_the_demo_answers_as_the_tutorial_says(demo: Reader) -> None:
    printed = {
        name: demo.run(each) for name, each in commands_of(TUTORIALS / "run-the-demo.md").items()
    }
    assert json.loads(printed["ready"])["ready"] is True
    assert "OAP" in printed["lists"]
    assert "NOT WELL" not in printed["doctor"]


def test_the_clients_fifteen_lines_work_against_the_demo(demo: Reader) -> None:
    [program] = programs_of(CLIENT / "README.md").values()
    assert len(program.splitlines()) <= 15
    (demo.folder / "var").symlink_to(demo.folder.parent)
    (demo.folder / "fifteen.py").write_text(program.replace(DEMO, demo.address))
    people, households, again = demo.run("python fifteen.py").splitlines()
    assert re.fullmatch(r"[1-9]\d* people receive the old-age pension", people)
    assert re.fullmatch(r"\d+ of [1-9]\d* live in a household with the cash transfer", households)
    assert re.fullmatch(r"[1-9]\d* records reported again, 0 refused", again)
