"""A real browser and a running registry with the small country."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from tests.web_country import WebCountry, application, filled

CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What every other page of a browser test relies on: a wait that is too long is a failure.
PATIENCE_MS = 10_000


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Browser]:
    """Chromium; where a machine has none the tests are skipped.

    Opened after the database and closed after each file: Playwright keeps an event loop running,
    and fixtures and tests of others start their own.
    """
    assert address
    if not shutil.which(CHROMIUM):
        pytest.skip(f"{CHROMIUM} is not installed")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    """The filled database."""
    return filled(dsn)


@pytest.fixture(scope="module")
def address(country: WebCountry) -> Iterator[str]:
    """Where the pages are served, in a thread of their own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started, stop = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(country, port, started, stop)))
    thread.start()
    assert started.wait(30)
    yield f"http://127.0.0.1:{port}"
    stop.set()
    thread.join(30)


async def _serve(
    country: WebCountry, port: int, started: threading.Event, stop: threading.Event
) -> None:
    async with country.services() as services:
        server = uvicorn.Server(
            uvicorn.Config(application(services), port=port, log_level="warning")
        )
        running = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.05)
        started.set()
        while not stop.is_set():
            await asyncio.sleep(0.05)
        server.should_exit = True
        await running


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
