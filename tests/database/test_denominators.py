"""Areas and population by the command line: whole files in, the same again without effect."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from click.testing import Result
from typer.testing import CliRunner

from ibr.cli.main import app
from ibr.coverage.population.denominator import denominator
from ibr.coverage.population.model import ALL, EVERY_AGE, OPEN, WOMEN, Ages
from ibr.db.pool import owner_transaction
from ibr.registry.areas.rules import places_of, size_of
from tests.conftest import scratch_folder

KENYA = 47_562_772
BANGLADESH = 144_043_697


@pytest.fixture(autouse=True)
def empty(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IBR_DATABASE_URL", dsn)
    tables = "population, population_source, area_version, area_succession, area_list, area_map"
    asyncio.run(_owner(dsn, f"truncate ibr.{tables.replace(', ', ', ibr.')}, ibr.area cascade"))


@pytest.fixture
def folder() -> Iterator[Path]:
    made = scratch_folder()
    yield made
    shutil.rmtree(made, ignore_errors=True)


async def _owner(dsn: str, statement: str) -> list[Any]:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(statement)
    finally:
        await connection.close()


def rows(dsn: str, statement: str) -> list[Any]:
    return asyncio.run(_owner(dsn, statement))


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def done(*words: str | Path) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def refused(*words: str | Path) -> str:
    result = run(*words)
    assert result.exit_code == 1, result.output
    return " ".join(result.output.split())


def square(west: float, east: float, name: str, **more: str) -> dict[str, Any]:
    ring = [[west, 0], [east, 0], [east, 1], [west, 1], [west, 0]]
    return {
        "type": "Feature",
        "properties": {"name": name, **more},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def a_map(folder: Path, *features: dict[str, Any]) -> Path:
    file = folder / "areas.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return file


def a_file(folder: Path, text: str, name: str = "figures.csv") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def two_regions(folder: Path) -> None:
    file = a_map(folder, square(30, 31, "NORTH"), square(31, 32, "SOUTH"))
    done("areas", "import", file, "--level", "1", "--parent", "C=Country")


# -- Areas


def test_areas_go_in_once(dsn: str, folder: Path) -> None:
    file = a_map(folder, square(30, 31, "NORTH"), square(31, 32, "SOUTH"))
    words = ("areas", "import", file, "--level", "1", "--parent", "C=Country")
    assert done(*words, "--dry-run")["new"] == ["C", "C.NORTH", "C.SOUTH"]
    assert rows(dsn, "select * from ibr.area") == []
    assert done(*words)["list_no"] is not None
    before = rows(dsn, "select * from ibr.area order by code")
    again = done(*words)
    assert (again["new"], again["changed"], again["list_no"]) == ([], [], None)
    assert rows(dsn, "select * from ibr.area order by code") == before
    assert len(rows(dsn, "select * from ibr.area_list")) == 1
    assert run("areas", "check").exit_code == 0
    assert len(done("areas", "list", "--level", "1")) == 2


def test_a_shape_outside_the_map_is_refused_until_the_map_is_laid_out_anew(
    dsn: str, folder: Path
) -> None:
    two_regions(folder)
    far = a_map(folder, square(50, 51, "ELSEWHERE"))
    words = ("areas", "import", far, "--level", "1", "--parent", "C")
    assert "--new-map" in refused(*words)
    assert len(rows(dsn, "select * from ibr.area")) == 3
    assert done(*words, "--new-map")["new"] == ["C.ELSEWHERE"]
    drawn = rows(dsn, "select code from ibr.area where outline is not null")
    assert [row["code"] for row in drawn] == ["C.ELSEWHERE"]


def test_a_split_area_ends_and_its_figures_stay(dsn: str, folder: Path) -> None:
    two_regions(folder)
    text = "area,total\nNorth,10\nSouth,20\n"
    words = ("population", "import", a_file(folder, text), "--year", "2019", "--source", "census")
    done(*words)
    file = a_map(folder, square(30, 31, "NORTH"), square(31, 31.5, "LOW"), square(31.5, 32, "DEEP"))
    split = ("areas", "import", file, "--level", "1", "--parent", "C", "--version", "2021")
    assert "--valid-from" in refused(*split)
    told = done(
        *split, "--valid-from", "2021-01-01", "--follows", "C.LOW=C.SOUTH", "--follows",
        "C.DEEP=C.SOUTH",
    )  # fmt: skip
    assert (told["ended"], sorted(told["new"])) == (["C.SOUTH"], ["C.DEEP", "C.LOW"])
    before = done("areas", "list", "--level", "1", "--on", "2020-06-01")
    assert [each["code"] for each in before] == ["C.NORTH", "C.SOUTH"]
    assert len(done("areas", "list", "--level", "1", "--on", "2021-06-01")) == 3
    assert done("population", "show", "C", "--year", "2019")["people"] == 30
    assert done("population", "show", "C.SOUTH", "--year", "2019")["people"] == 20
    assert "no South on that day" in refused("population", "show", "C.SOUTH", "--day", "2022-01-01")
    old = rows(dsn, "select outline from ibr.area_version where code = 'C.SOUTH'")
    assert old[0]["outline"]


def test_two_areas_of_one_name_are_refused(dsn: str, folder: Path) -> None:
    file = a_map(folder, square(30, 31, "NORTH"), square(31, 32, "North"))
    said = refused("areas", "import", file, "--level", "1", "--parent", "C=Country")
    assert "same area" in said
    assert rows(dsn, "select * from ibr.area") == []


# -- Population


def test_figures_go_in_once_and_newer_ones_stand_in_their_place(dsn: str, folder: Path) -> None:
    two_regions(folder)
    words = ("population", "import", "--year", "2019", "--source", "census")
    first = a_file(folder, "area,total\nNorth,10\nSouth,20\n")
    assert done(*words, first, "--dry-run")["sources"] == []
    assert rows(dsn, "select * from ibr.population") == []
    [number] = done(*words, first)["sources"]
    again = done(*words, first)
    assert (again["unchanged"], again["sources"]) == (True, [number])
    assert len(rows(dsn, "select * from ibr.population")) == 2
    moment = rows(dsn, "select clock_timestamp() as at")[0]["at"]
    done(*words, a_file(folder, "area,total\nSouth,25\n"))
    assert done("population", "show", "C.SOUTH", "--year", "2019")["people"] == 25

    async def as_known(at: datetime | None) -> int:
        async with owner_transaction(dsn) as connection:
            day = date(2019, 7, 1)
            return (await denominator(connection, ["C.SOUTH"], day, known_on=at)).people

    assert asyncio.run(as_known(moment)) == 20
    assert asyncio.run(as_known(datetime.now(UTC))) == 25
    assert len(done("population", "list")) == 2


def test_a_wrong_name_lets_nothing_in_and_names_the_nearest(dsn: str, folder: Path) -> None:
    two_regions(folder)
    file = a_file(folder, "area,total\nNorth,10\nSuoth,20\n")
    said = refused("population", "import", file, "--year", "2019", "--source", "census")
    assert "South (C.SOUTH)" in said
    assert rows(dsn, "select * from ibr.population_source") == []
    corrected = a_file(folder, "area,total\nNorth,10\nSouth,20\n")
    done("population", "import", corrected, "--year", "2019", "--source", "census")
    assert len(rows(dsn, "select * from ibr.population")) == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"area,total\nNorth,10\nSouth,-20\n", "less than nobody"),
        (b"area,total\nNorth,10\nSouth", "whole"),
        ("area,total\nNorth,10\nSüd,20\n".encode("cp1252"), "--encoding"),
        (b"area,male,female,total\nNorth,10,10,90\nSouth,500,500,900\n", "--accept-differences"),
    ],
)
def test_a_faulty_file_lets_nothing_in(dsn: str, folder: Path, content: bytes, says: str) -> None:
    two_regions(folder)
    file = folder / "faulty.csv"
    file.write_bytes(content)
    assert says in refused("population", "import", file, "--year", "2019", "--source", "census")
    assert rows(dsn, "select * from ibr.population_source") == []


def test_semicolons_and_a_mark_at_the_beginning_are_read(folder: Path) -> None:
    two_regions(folder)
    file = folder / "excel.csv"
    file.write_bytes(
        b"\xef\xbb\xbfarea;male;female;total\r\nNorth;5,0;5,0;10,0\r\nSouth;9;11;20\r\n"
    )
    done("population", "import", file, "--year", "2019", "--source", "census")
    assert done("population", "show", "C", "--year", "2019", "--sex", "F")["people"] == 16


def test_years_of_a_column_are_sets_of_their_own(folder: Path) -> None:
    two_regions(folder)
    text = "area,year,total\nNorth,2020,100\nNorth,2022,144\nSouth,2020,10\nSouth,2022,10\n"
    file = a_file(folder, text)
    done("population", "import", file, "--source", "office", "--method", "projection")
    assert [each["year"] for each in done("population", "list")] == [2020, 2022]
    assert done("population", "show", "C.NORTH", "--day", "2021-07-01")["people"] == 120


# -- The real files


@pytest.fixture
def data(shared: Path) -> Path:
    return shared / "data"


def kenya(data: Path) -> None:
    words = ("--level", "1", "--parent", "KE=Kenya")
    done("areas", "import", data / "ken_counties_osm.geojson", *words)
    figures = data / "ken2019_pop_county_subcounty_age_sex.csv"
    done("areas", "import", figures, "--level", "2")
    done("population", "import", figures, "--year", "2019", "--source", "KNBS")


def test_kenya_goes_in_as_it_is(dsn: str, data: Path) -> None:
    kenya(data)
    counties = rows(
        dsn, "select outline, population from ibr.area where level = 1 and parent = 'KE'"
    )
    assert len(counties) == 47
    assert all(row["outline"] and row["population"] for row in counties)
    assert sum(len(row["outline"]) for row in counties) < 60_000
    assert sum(row["population"] for row in counties) == KENYA
    assert run("areas", "check").exit_code == 0
    assert done("population", "show", "KE", "--year", "2019")["people"] == KENYA
    old = done("population", "show", "KE", "--year", "2019", "--age", "60+", "--sex", "F")
    single = "select sum(people) from ibr.population p join ibr.area a on a.code = area_code "
    single += (
        "where level = 1 and sex = 2 and age_from >= 60 and (age_from = age_to or age_from = 100)"
    )
    assert old["people"] == rows(dsn, single)[0][0]
    for group, file in (
        ("households", "ken2019_households_county.csv"),
        ("disability", "ken2019_disability_county_subcounty.csv"),
    ):
        words = ("population", "import", data / file, "--year", "2019", "--source", "KNBS")
        assert "--accept-close" in refused(*words, "--group", group)
        told = done(*words, "--group", group, "--accept-close")
        assert told["differences"] == []
    assert done("population", "show", "KE", "--year", "2019", "--group", "households")[
        "people"
    ] == (12_143_913)


def test_the_map_of_kenya_has_no_gap_between_neighbours(dsn: str, data: Path) -> None:
    words = ("--level", "1", "--parent", "KE=Kenya")
    done("areas", "import", data / "ken_counties_osm.geojson", *words)
    drawn = rows(dsn, "select outline from ibr.area where level = 1")
    rings = [ring for row in drawn for ring in places_of(row["outline"])]
    edges = [frozenset(pair) for ring in rings for pair in pairwise(ring)]
    shared = [edge for edge in set(edges) if edges.count(edge) == 2]
    assert max(edges.count(edge) for edge in set(edges)) == 2
    # Shared lines are drawn once for both, and what remains is the border of the country.
    assert len(shared) > 600
    assert 530_000 < sum(map(size_of, rings)) < 540_000


def test_bangladesh_goes_in_at_three_levels(data: Path) -> None:
    done(
        "areas", "import", data / "bgd_pop_upazila_2011.csv", "--level", "3", "--parent",
        "BD=Bangladesh",
    )  # fmt: skip
    for level, name in ((1, "division"), (2, "district"), (3, "upazila")):
        file = data / f"bgd_pop_{name}_2011.csv"
        told = done("population", "import", file, "--year", "2011", "--source", "BBS")
        assert told["total"] == {f"2011, level {level}": BANGLADESH}
        assert told["differences"] == []
    [checked] = done("population", "check")
    assert (checked["differences"], checked["gaps"]) == ([], [])
    assert done("population", "show", "BD", "--year", "2011")["people"] == BANGLADESH
    assert "do not tell women" in refused(
        "population", "show", "BD", "--year", "2011", "--age", "60+", "--sex", "F"
    )


def test_ages_and_sexes_of_a_denominator(dsn: str, data: Path) -> None:
    kenya(data)

    async def ask(ages: Ages, sex: int) -> int:
        async with owner_transaction(dsn) as connection:
            found = await denominator(
                connection, ["KE.NAIROBI", "KE.MERU"], date(2019, 7, 1), sex=sex, ages=ages
            )
            assert not found.split
            return found.people

    whole = asyncio.run(ask(EVERY_AGE, ALL))
    young, old = asyncio.run(ask(Ages(0, 64), ALL)), asyncio.run(ask(Ages(65, OPEN), ALL))
    assert 0 < whole - young - old < 1_000
    assert asyncio.run(ask(EVERY_AGE, WOMEN)) < whole
