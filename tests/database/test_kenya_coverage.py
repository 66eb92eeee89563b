"""Coverage of Kenya by county, age and sex, over the census as it lies in the shared folder."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from ibr.cli.main import app
from ibr.coverage.engine.denominators import Denominators, open_denominators
from ibr.coverage.engine.month import PeriodInputs, count_month
from ibr.coverage.facts.people import make_people
from ibr.coverage.facts.programmes import read_programmes
from ibr.coverage.facts.write import write_facts
from ibr.coverage.figures.model import AGE_BANDS, FigureTable, month_period
from ibr.db.pool import open_database
from ibr.overlaps.checks.story import Story, Who
from ibr.periods import Month
from tests.check_tables import loaded
from tests.conftest import SHARED, scratch_folder

DATA = SHARED / "data"
COUNTIES = 47
AUGUST = month_period(Month(2026, 8))
IMPORTS = (
    ("areas", "import", "ken_counties_osm.geojson", "--level", "1", "--parent", "KE=Kenya"),
    ("areas", "import", "ken2019_pop_county_subcounty_age_sex.csv", "--level", "2"),
    ("population", "import", "ken2019_pop_county_subcounty_age_sex.csv", "--year", "2019",
     "--day", "2019-08-24", "--source", "KNBS"),
    ("population", "import", "ken2019_households_county.csv", "--year", "2019", "--source",
     "KNBS", "--group", "households", "--accept-close"),
    ("population", "import", "ken2019_disability_county_subcounty.csv", "--year", "2019",
     "--source", "KNBS", "--group", "disability", "--accept-close"),
)  # fmt: skip

pytestmark = pytest.mark.skipif(
    not (DATA / "ken_counties_osm.geojson").exists(),
    reason=f"the census of Kenya is not at {DATA}",
)


@pytest.fixture(scope="module")
def kenya(dsn: str) -> tuple[Denominators, list[Any]]:
    """The denominators, and every area as a row of a snapshot."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("IBR_DATABASE_URL", dsn)
        for noun, verb, file, *words in IMPORTS:
            result = CliRunner().invoke(app, [noun, verb, str(DATA / file), *words])
            assert result.exit_code == 0, result.output
    return asyncio.run(_opened(dsn))


async def _opened(dsn: str) -> tuple[Denominators, list[Any]]:
    database = await open_database(dsn, "ibr_worker", size=2, name="test Kenya")
    try:
        async with database.transaction(()) as connection:
            rows = await connection.fetch("select code, parent, level from ibr.area")
            return await open_denominators(connection), [dict(row) for row in rows]
    finally:
        await database.close()


@pytest.fixture(scope="module")
def counted(kenya: tuple[Denominators, list[Any]]) -> Iterator[dict[str, FigureTable]]:
    """C2 and C1 by breakdown, over a small made-up caseload in every sub-county."""
    denominators, areas = kenya
    folder = scratch_folder()
    connection = _caseload(areas)
    tables = count_month(
        PeriodInputs(
            connection=connection,
            period=AUGUST,
            facts=write_facts(connection, AUGUST, folder).path,
            programmes=read_programmes(connection),
            denominators=denominators,
        )
    )
    yield {f"{each.indicator} {each.breakdown}": each for each in tables}
    connection.close()
    shutil.rmtree(folder)


def _caseload(areas: list[dict[str, Any]]) -> duckdb.DuckDBPyConnection:
    rng, story = random.Random(47), Story()
    story.programme(1, "OPCT", functions="1").rule(1, "age_from", years=70)
    counties = {area["code"] for area in areas if area["level"] == 1}
    number = 0
    for area in areas:
        if area["level"] == 2 and area["parent"] in counties:
            for _ in range(20):
                number += 1
                who = Who(number, f"{rng.randint(1925, 1956)}-03-04", sex=rng.choice((1, 2)))
                story.enrol(number, 1, who, paid="08-05", district=area["code"])
                story.tables["record"][-1]["region_code"] = area["parent"]
    story.tables["area"] = areas
    connection = loaded(story.tables)
    make_people(connection)
    return connection


def test_every_county_has_coverage_by_age_and_sex(counted: dict[str, FigureTable]) -> None:
    table = counted["C2 area1*sex*age"]
    places = {
        (area, sex, age) for area, sex, age in table.by_key if table.by_key[area, sex, age].value
    }
    assert len(places) == COUNTIES * 2 * len(AGE_BANDS)
    assert table.sources[:1] == ("KNBS, 2019, census",)


def test_the_whole_is_the_census(counted: dict[str, FigureTable]) -> None:
    assert counted["C2 "].by_key[()].denominator == 47_562_772
    people = [cell.denominator or 0 for cell in counted["C2 area1"].cells]
    assert (len(people), sum(people)) == (COUNTIES, 47_562_772)


def test_ages_and_sexes_add_up_in_every_county(counted: dict[str, FigureTable]) -> None:
    parts: dict[str, int] = {}
    for cell in counted["C2 area1*sex*age"].cells:
        parts[cell.key[0]] = parts.get(cell.key[0], 0) + cell.numerator
    assert parts == {cell.key[0]: cell.numerator for cell in counted["C2 area1"].cells}


def test_the_target_group_is_counted_in_every_county(counted: dict[str, FigureTable]) -> None:
    table = counted["C1 programme*area1"]
    assert len([cell for cell in table.cells if cell.value]) == COUNTIES
    assert len([cell for cell in counted["C3 area1"].cells if cell.value]) == COUNTIES


def test_what_was_counted_years_away_is_said(counted: dict[str, FigureTable]) -> None:
    assert any("7 years away" in each for each in counted["C2 "].sources)
