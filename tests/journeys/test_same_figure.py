"""The same figure, to the last digit, wherever somebody meets it: page, files, interface, brief."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal

import httpx
import msgspec
import pypdf
import pytest

from ibr.access.staff.sign_in import SESSION_COOKIE, begin_session, candidate
from ibr.clock import now
from ibr.coverage.figures import read
from ibr.db.pool import owner_transaction
from ibr.interop.own.own_door import OwnDoor
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer
from tests import people_web
from tests.door import Door
from tests.figures_out import read_csv, read_json, read_parquet, read_xlsx
from tests.made_figures import add_districts, freeze_made_at
from tests.web_country import KEYRING, WebCountry, application

MONTH = "2026-10"
ANALYST = "analyst@example.org"
Figures = dict[tuple[str, ...], str]
"""The figure of each area as a decimal in text, so that 0.5 and 0.50 differ; () is the country."""


@pytest.fixture(scope="module")
def country(door: Door) -> WebCountry:
    """The small country of the pages in the database of the standard's door."""

    async def work() -> None:
        await people_web.fill(door.dsn, Sealer(KEYRING), BlindIndex(KEYRING.index))
        await add_districts(door.dsn)
        await freeze_made_at(door.dsn, months=4, people=900)

    door.run(work())
    return WebCountry(door.dsn)


Get = Callable[..., httpx.Response]


@pytest.fixture
def get(door: Door, country: WebCountry) -> Get:
    """Reads an address of the registry, pages and interface alike, as an analyst."""

    async def cookie(at: datetime) -> str:
        async with owner_transaction(country.dsn) as connection:
            who = await candidate(connection, ANALYST, "127.0.0.1", at)
            assert who.officer_id is not None
            secret = await begin_session(connection, who.officer_id, at)
        return f"{SESSION_COOKIE}={secret}"

    async def asked(path: str, query: dict[str, str]) -> httpx.Response:
        async with country.services() as services:
            whole = OwnDoor(door.services, application(services))
            transport = httpx.ASGITransport(whole)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://registry.test"
            ) as client:
                # The pages of these tests live on a fixed day, the interface by the clock.
                at = now() if path.startswith("/api/") else people_web.NOW
                return await client.get(path, params=query, headers={"cookie": await cookie(at)})

    def got(path: str, **query: str) -> httpx.Response:
        work: Awaitable[httpx.Response] = asked(path, query)
        answer = door.run(work)
        assert answer.status_code == 200, answer.text
        return answer

    return got


@pytest.fixture(scope="module", params=["N1", "C2"], ids=["a count", "a share"])
def code(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def kept(door: Door, country: WebCountry, code: str) -> Figures:
    """The figures as they were frozen."""

    async def work() -> Figures:
        async with door.services.database.transaction(()) as connection:
            found = await read.figure_tables(connection, [code], ["", "area1"], [MONTH])
        return {cell.key: cell.value or "" for table in found.values() for cell in table.cells}

    figures = door.run(work())
    assert {(), ("R1",), ("R8",)} <= figures.keys()
    return figures


def plain(text: str) -> str:
    """`1,234` as 1234 and `12.34%` as 0.1234: the digits that were written, and no other."""
    bare = html.unescape(text).replace("\u00a0", "").replace("\u202f", "").replace(",", "").strip()
    if bare == "–":
        return ""
    if bare.endswith("%"):
        return format(Decimal(bare.removesuffix("%").strip()).scaleb(-2), "f")
    return format(Decimal(bare), "f")


READERS = {"csv": read_csv, "json": read_json, "xlsx": read_xlsx, "parquet": read_parquet}


@pytest.mark.parametrize("form", READERS)
def test_in_a_file(get: Get, code: str, kept: Figures, form: str) -> None:
    found: Figures = {}
    for breakdown in ("", "area1"):
        answer = get("/figures/file", indicator=code, breakdown=breakdown, period=MONTH, form=form)
        read_back = READERS[form](answer.content)
        found |= {name[3]: value or "" for name, value in read_back.items()}
    assert found == kept


def test_in_sdmx(get: Get, code: str, kept: Figures) -> None:
    answer = get("/figures/file", indicator=code, breakdown="area1", period=MONTH, form="sdmx")
    rows = csv.DictReader(io.StringIO(answer.text))
    found = {(row["REF_AREA"].replace("_U", ""),): row["OBS_VALUE"] for row in rows}
    assert found == {key: value for key, value in kept.items() if key}


def test_over_the_interface(get: Get, code: str, kept: Figures) -> None:
    found: Figures = {}
    for breakdown in ("", "area1"):
        said = msgspec.json.decode(
            get(f"/api/v1/indicators/{code}/figures", period=MONTH, breakdown=breakdown).content
        )
        found |= {
            tuple(code.replace("_U", "") for code in each["codes"].values()): each["value"] or ""
            for each in said["figures"]
        }
    assert found == kept


@pytest.mark.parametrize("area", ["", "R1", "R5", "R8"])
def test_on_the_page_of_an_area(get: Get, code: str, kept: Figures, area: str) -> None:
    page = get("/coverage", indicator=code, period=MONTH, area=area).text
    (shown,) = re.findall(r'<p class="figure-number"[^>]*>(.*?)</p>', page)
    assert plain(shown) == kept[(area,) if area else ()]


def test_in_the_table_beside_the_map(get: Get, code: str, kept: Figures) -> None:
    page = get("/coverage", indicator=code, period=MONTH).text
    table = page[page.index('id="areas-table"') :].split("</table>")[0]
    rows = re.findall(r'</th>\s*<td class="number">(.*?)</td>', table)
    shown = sorted(plain(re.sub(r"<[^>]+>", "", each)) for each in rows)
    assert shown == sorted(value for key, value in kept.items() if key)


@pytest.mark.parametrize("area", ["", "R1", "R5"])
def test_in_the_brief(get: Get, code: str, kept: Figures, area: str) -> None:
    pdf = get("/figures/brief", area=area, period=MONTH)
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf.content)).pages)
    numbers = re.findall(r"[0-9][0-9,]*(?:\.[0-9]+)?(?:[\u00a0 ]?%)?", text)
    assert kept[(area,) if area else ()] in {plain(each) for each in numbers}
