"""A real browser and a running registry with the small country."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from litestar import Litestar
from playwright.sync_api import Browser, Page

from tests.axe_walk import walk
from tests.chromium import PATIENCE_MS, chromium
from tests.served_pages import served
from tests.web_country import WebCountry, application, filled

__all__ = ["PATIENCE_MS", "walk"]


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Browser]:
    """Chromium.

    Opened after the database and closed after each file: Playwright keeps an event loop running,
    and fixtures and tests of others start their own.
    """
    assert address
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    """The filled database."""
    return filled(dsn)


@pytest.fixture(scope="module")
def address(country: WebCountry) -> Iterator[str]:
    """Where the pages are served, in a thread of their own."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Litestar]:
        async with country.services() as services:
            yield application(services)

    with served(opened) as found:
        yield found


@pytest.fixture
def new_page(browser: Browser, address: str) -> Iterator[object]:
    """Opens pages with the given options, and closes them after the test."""
    opened = []

    def make(**options: object) -> Page:
        context = browser.new_context(**{"base_url": address, "locale": "en-GB", **options})
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        return context.new_page()

    yield make
    for context in opened:
        context.close()
