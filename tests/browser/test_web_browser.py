"""The pages in a real browser: by keyboard, without JavaScript, in French, on a phone, dark."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import people_web

NewPage = Callable[..., Page]
PAGES = ["/", "/programmes/CASH", "/programmes/MEAL", "/deliveries", "/deliveries/8", "/person"]
PHONE = {"width": 390, "height": 844}
NARROW = {"width": 320, "height": 640}


def sign_in(page: Page, email: str = "officer@example.org") -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail address").or_(page.get_by_label("Adresse électronique")).fill(email)
    page.locator("#password").fill(people_web.PASSWORD)
    page.locator("main button").click()
    page.wait_for_url("**/")


def look_up(page: Page, value: str = people_web.KNOWN_UIN) -> None:
    page.goto("/person")
    page.locator("#purpose-complaint").check()
    page.locator("#kind").select_option("UIN")
    page.locator("#value").fill(value)
    page.locator("form.stacked button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Records of this person")


def test_an_officer_signs_in_and_out(new_page: NewPage) -> None:
    page = new_page()
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("The country at a glance")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_person_is_looked_up_with_a_purpose(new_page: NewPage) -> None:
    page = new_page()
    sign_in(page)
    look_up(page)
    expect(page.locator("article")).to_have_count(3)
    expect(page.get_by_text("አበበ").first).to_be_visible()
    expect(page.get_by_role("img", name="Benefits over time")).to_be_visible()
    asked = page.get_by_role("table", name="Who asked about this person")
    expect(asked).to_contain_text("Omar Officer")
    expect(asked).to_contain_text("Complaint or appeal")
    assert people_web.KNOWN_UIN not in page.url


def test_a_look_up_without_a_purpose_says_what_to_mend(new_page: NewPage) -> None:
    page = new_page()
    sign_in(page)
    page.goto("/person")
    page.locator("#value").fill(people_web.KNOWN_UIN)
    page.locator("form.stacked button").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose why")
    group = page.get_by_role("group", name="1. Why are you looking this person up?")
    expect(group).to_have_accessible_description(
        "To mend: Choose why you are looking this person up."
    )
    page.get_by_role("alert").get_by_role("link").first.click()
    expect(page.locator("#purpose-enrolment_check")).to_be_focused()


def test_the_keyboard_is_enough(new_page: NewPage) -> None:
    page = new_page()
    page.goto("/sign-in")
    expect(page.locator("#email")).to_be_focused()
    page.keyboard.type("officer@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type(people_web.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.goto("/person")
    page.locator("#purpose-enrolment_check").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("#kind")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type(people_web.KNOWN_UIN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Records of this person")


def test_a_region_on_the_map_leads_to_its_row(new_page: NewPage) -> None:
    page = new_page()
    sign_in(page)
    region = page.locator(".map-picture a").first
    region.focus()
    expect(region).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("tr:target")).to_have_count(1)


def test_everything_is_readable_without_javascript(new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    sign_in(page)
    look_up(page)
    expect(page.locator("article")).to_have_count(3)
    page.goto("/deliveries")
    page.locator("#state").select_option("failed")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("No delivery fits")).to_be_visible()


def test_filters_work_at_once_with_javascript(new_page: NewPage) -> None:
    page = new_page()
    sign_in(page)
    page.goto("/deliveries")
    page.locator("#refused").check()
    page.wait_for_url("**/deliveries?*refused=yes*")
    expect(page.locator("#list tbody tr").first).to_be_visible()
    stored = page.evaluate(
        "JSON.stringify([Object.keys(localStorage), Object.keys(sessionStorage)])"
    )
    assert "htmx-history" not in stored


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


def test_a_person_fits_a_phone(new_page: NewPage) -> None:
    page = new_page(viewport=PHONE)
    sign_in(page)
    look_up(page)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_the_pages_speak_french(new_page: NewPage) -> None:
    page = new_page()
    sign_in(page)
    page.get_by_role("link", name="Français").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Le pays en un coup d’œil")
    assert page.locator("html").get_attribute("lang") == "fr"
    expect(page.get_by_role("link", name="Pension de vieillesse").first).to_be_visible()


def test_a_browser_that_asks_for_french_gets_it(new_page: NewPage) -> None:
    page = new_page(locale="fr-SN")
    page.goto("/sign-in")
    expect(page.get_by_role("heading", level=1)).to_have_text("Se connecter")


def test_dark_pages_are_dark(new_page: NewPage) -> None:
    page = new_page(color_scheme="dark")
    page.goto("/sign-in")
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour == "rgb(15, 23, 27)"


def test_a_page_from_right_to_left_turns_round(new_page: NewPage) -> None:
    page = new_page(viewport=PHONE)
    page.goto("/language/ar-XB")
    sign_in(page)
    assert page.locator("html").get_attribute("dir") == "rtl"
    bars = page.locator(".picture.benefits .bar")
    first, last = bars.first.bounding_box(), bars.last.bounding_box()
    assert first is not None
    assert last is not None
    assert first["x"] > last["x"]
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("path", PAGES)
def test_every_picture_table_and_field_has_a_name(new_page: NewPage, path: str) -> None:
    page = new_page()
    sign_in(page)
    page.goto(path)
    nameless = page.evaluate(
        """() => [
          ...[...document.querySelectorAll('svg:not([aria-hidden])')]
            .filter(e => !document.getElementById(e.getAttribute('aria-labelledby'))),
          ...[...document.querySelectorAll('table')].filter(e => !e.caption),
          ...[...document.querySelectorAll('input:not([type=hidden]), select')]
            .filter(e => !e.labels.length),
          ...[...document.querySelectorAll('[id]')]
            .filter(e => document.querySelectorAll('#' + CSS.escape(e.id)).length > 1),
        ].map(e => e.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    assert page.locator("h1").count() == 1
    assert page.locator("main, header, footer").count() == 3
