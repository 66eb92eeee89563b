"""Runs: figures of a snapshot, frozen whole or not at all, and what is stated anew with reasons."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ibr.coverage.engine.ground import newest_ground, read_ground
from ibr.coverage.engine.month import PeriodInputs
from ibr.coverage.figures import read, store
from ibr.coverage.figures.model import FigureTable, Restated, Run
from ibr.coverage.runs import count_people, due
from ibr.coverage.runs.folders import Folders
from ibr.coverage.runs.run import Asked, run_indicators
from ibr.errors import Conflict, NotFound, NotUnderstood
from tests.door import Door, System
from tests.people import a_number, enrolled, given
from tests.snapshots import Desk

AT = datetime(2026, 11, 20, 3, tzinfo=UTC)
SEPTEMBER, OCTOBER = "2026-09-10T00:00:00+00:00", "2026-10-10T00:00:00+00:00"


class Figures:
    """Runs over a door's database, and what they froze."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.folders = Folders.of(desk.door.settings.data_dir)

    def run(self, at: datetime = AT, **asked: Any) -> Run | None:
        return self.desk.door.run(self.running(at, **asked))

    async def running(self, at: datetime = AT, **asked: Any) -> Run | None:
        return await run_indicators(
            self.desk.database,
            await self.desk._programmes(),
            self.desk.door.services.sealer,
            self.folders,
            Asked(**asked),
            at=at,
        )

    def table(
        self, indicator: str, period: str, breakdown: str = "", run_no: int | None = None
    ) -> FigureTable:
        async def reading() -> FigureTable:
            async with self.desk.database.transaction(()) as connection:
                return await read.figure_table(connection, indicator, period, breakdown, run_no)

        return self.desk.door.run(reading())

    def values(self, indicator: str, period: str, breakdown: str = "") -> dict[Any, str | None]:
        return {
            "*".join(cell.key): cell.value
            for cell in self.table(indicator, period, breakdown).cells
        }

    def restated(self, run_no: int) -> list[Restated]:
        async def reading() -> list[Restated]:
            async with self.desk.database.transaction(()) as connection:
                return await read.restated(connection, run_no)

        return self.desk.door.run(reading())

    def digests(self, *periods: str) -> dict[Any, bytes]:
        """Of everything but R7, which is about runs themselves."""

        async def reading() -> dict[Any, bytes]:
            async with self.desk.database.transaction(()) as connection:
                found = await store.digests(connection, periods)
                return {p: digest for p, (_, digest) in found.items() if p[0] != "R7"}

        return self.desk.door.run(reading())


@pytest.fixture(scope="module")
def desk(door: Door) -> Iterator[Desk]:
    desk = Desk(door)
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    system = door.partner()
    both = a_number()
    system.report(
        enrolled(both, "DCI001", **given("USD 12.50", SEPTEMBER)),
        enrolled(both, "DCI002", **given("USD 5.00", SEPTEMBER)),
        enrolled(a_number(), "DCI001", **given("USD 12.50", SEPTEMBER)),
    )
    system.report(enrolled(a_number(), "DCI002", **given("USD 5.00", OCTOBER)))
    return system


@pytest.fixture
def figures(desk: Desk, system: System) -> Iterator[Figures]:
    yield Figures(desk)
    for each in ("figure_restated", "figure_table", "indicator_run"):
        desk.door.owner(f"delete from {each}")


def test_months_that_ended_are_counted_and_frozen(figures: Figures) -> None:
    ran = figures.run()
    assert ran is not None
    assert (ran.first_month, ran.last_month, ran.kind) == ("2026-09", "2026-10", "full")
    assert figures.values("N1", "2026-09", "programme") == {"DCI001": "2", "DCI002": "1"}
    assert figures.values("N1", "2026-10") == {"": "1"}
    assert figures.values("N5", "2026-09", "currency") == {"USD": "30.00"}
    table = figures.table("N1", "2026-09")
    assert table.run_no == ran.run_no
    assert table.as_known_at is not None
    assert table.as_known_at >= AT - timedelta(days=1)


def test_a_year_counts_distinct_people_over_its_months(figures: Figures) -> None:
    figures.run()
    by_month = (
        int(figures.values("N1", "2026-09")[""] or 0),
        int(figures.values("N1", "2026-10")[""] or 0),
    )
    assert int(figures.values("N1", "2026")[""] or 0) <= sum(by_month)
    assert int(figures.values("N1", "2026")[""] or 0) >= max(by_month)


def test_a_year_is_as_complete_as_its_months(figures: Figures) -> None:
    # Reports are due from the month in which a programme was entered.
    figures.desk.door.owner("update programme set known_at = '2026-08-01'")
    figures.run()
    months = [figures.table("N1", month).completeness for month in ("2026-09", "2026-10")]
    year = figures.table("N1", "2026").completeness
    known = [each for each in months if each is not None]
    assert known
    assert year is not None
    assert year.received >= sum(each.received for each in known)
    assert year.expected >= sum(each.expected for each in known) > 0


