"""Nothing that officers do is open to a person who signed in: at the gate, and without it."""

from __future__ import annotations

import asyncio

import pytest

from ibr.db.pool import open_database
from ibr.errors import RegistryError
from ibr.subject.own.begin import person
from tests.matrix import CELLS
from tests.matrix_ground import DO, Desk, Ground, asker_of, fill, switch_the_gate_off

# A role that sees most, for the control and for the cells.
OF = "administrator"
CELLS_OF_ONE = [cell for cell in CELLS if cell.who == OF]


@pytest.fixture(scope="module")
def ground(dsn: str) -> Ground:
    return asyncio.run(fill(dsn))


@pytest.mark.parametrize("gate", [True, False])
async def test_nothing_that_officers_do_is_open_to_a_person(
    dsn: str, ground: Ground, monkeypatch: pytest.MonkeyPatch, *, gate: bool
) -> None:
    if not gate:
        assert switch_the_gate_off(monkeypatch) >= len(DO)
    asker = person(1, frozenset(ground.programmes.values()))
    database = await open_database(dsn, "ibr_app", size=2, name="own")
    try:
        seen = [
            cell for cell in CELLS_OF_ONE if await _is_seen(Desk(database, ground, asker, cell))
        ]
        assert [str(each) for each in seen] == []
        # The control: the same ground shows an officer what is theirs.
        officer = asker_of(ground, OF)
        shown = [
            cell for cell in CELLS_OF_ONE if await _is_seen(Desk(database, ground, officer, cell))
        ]
        assert len(shown) > len(DO)
    finally:
        await database.close()


async def _is_seen(desk: Desk) -> bool:
    try:
        return await DO[desk.cell.operation](desk)
    # Counts are for officers alone, which is said otherwise.
    except (RegistryError, ValueError):
        return False
