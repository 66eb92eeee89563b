"""Facts made of a real snapshot: what programmes are for comes along, and only the folders that
were named are written to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import duckdb
import msgspec
import pytest

from ibr.coverage.facts.people import make_people
from ibr.coverage.facts.programmes import read_programmes
from ibr.coverage.facts.write import TABLES, facts_folder, write_facts
from ibr.coverage.figures.model import month_period
from ibr.errors import Conflict
from ibr.overlaps.snapshot.parquet import digest
from ibr.overlaps.snapshot.read import opened_snapshot
from ibr.overlaps.snapshot.write import folder_of
from ibr.periods import Month
from tests.door import Door, System
from tests.people import a_household, a_member, a_number, enrolled, given, in_programme
from tests.snapshots import Desk

FEBRUARY = month_period(Month(2026, 2))


@pytest.fixture(scope="module")
def desk(door: Door) -> Iterator[Desk]:
    door.owner("update programme set functions = '{2,14}', cycle_months = 2 where code = 'DCI001'")
    desk = Desk(door)
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    system = door.partner()
    members = [a_member(a_number()), a_member(a_number())]
    system.report(
        enrolled(a_number(), "DCI001", **given("USD 12.50", "2026-02-10T00:00:00+00:00")),
        {**a_household(a_number(), *members), **in_programme("DCI001")},
    )
    return system


def test_facts_are_written_beside_the_snapshot(desk: Desk, system: System) -> None:
    taken, folder = desk.take(), facts_folder(desk.door.settings.data_dir)
    with opened_snapshot(desk.folder, taken, TABLES, also=(folder,)) as connection:
        assert make_people(connection) == 3
        programmes = {each.code: each for each in read_programmes(connection).values()}
        assert (programmes["DCI001"].functions, programmes["DCI001"].cycle_months) == ((2, 14), 2)
        assert programmes["DCI002"].functions == ()
        file = write_facts(connection, FEBRUARY, folder)
        said = connection.execute(
            f"select count(*) filter (is_direct), count(*) filter (is_enrolled) "
            f"from read_parquet('{file.path}')"
        ).fetchall()
    assert said == [(1, 2)]


def test_no_folder_is_written_to_that_was_not_named(desk: Desk, system: System) -> None:
    taken, folder = desk.take(), facts_folder(desk.door.settings.data_dir)
    with opened_snapshot(desk.folder, taken, TABLES) as connection:
        make_people(connection)
        with pytest.raises(duckdb.PermissionException):
            write_facts(connection, FEBRUARY, folder)


def test_a_snapshot_of_an_older_version_is_refused_in_words(desk: Desk, system: System) -> None:
    taken = desk.take()
    place = folder_of(desk.folder, taken.snapshot_no)
    older = place.with_name("000998")
    shutil.copytree(place, older)
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select * exclude (functions) from read_parquet('{place}/programme.parquet')) "
            f"to '{older}/programme.parquet' (format parquet)"
        )
    files = taken.files | {"programme.parquet": digest(older / "programme.parquet")}
    written = msgspec.structs.replace(taken, snapshot_no=998, files=files)
    with (
        pytest.raises(Conflict) as refused,
        opened_snapshot(desk.folder, written, TABLES),
    ):
        pass
    assert refused.value.code == "snapshot.older"
