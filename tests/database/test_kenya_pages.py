"""Forty-seven counties on the map, of officers and of the public, within what a slow line bears."""

from __future__ import annotations

import asyncio

import pytest
from typer.testing import CliRunner

from ibr.access.staff.add_officer import add_officer
from ibr.cli.main import app
from ibr.db.pool import owner_transaction
from tests.conftest import SHARED
from tests.database.test_web_pages import visitor
from tests.made_figures import freeze_made_at
from tests.made_people import made_areas2
from tests.people_web import PASSWORD
from tests.releases_web import build, publish_by_two, reader
from tests.web_country import WebCountry

DATA = SHARED / "data"
COUNTIES = 47
FIRST_VIEW = 300_000
ANALYST = "counties@example.org"

pytestmark = pytest.mark.skipif(
    not (DATA / "ken_counties_osm.geojson").exists(),
    reason=f"the outlines of Kenya's counties are not at {DATA}",
)


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("IBR_DATABASE_URL", dsn)
        file = str(DATA / "ken_counties_osm.geojson")
        words = ["areas", "import", file, "--level", "1", "--parent", "KE=Kenya"]
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output
    asyncio.run(_filled(dsn))
    return WebCountry(dsn)


async def _filled(dsn: str) -> None:
    async with owner_transaction(dsn) as connection:
        # Two people, as a release is signed by two.
        for email in (ANALYST, "second@example.org"):
            await add_officer(connection, email, "Analyst", "analyst", None, PASSWORD)
        rows = await connection.fetch("select code from ibr.area where level = 1 order by code")
    counties = [row["code"] for row in rows]
    assert len(counties) == COUNTIES
    districts = made_areas2(counties, COUNTIES)
    await freeze_made_at(
        dsn, months=2, people=6000, areas1=counties, areas2=districts, restated=False
    )
    await publish_by_two(dsn, await build(dsn, "public", "2026-10"))


async def test_officers_see_every_county(country: WebCountry) -> None:
    async with visitor(country, ANALYST) as client:
        page = await client.get("/coverage")
        style = await client.get("/static/style.css")
        script = await client.get("/static/htmx.min.js")
    assert page.status_code == 200
    assert page.text.count('class="area') >= COUNTIES
    for name in ("Turkana", "Mombasa", "Nairobi"):
        assert name in page.text
    assert sum(len(each.content) for each in (page, style, script)) < FIRST_VIEW


async def test_the_public_sees_every_county(country: WebCountry) -> None:
    async with reader(country) as client:
        page = await client.get("/public/en/coverage")
        style = await client.get("/static/style.css")
        more = await client.get("/static/public.css")
    assert page.status_code == 200
    for name in ("Turkana", "Mombasa", "Nairobi"):
        assert name in page.text
    assert sum(len(each.content) for each in (page, style, more)) < FIRST_VIEW
