"""Limits of pages as a reader meets them: a page in their language that says how long to wait."""

from __future__ import annotations

import httpx
import pytest

from ibr.settings import Settings
from tests.web_country import WebCountry, application, filled

HERE, THERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.mark.parametrize("page", ["/sign-in", "/me"])
async def test_an_address_is_told_to_wait_on_pages(country: WebCountry, page: str) -> None:
    async with country.services(Settings(page_requests_per_minute=3)) as services:
        app = application(services)

        def browser(address: str) -> httpx.AsyncClient:
            transport = httpx.ASGITransport(app, client=(address, 1))
            return httpx.AsyncClient(
                transport=transport, base_url="http://ibr.test", headers={"accept-language": "fr"}
            )

        async with browser(HERE) as here, browser(THERE) as there:
            statuses = [(await here.get(page)).status_code for _ in range(4)]
            late = await here.get(page)
            other = await there.get(page)
    assert statuses == [200, 200, 200, 429]
    assert int(late.headers["retry-after"]) >= 1
    assert late.headers["content-type"].startswith("text/html")
    assert 'lang="fr"' in late.text
    assert "default-src 'none'" in late.headers["content-security-policy"]
    assert other.status_code == 200


async def test_control_without_the_limit_the_same_is_answered(country: WebCountry) -> None:
    async with country.services(Settings()) as services:
        transport = httpx.ASGITransport(app=application(services), client=(HERE, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://ibr.test") as client:
            assert {(await client.get("/sign-in")).status_code for _ in range(6)} == {200}
