"""The developers' pages in a real browser: by keyboard, without JavaScript, on a phone, dark."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ibr.protection.seal import Sealer
from tests import people_web
from tests.developers_web import CALLBACK, DEVELOPERS, FIRST, add_developers
from tests.web_country import KEYRING, WebCountry, filled

NewPage = Callable[..., Page]
DEVELOPER = DEVELOPERS[FIRST]
ADMINISTRATOR = "admin@example.org"
MESSAGE = "/developers/messages/message"
PAGES = (
    "/developers",
    "/developers/samples",
    "/developers/messages",
    MESSAGE,
    "/developers/callbacks",
)
PHONE = {"width": 390, "height": 844}
NARROW = {"width": 320, "height": 640}
_refused: list[str] = []
# Once for each: a sign-in is slow on purpose.
_signed_in: dict[str, Any] = {}


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    """The small country with partners, developers and traced messages."""
    made = filled(dsn)
    traced = asyncio.run(add_developers(dsn, Sealer(KEYRING), people_web.PASSWORD))
    _refused[:] = [traced[FIRST][1]]
    _signed_in.clear()
    return made


def opened(new_page: NewPage, path: str, email: str = DEVELOPER, **options: Any) -> Page:
    """A page as somebody sees it who has signed in."""
    if email in _signed_in:
        page = new_page(storage_state=_signed_in[email], **options)
    else:
        page = new_page(**options)
        page.goto("/sign-in")
        page.locator("#email").fill(email)
        page.locator("#password").fill(people_web.PASSWORD)
        page.locator("main button").click()
        page.wait_for_url(lambda url: not url.endswith("/sign-in"))
        _signed_in[email] = page.context.storage_state()
    page.goto(f"/developers/messages/{_refused[0]}" if path == MESSAGE else path)
    return page


@pytest.mark.parametrize("path", PAGES)
def test_no_page_breaks_the_policy_or_fails(new_page: NewPage, path: str) -> None:
    page = opened(new_page, "/developers")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"/developers/messages/{_refused[0]}" if path == MESSAGE else path)
    page.wait_for_load_state("load")
    assert said == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("size", [PHONE, NARROW])
def test_a_phone_never_scrolls_sideways(new_page: NewPage, path: str, size: dict[str, int]) -> None:
    page = opened(new_page, path, viewport=size, locale="fr-FR")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("path", PAGES)
def test_everything_has_a_name(new_page: NewPage, path: str) -> None:
    page = opened(new_page, path)
    nameless = page.evaluate(
        """() => [
          ...[...document.querySelectorAll('table')].filter(e => !e.caption),
          ...[...document.querySelectorAll('input:not([type=hidden]), select')]
            .filter(e => !e.labels.length),
          ...[...document.querySelectorAll('[role=region]')].filter(e => !e.ariaLabel),
          ...[...document.querySelectorAll('[id]')]
            .filter(e => document.querySelectorAll('#' + CSS.escape(e.id)).length > 1),
        ].map(e => e.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    assert page.locator("h1").count() == 1


def test_a_developer_goes_from_the_list_to_the_reason(new_page: NewPage) -> None:
    page = opened(new_page, "/developers/messages")
    page.locator("#verdict").select_option("refused")
    page.wait_for_url("**/developers/messages?*verdict=refused*")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    page.locator("#list tbody a").click()
    expect(page.get_by_role("heading", name="Why, and how to mend it")).to_be_visible()
    expect(page.get_by_text("Signed without sorting the members")).to_be_visible()


def test_the_filters_work_without_javascript(new_page: NewPage) -> None:
    page = opened(new_page, "/developers/messages", java_script_enabled=False)
    page.locator("#direction").select_option("out")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#list tbody tr")).to_have_count(1)


def test_a_sample_is_copied_by_a_button(new_page: NewPage) -> None:
    page = opened(
        new_page, "/developers/samples", permissions=["clipboard-read", "clipboard-write"]
    )
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "grant_type=client_credentials" in page.evaluate("navigator.clipboard.readText()")


def test_without_javascript_the_samples_are_there_and_no_button(new_page: NewPage) -> None:
    page = opened(new_page, "/developers/samples", java_script_enabled=False)
    expect(page.locator("pre.sample").first).to_be_visible()
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)


def test_a_test_callback_is_sent_by_keyboard_and_followed(new_page: NewPage) -> None:
    page = opened(new_page, "/developers")
    page.locator("#address").focus()
    page.locator("#address").fill(f"{CALLBACK}/on-search")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Test callback")
    expect(page.get_by_role("status")).to_contain_text("Waiting")
    expect(page.get_by_role("link", name="Look again")).to_be_visible()


def test_a_wrong_address_is_told_beside_its_field(new_page: NewPage) -> None:
    page = opened(new_page, "/developers")
    page.locator("#address").fill("https://elsewhere.example/")
    page.get_by_role("button", name="Send the test").click()
    expect(page.get_by_role("alert")).to_contain_text("not a registered callback address")
    expect(page.locator("#address")).to_have_accessible_description(
        "This is not a registered callback address, nor beneath one. Ask those who run the "
        "registry to register it."
    )
    expect(page.locator("#address")).to_have_value("https://elsewhere.example/")


def test_an_administrator_chooses_a_partner(new_page: NewPage) -> None:
    page = opened(new_page, "/developers", ADMINISTRATOR)
    page.get_by_role("link", name=f"System of {FIRST}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Connection")
    page.get_by_role("link", name="Messages").click()
    expect(page.locator("#list tbody tr")).to_have_count(3)


def test_the_pages_speak_french(new_page: NewPage) -> None:
    page = opened(new_page, "/developers", locale="fr-FR")
    expect(page.get_by_role("heading", level=1)).to_have_text("Connexion")
    expect(page.get_by_role("heading", name="Vos clés")).to_be_visible()


def test_dark_samples_are_dark(new_page: NewPage) -> None:
    page = opened(new_page, "/developers/samples", color_scheme="dark")
    colour = page.locator("pre.sample").first.evaluate("e => getComputedStyle(e).backgroundColor")
    assert colour == "rgb(31, 44, 50)"
