"""Send a file in a real browser, wide and narrow: chosen, corrected, sent, answered."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests import people_web
from tests.browser.conftest import PATIENCE_MS
from tests.conftest import scratch_folder
from tests.database.test_web_files import worked
from tests.files_made import as_xlsx, people, written
from tests.web_country import WebCountry, filled


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    made = filled(dsn)
    for sequence in ("delivery_id", "record_id"):
        asyncio.run(made.read(f"select setval('{sequence}', 100000)"))
    return made


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = scratch_folder()
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(params=[1440, 390])
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": request.param, "height": 900}, locale="en-GB", base_url=address
    )
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    opened.goto("/sign-in")
    opened.fill("[name=email]", "officer@example.org")
    opened.fill("[name=password]", people_web.PASSWORD)
    opened.click("main button[type=submit]")
    yield opened
    context.close()


def work(country: WebCountry, folder: Path) -> None:
    """The worker's turn, in a thread: the browser keeps an event loop in this one."""
    thread = threading.Thread(target=lambda: asyncio.run(worked(country, folder)))
    thread.start()
    thread.join(60)


def fits(page: Page) -> bool:
    """Whether nothing sticks out to the side."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    return bool(wide <= (page.viewport_size or {"width": 0})["width"])


def test_a_list_is_sent_and_comes_back(page: Page, country: WebCountry, folder: Path) -> None:
    width = (page.viewport_size or {"width": 0})["width"]
    rows = people(12, Sex={2: "?"}, Surname={1: f"Sow {width}"})
    for row in rows[1:]:
        row[5] = "OK"
    path = written(folder, f"list-{width}.xlsx", as_xlsx(rows))
    page.goto("/files")
    # Another programme each time, for the meanings of columns are remembered.
    page.select_option("#programme", index=1 if width > 1000 else 2)
    page.select_option("#cycle", "2026-10")
    page.set_input_files("#file", path)
    assert fits(page)
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("heading", name="It is being looked at and tried out").wait_for()
    work(country, folder)
    # The page looks again by itself.
    page.get_by_role("heading", name="What it would bring").wait_for()
    assert fits(page)
    page.get_by_label("OK", exact=True).select_option("1")
    page.get_by_role("button", name="Try it out with these meanings").click()
    page.get_by_role("heading", name="It is being looked at and tried out").wait_for()
    work(country, folder)
    page.get_by_role("heading", name="What it would bring").wait_for()
    page.get_by_role("button", name="Send it").click()
    page.get_by_role("heading", name="It is being taken in").wait_for()
    work(country, folder)
    page.get_by_role("heading", name="What came of it").wait_for()
    assert fits(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Response file").click()
    assert download.value.suggested_filename.endswith(".xlsx")
