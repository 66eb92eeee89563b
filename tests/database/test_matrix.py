"""The matrix of rights: every cell at the gate, and with row-level security alone (D9, D10)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import asyncpg
import pytest

from ibr.access.scopes import SCOPES
from ibr.access.staff import rights
from ibr.db.classes import CLASSES, OPENS
from ibr.db.pool import open_database
from tests.matrix import CELLS, OPERATIONS, PARTNER_CELLS, ROLES, Cell, Seen
from tests.matrix_ground import DO, Ground, fill, outcome, switch_the_gate_off


@pytest.fixture(scope="module")
def ground(dsn: str) -> Ground:
    return asyncio.run(fill(dsn))


async def outcomes(dsn: str, ground: Ground, cells: Iterable[Cell]) -> dict[Cell, Seen]:
    database = await open_database(dsn, "ibr_app", size=2, name="matrix")
    try:
        return {cell: await outcome(database, ground, cell) for cell in cells}
    finally:
        await database.close()


def wrong(found: dict[Cell, Seen], *, gate: bool) -> list[str]:
    """The cells that came out otherwise than the table says."""
    return [
        f"{cell}: {seen}"
        for cell, seen in found.items()
        if seen != (cell.at_the_gate if gate else cell.behind_the_gate)
    ]


def test_the_table_is_whole() -> None:
    assert len(CELLS) + len(PARTNER_CELLS) >= 500
    assert set(DO) == set(OPERATIONS)
    assert set(ROLES) == set(rights.RIGHTS)
    outcomes_wanted = {cell.at_the_gate for cell in CELLS}
    assert outcomes_wanted == {"seen", "nothing", "refused"}


def test_every_right_says_which_data_it_opens() -> None:
    held = frozenset[str]().union(*(each.pages for each in rights.RIGHTS.values()))
    assert set(OPENS) >= held | set(SCOPES)
    assert frozenset[str]().union(*OPENS.values()) == CLASSES


def test_at_the_gate(dsn: str, ground: Ground) -> None:
    found = asyncio.run(outcomes(dsn, ground, CELLS))
    assert wrong(found, gate=True) == []


def test_with_the_gate_switched_off(
    dsn: str, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert switch_the_gate_off(monkeypatch) >= len(OPERATIONS)
    found = asyncio.run(outcomes(dsn, ground, CELLS))
    assert wrong(found, gate=False) == []


@contextmanager
def without(dsn: str, table: str, policy: str) -> Iterator[None]:
    """The database while one policy asks nothing."""

    async def run(statement: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close()

    [kept] = asyncio.run(
        run(
            "select pg_get_expr(polqual, polrelid) as qual from pg_policy "
            f"where polrelid = 'ibr.{table}'::regclass and polname = '{policy}'"
        )
    )
    asyncio.run(run(f"alter policy {policy} on ibr.{table} using (true)"))
    try:
        yield
    finally:
        asyncio.run(run(f"alter policy {policy} on ibr.{table} using ({kept['qual']})"))


# For each policy an operation that nothing else would keep in bounds.
CONTROLS = [
    ("beneficiary_record", "right_and_area", "look_up"),
    ("beneficiary_record", "right_and_area", "count_people"),
    ("delivery", "programmes_in_reach", "list_deliveries"),
    ("delivery", "programmes_in_reach", "news_of_today"),
    ("finding", "right_and_area", "open_finding"),
    ("finding", "right_and_area", "count_findings"),
    ("overlap_case", "right_and_area", "list_cases"),
    ("link_pair", "right_and_area", "queue_of_links"),
    ("person_request", "programmes_in_reach", "list_requests"),
    ("person_request", "right_and_area", "list_requests"),
]


@pytest.mark.parametrize(("table", "policy", "operation"), CONTROLS)
def test_control_without_a_policy_cells_fail(
    dsn: str,
    ground: Ground,
    monkeypatch: pytest.MonkeyPatch,
    table: str,
    policy: str,
    operation: str,
) -> None:
    switch_the_gate_off(monkeypatch)
    cells = [cell for cell in CELLS if cell.operation == operation]
    with without(dsn, table, policy):
        found = asyncio.run(outcomes(dsn, ground, cells))
    assert wrong(found, gate=False) != []
