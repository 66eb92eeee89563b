"""Officers in a real browser: invited, a role chosen, an act of two people, on a phone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_web_browser import NARROW, PHONE, NewPage, sign_in
from tests.officers_web import as_owner, register_acts, somebody
from tests.people_web import PASSWORD
from tests.web_country import WebCountry

ADA = "admin@example.org"
PAGES = ("/officers", "/officers/invite", "/officers/2", "/account", "/approvals", "/partners")


def apart(work: Coroutine[Any, Any, Any]) -> Any:
    """Runs in a thread, as the browser has a loop."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(work)))
    thread.start()
    thread.join()
    return found[0]


@pytest.fixture(scope="module")
def second(country: WebCountry) -> str:
    """Another administrator."""
    register_acts()
    return str(apart(somebody(country, "administrator")))


def as_officer(new_page: NewPage, email: str, **options: object) -> Page:
    page = new_page(**options)
    sign_in(page, email)
    return page


def test_somebody_is_invited_and_comes_in(new_page: NewPage, second: str) -> None:
    page = as_officer(new_page, ADA)
    page.goto("/officers")
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("Name").fill("Nia New")
    page.get_by_label("E-mail address").fill("nia@example.org")
    page.get_by_role("radio", name="Analyst").check()
    page.get_by_role("button", name="Invite and record").click()
    link = page.locator("code").inner_text()
    theirs = new_page()
    theirs.goto("/" + link.split("/", 3)[3])
    expect(theirs.get_by_role("heading", name="Set your password")).to_be_visible()
    theirs.get_by_label("New password").fill(PASSWORD)
    theirs.get_by_label("The same once more").fill(PASSWORD)
    theirs.get_by_role("button", name="Set it and sign in").click()
    sign_in(theirs, "nia@example.org")
    expect(theirs.get_by_role("link", name="My account: Nia New")).to_contain_text("Analyst")


def test_one_proposes_and_another_approves_without_javascript(
    new_page: NewPage, second: str
) -> None:
    page = as_officer(new_page, ADA, java_script_enabled=False)
    page.goto("/partners/mis.example.org")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Propose the change").click()
    expect(page.get_by_role("status")).to_contain_text("waits for a second person")
    page.get_by_role("status").get_by_role("link").click()
    page.get_by_role("link", name="Change what a partner may do").click()
    expect(page.get_by_role("heading", name="You proposed this")).to_be_visible()
    other = as_officer(new_page, second, java_script_enabled=False)
    other.goto(page.url)
    expect(other.get_by_role("table", name="What exactly would change")).to_contain_text(
        "mis.example.org"
    )
    other.get_by_role("button", name="Approve it and do it now").click()
    expect(other.get_by_role("status")).to_contain_text("Approved and done")


def test_who_holds_two_roles_chooses(new_page: NewPage, country: WebCountry) -> None:
    async def two_roles() -> str:
        email = await somebody(country, "analyst")
        async with as_owner(country) as connection:
            await connection.execute(
                "insert into officer_role (officer_id, role) "
                "select officer_id, 'programme_officer' from officer where email = $1",
                email,
            )
        return email

    page = as_officer(new_page, apart(two_roles()))
    expect(page.get_by_role("link", name="Look up a person")).to_have_count(0)
    page.get_by_role("link", name="My account").click()
    page.get_by_role("button", name="Act as Programme officer").click()
    expect(page.get_by_role("link", name="Look up a person")).to_be_visible()
    expect(page.get_by_role("link", name="My account")).to_contain_text("Programme officer")


@pytest.mark.parametrize(("size", "locale"), [(PHONE, "en-GB"), (NARROW, "fr-FR")])
def test_a_phone_never_scrolls_sideways(
    new_page: NewPage, second: str, size: dict[str, int], locale: str
) -> None:
    page = as_officer(new_page, ADA, viewport=size, locale=locale)
    for path in PAGES:
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
