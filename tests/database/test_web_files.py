"""Send a file, as an officer does: chosen, corrected, tried, sent, answered; and nobody else's."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from ibr.access.partners import PartnerBook
from ibr.db.pool import open_database
from ibr.files.reading.open_rows import open_rows
from ibr.files.sending.desk import FileDesk
from ibr.files.sending.run import waiting, work_on
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer
from ibr.settings import Settings
from tests.conftest import scratch_folder
from tests.database.test_web_pages import token, visitor
from tests.files_made import as_csv, as_xlsx, people
from tests.web_country import KEYRING, WebCountry, filled

OFFICER = "officer@example.org"


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    made = filled(dsn)
    # The country's rows were written with numbers of their own.
    for sequence in ("delivery_id", "record_id"):
        asyncio.run(made.read(f"select setval('{sequence}', 100000)"))
    return made


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = scratch_folder()
    yield made
    shutil.rmtree(made, ignore_errors=True)


@asynccontextmanager
async def worker(country: WebCountry, folder: Path) -> AsyncIterator[FileDesk]:
    database = await open_database(country.dsn, "ibr_worker", size=3, name="test")
    try:
        book = PartnerBook(database)
        await book.refresh()
        yield FileDesk(database, Sealer(KEYRING), BlindIndex(KEYRING.index), book, folder)
    finally:
        await database.close()


async def worked(country: WebCountry, folder: Path) -> None:
    """What the worker does within some seconds."""
    async with worker(country, folder) as desk:
        async with desk.database.transaction(desk.book.programmes) as connection:
            numbers = await waiting(connection)
        for number in numbers:
            await work_on(desk, number)


async def chosen(
    client: httpx.AsyncClient,
    content: bytes,
    name: str = "list.csv",
    code: str = "OAP",
    **changed: str,
) -> httpx.Response:
    form = await client.get("/files")
    number = re.search(rf'<option value="(\d+)"[^>]*>[^<]*\({code}\)', form.text)
    assert number is not None, form.text
    fields = {
        "form_token": token(form.text),
        "programme": number[1],
        "cycle": "2026-10",
        "mode": "delta",
        "records": "",
    }
    return await client.post("/files", data=fields | changed, files={"file": (name, content)})


async def acted(
    client: httpx.AsyncClient, address: str, what: str, **fields: str
) -> httpx.Response:
    page = await client.get(address)
    return await client.post(f"{address}/{what}", data={"form_token": token(page.text), **fields})


async def test_a_file_from_choice_to_response(country: WebCountry, folder: Path) -> None:
    async with visitor(country, OFFICER) as client:
        answer = await chosen(client, as_xlsx(people(6, Sex={2: "?"})), "<b>list</b>.xlsx")
        assert answer.status_code == 303, answer.text
        address = answer.headers["location"]
        assert "being looked at" in (await client.get(address)).text
        await worked(country, folder)
        page = (await client.get(address)).text
        assert "What it would bring" in page
        assert "&lt;b&gt;list" in page
        assert "<b>list" not in page
        sent = await acted(client, address, "send")
        assert sent.status_code == 303, sent.text
        await worked(country, folder)
        assert "What came of it" in (await client.get(address)).text
        response = await client.get(f"{address}/response")
        rows = [cells for _, cells in open_rows(io.BytesIO(response.content), folder).rows()]
        assert [row[8] for row in rows[1:]].count("refused") == 1
        assert (await client.get(f"{address}/response")).content == response.content
        assert (await client.get(f"{address}/mapping")).json()["columns"][0]["column"]
        assert "list" in (await client.get("/files")).text


async def test_meanings_are_corrected_before_anything_is_sent(
    country: WebCountry, folder: Path
) -> None:
    rows = [
        ["ID number", "Born on", "State"],
        ["A1", "01/02/1990", "OK"],
        ["A2", "03/04/1991", "OK"],
    ]
    async with visitor(country, OFFICER) as client:
        address = (await chosen(client, as_csv(rows))).headers["location"]
        await worked(country, folder)
        fields = {"to-0": "identifier:NATIONAL_ID", "to-1": "birth_date", "to-2": "status"}
        await acted(client, address, "mapping", rows="record", unit="1", **fields)
        await worked(country, folder)
        page = (await client.get(address)).text
        assert "whether the day or the month comes first" in page
        assert (await acted(client, address, "send")).status_code == 400
        fields |= {"dates-1": "dmy", "code-2-0": "1"}
        await acted(client, address, "mapping", rows="record", unit="1", **fields)
        await worked(country, folder)
        assert (await acted(client, address, "send")).status_code == 303
        await worked(country, folder)
        assert "What came of it" in (await client.get(address)).text


async def test_a_file_is_forgotten_and_then_gone(country: WebCountry, folder: Path) -> None:
    async with visitor(country, OFFICER) as client:
        address = (await chosen(client, as_csv(people(2)))).headers["location"]
        await worked(country, folder)
        assert (await acted(client, address, "forget")).headers["location"] == "/files"
        assert "taken back" in (await client.get(address)).text
        assert (await acted(client, address, "send")).status_code == 400
    number = address.rpartition("/")[2]
    left = await country.read(f"select 1 from file_part where file_no = {number}")
    assert left == []


@pytest.mark.parametrize(
    ("content", "changed", "words"),
    [
        (b"", {}, "empty"),
        (b"a,b\n1,2\n", {"cycle": "October"}, "is not a month"),
        (b"a,b\n1,2\n", {"programme": "999"}, "may not report"),
        (b"a,b\n1,2\n", {"mode": "void"}, "what kind of file"),
    ],
)
async def test_what_is_wrong_is_said_on_the_form(
    country: WebCountry, content: bytes, changed: dict[str, str], words: str
) -> None:
    async with visitor(country, OFFICER) as client:
        answer = await chosen(client, content, **changed)
        assert answer.status_code == 400
        assert words in answer.text


async def test_a_form_without_its_token_keeps_nothing(country: WebCountry) -> None:
    async with visitor(country, OFFICER) as client:
        before = await country.read("select count(*) from file_sent")
        answer = await chosen(client, as_csv(people(2)), form_token="wrong")
        assert answer.status_code == 403
        assert await country.read("select count(*) from file_sent") == before


async def test_a_file_that_is_too_large_is_cut_off(country: WebCountry, folder: Path) -> None:
    small = Settings(max_delivery_bytes=1024)
    async with visitor(country, OFFICER, settings=small) as client:
        answer = await chosen(client, b"a,b\n" + b"1,2\n" * 1000)
        assert answer.status_code == 400
        assert "at most" in answer.text


@pytest.mark.parametrize("email", ["analyst@example.org", "auditor@example.org"])
async def test_others_send_no_files(country: WebCountry, email: str) -> None:
    async with visitor(country, email) as client:
        assert (await client.get("/files")).status_code == 403


async def test_a_file_of_another_programme_is_not_there(country: WebCountry) -> None:
    async with visitor(country, OFFICER) as client:
        own = (await chosen(client, as_csv(people(2)))).headers["location"]
        others = (await chosen(client, as_csv(people(2)), code="WORK")).headers["location"]
    async with visitor(country, "pension@example.org") as client:
        assert (await client.get(own)).status_code == 200
        assert (await client.get(others)).status_code == 404
        assert others not in (await client.get("/files")).text
