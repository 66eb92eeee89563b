"""Releases prepared by themselves: built on their day, with files that say what they say."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import date, timedelta
from pathlib import Path

import asyncpg
import pytest

from ibr.cli.release_files import names_in
from ibr.db.pool import Database, open_database
from ibr.publish.releases.calendar.announce import announce
from ibr.publish.releases.read import one_release, tables_of
from ibr.publish.scheduled import release_files
from ibr.publish.scheduled.due import DIGESTS, folder_of, is_anything_to_prepare
from ibr.publish.scheduled.prepare import Prepared, Preparing, prepare
from ibr.publish.scheduled.release_files import digests_in, write_release
from tests.conftest import scratch_folder
from tests.figures_out import INDICATORS, Name, frozen, read_csv, read_json, read_xlsx
from tests.made_figures import freeze_made_at
from tests.people_web import NOW
from tests.releases_web import publish_by_two
from tests.web_country import filled

MONTH = "2026-10"


@pytest.fixture(scope="module")
def country(dsn: str) -> str:
    """Made-up figures and a calendar with a month that was due yesterday and one that is not."""

    async def work() -> None:
        await freeze_made_at(dsn, months=2, people=2000, restated=False)
        database = await open_database(dsn, "ibr_worker", size=1, name="test")
        async with database.transaction(()) as connection:
            for period, days in ((MONTH, -1), ("2026-09", 40)):
                day = date(2026, 12, 1) + timedelta(days=days)
                await announce(connection, "public", period, day, NOW)
        await database.close()

    filled(dsn)
    asyncio.run(work())
    return dsn


@pytest.fixture
def folder() -> Path:
    return scratch_folder()


async def worker(dsn: str) -> Database:
    return await open_database(dsn, "ibr_worker", size=2, name="test")


def prepared(dsn: str, folder: Path, day: date) -> Prepared:
    async def work() -> Prepared:
        database = await worker(dsn)
        try:
            return await prepare(
                Preparing(
                    database=database,
                    indicators=INDICATORS,
                    data_dir=folder,
                    facts=folder / "facts",
                    licence="CC BY 4.0",
                    speak=names_in,
                ),
                NOW.replace(year=day.year, month=day.month, day=day.day),
            )
        finally:
            await database.close()

    return asyncio.run(work())


def anything(dsn: str, folder: Path, day: date) -> bool:
    async def work() -> bool:
        database = await worker(dsn)
        try:
            at = NOW.replace(year=day.year, month=day.month, day=day.day)
            return await is_anything_to_prepare(database, folder, at)
        finally:
            await database.close()

    return asyncio.run(work())


def shown(dsn: str, number: int) -> tuple[dict[Name, str | None], set[Name]]:
    """The figures of a release as they are shown, and the names of those that are not."""

    async def work() -> tuple[dict[Name, str | None], set[Name]]:
        database = await worker(dsn)
        try:
            async with database.transaction(()) as connection:
                assert (await one_release(connection, number)).release_no == number
                every = await tables_of(connection, number)
        finally:
            await database.close()
        hidden = {
            (each.table.indicator, each.table.breakdown, each.table.period, key)
            for each in every
            for key in each.hidden_keys
        }
        return frozen(each.table for each in every), hidden

    return asyncio.run(work())


BEFORE, ON = date(2026, 11, 29), date(2026, 12, 1)


def test_nothing_is_done_before_the_day(country: str, folder: Path) -> None:
    assert not anything(country, folder, BEFORE)
    done = prepared(country, folder, BEFORE)
    assert (done.built, done.written, done.failed) == ([], [], {})


def test_on_its_day_a_month_is_built_with_its_files_and_waits_to_be_signed(
    country: str, folder: Path
) -> None:
    assert anything(country, folder, ON)
    done = prepared(country, folder, ON)
    assert done.failed == {}
    assert done.built == done.written
    (number,) = done.built
    again = prepared(country, folder, ON)
    assert (again.built, again.written) == ([], [])
    assert not anything(country, folder, ON)
    elsewhere = scratch_folder()
    assert prepared(country, elsewhere, ON).written == [number]
    assert digests_in(folder_of(folder, number)) == digests_in(folder_of(elsewhere, number))
    state = asyncio.run(_state(country, number))
    assert state == "built"
    asyncio.run(publish_by_two(country, number))
    assert not anything(country, folder, ON)


async def _state(dsn: str, number: int) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        found: str = await connection.fetchval(
            "select state from ibr.release where release_no = $1", number
        )
        return found
    finally:
        await connection.close()


def test_the_files_say_what_the_release_says_and_nothing_more(country: str, folder: Path) -> None:
    number = prepared(country, folder, ON).written[0]
    place = folder_of(folder, number)
    figures, hidden = shown(country, number)
    expected = {**figures, **dict.fromkeys(hidden)}
    assert hidden
    for suffix, read in (("csv", read_csv), ("json", read_json), ("xlsx", read_xlsx)):
        found = read((place / f"release-{number}.{suffix}").read_bytes())
        assert found == expected
    assert {each.name for each in place.glob("*.pdf")} == {
        f"release-{number}-brief-country-{MONTH}-public-{language}.pdf" for language in ("en", "fr")
    }
    said = dict(line.split("  ")[::-1] for line in (place / DIGESTS).read_text().splitlines())
    assert said == {
        each.name: hashlib.sha256(each.read_bytes()).hexdigest()
        for each in place.iterdir()
        if each.name != DIGESTS
    }


def test_files_are_there_whole_or_not_at_all(
    country: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (number,) = prepared(country, scratch_folder(), ON).written

    def fails(_data: object) -> bytes:
        raise OSError("the disk is full")

    async def work() -> Path:
        database = await worker(country)
        try:
            return await write_release(database, number, folder, INDICATORS, names_in)
        finally:
            await database.close()

    with monkeypatch.context() as patch:
        patch.setattr(release_files, "write_brief", fails)
        with pytest.raises(OSError, match="disk"):
            asyncio.run(work())
    assert not folder_of(folder, number).exists()
    assert (asyncio.run(work()) / DIGESTS).is_file()
