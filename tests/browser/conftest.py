"""A real browser and a running registry with the small country."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from web_country import WebCountry, application, filled

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
def browser() -> Iterator[Browser]:
    """Chromium; where a machine has none the tests are skipped, unless CI forbids skipping.

    Closed after each file: Playwright's event loop must not run under the tests of other folders.
    """
    if not shutil.which(CHROMIUM) and not os.environ.get("IBR_TEST_NO_SKIP"):
        pytest.skip(f"{CHROMIUM} is not installed")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebCountry]:
    """The filled database. Its folder is short, since a socket's path may not be long."""
    with filled(Path(tmp_path_factory.mktemp("browser"))) as made:
        yield made


@pytest.fixture(scope="session")
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
        context = browser.new_context(base_url=address, locale="en-GB", **options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        return context.new_page()

    yield make
    for context in opened:
        context.close()
