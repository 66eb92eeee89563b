"""Figures of records and reports over what partners really sent, and a snapshot of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from ibr.clock import now
from ibr.coverage.engine.operations.count import completeness, count_operations, late
from ibr.coverage.figures.model import FigureTable
from ibr.overlaps.snapshot.read import opened_snapshot
from ibr.periods import Month, month_of
from tests.door import Door, System
from tests.people import a_household, a_member, a_number, enrolled, given, in_programme
from tests.snapshots import Desk

LAST = month_of(now().date()).plus(-1)
PAID = (LAST.start + timedelta(days=4)).isoformat()


@pytest.fixture(scope="module")
def desk(door: Door) -> Iterator[Desk]:
    desk = Desk(door)
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    # The catalogue has had the programmes for long enough to expect their reports.
    door.owner("update programme set known_at = $1", LAST.plus(-1).start)
    system = door.partner()
    household = a_household(a_number(), a_member(a_number()), a_member(a_number()))
    system.report(
        enrolled(a_number(), "DCI001", **given("USD 12.50", PAID)),
        enrolled(a_number(), "DCI001"),
        {**household, **in_programme("DCI001")},
        enrolled(a_number(), "DCI009"),
        meta={"cycle": str(LAST)},
    )
    return system


def counted(desk: Desk, at: datetime, months: list[Month]) -> list[FigureTable]:
    taken, programmes = desk.take(at), desk.programmes

    async def work() -> list[FigureTable]:
        with opened_snapshot(desk.folder, taken) as snapshot:
            async with desk.database.transaction(programmes, frozen=True) as connection:
                return await count_operations(connection, months, programmes, at, snapshot)

    return desk.door.run(work())


def value(tables: list[FigureTable], indicator: str, breakdown: str, *key: str) -> str | None:
    [table] = [e for e in tables if (e.indicator, e.breakdown) == (indicator, breakdown)]
    return table.by_key[key].value


def test_what_a_partner_sent_is_counted(desk: Desk, system: System) -> None:
    tables = counted(desk, now(), [LAST])
    # One of three programmes has reported; of its four records one was of an unknown programme.
    assert value(tables, "R1", "") == "0.3333"
    assert value(tables, "R1", "programme", "DCI001") == "1.0000"
    assert value(tables, "R4", "") == "0.7500"
    assert value(tables, "R4", "field", "programme_identifier") == "0.2500"
    assert value(tables, "R6", "programme", "DCI001") == "1.0000"
    assert value(tables, "R5", "field", "birth_date") == "1.0000"
    assert value(tables, "R5", "field", "region_code") == "0.0000"
    assert value(tables, "Q2", "programme", "DCI001") == "0.0000"
    [people] = [each for each in tables if (each.indicator, each.breakdown) == ("Q1", "part")]
    assert {cell.denominator for cell in people.cells} == {3}


def test_what_is_missing_is_told_after_its_last_day(desk: Desk, system: System) -> None:
    end, programmes = LAST.plus(1).start, desk.programmes

    async def work(at: datetime) -> tuple[list[str], dict[str | None, tuple[int, int]]]:
        async with desk.database.transaction(programmes) as connection:
            found = await late(connection, programmes, at, months=1)
            full = await completeness(connection, [LAST], programmes, at)
        told = {code: (each.received, each.expected) for code, each in full[LAST].items()}
        return [each.code for each in found], told

    in_time, told = desk.door.run(work(end + timedelta(days=14, hours=23)))
    assert in_time == []
    assert told[None][1] == 3
    after, told = desk.door.run(work(max(now(), end + timedelta(days=15))))
    assert after == ["DCI002", "DCI003"]
    assert told[None] == (1, 3)
