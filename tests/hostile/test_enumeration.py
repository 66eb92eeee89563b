"""Somebody with a partner's key goes through numbers to learn who is enrolled."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ibr.access.budgets import rules
from ibr.access.budgets.model import Limit
from tests.conftest import scratch_folder
from tests.door import ENROLLED, SEARCH, Door, Reply, System
from tests.door_fixtures import PROGRAMMES
from tests.later import searching
from tests.people import a_number, enrolled

HOUR = 600
AT_ONCE = 20


@pytest.fixture(scope="module")
def door(dsn: str) -> Iterator[Door]:
    folder = scratch_folder()
    opened = Door(
        dsn,
        folder,
        PROGRAMMES,
        partner_people_an_hour=HOUR,
        partner_people_a_day=5_000,
    )
    try:
        yield opened
    finally:
        opened.close()
        shutil.rmtree(folder, ignore_errors=True)


def attack(system: System, first: int, last: int) -> tuple[set[str], list[Reply]]:
    """Asks about every number between, and returns those answered and the refusals."""
    answered: set[str] = set()
    refused = []
    for start in range(first, last, AT_ONCE):
        numbers = [f"{number:09d}" for number in range(start, start + AT_ONCE)]
        reply = system.ask({"in": numbers}, "DCI001")
        if reply.status == 200:
            answered |= {item["reference_id"] for item in reply.items}
        else:
            refused.append(reply)
    return answered, refused


def test_ten_thousand_numbers_are_stopped_at_the_budget_and_told_at_once(door: Door) -> None:
    attacker, neighbour = door.partner(), door.partner()
    somebody = a_number()
    neighbour.report(enrolled(somebody, "DCI001"))
    began = datetime.now(UTC)
    answered, refused = attack(attacker, 500_000_000, 500_010_000)
    assert 0 < len(answered) <= HOUR
    assert len(answered) + len(refused) * AT_ONCE == 10_000
    reply = refused[-1]
    assert (reply.status, reply.error) == (429, "err.request.too_many_requests")
    assert 0 < int(reply.headers["retry-after"]) <= 3_601
    rows = door.owner(
        """
        select rule, raised_at, facts::text as facts from asking_alarm
        where asker_id = (select partner_id from partner where sender_id = $1)
        """,
        attacker.sender_id,
    )
    assert {"guessing", "used_up"} <= {row["rule"] for row in rows}
    # Told while the attack was under way, by the door itself: no job runs here.
    assert all((row["raised_at"] - began).total_seconds() < 60 for row in rows)
    assert not any("50000" in row["facts"] for row in rows)
    events = door.owner("select details::text as said from audit_event where kind = 'alarm.raised'")
    assert len(events) >= 2
    # Whoever was asked about stays open; everybody else works on.
    assert attacker.ask(min(answered), "DCI001").says == ["no"]
    assert neighbour.ask(somebody, "DCI001").says == ["yes"]


def test_the_control_without_budgets_everything_is_answered(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlimited = Limit(10**9, 10**9)
    monkeypatch.setattr(rules, "GUESSING_PARTNER", unlimited)
    monkeypatch.setattr(door.services.budgets, "_partner", unlimited)
    attacker = door.partner()
    answered, refused = attack(attacker, 600_000_000, 600_002_000)
    assert len(answered) == 2_000
    assert not refused


def test_search_and_yes_or_no_share_one_budget(door: Door) -> None:
    attacker = door.partner()
    attack(attacker, 700_000_000, 700_000_000 + HOUR)
    person = a_number()
    door.partner().report(enrolled(person, "DCI001"))
    refused = attacker.post(SEARCH, searching(attacker, person))
    assert (refused.status, refused.error) == (429, "err.request.too_many_requests")
    assert "retry-after" in refused.headers
    assert person not in refused.raw.decode()


def test_a_refused_message_is_answered_when_there_is_something_left(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    attacker = door.partner()
    attack(attacker, 800_000_000, 800_000_000 + HOUR)
    body = attacker.question(a_number(), "DCI001")
    assert attacker.post(ENROLLED, body).status == 429
    monkeypatch.setattr(door.services.budgets, "_partner", Limit(HOUR + 1, 5_000))
    monkeypatch.setattr(rules, "GUESSING_PARTNER", Limit(HOUR + 1, 5_000))
    assert attacker.post(ENROLLED, body).says == ["no"]
    again = attacker.post(ENROLLED, body)
    assert again.says == ["no"]


def test_hammering_costs_the_others_little(door: Door) -> None:
    """Refusals are counted together, without a transaction for each."""
    attacker = door.partner()
    attack(attacker, 900_000_000, 900_000_000 + HOUR)
    bodies = [attacker.question(f"{950_000_000 + n * 100}", "DCI001") for n in range(200)]

    async def hammer() -> list[Reply]:
        return list(await _all(attacker, bodies))

    began = time.process_time()
    replies = door.run(hammer())
    spent = time.process_time() - began
    assert {reply.status for reply in replies} == {429}
    assert spent / len(bodies) < 0.02
    row = door.owner(
        """
        select refused from budget_used
        where asker_id = (select partner_id from partner where sender_id = $1)
        """,
        attacker.sender_id,
    )[0]
    assert row["refused"] >= 200


async def _all(system: System, bodies: list[bytes]) -> list[Reply]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(system.posted(ENROLLED, body)) for body in bodies]
    return [task.result() for task in tasks]