def test_each_table_names_the_reports_that_its_completeness_lacks(figures: Figures) -> None:
    figures.desk.door.owner("update programme set known_at = '2026-08-01'")
    figures.run()
    rows = figures.desk.door.owner(
        "select reports_expected - reports_received as lacks, "
        "jsonb_array_length(not_reported) as named from figure_table "
        "where period ~ '-' and reports_expected is not null"
    )
    assert max(row["lacks"] for row in rows) > 0
    assert all(row["lacks"] == row["named"] for row in rows)
    table = next(
        each
        for month in ("2026-09", "2026-10")
        if (each := figures.table("N1", month)).not_reported
    )
    assert table.not_reported is not None
    codes = {row["code"] for row in figures.desk.door.owner("select code from programme")}
    assert {each.programme for each in table.not_reported} <= codes
    assert all(f"{each.due_on:%d}" == "15" for each in table.not_reported)


def test_nothing_is_worked_out_twice(figures: Figures) -> None:
    assert figures.run() is not None
    assert figures.run() is None


def test_months_with_figures_need_a_reason(figures: Figures) -> None:
    figures.run()
    with pytest.raises(Conflict, match="Say why"):
        figures.run(months="2026-09")


@pytest.mark.parametrize(
    ("months", "why"),
    [
        ("2026-11", "months that have ended"),
        ("2026-10..2026-09", "first month comes after"),
        ("Sept", "is not a month"),
    ],
)
def test_months_that_cannot_be_counted(figures: Figures, months: str, why: str) -> None:
    with pytest.raises(NotUnderstood, match=why):
        figures.run(months=months)


def test_the_same_news_again_are_the_same_figures(figures: Figures) -> None:
    figures.run()
    before = figures.digests("2026-09", "2026-10")
    again = figures.run(months="2026-09..2026-10", reason="to see whether it is the same")
    assert again is not None
    assert before
    assert figures.digests("2026-09", "2026-10") == before
    assert figures.restated(again.run_no) == []


def test_a_late_report_states_a_month_anew_and_says_why(figures: Figures, system: System) -> None:
    first = figures.run()
    assert first is not None
    system.report(enrolled(a_number(), "DCI003", **given("USD 7.00", SEPTEMBER)))
    figures.run(months="2026-10", reason="another month")
    assert figures.table("N1", "2026-09").run_no == first.run_no
    before = figures.values("N1", "2026-09")[""]
    again = figures.run(months="2026-09", reason="a programme reported late")
    assert again is not None
    assert again.kind == "recompute"
    [total] = [
        each
        for each in figures.restated(again.run_no)
        if (each.indicator, each.breakdown, each.period) == ("N1", "", "2026-09")
    ]
    assert (total.value_before, total.value_after) == (before, str(int(before or 0) + 1))
    assert (total.before_run, total.cells_changed, total.largest_change) == (first.run_no, 1, "1")
    assert any("DCI003" in why for why in total.why)
    assert figures.table("N1", "2026-09", run_no=first.run_no).cells[0].value == before


def test_a_run_that_fails_leaves_no_figure(
    figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(inputs: PeriodInputs) -> list[FigureTable]:
        raise ZeroDivisionError

    monkeypatch.setattr(count_people, "count_year", fails)
    with pytest.raises(ZeroDivisionError):
        figures.run()
    [noted] = figures.desk.door.owner("select state, reason, tables from indicator_run")
    assert (noted["state"], noted["reason"], noted["tables"]) == ("failed", "ZeroDivisionError", 0)
    assert figures.desk.door.owner("select from figure_table") == []
    monkeypatch.undo()
    assert figures.run() is not None


def test_only_one_works_at_a_time(figures: Figures) -> None:
    async def both() -> None:
        async with due.alone(figures.desk.database):
            await figures.running()

    with pytest.raises(Conflict, match="being worked out already"):
        figures.desk.door.run(both())


def test_what_was_not_counted_is_not_found(figures: Figures) -> None:
    figures.run()
    with pytest.raises(NotFound, match="no figures"):
        figures.table("N1", "2020-01")


def test_a_run_leaves_what_simulations_stand_on(figures: Figures) -> None:
    figures.run()
    ground = read_ground(newest_ground(figures.folders.ground))
    assert str(ground.month) == "2026-10"
    reached = {code: len(each.people) for code, each in ground.programmes.items()}
    frozen = figures.values("N1", "2026-10", "programme")
    assert {code: n for code, n in reached.items() if n} == {
        code: int(value or 0) for code, value in frozen.items()
    }
