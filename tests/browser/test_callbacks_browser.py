"""The page of undelivered callbacks in a real browser: on a phone, dark, in French, by a button."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_web_browser import NARROW, PHONE, NewPage, sign_in
from tests.callbacks_web import emptied, promised
from tests.web_country import WebCountry


@pytest.fixture(autouse=True)
def given_up(country: WebCountry) -> Iterator[None]:
    """Messages that were given up and one that waits; in a thread, as the browser has a loop."""
    _apart(promised(country.dsn))
    yield
    _apart(emptied(country.dsn))


def _apart(work: Coroutine[Any, Any, object]) -> None:
    thread = threading.Thread(target=lambda: asyncio.run(work))
    thread.start()
    thread.join()


def opened(new_page: NewPage, **options: object) -> Page:
    page = new_page(**options)
    sign_in(page, "admin@example.org")
    page.goto("/callbacks?state=both")
    return page


def test_a_button_sends_one_again(new_page: NewPage) -> None:
    page = opened(new_page)
    messages = page.get_by_role("table", name="Messages, the newest first")
    expect(messages.get_by_text("Given up")).to_have_count(2)
    messages.get_by_role("button", name="again").first.click()
    expect(page.get_by_role("status").first).to_contain_text("1 message will be sent again")
    expect(messages.get_by_text("Given up")).to_have_count(1)


def test_all_of_a_partner_are_sent_again_without_javascript(new_page: NewPage) -> None:
    page = opened(new_page, java_script_enabled=False)
    page.get_by_role("button", name="Send all again").click()
    expect(page.get_by_role("status").first).to_contain_text("2 messages will be sent again")


def test_the_filter_works_at_once(new_page: NewPage) -> None:
    page = opened(new_page)
    page.get_by_label("State").select_option("waiting")
    expect(page.get_by_text("1 message", exact=True)).to_be_visible()
    expect(page.get_by_role("table", name="Messages")).to_contain_text("Not tried yet")


@pytest.mark.parametrize("size", [PHONE, NARROW])
@pytest.mark.parametrize("locale", ["en-GB", "fr-FR"])
def test_it_fits_a_phone(new_page: NewPage, size: dict[str, int], locale: str) -> None:
    page = opened(new_page, viewport=size, locale=locale)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_it_speaks_french(new_page: NewPage) -> None:
    page = opened(new_page, locale="fr-FR")
    expect(page.get_by_role("heading", level=1)).to_have_text("Rappels non remis")
    expect(page.get_by_text("les redirections ne sont pas suivies")).to_be_visible()
