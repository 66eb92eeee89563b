"""The first page, the coverage explorer and the indicators in a real browser."""

from __future__ import annotations

import asyncio
import threading

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_web_browser import NARROW, PHONE, NewPage, sign_in
from tests.made_figures import add_districts, freeze_made_at
from tests.web_country import WebCountry

PAGES = [
    "/",
    "/coverage?area=R2&and_area=R3&and_period=2025-10",
    "/coverage?indicator=N5&level=2",
    "/indicators",
    "/indicators/C1",
    "/indicators/N1",
]
# Everything that the first view loads: the page, its style sheet, its one script, the logo.
FIRST_VIEW = 300_000


@pytest.fixture(scope="module", autouse=True)
def figures(country: WebCountry) -> None:
    """Made-up figures; in a thread, as the browser has a loop."""

    async def fill() -> None:
        await add_districts(country.dsn)
        await freeze_made_at(country.dsn)

    thread = threading.Thread(target=lambda: asyncio.run(fill()))
    thread.start()
    thread.join()


def opened(new_page: NewPage, path: str, **options: object) -> Page:
    page = new_page(**options)
    sign_in(page)
    page.goto(path)
    return page


@pytest.mark.parametrize("script", [True, False])
def test_the_map_leads_from_the_country_to_a_region_to_a_district(
    new_page: NewPage, script: bool
) -> None:
    page = opened(new_page, "/coverage", java_script_enabled=script)
    page.locator(".map-picture a", has=page.get_by_text("North Region:")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Districts of North Region")).to_be_visible()
    expect(page.locator(".map-picture a")).to_have_count(3)
    page.get_by_role("table", name="Districts of North Region").get_by_role("link").first.click()
    trail = page.get_by_role("navigation", name="Place")
    expect(trail).to_contain_text("North Region › District")
    trail.get_by_role("link", name="The whole country").click()
    expect(page.get_by_role("heading", name="By region")).to_be_visible()


def test_a_choice_is_shown_at_once_and_stands_in_the_address(new_page: NewPage) -> None:
    page = opened(new_page, "/coverage")
    page.get_by_label("Compare with the period").select_option("2025-10")
    page.wait_for_url("**/coverage?*and_period=2025-10*")
    expect(page.locator(".map-picture")).to_have_count(2)
    address = page.url
    figures = page.get_by_role("table", name="Compared").inner_text()
    page.goto("/")
    page.goto(address)
    assert page.get_by_role("table", name="Compared").inner_text() == figures


def test_the_form_works_without_javascript(new_page: NewPage) -> None:
    page = opened(new_page, "/coverage", java_script_enabled=False)
    page.get_by_label("Indicator", exact=True).select_option("C1")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", level=2, name="Coverage of a programme")).to_be_visible()
    page.get_by_label("Programme or function").select_option("programme:OAP")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#figure + .hint")).to_contain_text("Old Age Pension")


def test_a_picture_has_its_table(new_page: NewPage) -> None:
    page = opened(new_page, "/coverage")
    expect(
        page.get_by_role("img", name="People with any benefit: The whole country")
    ).to_be_visible()
    page.locator("section", has=page.get_by_role("heading", name="Over time")).get_by_text(
        "The same numbers as a table"
    ).first.click()
    expect(page.get_by_role("table", name="Over time: People with any benefit")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/coverage"])
def test_the_first_view_is_small(new_page: NewPage, path: str) -> None:
    page = new_page()
    sign_in(page)
    session = page.context.storage_state()
    fresh = new_page(storage_state=session)
    sizes: list[int] = []
    fresh.on("response", lambda answer: sizes.append(len(answer.body())))
    fresh.goto(path)
    fresh.wait_for_load_state("networkidle")
    assert len(sizes) >= 3
    assert sum(sizes) < FIRST_VIEW


@pytest.mark.parametrize("path", PAGES)
def test_no_page_breaks_the_policy_or_fails(new_page: NewPage, path: str) -> None:
    page = new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    sign_in(page)
    page.goto(path)
    page.wait_for_load_state("load")
    assert said == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("size", [PHONE, NARROW])
def test_a_phone_never_scrolls_sideways(new_page: NewPage, path: str, size: dict[str, int]) -> None:
    page = new_page(viewport=size)
    page.goto("/language/fr")
    sign_in(page)
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("path", PAGES)
def test_every_picture_table_and_field_has_a_name(new_page: NewPage, path: str) -> None:
    page = opened(new_page, path)
    nameless = page.evaluate(
        """() => [
          ...[...document.querySelectorAll('svg:not([aria-hidden])')]
            .filter(e => !document.getElementById(e.getAttribute('aria-labelledby'))),
          ...[...document.querySelectorAll('table')].filter(e => !e.caption),
          ...[...document.querySelectorAll('input:not([type=hidden]), select')]
            .filter(e => !e.labels.length),
          ...[...document.querySelectorAll('[id]')]
            .filter(e => document.querySelectorAll('#' + CSS.escape(e.id)).length > 1),
          ...[...document.querySelectorAll('.map-picture a')]
            .filter(e => !e.querySelector('title')?.textContent),
        ].map(e => e.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    assert page.locator("h1").count() == 1


def test_hatching_and_shades_are_drawn(new_page: NewPage) -> None:
    """A style sheet could leave shapes black, which no test of the HTML would see."""
    page = opened(new_page, "/coverage")
    fills = page.evaluate(
        "[...document.querySelectorAll('.map-picture use')].map(e => getComputedStyle(e).fill)"
    )
    assert len(set(fills)) >= 3
    assert "rgb(0, 0, 0)" not in fills


def test_the_pages_are_dark_at_night_and_fit_on_paper(new_page: NewPage) -> None:
    page = opened(new_page, "/coverage", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 23, 27)"
    page.emulate_media(media="print", color_scheme="light")
    expect(page.locator("form.filters")).to_be_hidden()
    expect(page.locator(".map-picture").first).to_be_visible()
