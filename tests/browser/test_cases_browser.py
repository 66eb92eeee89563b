"""Cases in a real browser: from the list to the letter, by keyboard, on a phone, in French."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_web_browser import NARROW, PHONE, NewPage, sign_in
from tests.cases_web import people_enrolled, three_cases
from tests.web_country import WebCountry

OMAR = "officer@example.org"
ENROLLED = {("sex", "1"): 1_234_567, ("sex", "2"): 2_345_678, ("birth_year", "1950"): 3_580_245}


@pytest.fixture(autouse=True)
def some_cases(country: WebCountry) -> None:
    """Three cases, one of them assigned; in a thread, as the browser has a loop."""
    _apart(three_cases(country))
    _apart(people_enrolled(country, ENROLLED))


def _apart(work: Coroutine[Any, Any, object]) -> None:
    thread = threading.Thread(target=lambda: asyncio.run(work))
    thread.start()
    thread.join()


def opened(new_page: NewPage, address: str = "/cases", **options: object) -> Page:
    page = new_page(**options)
    sign_in(page, OMAR)
    page.goto(address)
    return page


def test_from_the_list_to_the_letter_and_back(new_page: NewPage) -> None:
    page = opened(new_page, "/cases?view=mine")
    page.locator("#list tbody th a").first.click()
    page.get_by_text("Ask for information", exact=True).first.click()
    page.get_by_label("Reason").locator("visible=true").select_option("ask_person")
    page.get_by_role("button", name="Ask for information").click()
    expect(page.get_by_role("status")).to_contain_text("Information asked for")
    page.get_by_role("link", name="Question").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("We need your help")
    page.emulate_media(media="print")
    expect(page.locator(".head")).to_be_hidden()
    expect(page.locator("article")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Take back my last step").click()
    expect(page.get_by_text("taken back").first).to_be_visible()
    page.get_by_role("link", name="Back to the list").click()
    expect(page.get_by_label("Show")).to_have_value("mine")


def test_a_step_by_keyboard_alone(new_page: NewPage) -> None:
    page = opened(new_page, "/cases?view=mine")
    page.locator("#list tbody th a").first.focus()
    page.keyboard.press("Enter")
    page.locator("details.step summary", has_text="Write a note").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Called, nobody answered")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".written")).to_have_text("Called, nobody answered")


@pytest.mark.parametrize("script", [True, False])
def test_many_are_handed_out(new_page: NewPage, script: bool) -> None:
    page = opened(new_page, "/cases?view=unassigned", java_script_enabled=script)
    for each in page.get_by_role("checkbox", name="Choose case").all():
        each.check()
    page.get_by_label("Assign to").select_option(label="Pia Pension")
    page.get_by_role("button", name="Assign").click()
    expect(page.get_by_role("status").first).to_contain_text("2 cases were assigned")
    expect(page.get_by_text("No case fits")).to_be_visible()


@pytest.mark.parametrize("size", [PHONE, NARROW])
def test_they_fit_a_phone_in_french(new_page: NewPage, size: dict[str, int]) -> None:
    page = opened(new_page, viewport=size, locale="fr-FR", color_scheme="dark")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dossiers")
    for address in ("/cases", "/cases/told", "/cases/figures"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], address
    expect(page.get_by_text("Personnes inscrites").first).to_be_attached()
    page.goto("/cases")
    page.locator("#list tbody th a").first.click()
    for summary in page.locator("details.step summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
