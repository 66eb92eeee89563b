"""`ibr cases`: lists, one case, handing out, figures and terms, without anybody's name."""

from __future__ import annotations

import asyncio
import json

import pytest
from typer.testing import CliRunner, Result

from ibr.cli.main import app
from tests import people_web
from tests.cases_web import a_finding, emptied
from tests.web_country import WebCountry, filled


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.fixture(autouse=True)
def two_findings(country: WebCountry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IBR_DATABASE_URL", country.dsn)

    async def fill() -> None:
        await emptied(country)
        for number in (1, 2):
            await a_finding(country.dsn, number)

    asyncio.run(fill())


def ran(*words: str) -> Result:
    result = CliRunner().invoke(app, ["cases", *words])
    assert result.exit_code == 0, result.output
    assert people_web.CANARY not in result.output
    return result


def refused(*words: str) -> str:
    result = CliRunner().invoke(app, ["cases", *words])
    assert result.exit_code == 1
    return result.output


def test_cases_are_opened_listed_shown_and_handed_out() -> None:
    assert json.loads(ran("keep", "--json").output)["gathered"] == 2
    listed = json.loads(ran("list", "--json").output)
    first = str(listed[0]["case_id"])
    assert "OAP and WORK exclude each other" in ran("show", first).output
    done = json.loads(ran("assign", first, "--to", "officer@example.org", "--json").output)
    assert done == {"assigned": 1, "left": 0}
    assert len(json.loads(ran("list", "--view", "unassigned", "--json").output)) == 1
    steps = json.loads(ran("show", first, "--json").output)["steps"]
    assert [(step["action"], step["actor_kind"]) for step in steps] == [
        ("open", "registry"),
        ("assign", "registry"),
    ]
    assert "2 open" in ran("stats").output
    assert json.loads(ran("stats", "--json").output)["whole"]["opened"] == 2


def test_what_is_not_there_is_said() -> None:
    ran("keep")
    assert "no case 999" in refused("assign", "999")
    assert "no such case" in refused("show", "999")
    assert "no officer" in refused("assign", "1", "--to", "nobody@example.org")
    assert "Views are" in refused("list", "--view", "pretty")
    assert "no programme" in refused("list", "--programme", "NONE")


def test_a_programme_gets_terms_of_its_own(country: WebCountry) -> None:
    ran("terms", "OAP", "--hold-days", "7")
    assert "up to 366" in refused("terms", "OAP", "--hold-days", "900")
    [row] = asyncio.run(country.read("select hold_days from case_terms"))
    assert row["hold_days"] == 7
