"""`ibr reporting`: the calendar entered, listed and taken back, whom to remind, letters sent."""

from __future__ import annotations

import asyncio
import json

import pytest
from typer.testing import CliRunner, Result

from ibr.cli.main import app
from tests.web_country import WebCountry, filled


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.fixture(autouse=True)
def here(country: WebCountry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IBR_DATABASE_URL", country.dsn)


def ran(*words: str) -> Result:
    result = CliRunner().invoke(app, ["reporting", *words])
    assert result.exit_code == 0, result.output
    return result


def refused(*words: str) -> str:
    result = CliRunner().invoke(app, ["reporting", *words])
    assert result.exit_code == 1, result.output
    return " ".join(result.output.split())


def test_a_rule_is_entered_once_listed_and_taken_back() -> None:
    words = ("set", "OAP", "--every", "3", "--days", "20", "--from", "2026-10", "--json")
    assert json.loads(ran(*words).output)["new"] is True
    assert json.loads(ran(*words).output)["new"] is False
    found = json.loads(ran("list", "--json").output)
    [own] = [each for each in found["feeds"] if each["code"] == "OAP"]
    assert (own["cycle_months"], own["report_days"], own["entered"]) == (3, 20, True)
    assert "OAP" in ran("list").output
    ran("drop", "OAP", "--from", "2026-10")
    assert "Nothing that counts" in refused("drop", "OAP", "--from", "2026-10")


def test_whom_to_remind(country: WebCountry) -> None:
    ran("contact", "OAP", "--email", "reports@agency.example", "--language", "fr")
    [row] = asyncio.run(country.read("select * from reporting_contact where replaced_at is null"))
    assert (row["email"], row["language"]) == ("reports@agency.example", "fr")
    assert "en or fr" in refused("contact", "OAP", "--email", "a@b.example", "--language", "de")
    assert "e-mail address" in refused("contact", "OAP", "--email", "a@b.example\nBcc: c@d.ee")
    ran("contact", "OAP")
    assert "Nobody was named" in refused("contact", "OAP")


def test_what_is_refused() -> None:
    assert "no programme" in refused("set", "NONE", "--every", "1")
    assert "No mail server is set" in refused("send")
