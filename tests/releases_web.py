"""The small country with made-up figures, two releases published of them, one in preparation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import httpx

from ibr.access.staff.rights import RELEASE
from ibr.asker import Asker, Purpose
from ibr.coverage.catalogue.model import Indicator
from ibr.db.pool import open_database
from ibr.publish.releases.build import Wanted, build_release
from ibr.publish.releases.calendar.announce import announce
from ibr.publish.releases.chosen import complete
from ibr.publish.releases.model import Audience
from ibr.publish.releases.sign import look_at_known, publish, sign
from ibr.settings import Settings
from tests.figures_out import an_indicator
from tests.made_figures import freeze_made_at
from tests.people_web import NOW
from tests.web_country import WebCountry, application, filled

MONTHS = ("2026-09", "2026-10")
CHOICE = complete(
    [
        ("N1", "area1*sex"), ("N1", "programme"), ("N1", "function"), ("C2", "area1"),
        ("C2", "sex*age"), ("C5", "area1"), ("SDG131", "series*sex"), ("O4", "programmes"),
        ("O1", "programme*with"), ("R1", "programme"), ("R2", "programme"), ("K1", "part"),
        ("K2", "part"),
    ]
)  # fmt: skip
CATALOGUE: dict[str, Indicator] = {code: an_indicator(code) for code, _ in CHOICE}


def officer(number: int) -> Asker:
    return Asker(
        kind="officer",
        id=number,
        name=f"Officer {number}",
        purpose=Purpose("official_duty"),
        ask=frozenset(),
        scopes=frozenset({RELEASE}),
    )


async def build(dsn: str, audience: Audience, period: str) -> int:
    """Builds a release of a month as the worker does."""
    database = await open_database(dsn, "ibr_worker", size=1, name="test")
    try:
        wanted = Wanted(
            audience=audience, periods=(period,), choice=CHOICE, note="The first figures."
        )
        return await build_release(database, wanted, CATALOGUE, Path("/nonexistent"), NOW)
    finally:
        await database.close()


async def publish_by_two(dsn: str, number: int) -> None:
    database = await open_database(dsn, "ibr_app", size=1, name="test")
    try:
        async with database.transaction(()) as connection:
            await look_at_known(connection, officer(1), number, NOW)
            for who in (1, 2):
                await sign(connection, officer(who), number, NOW)
            await publish(connection, officer(1), number, NOW)
    finally:
        await database.close()


async def _releases(dsn: str) -> None:
    for period in MONTHS:
        await publish_by_two(dsn, await build(dsn, "public", period))
    await build(dsn, "partners", MONTHS[-1])
    database = await open_database(dsn, "ibr_worker", size=1, name="test")
    try:
        async with database.transaction(()) as connection:
            await announce(connection, "public", "2026-11", date(2026, 12, 18), NOW)
    finally:
        await database.close()


def published_country(dsn: str) -> WebCountry:
    """The country with releases 1 and 2 published, and 3 for partners waiting."""
    country = filled(dsn)
    asyncio.run(freeze_made_at(dsn, months=2, people=3000, restated=False))
    asyncio.run(_releases(dsn))
    return country


@asynccontextmanager
async def reader(
    country: WebCountry, settings: Settings | None = None, place: str = "127.0.0.1"
) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody outside: no session, no cookie."""
    async with country.services(settings or Settings()) as services:
        transport = httpx.ASGITransport(app=application(services), client=(place, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://ibr.test") as client:
            client.headers["accept"] = "text/html"
            yield client
