"""The audit trail in a real browser: it fits a phone and is searched by keyboard."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ibr.audit.seals.anchor import FileAnchor
from ibr.audit.seals.begin import begin_sealing
from ibr.audit.seals.seal_due import Sealing
from ibr.clock import now
from ibr.db.pool import open_database, owner_transaction
from ibr.protection.seal import Sealer
from tests.browser.test_web_browser import NewPage, sign_in
from tests.web_country import KEYRING, WebCountry


async def _seal(dsn: str, path: Path) -> None:
    async with owner_transaction(dsn) as owner:
        await begin_sealing(owner, Sealer(KEYRING), now())
    jobs = await open_database(dsn, "ibr_worker", size=2, name="test")
    await Sealing(jobs, Sealer(KEYRING), [FileAnchor(path)]).run(now(), at_once=True)
    await jobs.close()


@pytest.fixture(scope="module")
def sealed(country: WebCountry, tmp_path_factory: pytest.TempPathFactory) -> None:
    """In a thread, as the browser has a loop."""
    work = _seal(country.dsn, tmp_path_factory.mktemp("anchor") / "seals.jsonl")
    thread = threading.Thread(target=lambda: asyncio.run(work))
    thread.start()
    thread.join()


@pytest.fixture(params=[1440, 390])
def page(sealed: None, new_page: NewPage, request: pytest.FixtureRequest) -> Page:
    """The trail, opened by the auditor."""
    page = new_page(viewport={"width": request.param, "height": 1000})
    sign_in(page, "auditor@example.org")
    page.goto("/audit")
    return page


def test_it_fits_and_is_searched_by_keyboard(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("#kind").select_option("officer")
    page.locator("#actor").press("Enter")
    expect(page.get_by_role("table")).to_contain_text("officer.signed_in")
    expect(page.locator("#kind")).to_have_value("officer")


def test_what_there_is_not_is_said_beside_its_field(page: Page) -> None:
    page.locator("#case").fill("4711")
    page.locator("#case").press("Enter")
    expect(page.locator("#case-error")).to_be_visible()
    expect(page.locator("#case")).to_have_attribute("aria-describedby", "case-error")
    expect(page.locator("#case")).to_have_value("4711")
