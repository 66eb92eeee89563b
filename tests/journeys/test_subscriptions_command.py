"""`ibr subscriptions` and the metrics: who hears of what, and how far behind the news are."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import httpx
import pytest
from litestar import Litestar
from typer.testing import CliRunner

from ibr.cli.main import app
from ibr.cli.show import console
from ibr.db.pool import open_database
from ibr.operation import subscribers
from ibr.operation.health import handlers
from tests.door import Door, System
from tests.later import CALLBACKS, Worker
from tests.people import a_number, enrolled
from tests.subscribing import (
    ENROLLMENT,
    STATUS_CHANGE,
    Teller,
    by_query,
    by_uin,
    item_of,
    of_programme,
    scheduled,
)

HIDDEN = "4711081512"


@pytest.fixture(scope="module")
def worker(door: Door) -> Iterator[Worker]:
    worker = Worker(door)
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def subscriber(door: Door, worker: Worker) -> System:
    """One with four subscriptions, of which one was given up."""
    system = door.partner("spmis.example.org", callback_urls=[CALLBACKS])
    teller = Teller(door, worker)
    tree = {
        "$and": [
            {"region_code": {"in": ["[/N]", "S"]}},
            {"$not": {"enrollment_status": {"eq": "1"}}},
            {"birth_date": {"lt": "1960-05"}},
            {"group_size": {"ge": 4}},
        ]
    }
    teller.code(system, item_of(STATUS_CHANGE, by_uin(HIDDEN)))
    teller.code(system, item_of(STATUS_CHANGE, by_query(tree), scheduled("0 0 6 ? * MON-FRI")))
    teller.code(system, item_of(ENROLLMENT, of_programme("DCI001")))
    over = teller.code(system, item_of(ENROLLMENT, of_programme("DCI002")))
    teller.unsubscribed(system, over)
    return system


def ibr(door: Door, monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    monkeypatch.setenv("IBR_DATABASE_URL", door.dsn)
    monkeypatch.setenv("IBR_DATA_DIR", str(door.settings.data_dir))
    monkeypatch.setattr(console, "width", 300)
    result = CliRunner().invoke(app, ["subscriptions", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_list_says_who_hears_of_what_and_names_nobody(
    door: Door, subscriber: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = json.loads(ibr(door, monkeypatch, "list", "--json"))
    assert [(each["partner"], each["event"], each["filter"]) for each in found] == [
        ("spmis.example.org", "status_changed", "identifier is one of 1 hidden ones"),
        (
            "spmis.example.org",
            "status_changed",
            "born on is before 1960-05 and group size is from 4 and not (status is Active) "
            "and region is one of S, [/N]",
        ),
        ("spmis.example.org", "enrolled", "programme is dci001"),
    ]
    assert [each["frequency"] for each in found] == ["at once", "0 0 6 ? * MON-FRI", "at once"]
    assert HIDDEN not in json.dumps(found)


def test_those_that_are_over_are_shown_when_asked_for(
    door: Door, subscriber: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = json.loads(ibr(door, monkeypatch, "list", "--all", "--json"))
    assert [each["state"] for each in found] == ["active", "active", "active", "cancelled"]
    assert json.loads(ibr(door, monkeypatch, "list", "--partner", "nobody", "--json")) == []


def test_the_table_holds_whatever_a_place_is_called(
    door: Door, subscriber: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = ibr(door, monkeypatch, "list")
    assert "[/N]" in text
    assert "until 2199-12-31" in text
    assert HIDDEN not in text


def metrics(door: Door, monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    async def asked() -> str:
        database = await open_database(door.dsn, "ibr_app", size=2, name="metrics test")
        try:
            told = Litestar(handlers(database), openapi_config=None)
            transport = httpx.ASGITransport(told)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                return (await client.get("/metrics")).text
        finally:
            await database.close()

    monkeypatch.setattr(subscribers._Looked, "at", float("-inf"))
    lines = [line.split() for line in asyncio.run(asked()).splitlines() if line[0] != "#"]
    return {line[0]: float(line[1]) for line in lines}


def test_the_metrics_say_how_far_behind_the_news_are(
    door: Door, worker: Worker, subscriber: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    teller = Teller(door, worker)
    teller.tell()
    told = metrics(door, monkeypatch)
    assert told["ibr_subscriptions_active"] == 3
    assert told["ibr_changes_unmatched"] == told["ibr_notifications_waiting"] == 0
    door.partner().report(*(enrolled(a_number(), "DCI001") for _ in range(4)))
    told = metrics(door, monkeypatch)
    assert told["ibr_changes_unmatched"] == 4
    assert 0 < told["ibr_changes_oldest_unmatched_seconds"] < 60
    teller.match()
    told = metrics(door, monkeypatch)
    assert (told["ibr_changes_unmatched"], told["ibr_notifications_waiting"]) == (0, 4)
    assert 0 < told["ibr_notifications_overdue_seconds"] < 60
    teller.write()
    assert metrics(door, monkeypatch)["ibr_notifications_waiting"] == 0
