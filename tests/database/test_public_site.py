"""The public site over HTTP: for everybody, without a trace of anybody, the same in every form."""

from __future__ import annotations

import csv
import hashlib
import io
import re

import pytest

from ibr.settings import Settings
from tests.releases_web import MONTHS, published_country, reader
from tests.web_country import WebCountry

PAGES = (
    "/public/en",
    "/public/en/coverage",
    "/public/en/programmes",
    "/public/en/money",
    "/public/en/overlaps",
    "/public/en/reporting",
    "/public/en/cases",
    "/public/en/releases",
    "/public/en/releases/1",
    "/public/en/methods",
    "/public/en/data",
)


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return published_country(dsn)


@pytest.mark.parametrize("path", [*PAGES, *(each.replace("/en", "/fr") for each in PAGES)])
async def test_every_page_is_open_small_and_keeps_nothing_of_the_reader(
    country: WebCountry, path: str
) -> None:
    async with reader(country) as client:
        answer = await client.get(path)
        again = await client.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert answer.status_code == 200, answer.text
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert "cookie" not in answer.headers["vary"].lower()
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert " style=" not in answer.text
    assert "<script" not in answer.text
    elsewhere = [
        each for each in re.findall(r'(?:src|href)="([^"]*)"', answer.text) if "//" in each
    ]
    assert elsewhere == []
    assert len(answer.content) < 150_000
    assert again.status_code == 304
    assert again.content == b""


async def test_the_site_opens_in_the_readers_language(country: WebCountry) -> None:
    async with reader(country) as client:
        english = await client.get("/public", headers={"accept-language": "en"})
        french = await client.get("/public", headers={"accept-language": "fr-FR, en;q=0.5"})
        page = await client.get("/public/fr/coverage")
    assert english.headers["location"] == "/public/en"
    assert french.headers["location"] == "/public/fr"
    assert 'lang="fr"' in page.text
    assert "Par région" in page.text


async def test_hidden_figures_are_a_sign_with_a_word_and_in_no_form_a_number(
    country: WebCountry,
) -> None:
    async with reader(country) as client:
        page = await client.get("/public/en/coverage")
        table = await client.get(
            "/public/api/figures",
            params={"indicator": "N1", "breakdown": "sex*age", "period": MONTHS[-1]},
        )
        whole = await client.get("/public/files/2/all.csv")
        sdmx = await client.get("/public/files/2/N1.sdmx.csv")
    assert page.text.count('<span class="unseen">not shown</span>') > 0
    hidden = [each for each in table.json()["figures"] if each["status"] == "hidden"]
    assert hidden
    assert all(each["value"] is None and each["numerator"] is None for each in hidden)
    lines = list(csv.DictReader(io.StringIO(whole.text.lstrip("\ufeff"))))
    kept = [line for line in lines if line["status"] == "hidden"]
    assert kept
    assert all(not line["value"] and not line["numerator"] for line in kept)
    counts = [
        int(line["numerator"])
        for line in lines
        if line["indicator"] in ("N1", "C2", "SDG131", "O1", "O4") and line["numerator"]
    ]
    assert min(count for count in counts if count) >= 10
    told = list(csv.DictReader(io.StringIO(sdmx.text.lstrip("\ufeff"))))
    assert any(not line["OBS_VALUE"] for line in told)


async def test_page_file_and_interface_say_the_same(country: WebCountry) -> None:
    async with reader(country) as client:
        page = await client.get("/public/en/programmes")
        table = await client.get(
            "/public/api/figures",
            params={"indicator": "N1", "breakdown": "programme", "period": MONTHS[-1]},
        )
        whole = await client.get("/public/files/2/N1.csv")
    figures = {each["codes"]["programme"]: each["value"] for each in table.json()["figures"]}
    lines = csv.DictReader(io.StringIO(whole.text.lstrip("\ufeff")))
    told = {
        line["programme"]: line["value"] or None
        for line in lines
        if line["breakdown"] == "programme" and line["indicator"] == "N1"
    }
    assert figures == told
    assert f"{int(figures['OAP']):,}" in page.text


async def test_files_are_as_their_digests_say(country: WebCountry) -> None:
    async with reader(country) as client:
        sums = await client.get("/public/files/1/SHA256SUMS")
        for line in sums.text.splitlines():
            digest, name = line.split("  ")
            body = (await client.get(f"/public/files/1/{name}")).content
            assert hashlib.sha256(body).hexdigest() == digest
    assert len(sums.text.splitlines()) == 4


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/public/en/nothing", 404),
        ("/public/xx/coverage", 404),
        ("/public/en/coverage?month=2020-01", 404),
        ("/public/en/coverage?month=never", 400),
        ("/public/en/releases/3", 404),
        ("/public/en/releases/999", 404),
        ("/public/files/3/all.csv", 404),
        ("/public/files/1/N1.exe", 404),
        ("/public/files/1/D4.csv", 404),
        ("/public/api/figures", 400),
        ("/public/api/figures?indicator=N1&period=2026-10&area=R1", 400),
        ("/public/api/figures?indicator=N1&period=2020-01", 404),
    ],
)
async def test_what_is_not_published_is_not_there(
    country: WebCountry, path: str, status: int
) -> None:
    async with reader(country) as client:
        answer = await client.get(path)
    assert answer.status_code == status
    assert answer.headers["cache-control"] == "no-store"


async def test_nobody_floods_the_site(country: WebCountry) -> None:
    few = Settings(public_requests_per_minute=3)
    async with reader(country, few) as client:
        statuses = [(await client.get("/public/en")).status_code for _ in range(4)]
        slow = await client.get("/public/api/releases")
    assert statuses == [200, 200, 200, 429]
    assert slow.status_code == 429
    assert int(slow.headers["retry-after"]) >= 1
    assert slow.json()["errors"][0]["code"] == "too_many_requests"


async def test_the_interface_lists_what_there_is(country: WebCountry) -> None:
    async with reader(country) as client:
        releases = (await client.get("/public/api/releases")).json()["releases"]
        indicators = (await client.get("/public/api/indicators")).json()["indicators"]
        calendar = (await client.get("/public/api/calendar")).json()["calendar"]
        index = await client.get("/public/api")
    assert [each["release_no"] for each in releases] == [2, 1]
    assert {each["code"] for each in indicators} >= {"N1", "C2", "R1"}
    assert calendar == [{"period": "2026-11", "due_on": "2026-12-18", "note": ""}]
    assert index.headers["access-control-allow-origin"] == "*"
