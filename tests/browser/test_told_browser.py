"""What other registries told, as an officer sees it on a telephone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests import people_web
from tests.told_web import DEATH, TOLD, tell
from tests.web_country import WebCountry

NewPage = Callable[..., Page]


@pytest.fixture(scope="module")
def told(country: WebCountry) -> None:
    # Playwright keeps an event loop running in this thread.
    news = tell(country, people_web.KNOWN_UIN, (*TOLD, *DEATH))
    thread = threading.Thread(target=lambda: asyncio.run(news))
    thread.start()
    thread.join()


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
def test_the_card_and_the_death_fit_a_phone(new_page: NewPage, told: None, language: str) -> None:
    page = new_page(viewport={"width": 390, "height": 800}, locale=language)
    page.goto("/sign-in")
    page.fill("input[name=email]", "officer@example.org")
    page.fill("input[name=password]", people_web.PASSWORD)
    page.click("form.stacked button")
    page.goto("/person")
    page.check("input[name=purpose][value=complaint]")
    page.fill("input[name=value]", people_web.KNOWN_UIN)
    page.click("form.stacked button")
    card = page.locator("[aria-labelledby=elsewhere]")
    assert card.locator("tbody tr").count() == 11
    card.locator("summary").first.click()
    assert card.locator("details li").first.is_visible()
    assert page.locator(".notice.bad h2").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
