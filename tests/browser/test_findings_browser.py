"""Findings and programme pairs in a real browser: by form, by filter, on a phone, in French."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_web_browser import NARROW, PHONE, NewPage, sign_in
from tests.findings_web import emptied, with_findings
from tests.web_country import WebCountry


@pytest.fixture(autouse=True)
def found(country: WebCountry) -> Iterator[None]:
    """Three findings; in a thread, as the browser has a loop."""
    _apart(with_findings(country.dsn))
    yield
    _apart(emptied(country.dsn))


def _apart(work: Coroutine[Any, Any, object]) -> None:
    thread = threading.Thread(target=lambda: asyncio.run(work))
    thread.start()
    thread.join()


def opened(new_page: NewPage, path: str, **options: object) -> Page:
    page = new_page(**options)
    sign_in(page, "admin@example.org")
    page.goto(path)
    return page


def entered(page: Page) -> None:
    """Enters that two programmes exclude each other, by the matrix."""
    page.get_by_role("row", name="Old Age Pension").get_by_role("link").first.click()
    page.get_by_label("Law or rule").fill("Act 5, section 2")
    page.get_by_role("button", name="Enter and record").click()


@pytest.mark.parametrize("script", [True, False])
def test_a_pair_is_entered_from_the_matrix(new_page: NewPage, script: bool) -> None:
    page = opened(new_page, "/pairs", java_script_enabled=script)
    entered(page)
    expect(page.get_by_role("status")).to_contain_text("Entered. The checks go by it")
    expect(page.get_by_role("table", name="What holds", exact=True)).to_contain_text("Act 5")
    page.get_by_role("link", name="Change what holds between").first.click()
    expect(page.get_by_label("Law or rule")).to_have_value("Act 5, section 2")


def test_the_filter_works_at_once(new_page: NewPage) -> None:
    page = opened(new_page, "/findings")
    page.get_by_label("How soon").select_option("3")
    expect(page.get_by_text("1 finding", exact=True)).to_be_visible()
    page.get_by_role("table", name="Findings, the most").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="What it rests on")).to_be_visible()


@pytest.mark.parametrize(("size", "locale"), [(PHONE, "en-GB"), (NARROW, "fr-FR")])
def test_it_fits_a_phone(new_page: NewPage, size: dict[str, int], locale: str) -> None:
    page = opened(new_page, "/pairs", viewport=size, locale=locale)
    for path in ("/pairs", "/findings", "/findings/checks/K01"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path


def test_it_speaks_french(new_page: NewPage) -> None:
    page = opened(new_page, "/pairs", locale="fr-FR")
    expect(page.get_by_role("heading", level=1)).to_have_text("Paires de programmes")
    page.goto("/findings")
    expect(page.get_by_role("heading", level=1)).to_have_text("Constats")


@pytest.mark.parametrize("path", ["/pairs", "/findings"])
def test_every_table_and_field_has_a_name(new_page: NewPage, path: str) -> None:
    page = opened(new_page, path)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('table')].filter(t => !t.caption).length
          + [...document.querySelectorAll('input:not([type=hidden]), select')]
              .filter(f => !f.labels.length).length"""
    )
    assert nameless == 0
