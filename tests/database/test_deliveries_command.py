"""`ibr deliveries`: lists, one delivery, decisions, limits."""

from __future__ import annotations

import asyncio
import json

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from ibr.cli.main import app
from tests import people_web
from tests.web_country import WebCountry, filled


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.fixture(autouse=True)
def one_held(country: WebCountry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IBR_DATABASE_URL", country.dsn)

    async def hold() -> None:
        connection = await asyncpg.connect(country.dsn, server_settings={"search_path": "ibr"})
        try:
            await connection.execute("delete from delivery_act; delete from delivery_touched")
            await connection.execute("insert into delivery_touched values (2, 0, '{}')")
            await connection.execute(
                "update delivery set anomalies = $1, "
                "state = case when delivery_id = 1 then 'held' else 'done' end",
                '[{"code":"total.records","level":"hold","found":1,"expected":5}]',
            )
        finally:
            await connection.close()

    asyncio.run(hold())


def ran(*words: str) -> Result:
    result = CliRunner().invoke(app, ["deliveries", *words])
    assert result.exit_code == 0, result.output
    assert people_web.CANARY not in result.output
    return result


def refused(*words: str) -> str:
    result = CliRunner().invoke(app, ["deliveries", *words])
    assert result.exit_code == 1, result.output
    return " ".join(result.output.split())


def states() -> dict[int, str]:
    return {each["delivery_id"]: each["state"] for each in json.loads(ran("list", "--json").output)}


def test_what_is_held_is_listed_with_why_and_let_go() -> None:
    [held] = json.loads(ran("list", "--state", "held", "--json").output)
    assert held["delivery_id"] == 1
    assert "It holds 1 records, but its sender says 5." in ran("show", "1").output
    ran("release", "1", "--reason", "Asked by telephone")
    shown = json.loads(ran("show", "1", "--json").output)
    assert shown["delivery"]["state"] == "received"
    assert [each["kind"] for each in shown["acts"]] == ["released"]


def test_what_was_decided_is_not_decided_again() -> None:
    ran("refuse", "1", "--reason", "The wrong file")
    assert "does not wait for a decision any more" in refused(
        "release", "1", "--reason", "Asked by telephone"
    )
    assert "Give a reason" in refused("void", "2", "--reason", "x")
    assert "no such delivery" in refused("void", "99999", "--reason", "Sent by mistake")


def test_a_void_says_first_what_it_would_change() -> None:
    before = json.loads(ran("show", "2", "--json").output)["delivery"]["state"]
    effect = json.loads(ran("void", "2", "--reason", "Sent by mistake", "--preview").output)
    assert effect["records"] == 0
    assert json.loads(ran("show", "2", "--json").output)["delivery"]["state"] == before
    assert "cannot be voided" in refused("void", "3", "--reason", "Sent by mistake")
    ran("void", "2", "--reason", "Sent by mistake")
    assert json.loads(ran("show", "2", "--json").output)["delivery"]["state"] == "voiding"


def test_limits_are_shown_and_changed_by_name() -> None:
    assert json.loads(ran("limits", "OAP", "--json").output)["records"] == 0.5
    changed = json.loads(
        ran("limits", "OAP", "--set", "records=0.8", "--set", "gap=hold", "--set", "money=none",
            "--json").output
    )  # fmt: skip
    assert (changed["records"], changed["gap"], changed["money"]) == (0.8, "hold", None)
    assert json.loads(ran("limits", "OAP", "--json").output) == changed
    for wrong in ("record=1", "records=many", "records=-1", "gap"):
        assert "limit" in refused("limits", "OAP", "--set", wrong)
    assert "no programme of that code" in refused("limits", "NOPE")
