"""A simulation beside the frozen figures of its month: population, and whether they agree."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from ibr.asker import Asker
from ibr.coverage.engine.ground import ground_folder, keep_ground
from ibr.coverage.figures import store
from ibr.coverage.figures.model import FigureTable, NotReported, Run, count_cell, share_cell
from ibr.coverage.what_if.model import ChangeAge, Close, Step
from ibr.db.pool import open_database
from ibr.errors import NotAllowed
from ibr.questions.what_if import Simulated, what_if
from ibr.settings import Settings
from tests.cases_web import as_app, officer
from tests.conftest import scratch_folder
from tests.database.test_web_pages import visitor
from tests.web_country import WebCountry, filled
from tests.what_if_ground import ground, small_country

ANALYST, STEWARD = "analyst@example.org", "steward@example.org"
PERIOD = "2026-09"


def table(indicator: str, breakdown: str, cells: dict[str, int], whole: int = 0) -> FigureTable:
    """A table of one dimension, of counts or of shares of a population."""
    made = [
        share_cell((key,) if breakdown else (), count, whole)
        if whole
        else count_cell((key,) if breakdown else (), count)
        for key, count in cells.items()
    ]
    return FigureTable(
        indicator=indicator, version=1, period=PERIOD, breakdown=breakdown, cells=tuple(made),
        sources=("Census 2019",) if whole else (),
    )  # fmt: skip


COUNTS = {
    "": {"": 4},
    "programme": {"DIS": 2, "PEN": 3},
    "sex": {"1": 2, "2": 2},
    "area1": {"D1": 3, "D2": 1},
}


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.fixture
def settings() -> Iterator[Settings]:
    made = Settings(data_dir=scratch_folder())
    keep_ground(ground(small_country().tables), ground_folder(made.data_dir))
    yield made
    shutil.rmtree(made.data_dir)


AT = datetime(2026, 10, 15, tzinfo=UTC)
RUN = Run(
    run_no=0, kind="full", state="done", snapshot_no=1, as_known_at=AT, first_month=PERIOD,
    last_month=PERIOD, inputs={}, code_version="tests", started_at=AT, finished_at=AT, tables=1,
    cells=1, seconds={}, reason="", asked_by="",
)  # fmt: skip


async def freeze(
    dsn: str,
    counts: dict[str, dict[str, int]],
    whole: int = 100,
    lacking: tuple[NotReported, ...] = (),
) -> None:
    tables = [
        replace(table("N1", breakdown, cells), not_reported=lacking)
        for breakdown, cells in counts.items()
    ]
    tables += [table("C2", each, counts[each], whole) for each in ("", "sex", "area1")]
    tables += [table("C1", "programme", counts["programme"], 40)]
    database = await open_database(dsn, "ibr_worker", size=1, name="test")
    try:
        async with database.transaction(()) as connection:
            number = await store.add_run(connection, RUN)
            await store.add_tables(connection, number, map(store.frozen, tables))
    finally:
        await database.close()


async def simulated(country: WebCountry, settings: Settings, *steps: Step) -> Simulated:
    asker = await officer(country.dsn, ANALYST)
    async with as_app(country.dsn) as database:
        return await what_if(database, asker, ground_folder(settings.data_dir), steps)


async def test_before_anything_is_frozen_there_is_no_population(
    country: WebCountry, settings: Settings
) -> None:
    found = await simulated(country, settings, Close(("PEN",)))
    assert (found.frozen_run, found.agrees, found.sources) == (None, None, ())
    assert found.outcome.whole.whole is None


async def test_what_stands_before_is_what_was_frozen(
    country: WebCountry, settings: Settings
) -> None:
    await freeze(country.dsn, COUNTS)
    found = await simulated(country, settings, Close(("PEN",)))
    assert found.agrees is True
    assert found.sources == ("Census 2019",)
    assert found.outcome.whole.whole == 100
    assert [each.whole for each in found.outcome.programmes] == [40, 40]
    assert [each.whole for each in found.outcome.areas] == [100, 100]
    async with visitor(country, ANALYST, settings=settings) as client:
        page = await client.get("/what-if?kind=close&run=yes&programme=PEN")
    assert "before: 4.00%" in page.text
    assert "2.00%" in page.text
    assert "Population: Census 2019" in page.text
    assert "worked out anew" not in page.text
    assert "check the denominator" not in page.text


async def test_more_than_the_whole_is_shown_with_the_word_to_check(
    country: WebCountry, settings: Settings
) -> None:
    await freeze(country.dsn, COUNTS, whole=3)
    async with visitor(country, ANALYST, settings=settings) as client:
        page = await client.get("/what-if?kind=close&run=yes&programme=PEN")
    assert "before: 133.33%" in page.text
    assert "check the denominator" in page.text


async def test_whose_report_was_not_there_is_said(country: WebCountry, settings: Settings) -> None:
    await freeze(country.dsn, COUNTS, lacking=(NotReported("CASH", date(2026, 10, 10)),))
    found = await simulated(country, settings)
    assert [each.programme for each in found.not_reported] == ["CASH"]
    async with visitor(country, ANALYST, settings=settings) as client:
        page = await client.get("/what-if?kind=close&run=yes&programme=PEN")
    assert "Not in these figures:" in page.text
    assert "Family Cash</bdi>" in page.text
    assert "late since 10" in page.text


async def test_control_where_all_reported_nothing_is_said(
    country: WebCountry, settings: Settings
) -> None:
    await freeze(country.dsn, COUNTS)
    async with visitor(country, ANALYST, settings=settings) as client:
        page = await client.get("/what-if?kind=close&run=yes&programme=PEN")
    assert "Not in these figures:" not in page.text


async def test_another_age_limit_has_another_target_group(
    country: WebCountry, settings: Settings
) -> None:
    await freeze(country.dsn, COUNTS)
    found = await simulated(country, settings, ChangeAge(programme="PEN", age_from=60))
    whole = {each.key: each.whole for each in found.outcome.programmes}
    assert whole == {"DIS": 40, "PEN": None}


@pytest.mark.parametrize("breakdown", COUNTS)
async def test_figures_that_were_worked_out_anew_are_told(
    country: WebCountry, settings: Settings, breakdown: str
) -> None:
    key = next(iter(COUNTS[breakdown]))
    other = COUNTS | {breakdown: COUNTS[breakdown] | {key: COUNTS[breakdown][key] + 1}}
    await freeze(country.dsn, other)
    assert (await simulated(country, settings)).agrees is False
    async with visitor(country, ANALYST, settings=settings) as client:
        page = await client.get("/what-if?kind=close&run=yes&programme=PEN")
    assert "worked out anew" in page.text


async def test_who_may_not_see_the_country_may_not_simulate(
    country: WebCountry, settings: Settings
) -> None:
    asker: Asker = await officer(country.dsn, STEWARD)
    async with as_app(country.dsn) as database:
        with pytest.raises(NotAllowed):
            await what_if(database, asker, ground_folder(settings.data_dir), [])
