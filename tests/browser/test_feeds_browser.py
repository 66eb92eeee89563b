"""The feed-health page and the calendar in a real browser, wide and narrow, light and dark."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests import people_web

LONGEST_ON_A_PHONE = 5_000


@pytest.fixture(params=[(1440, "light"), (390, "dark")])
def page(new_page: Callable[..., Page], request: pytest.FixtureRequest) -> Page:
    width, scheme = request.param
    opened = new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    opened.goto("/sign-in")
    opened.fill("[name=email]", "admin@example.org")
    opened.fill("[name=password]", people_web.PASSWORD)
    opened.click("main button[type=submit]")
    opened.wait_for_url("**/")
    return opened


def fits(page: Page) -> bool:
    """Whether nothing sticks out to the side."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    return bool(wide <= (page.viewport_size or {"width": 0})["width"])


def test_what_is_late_leads_to_its_programme(page: Page) -> None:
    page.goto("/feeds")
    assert page.locator("h1").inner_text() == "Feed health"
    assert fits(page)
    height = page.evaluate("document.documentElement.scrollHeight")
    assert height < LONGEST_ON_A_PHONE
    assert page.locator("details[open]").count() == 0
    page.locator("table a[href='#feed-WORK']").first.click()
    page.locator("details[open]").wait_for()
    opened = page.locator("details[open]").inner_text()
    assert "Missing after its last day" in opened
    assert fits(page)


def test_the_calendar_is_changed_by_hand(page: Page) -> None:
    page.goto("/feeds/CASH")
    assert fits(page)
    page.fill("#first_month", "2026-10")
    page.select_option("#cycle_months", "3")
    page.fill("#report_days", "999")
    page.locator("section[aria-labelledby=rule] button").click()
    page.get_by_role("heading", name="Please mend the form").wait_for()
    assert page.locator("#report_days").get_attribute("aria-invalid") == "true"
    assert fits(page)
    page.fill("#report_days", "20")
    page.locator("section[aria-labelledby=rule] button").click()
    page.locator("[role=status]").wait_for()
    assert "every 3 months" in page.locator(".lead").inner_text()
    page.get_by_role("button", name="Take back").first.click()
    page.get_by_text("It counts no more.").wait_for()
    assert fits(page)
