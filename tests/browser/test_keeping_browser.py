"""Keeping and erasing, extracts and the record of processing in a real browser."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ibr.access.approvals.acts import register
from ibr.keeping.change_rule import RETENTION_ACTS
from tests import people_web
from tests.browser.test_web_browser import NewPage

WIDTHS = (1440, 390)


def sign_in(page: Page, email: str, address: str) -> None:
    """Opens a page behind the sign-in: who watches over privacy has another first page."""
    page.goto(f"/sign-in?next={address}")
    page.locator("#email").fill(email)
    page.locator("#password").fill(people_web.PASSWORD)
    page.locator("#password").press("Enter")
    page.wait_for_url(f"**{address}")


PAGES = (
    ("watcher@example.org", "/privacy/keeping"),
    ("auditor@example.org", "/privacy/keeping"),
    ("watcher@example.org", "/privacy/record"),
    ("analyst@example.org", "/extracts"),
)
# Headings go down one step at a time, and every field has a name.
_HEADINGS = "[...document.querySelectorAll('main h1, main h2, main h3')].map(h => +h.tagName[1])"
_NAMELESS = (
    "[...document.querySelectorAll('main input:not([type=hidden]), main select')]"
    ".filter(f => !f.labels.length && !f.ariaLabel).map(f => f.id)"
)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("email", "path"), PAGES)
def test_it_fits_and_is_in_order(new_page: NewPage, email: str, path: str, width: int) -> None:
    page = new_page(viewport={"width": width, "height": 1000})
    sign_in(page, email, path)
    if folder := os.environ.get("IBR_TEST_PICTURES"):
        name = f"{path.strip('/').replace('/', '-')}-{email.partition('@')[0]}-{width}.png"
        page.screenshot(path=str(Path(folder) / name), full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    steps = page.evaluate(_HEADINGS)
    assert steps[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(steps))
    assert page.evaluate(_NAMELESS) == []
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


@pytest.fixture
def keeping(new_page: NewPage) -> Page:
    """The page, opened by who may change what stands there."""
    register(RETENTION_ACTS)
    page = new_page(viewport={"width": 390, "height": 1000})
    sign_in(page, "watcher@example.org", "/privacy/keeping")
    return page


def test_a_rule_is_proposed_by_keyboard(keeping: Page) -> None:
    keeping.locator("#days").fill("5")
    keeping.locator("#legal_basis").fill("Act 7")
    keeping.locator("#legal_basis").press("Enter")
    expect(keeping.locator("#days-error")).to_be_visible()
    expect(keeping.locator("#days")).to_have_attribute("aria-invalid", "true")
    expect(keeping.locator("#legal_basis")).to_have_value("Act 7")
    keeping.locator("#days").fill("900")
    keeping.locator("#days").press("Enter")
    expect(keeping.get_by_role("status")).to_contain_text("Proposed")


def test_an_erasure_says_what_is_wrong_beside_its_own_field(keeping: Page) -> None:
    keeping.locator("#erase-value").fill("NOBODY-HAS-THIS")
    keeping.locator("#erase-why").fill("Asked in person")
    keeping.locator("#erase-why").press("Enter")
    expect(keeping.locator("#erase-value-error")).to_contain_text("Nobody carries this number")
    expect(keeping.locator("#value-error")).to_have_count(0)
