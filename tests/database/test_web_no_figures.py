"""The pages of figures before anything was counted, and with forty programmes: quick and small."""

from __future__ import annotations

import asyncio
import statistics
import time

import httpx
import pytest

from ibr.web.drawn import FOLDER
from tests.database.test_web_overlaps import OFFICER, PAGES
from tests.database.test_web_pages import visitor
from tests.made_figures import add_districts, freeze_made_at, made_programmes
from tests.web_country import WebCountry, filled

MOST_BYTES = 300_000
MOST_SECONDS = 0.2


@pytest.fixture(scope="module")
def empty(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.fixture(scope="module")
def forty(empty: WebCountry) -> WebCountry:
    """Forty programmes; asked for by the tests that stand last."""
    asyncio.run(add_districts(empty.dsn))
    asyncio.run(freeze_made_at(empty.dsn, months=3, programmes=made_programmes(40), people=700))
    return empty


async def test_without_figures_a_page_says_what_to_do(empty: WebCountry) -> None:
    async with visitor(empty, OFFICER) as client:
        answers = [await client.get(path) for path in PAGES]
    assert [each.status_code for each in answers] == [200] * 4
    assert all("No figures were worked out yet" in each.text for each in answers)
    assert all("ibr indicators run" in each.text for each in answers)


async def test_a_first_view_is_small_and_quick(forty: WebCountry) -> None:
    files = ("style.css", "htmx.min.js", "logo.svg")
    beside = sum((FOLDER / "static" / name).stat().st_size for name in files)
    sizes, seconds = {}, {}
    async with visitor(forty, OFFICER) as client:
        for path in PAGES:
            answer = await client.get(path)
            assert "P40" in answer.text
            sizes[path] = len(answer.content) + beside
            seconds[path] = statistics.median([await _taken(client, path) for _ in range(5)])
    assert max(sizes.values()) < MOST_BYTES, sizes
    assert max(seconds.values()) < MOST_SECONDS, seconds


async def _taken(client: httpx.AsyncClient, path: str) -> float:
    began = time.process_time()
    await client.get(path)
    return time.process_time() - began
