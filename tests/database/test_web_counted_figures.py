"""The pages of figures over what the engines truly count: reported, run, frozen, opened."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from ibr.access.staff.add_officer import add_officer
from tests import people_web
from tests.database.test_indicator_runs import OCTOBER, SEPTEMBER, Figures
from tests.database.test_web_overlaps import OFFICER, PAGES, rows
from tests.database.test_web_pages import visitor
from tests.door import Door
from tests.people import a_number, enrolled, given
from tests.snapshots import Desk
from tests.web_country import WebCountry


@pytest.fixture(scope="module")
def counted(door: Door) -> WebCountry:
    """Four records in September; in October one of another programme alone."""
    system, desk = door.partner(), Desk(door)
    system.report(
        enrolled(a_number(), "DCI001", **given("USD 12.50", SEPTEMBER)),
        enrolled(a_number(), "DCI002", **given("USD 5.00", SEPTEMBER)),
        enrolled(a_number(), "DCI001", **given("USD 12.50", SEPTEMBER)),
        enrolled(a_number(), "DCI002", **given("USD 5.00", SEPTEMBER)),
    )
    system.report(enrolled(a_number(), "DCI003", **given("USD 7.00", OCTOBER)))
    assert Figures(desk).run() is not None
    desk.close()
    asyncio.run(_officer(door.dsn))
    return WebCountry(door.dsn)


async def _officer(dsn: str) -> None:
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    try:
        await add_officer(
            connection, OFFICER, "Omar", "programme_officer", None, people_web.PASSWORD
        )
    finally:
        await connection.close()


async def opened(country: WebCountry, path: str) -> str:
    async with visitor(country, OFFICER) as client:
        answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_every_page_opens(counted: WebCountry) -> None:
    async with visitor(counted, OFFICER) as client:
        for path in PAGES:
            for asked in (
                "",
                "?period=2026-09",
                "?programme=DCI001",
                "?period=2026-09&programme=DCI002",
            ):
                answer = await client.get(path + asked)
                assert answer.status_code == 200, path + asked


async def test_people_of_each_programme_stand_on_the_diagonal(counted: WebCountry) -> None:
    html = await opened(counted, "/overlaps?period=2026-09")
    found = rows(html, "Programmes and who else is in them")
    by_code = {row[0].rsplit(" ", 1)[-1]: row[1:] for row in found[1:]}
    columns = found[0][1:]
    assert {code: by_code[code][columns.index(code)] for code in columns} == {
        "DCI001": "2",
        "DCI002": "2",
    }


async def test_who_came_and_who_left_is_told_by_programme(counted: WebCountry) -> None:
    html = await opened(counted, "/overlaps?period=2026-10")
    changes = {row[0]: row[1:] for row in rows(html, "Who came and who left, by programme")[1:]}
    newcomers = next(row for name, row in changes.items() if row[3] == "1")
    assert newcomers == ["0", "0", "", "1", "1"]


async def test_money_is_what_was_given(counted: WebCountry) -> None:
    html = await opened(counted, "/money?period=2026-09")
    assert "USD\xa035.00" in html
    given_by = rows(html, "Money by programme")[1:]
    assert sorted(row[2] for row in given_by) == ["USD 10.00", "USD 25.00"]


async def test_fields_that_are_filled_are_told(counted: WebCountry) -> None:
    html = await opened(counted, "/quality?period=2026-09")
    fields = {row[0] for row in rows(html, "Fields, the emptiest first")[1:]}
    assert {"Date of birth", "Sex", "Region"} <= fields


async def test_without_population_a_gap_says_what_it_takes(counted: WebCountry) -> None:
    html = await opened(counted, "/gaps?period=2026-09")
    assert "ibr population import" in html
