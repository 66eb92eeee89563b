"""Who a person of the facts is: whose record, which place, which household, which age."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ibr.coverage.facts.membership import make_membership
from ibr.coverage.facts.write import (
    COLUMNS,
    GIVEN_COLUMNS,
    drop_other_facts,
    facts_folder,
    given_beside,
    write_facts,
)
from ibr.coverage.figures.model import month_period, year_period
from ibr.overlaps.checks.find import complete
from ibr.overlaps.checks.story import Story, Who
from ibr.periods import Month
from tests.conftest import scratch_folder
from tests.figure_populations import opened

AUGUST = month_period(Month(2026, 8))
PEN, FOOD = 1, 2
AREAS = (("R1", "C", 1), ("R2", "C", 1), ("R1D1", "R1", 2), ("R2D1", "R2", 2))


@pytest.fixture
def folder() -> Iterator[Path]:
    place = scratch_folder()
    yield place
    shutil.rmtree(place)


def ground() -> Story:
    return Story().programme(PEN, "PEN").programme(FOOD, "FOOD", unit=2)


def known(story: Story, on: str) -> Story:
    """Says when the registry learned of the record that was written last."""
    story.tables["record"][-1]["known_on"] = date.fromisoformat(on)
    return story


def people(story: Story) -> dict[int, dict[str, Any]]:
    connection = opened(complete(story.tables))
    cursor = connection.execute("""
        select p.*, h.person_id as head from people p join people h on h.person_no = p.home
    """)
    names = [each[0] for each in cursor.description or ()]
    found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    connection.close()
    return {row["person_id"]: row for row in found}


def rows(story: Story, folder: Path, *columns: str) -> set[tuple[Any, ...]]:
    """Columns of the facts of August, after programme and person."""
    connection = opened(complete(story.tables))
    file = write_facts(connection, AUGUST, folder).path
    listed = ", ".join(["f.programme_id", "p.person_id", *(f"f.{each}" for each in columns)])
    found = connection.execute(
        f"select {listed} from read_parquet('{file}') f join people p using (person_no)"
    ).fetchall()
    connection.close()
    return set(found)


def rows_of_people(story: Story, folder: Path, column: str) -> set[tuple[int, int]]:
    return {(programme, person) for programme, person, said in rows(story, folder, column) if said}


def test_the_newest_report_that_says_anything_of_it_counts() -> None:
    story = ground().enrol(1, PEN, Who(7, "1950-02-03", sex=2, disabled=True))
    known(story, "2026-03-01").enrol(2, FOOD, Who(7, None, sex=0, disabled=False), unit=1)
    known(story, "2026-05-01")
    who = people(story)[7]
    assert (who["sex"], who["birth_date"], who["disability"]) == (2, date(1950, 2, 3), False)


def test_of_two_reports_of_one_day_the_later_record_counts() -> None:
    story = known(ground().enrol(1, PEN, Who(7, sex=1)), "2026-05-01")
    known(story.enrol(2, FOOD, Who(7, sex=2), unit=1), "2026-05-01")
    assert people(story)[7]["sex"] == 2


@pytest.mark.parametrize(
    ("region", "district", "place"),
    [
        ("R1", "R1D1", ("R1", "R1D1", 1)),
        (None, "R2D1", ("R2", "R2D1", 2)),
        ("R1", "R2D1", ("R1", "", 1)),
        ("R9", "R1D1", ("R1", "R1D1", 2)),
        ("R1", "D99", ("R1", "", 1)),
        (None, None, ("", "", 0)),
    ],
    ids=["both", "district alone", "at odds", "no such region", "no such district", "nothing"],
)
def test_a_place_is_what_the_list_of_areas_knows(
    region: str | None, district: str | None, place: tuple[str, str, int]
) -> None:
    story = ground().enrol(1, PEN, Who(7))
    story.tables["record"][-1] |= {"region_code": region, "district_code": district}
    story.tables["area"] = [{"code": c, "parent": p, "level": n} for c, p, n in AREAS]
    who = people(story)[7]
    assert (who["area1"], who["area2"], who["area_how"]) == place


def test_without_a_list_of_areas_places_are_as_reported() -> None:
    who = people(ground().enrol(1, PEN, Who(7), district="D11"))[7]
    assert (who["area1"], who["area2"]) == ("D1", "D11")


def test_a_household_is_known_by_its_head() -> None:
    story = ground().enrol(1, FOOD, Who(5), Who(6)).enrol(2, PEN, Who(6)).enrol(3, PEN, Who(8))
    assert {n: row["head"] for n, row in people(story).items()} == {5: 5, 6: 5, 8: 8}


def test_a_group_without_a_head_is_its_first_member_s(folder: Path) -> None:
    story = ground().enrol(1, FOOD, Who(5), Who(6), paid="08-05")
    for row in story.tables["appearance"]:
        row |= {"is_head": False, "is_own": False}
    assert rows_of_people(story, folder, "is_direct") == {(FOOD, 5)}


def test_a_record_that_names_nobody_is_one_person_of_whom_nothing_is_known(folder: Path) -> None:
    story = ground().enrol(1, FOOD, Who(5), paid="08-05", unit=2)
    story.tables["appearance"] = []
    [(programme, _, area1, sex, age)] = rows(story, folder, "area1", "sex", "age")
    assert (programme, area1, sex, age) == (FOOD, "D1", 0, None)


def test_indirect_is_whoever_lives_with_somebody_who_was_given(folder: Path) -> None:
    story = ground().enrol(1, FOOD, Who(5), Who(6), Who(7), paid="08-05").enrol(2, PEN, Who(8))
    story.enrol(3, FOOD, Who(9), Who(10)).enrol(4, PEN, Who(10), paid="08-05")
    assert rows_of_people(story, folder, "is_direct") == {(FOOD, 5), (PEN, 10)}
    assert rows_of_people(story, folder, "is_indirect") == {(FOOD, 6), (FOOD, 7), (PEN, 9)}


def test_a_household_that_has_ended_shares_nothing_of_a_single_person(folder: Path) -> None:
    story = ground().enrol(3, FOOD, Who(9), Who(10), until="2026-07-31")
    story.enrol(4, PEN, Who(10), paid="08-05")
    assert rows_of_people(story, folder, "is_indirect") == set()


def test_nobody_is_direct_and_indirect_of_one_programme(folder: Path) -> None:
    story = ground().enrol(1, FOOD, Who(5), Who(6)).enrol(2, PEN, Who(5), paid="08-05")
    story.enrol(3, PEN, Who(6), paid="08-06")
    assert rows_of_people(story, folder, "is_direct") == {(PEN, 5), (PEN, 6)}
    assert rows_of_people(story, folder, "is_indirect") == set()


@pytest.mark.parametrize(
    ("birth", "age", "band"),
    [
        ("1961-08-31", 65, 13),
        ("1961-09-01", 64, 12),
        ("2026-08-31", 0, 0),
        ("2026-09-01", None, -1),
        ("1900-01-01", 126, 16),
        (None, None, -1),
    ],
)
def test_age_is_that_of_the_last_day(
    birth: str | None, age: int | None, band: int, folder: Path
) -> None:
    story = ground().enrol(1, PEN, Who(7, birth), paid="08-05")
    assert rows(story, folder, "age", "age_band") == {(PEN, 7, age, band)}


def test_enrolled_is_whoever_is_in_on_the_last_day(folder: Path) -> None:
    story = ground().enrol(1, PEN, Who(7), until="2026-08-30").enrol(2, PEN, Who(8))
    story.enrol(3, PEN, Who(9), until="2026-08-31").enrol(4, PEN, Who(10), since="2026-09-01")
    assert rows_of_people(story, folder, "is_enrolled") == {(PEN, 8), (PEN, 9)}


def test_kinds_are_those_that_were_given(folder: Path) -> None:
    story = ground().enrol(1, FOOD, Who(5), Who(6), paid="08-05", kind=3).pay(1, FOOD, "08-09")
    assert rows(story, folder, "types") == {(FOOD, 5, 0b1010), (FOOD, 6, 0b1010)}


def test_files_are_for_the_registry_s_user_and_have_the_columns_said(folder: Path) -> None:
    place = facts_folder(folder)
    connection = opened(complete(ground().enrol(1, PEN, Who(7), paid="08-05").tables))
    file = write_facts(connection, AUGUST, place)
    for path, columns in ((file.path, COLUMNS), (given_beside(file.path), GIVEN_COLUMNS)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        told = connection.execute(f"describe select * from read_parquet('{path}')").fetchall()
        assert [row[0] for row in told] == list(columns)
    assert {stat.S_IMODE(p.stat().st_mode) for p in (place, place.parent, file.path.parent)} == {
        0o700
    }
    assert (file.period, file.rows, file.path.stem) == ("2026-08", 1, file.sha256[:16])
    connection.close()


def test_the_same_facts_are_the_same_file_and_others_another(folder: Path) -> None:
    connection = opened(complete(ground().enrol(1, PEN, Who(7), paid="08-05 09-05").tables))
    first, again = (write_facts(connection, AUGUST, folder) for _ in range(2))
    other = write_facts(connection, month_period(Month(2026, 7)), folder)
    assert first == again
    assert other.sha256 != first.sha256
    assert drop_other_facts(folder, [first.path]) == 2
    assert first.path.exists()
    assert given_beside(first.path).exists()
    assert not other.path.exists()
    connection.close()


def test_a_year_holds_benefits_of_all_its_months(folder: Path) -> None:
    story = ground().enrol(1, PEN, Who(7), paid="01-05 12-05").enrol(2, PEN, Who(8))
    connection = opened(complete(story.tables))
    file = write_facts(connection, year_period(2026), folder)
    said = connection.execute(
        f"select is_direct, is_enrolled, age from read_parquet('{file.path}')"
    ).fetchall()
    given = connection.execute(
        f"select minor, benefits from read_parquet('{given_beside(file.path)}')"
    ).fetchall()
    connection.close()
    assert (said, given) == ([(True, False, 46)], [(100_000, 2)])


def test_membership_is_each_person_once_a_month(folder: Path) -> None:
    connection = opened(complete(ground().enrol(1, PEN, Who(7), paid="07-05 08-05 08-20").tables))
    assert make_membership(connection, [Month(2026, 7), Month(2026, 8), Month(2026, 9)]) == 2
    assert make_membership(connection, []) == 0
    connection.close()
