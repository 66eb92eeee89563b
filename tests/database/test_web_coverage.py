"""The first page, the coverage explorer and the indicator library over made-up frozen figures."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from ibr.coverage.catalogue.all import INDICATORS
from ibr.coverage.figures import read
from ibr.coverage.figures.model import FigureTable
from ibr.db.pool import open_database
from ibr.web.pages import coverage
from tests.database.test_web_pages import visitor
from tests.made_figures import add_districts, freeze_made_at
from tests.web_country import WebCountry, filled

OFFICER, STEWARD = "officer@example.org", "steward@example.org"
PAGES = ("/", "/coverage", "/indicators", "/indicators/C2")
VIEWS = [
    "/coverage",
    "/coverage?level=2",
    "/coverage?indicator=C1&of=programme:OAP&area=R2",
    "/coverage?indicator=C1",
    "/coverage?indicator=N1&of=function:1&area=R2-01&sex=2&age=65-69",
    "/coverage?indicator=N1&of=benefit_type:1&and_area=R3",
    "/coverage?indicator=N2&area=R1&and_area=R2-01&and_period=2025-10",
    "/coverage?indicator=N4&of=programme:CASH",
    "/coverage?indicator=N5&of=programme:OAP&sex=1",
    "/coverage?indicator=A1&level=2",
    "/coverage?indicator=C3&sex=2",
    "/coverage?indicator=C4&of=programme:OAP&area=R4",
    "/coverage?indicator=C5&area=R4&and_period=2025-09",
    "/coverage?period=2025&and_period=2026-10",
    "/coverage?period=2024-11",
]


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    made = filled(dsn)
    asyncio.run(add_districts(dsn))
    asyncio.run(freeze_made_at(dsn))
    return made


@pytest.fixture(scope="module")
def session(country: WebCountry) -> str:
    """Signed in once: checking a password is made to take long."""

    async def sign_in() -> str:
        async with visitor(country, OFFICER) as found:
            return found.cookies["ibr_session"]

    return asyncio.run(sign_in())


@pytest.fixture
async def client(country: WebCountry, session: str) -> AsyncIterator[httpx.AsyncClient]:
    async with visitor(country) as found:
        found.cookies["ibr_session"] = session
        yield found


def words(answer: httpx.Response) -> str:
    """The page as it is read: without its marks."""
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", answer.text)).split())


async def frozen(country: WebCountry, *asked: str) -> FigureTable:
    database = await open_database(country.dsn, "ibr_app", size=1, name="test")
    try:
        async with database.transaction(()) as connection:
            return await read.figure_table(connection, *asked)
    finally:
        await database.close()


async def test_the_first_page_shows_what_was_frozen(
    country: WebCountry, client: httpx.AsyncClient
) -> None:
    said = words(await client.get("/"))
    (reached,) = (await frozen(country, "N1", "2026-10")).cells
    (share,) = (await frozen(country, "C2", "2026-10")).cells
    assert f"People reached directly {reached.value} " in said
    assert f"{float(share.value or 0) * 100:.2f}%" in said
    assert "4 of 5 reports that were due are in" in said
    assert "Public Works Late" in said


@pytest.mark.parametrize("address", VIEWS)
async def test_every_view_is_answered(client: httpx.AsyncClient, address: str) -> None:
    answer = await client.get(address)
    assert answer.status_code == 200
    assert "Not everything in this address" not in answer.text
    assert len(answer.content) < 200_000


@pytest.mark.parametrize("address", VIEWS)
async def test_a_link_shows_the_same_view_again(client: httpx.AsyncClient, address: str) -> None:
    first = await client.get(address)
    link = html.unescape(re.findall(r'<a class="code" href="([^"]+)"', first.text)[-1])
    again = await client.get(link)
    assert again.text == first.text


async def test_areas_have_their_frozen_figures_to_the_last_digit(
    country: WebCountry, client: httpx.AsyncClient
) -> None:
    answer = await client.get("/coverage?indicator=C2&period=2026-09")
    table = await frozen(country, "C2", "2026-09", "area1")
    said = words(answer)
    for cell in table.cells:
        if cell.value is not None:
            text = f"{float(cell.value) * 100:.2f}% {cell.numerator} {cell.denominator}"
            assert text in said


async def test_districts_are_those_of_the_region(client: httpx.AsyncClient) -> None:
    answer = await client.get("/coverage?area=R2")
    addresses = set(re.findall(r"area=(R\d-\d\d)", answer.text))
    assert addresses == {"R2-01", "R2-02", "R2-03"}


async def test_two_areas_and_two_periods_are_held_against_each_other(
    country: WebCountry, client: httpx.AsyncClient
) -> None:
    said = words(await client.get("/coverage?area=R1&and_area=R2&and_period=2025-10"))
    now, then = (
        (await frozen(country, "C2", "2026-10", "area1")),
        (await frozen(country, "C2", "2025-10", "area1")),
    )
    shown = [
        f"{float(table.by_key[(area,)].value or 0) * 100:.2f}%"
        for area in ("R1", "R2")
        for table in (now, then)
    ]
    assert re.search(r".*".join(map(re.escape, shown)), said)
    assert "points" in said


async def test_people_whose_area_is_not_known_are_named(client: httpx.AsyncClient) -> None:
    said = words(await client.get("/coverage?indicator=N1"))
    assert "Area not known" in said
    assert "Area not known" not in words(await client.get("/coverage?indicator=N1&area=R1"))


async def test_what_is_not_counted_together_is_said(client: httpx.AsyncClient) -> None:
    said = words(await client.get("/coverage?indicator=N1&of=function:1&area=R2&sex=2&age=65-69"))
    assert "This is not counted together with:" in said
    assert "This is not counted together with:" not in words(await client.get("/coverage?area=R2"))


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("indicator=ZZ", "There is no such indicator"),
        ("indicator=O1", "There is no such indicator"),
        ("period=1999-01", "no figures for this period"),
        ("period=<script>", "no figures for this period"),
        ("area=XX", "There is no such area"),
        ("and_area=' or 1=1", "There is no such area"),
        ("of=programme:NOPE", "There is no such programme"),
        ("of=sex:1", "There is no such programme"),
        ("age=7", "bands of five years"),
        ("sex=women", "There is no such sex"),
        ("level=9", "There is no such level"),
    ],
)
async def test_what_there_is_not_is_said_in_a_sentence(
    client: httpx.AsyncClient, asked: str, sentence: str
) -> None:
    answer = await client.get(f"/coverage?{asked}")
    assert answer.status_code == 400
    assert sentence in answer.text
    assert "<script>" not in answer.text
    assert 'class="figure-number"' in answer.text


async def test_an_unknown_indicator_is_not_found(client: httpx.AsyncClient) -> None:
    answer = await client.get("/indicators/NOPE")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


@pytest.mark.parametrize("code", [each.code for each in INDICATORS])
async def test_every_indicator_is_explained(client: httpx.AsyncClient, code: str) -> None:
    answer = await client.get(f"/indicators/{code}")
    indicator = next(each for each in INDICATORS if each.code == code)
    assert answer.status_code == 200
    said = words(answer)
    assert indicator.symbols in html.unescape(answer.text)
    for text in (indicator.formula.en[1:], indicator.limits.en, indicator.example.story.en):
        assert " ".join(text.split()) in said
    assert "Worked example" in said


async def test_an_indicator_tells_what_was_stated_anew(
    country: WebCountry, client: httpx.AsyncClient
) -> None:
    said = words(await client.get("/indicators/N1"))
    (now,) = (await frozen(country, "N1", "2026-08")).cells
    assert f"to {now.value}" in said
    assert "OAP reported 12 records for this month after it was counted." in said
    assert "Nothing of this indicator was stated anew lately." in words(
        await client.get("/indicators/C2")
    )


async def test_the_list_has_every_indicator(client: httpx.AsyncClient) -> None:
    answer = await client.get("/indicators")
    assert all(f'href="/indicators/{each.code}"' in answer.text for each in INDICATORS)


@pytest.mark.parametrize("path", [each for each in PAGES if each != "/"])
async def test_who_has_no_right_sees_no_figure(country: WebCountry, path: str) -> None:
    async with visitor(country, STEWARD) as steward:
        assert (await steward.get(path)).status_code == 403
    async with visitor(country) as nobody:
        assert (await nobody.get(path)).status_code == 303


@pytest.mark.parametrize("path", PAGES)
async def test_the_pages_speak_french(client: httpx.AsyncClient, path: str) -> None:
    await client.get("/language/fr")
    answer = await client.get(path)
    assert answer.status_code == 200
    assert 'lang="fr"' in answer.text
    assert "Explorateur" in answer.text or "indicateur" in answer.text.lower()


async def test_a_table_stands_behind_each_picture(client: httpx.AsyncClient) -> None:
    answer = await client.get("/coverage")
    sections = re.split(r"<section", answer.text)[1:]
    with_pictures = [each for each in sections if 'class="picture' in each]
    assert len(with_pictures) >= 4
    assert all("<caption" in each for each in with_pictures)


async def test_an_indicator_without_any_table_still_answers(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the first days of an indicator that the catalogue has and no run has counted."""
    monkeypatch.setattr(
        coverage, "INDICATORS", [each for each in INDICATORS if each.code in ("C2", "N3")]
    )
    assert (await client.get("/coverage?indicator=N3")).status_code == 200
