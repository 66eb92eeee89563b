"""Simulations in a real browser: without script, on a phone, on paper."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from litestar import Litestar
from playwright.sync_api import Page, expect

from ibr.coverage.engine.ground import ground_folder, keep_ground
from ibr.settings import Settings
from tests.browser.test_web_browser import NARROW, PHONE, NewPage, sign_in
from tests.conftest import scratch_folder
from tests.served_pages import served
from tests.web_country import WebCountry, application
from tests.what_if_ground import ground, small_country


@pytest.fixture(scope="module")
def address(country: WebCountry) -> Iterator[str]:
    """The pages, with what simulations stand on."""
    folder = scratch_folder()
    keep_ground(ground(small_country().tables), ground_folder(folder))

    @asynccontextmanager
    async def with_folder() -> AsyncIterator[Litestar]:
        async with country.services(Settings(data_dir=folder)) as services:
            yield application(services)

    with served(with_folder) as found:
        yield found
    shutil.rmtree(folder)


def opened(new_page: NewPage, **options: object) -> Page:
    page = new_page(**options)
    sign_in(page, "analyst@example.org")
    page.goto("/what-if")
    return page


@pytest.mark.parametrize("script", [True, False])
def test_a_programme_is_closed_and_the_view_has_an_address(new_page: NewPage, script: bool) -> None:
    page = opened(new_page, java_script_enabled=script)
    page.get_by_label("Programmes that end").select_option("PEN")
    page.get_by_role("button", name="Simulate").click()
    expect(page.get_by_role("heading", name="Closing PEN")).to_be_visible()
    expect(page.get_by_text("This is not a figure of the registry")).to_be_visible()
    row = page.get_by_role("table", name="By programme").get_by_role("row", name="PEN")
    expect(row).to_contain_text("-3")
    page.reload()
    expect(page.get_by_role("heading", name="Closing PEN")).to_be_visible()


def test_what_is_to_be_mended_leads_to_its_field(new_page: NewPage) -> None:
    page = opened(new_page)
    page.get_by_role("link", name="Change an age limit").click()
    page.get_by_label("Programme", exact=True).select_option("PEN")
    page.get_by_label("New youngest age").fill("old")
    page.get_by_role("button", name="Simulate").click()
    page.get_by_role("link", name="Write an age in years from 0 to 130").click()
    expect(page.get_by_label("New youngest age")).to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize("size", [PHONE, NARROW], ids=["390", "320"])
def test_on_a_phone_nothing_is_wider_than_the_screen(
    new_page: NewPage, size: dict[str, int]
) -> None:
    page = opened(new_page, viewport=size)
    for kind in ("close", "open", "age", "exclude"):
        page.goto(f"/what-if?kind={kind}&run=yes&programme=PEN&first=PEN&second=DIS&age_from=60")
        expect(page.get_by_text("This is not a figure of the registry")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, kind


def test_on_paper_the_mark_and_the_assumptions_stay_and_the_form_goes(new_page: NewPage) -> None:
    page = opened(new_page)
    page.goto("/what-if?kind=close&run=yes&programme=PEN")
    page.emulate_media(media="print")
    expect(page.get_by_text("This is not a figure of the registry")).to_be_visible()
    expect(page.get_by_role("heading", name="What was assumed")).to_be_visible()
    expect(page.get_by_role("button", name="Simulate")).to_be_hidden()
