"""The public site in a real browser: narrow and wide, by keyboard, without script, in French."""

from __future__ import annotations

import threading

import pytest
from playwright.sync_api import expect

from tests.browser.test_web_browser import NARROW, PHONE, NewPage
from tests.releases_web import published_country
from tests.web_country import WebCountry

PAGES = [
    *("/public/en", "/public/en/coverage", "/public/en/programmes", "/public/en/money"),
    *("/public/en/overlaps", "/public/en/reporting", "/public/en/cases", "/public/en/releases"),
    *("/public/en/releases/1", "/public/en/methods", "/public/en/data", "/public/fr/coverage"),
]
FIRST_VIEW = 300_000


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    """The country with two releases; in a thread, as the browser has a loop."""
    made: list[WebCountry] = []
    thread = threading.Thread(target=lambda: made.append(published_country(dsn)))
    thread.start()
    thread.join()
    return made[0]


@pytest.mark.parametrize("size", [NARROW, PHONE])
@pytest.mark.parametrize("path", PAGES)
def test_a_phone_never_scrolls_sideways(new_page: NewPage, path: str, size: dict[str, int]) -> None:
    page = new_page(viewport=size)
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_one_title_and_names_for_what_is_seen(new_page: NewPage, path: str) -> None:
    page = new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200
    expect(page.locator("h1")).to_have_count(1)
    for picture in page.locator("svg[role=img]").all():
        assert picture.get_attribute("aria-label") or picture.get_attribute("aria-labelledby")
    for table in page.locator("table").all():
        assert table.locator("caption").count() == 1
    assert said == []


def test_the_first_view_is_small(new_page: NewPage) -> None:
    page = new_page()
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(len(answer.body())))
    page.goto("/public/en/coverage")
    page.wait_for_load_state("networkidle")
    assert len(sizes) >= 2
    assert sum(sizes) < FIRST_VIEW


def test_the_first_tab_skips_to_the_figures(new_page: NewPage) -> None:
    page = new_page()
    page.goto("/public/en/coverage")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    expect(skip).to_have_attribute("href", "#main")
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_without_script_every_link_leads_somewhere(new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    page.goto("/public/en")
    links = page.locator("nav a, main a").all()
    addresses = {each.get_attribute("href") for each in links}
    assert len(addresses) > 5
    for address in sorted(each for each in addresses if each and each.startswith("/public")):
        answer = page.request.get(address)
        assert answer.status == 200, address
