"""An officer types, and sees whom the registry may know; on a telephone and without script too."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests import people_web
from tests.database.test_web_applicant import KNOWN, linked
from tests.web_country import WebCountry

NewPage = Callable[..., Page]


@pytest.fixture(scope="module", autouse=True)
def who_is_who(country: WebCountry) -> None:
    # Playwright keeps an event loop running in this thread.
    thread = threading.Thread(target=lambda: asyncio.run(linked(country.dsn)))
    thread.start()
    thread.join()


def sign_in(page: Page) -> None:
    page.goto("/sign-in")
    page.fill("input[name=email]", "officer@example.org")
    page.fill("input[name=password]", people_web.PASSWORD)
    page.click("form.stacked button")
    page.goto("/applicant")


def type_in(page: Page) -> None:
    for name in ("given_name", "surname", "birth_date"):
        page.type(f"input[name={name}]", KNOWN[name])


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_answer_comes_while_typing(new_page: NewPage, width: int, scheme: str) -> None:
    page = new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    sign_in(page)
    type_in(page)
    page.locator("#found article").first.wait_for()
    assert page.url.endswith("/applicant")
    assert page.locator("#found article h3").first.inner_text() in (
        "Likely the same person",
        "Possibly the same person",
    )
    assert page.input_value("input[name=surname]") == KNOWN["surname"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if folder := os.environ.get("IBR_TEST_SHOTS"):
        page.screenshot(path=f"{folder}/applicant-{width}-{scheme}.png", full_page=True)


def test_without_script_the_button_does_it(new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    sign_in(page)
    type_in(page)
    page.click("form.stacked button")
    assert page.locator("#found article").count() >= 1
    assert page.input_value("input[name=given_name]") == KNOWN["given_name"]
