"""The calendar's statement and plain Python agree on any deliveries; its reports and R1 do too."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from ibr.coverage.engine.operations.count import completeness, late, missing
from ibr.db.pool import Database, open_database
from ibr.periods import Month
from ibr.reporting import store
from ibr.reporting.calendar import feeds
from ibr.reporting.rules import months_in
from tests.made_operations import AT, CODES, History, insert
from tests.plain_feeds import sums_of

MONTHS = [Month(2025, 11).plus(number) for number in range(11)]


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    database = await open_database(dsn, "ibr_worker", size=1, name="calendar")
    try:
        yield database
    finally:
        await database.close()


def drawn(seed: int) -> History:
    """A history whose deliveries have senders, sequences, anomalies and holds as well."""
    history, rng = History(seed), random.Random(seed)
    for each in history.tables["delivery"]:
        each["partner_id"] = rng.randint(1, 2)
        each["sequence"] = rng.choice([None, 1, 1, 2, 3, 5])
        codes = rng.sample(["total.records", "total.money", "codes.new"], rng.choice([0, 0, 1, 2]))
        each["anomalies"] = json.dumps([{"code": code, "level": "note"} for code in codes])
        if each["state"] == "received" and rng.random() < 0.5:
            each["state"] = "held"
        if each["state"] == "done" and rng.random() < 0.1:
            each["state"] = "voided"
    return history


def rules(seed: int) -> list[dict[str, Any]]:
    """What was entered of some programmes, some of it replaced."""
    rng, found = random.Random(f"rules {seed}"), []
    for programme in CODES:
        for month in rng.sample(MONTHS, rng.choice([0, 1, 1, 2])):
            for replaced in rng.choice([[None], [AT, None], [AT]]):
                found.append(
                    {
                        "programme_id": programme,
                        "first_month": str(month),
                        "cycle_months": rng.choice([0, 1, 1, 2, 3]),
                        "report_days": rng.choice([0, 10, 15, 30]),
                        "known_at": AT,
                        "replaced_at": replaced,
                        "changed_by": "somebody",
                    }
                )
    return found


async def put(dsn: str, seed: int) -> History:
    history = drawn(seed)
    connection = await asyncpg.connect(dsn)
    try:
        await history.put(connection)
        for rule in rules(seed):
            await insert(connection, "reporting_rule", rule)
    finally:
        await connection.close()
    return history


@pytest.mark.parametrize("seed", range(25))
async def test_the_statement_and_plain_python_agree(
    dsn: str, database: Database, seed: int
) -> None:
    history = await put(dsn, seed)
    async with database.transaction(CODES) as connection:
        found = await store.sums(connection, CODES, AT)
    assert found == sums_of(history.plain()["delivery"], list(CODES), AT)


@pytest.mark.parametrize("seed", range(25))
async def test_the_calendar_says_what_the_figures_say(
    dsn: str, database: Database, seed: int
) -> None:
    """R1's completeness, what is noted beside figures, what is late, and the pages' slots."""
    await put(dsn, seed)
    async with database.transaction(CODES) as connection:
        seen = await feeds(connection, CODES, AT, shown=40)
        whole = await completeness(connection, MONTHS, CODES, AT)
        lacking = await missing(connection, MONTHS, CODES, AT)
        overdue = await late(connection, CODES, AT)
    assert seen.late == overdue
    for month in MONTHS:
        slots = {
            feed.code: slot
            for feed in seen.feeds
            for slot in feed.slots
            if month in months_in(slot.cycle)
        }
        said = {code: one.received for code, one in whole[month].items() if code is not None}
        due = {code for code in said if code in slots}
        # A programme that ended in the middle of a cycle has no report on the months after.
        assert due == said.keys()
        assert {code: int(slots[code].first_at is not None) for code in due} == said
        gone = {each.programme: each.due_on for each in lacking[month]}
        assert gone.keys() == {code for code, received in said.items() if not received}
        assert all(slots[code].due_on == day for code, day in gone.items())
        if whole[month]:
            total = whole[month][None]
            assert len(gone) == total.expected - total.received
    states = {slot.state for feed in seen.feeds for slot in feed.slots}
    assert states <= {"on_time", "late", "awaited", "missing"}


async def test_control_the_histories_hold_every_case(dsn: str, database: Database) -> None:
    seen = set()
    for seed in range(25):
        await put(dsn, seed)
        async with database.transaction(CODES) as connection:
            found = await feeds(connection, CODES, AT, shown=40)
        for feed in found.feeds:
            for slot in feed.slots:
                seen.add(slot.state)
                seen |= {("complete", slot.complete), ("gaps", slot.sums.gaps > 0)}
                seen |= {("differing", slot.sums.differing > 0), ("waiting", slot.sums.waiting > 0)}
    assert {"on_time", "late", "awaited", "missing"} <= seen
    for what in ("complete", "gaps", "differing", "waiting"):
        assert {(what, True), (what, False)} <= seen, what
