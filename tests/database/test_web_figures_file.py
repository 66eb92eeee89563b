"""Files and briefs over HTTP: who gets them, that they say internal, what is refused and why."""

from __future__ import annotations

import asyncio
import csv
import io

import httpx
import msgspec
import pypdf
import pytest

from ibr.coverage.catalogue.all import BY_CODE
from ibr.coverage.figures import read
from ibr.db.pool import open_database
from ibr.publish.brief.digits import number, percent
from tests.database.test_web_pages import visitor
from tests.figures_out import frozen, read_csv, read_json, read_parquet, read_xlsx
from tests.made_figures import add_districts, freeze_made_at
from tests.web_country import WebCountry, filled

ANALYST = "analyst@example.org"
READERS = {"csv": read_csv, "xlsx": read_xlsx, "parquet": read_parquet, "json": read_json}
FILE = "/figures/file"


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    made = filled(dsn)
    asyncio.run(add_districts(dsn))
    asyncio.run(freeze_made_at(dsn, months=14, people=300))
    return made


async def got(country: WebCountry, path: str, who: str = ANALYST, **query: str) -> httpx.Response:
    async with visitor(country, who) as client:
        return await client.get(path, params=query)


async def kept(country: WebCountry, code: str, breakdown: str) -> dict[object, str | None]:
    database = await open_database(country.dsn, "ibr_app", size=1, name="test")
    try:
        async with database.transaction(()) as connection:
            return frozen([await read.figure_table(connection, code, "2026-10", breakdown)])  # type: ignore[return-value]  # names of figures
    finally:
        await database.close()


@pytest.mark.parametrize("form", READERS)
async def test_a_file_is_the_frozen_figures(country: WebCountry, form: str) -> None:
    answer = await got(country, FILE, indicator="C2", breakdown="area1*sex", form=form)
    assert answer.status_code == 200
    assert READERS[form](answer.content) == await kept(country, "C2", "area1*sex")
    assert "internal" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_every_row_says_internal(country: WebCountry) -> None:
    answer = await got(country, FILE, indicator="N1", breakdown="programme", form="csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["audience"] for row in rows} == {"internal"}
    assert {row["programme_name"] for row in rows} >= {"Old Age Pension"}


async def test_sdmx_is_a_file_too(country: WebCountry) -> None:
    answer = await got(country, FILE, indicator="C2", breakdown="area1", form="sdmx")
    assert answer.headers["content-type"].startswith("application/vnd.sdmx.data+csv")
    assert answer.text.startswith("STRUCTURE,STRUCTURE_ID,ACTION,FREQ,INDICATOR")


async def test_names_are_in_the_reader_s_language(country: WebCountry) -> None:
    async with visitor(country, ANALYST) as client:
        await client.get("/language/fr")
        query = {"indicator": "N1", "breakdown": "function", "form": "csv"}
        answer = await client.get(FILE, params=query)
    assert "Vieillesse" in answer.text


@pytest.mark.parametrize("path", [FILE, "/figures/brief"])
async def test_who_may_not_see_the_country_gets_no_figures(country: WebCountry, path: str) -> None:
    answer = await got(country, path, "steward@example.org", indicator="N1")
    assert answer.status_code == 403
    allowed = await got(country, path, indicator="N1")
    assert allowed.status_code == 200


@pytest.mark.parametrize("path", [FILE, "/figures/brief"])
async def test_nobody_gets_figures_without_signing_in(country: WebCountry, path: str) -> None:
    async with visitor(country) as client:
        answer = await client.get(path, params={"indicator": "N1"})
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({}, 400, "Name one indicator"),
        ({"indicator": "ZZ99"}, 404, "There is no such indicator"),
        ({"indicator": "N1", "period": "2026-13"}, 400, "is not a month"),
        ({"indicator": "N1", "period": "1999-01"}, 404, "There are no figures"),
        ({"indicator": "N1", "breakdown": "colour"}, 400, "can be broken down by"),
        ({"indicator": "N1", "form": "doc"}, 400, "Files can be had as"),
        ({"indicator": "N1", "sex": "2"}, 400, "narrowed"),
    ],
)
async def test_what_cannot_be_had_is_said_in_a_sentence(
    country: WebCountry, query: dict[str, str], status: int, said: str
) -> None:
    answer = await got(country, FILE, **query)
    assert answer.status_code == status
    assert said in answer.text
    assert "ZZ99" not in answer.text


async def test_a_refusal_is_in_the_reader_s_language(country: WebCountry) -> None:
    async with visitor(country, ANALYST) as client:
        await client.get("/language/fr")
        answer = await client.get(FILE, params={"indicator": "ZZ99"})
    assert "Il n’y a pas de tel indicateur" in answer.text


@pytest.mark.parametrize("area", ["", "R3", "R3-01"])
async def test_a_brief_has_the_figures_of_its_area(country: WebCountry, area: str) -> None:
    answer = await got(country, "/figures/brief", area=area, period="2026-10")
    assert answer.headers["content-type"] == "application/pdf"
    assert "internal" in answer.headers["content-disposition"]
    pages = pypdf.PdfReader(io.BytesIO(answer.content)).pages
    text = "".join(page.extract_text() for page in pages).replace("\u00a0", " ")
    breakdown = {"": "", "R3": "area1", "R3-01": "area2"}[area]
    key = (area,) if area else ()
    people = await kept(country, "N1", breakdown)
    share = await kept(country, "C2", breakdown)
    reached = people["N1", breakdown, "2026-10", key]
    covered = share["C2", breakdown, "2026-10", key]
    assert number(reached, "en") in text
    assert percent(covered, "en").replace("\u00a0", " ") in text
    assert "Internal: exact figures" in text
    assert BY_CODE["N1"].name.en in text


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"area": "R99"}, 404, "There is no area with this code"),
        ({"period": "October"}, 400, "is not a month"),
        ({"period": "1999-01"}, 404, "No figures were worked out"),
    ],
)
async def test_a_brief_that_cannot_be_had_says_why(
    country: WebCountry, query: dict[str, str], status: int, said: str
) -> None:
    answer = await got(country, "/figures/brief", **query)
    assert answer.status_code == status
    assert said in answer.text


async def test_who_took_what_is_written_down(country: WebCountry) -> None:
    await got(country, "/figures/brief", area="R5", period="2026-10")
    await got(country, FILE, indicator="N2", form="json")
    rows = await country.read(
        "select details::text as details from ibr.audit_event where kind = 'figures.exported'"
    )
    told = [msgspec.json.decode(row["details"]) for row in rows]
    assert [each["form"] for each in told if each.get("area") == "R5"] == ["brief"]
    assert [each["form"] for each in told if each.get("indicators") == ["N2"]] == ["json"]
