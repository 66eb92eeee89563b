"""From reported benefits to a release: sums of money with few or one large receipt are hidden."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ibr.coverage.catalogue.all import BY_CODE
from ibr.coverage.figures import read as figures
from ibr.coverage.runs.folders import Folders
from ibr.coverage.runs.run import Asked, run_indicators
from ibr.publish.releases.build import Wanted, build_release
from ibr.publish.releases.model import ReleasedTable
from ibr.publish.releases.read import tables_of
from tests.door import Door
from tests.people import a_number, enrolled, given
from tests.snapshots import Desk

AT = datetime(2026, 11, 20, 3, tzinfo=UTC)
OCTOBER = "2026-10-10T00:00:00+00:00"
MANY = ("USD 20.00",) * 40
# Two of forty receive far more than everybody else together.
ONE_LARGE = ("USD 9000.00", "USD 8000.00", *("USD 1.00",) * 38)
FEW = ("USD 20.00",) * 3


@pytest.fixture(scope="module")
def released(door: Door) -> dict[str, ReleasedTable]:
    system = door.partner()
    for code, amounts in (("DCI001", MANY), ("DCI002", ONE_LARGE), ("DCI003", FEW)):
        system.report(*(enrolled(a_number(), code, **given(each, OCTOBER)) for each in amounts))
    desk = Desk(door)

    async def work() -> dict[str, ReleasedTable]:
        folders = Folders.of(door.settings.data_dir)
        ran = await run_indicators(
            desk.database,
            await desk._programmes(),
            door.services.sealer,
            folders,
            Asked(months="2026-10"),
            at=AT,
        )
        assert ran is not None
        wanted = Wanted(
            audience="public",
            periods=("2026-10",),
            choice=(("N5", "programme*currency"), ("N1", "programme")),
        )
        number = await build_release(desk.database, wanted, BY_CODE, folders.facts, AT)
        async with desk.database.transaction(()) as connection:
            found = {each.name[0]: each for each in await tables_of(connection, number)}
            exact = await figures.figure_table(connection, "N5", "2026-10", "programme*currency")
        assert {cell.key[0] for cell in exact.cells} == {"DCI001", "DCI002", "DCI003"}
        return found

    try:
        return door.run(work())
    finally:
        desk.close()


def test_a_sum_of_many_like_amounts_is_shown(released: dict[str, ReleasedTable]) -> None:
    shown = {cell.key[0]: cell.value for cell in released["N5"].table.cells}
    assert shown.get("DCI001") == "800.00"


def test_a_sum_that_one_receipt_gives_away_is_hidden(released: dict[str, ReleasedTable]) -> None:
    hidden = {each.key[0]: each.why for each in released["N5"].hidden}
    assert hidden["DCI002"] == "dominance"
    assert "DCI002" not in {cell.key[0] for cell in released["N5"].table.cells}


def test_a_sum_of_few_receipts_is_hidden(released: dict[str, ReleasedTable]) -> None:
    hidden = {each.key[0]: each.why for each in released["N5"].hidden}
    assert "DCI003" in hidden
    people = {each.key[0] for each in released["N1"].hidden}
    assert "DCI003" in people
