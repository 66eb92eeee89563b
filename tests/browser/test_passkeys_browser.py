"""Passkeys in a real browser with an authenticator that is made of software."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import people_web
from tests.sign_in_web import forget
from tests.web_country import WebCountry

NewPage = Callable[..., Page]
OMAR = "officer@example.org"
PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1440, "height": 900}


def on_the_side(work: Coroutine[Any, Any, Any]) -> Any:
    """Playwright keeps an event loop running in this thread."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(work)))
    thread.start()
    thread.join()
    return found[0] if found else None


@pytest.fixture(autouse=True)
def nothing_kept(country: WebCountry) -> None:
    on_the_side(forget(country))


class Authenticator:
    """Chromium's virtual authenticator, as one is built into a laptop."""

    def __init__(self, page: Page) -> None:
        self._line = page.context.new_cdp_session(page)
        self._line.send("WebAuthn.enable")
        made = self._line.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                    "automaticPresenceSimulation": True,
                }
            },
        )
        self._number = made["authenticatorId"]

    def knows_its_user(self, known: bool) -> None:
        """Whether finger or face are recognised."""
        self._line.send(
            "WebAuthn.setUserVerified",
            {"authenticatorId": self._number, "isUserVerified": known},
        )

    def keys(self) -> list[dict[str, Any]]:
        found = self._line.send("WebAuthn.getCredentials", {"authenticatorId": self._number})
        return list(found["credentials"])

    def remove(self, key: dict[str, Any]) -> None:
        self._line.send(
            "WebAuthn.removeCredential",
            {"authenticatorId": self._number, "credentialId": key["credentialId"]},
        )

    def put_back(self, key: dict[str, Any]) -> None:
        """The same key with its count as it was: a copy that was made earlier."""
        self.remove(key)
        self._line.send(
            "WebAuthn.addCredential", {"authenticatorId": self._number, "credential": key}
        )


@pytest.fixture
def page(new_page: NewPage, address: str) -> Page:
    """A page opened by name: browsers make no passkeys for numbers."""
    made = new_page(base_url=address.replace("127.0.0.1", "localhost"), viewport=WIDE)
    made.errors = []  # type: ignore[attr-defined]  # looked at in the tests
    made.on("console", lambda told: made.errors.append(told.text) if told.type == "error" else None)  # type: ignore[attr-defined]
    return made


def give_password(page: Page, email: str = OMAR) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(people_web.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def register(page: Page, name: str = "My laptop") -> None:
    give_password(page)
    page.goto("/security")
    page.get_by_label("A name for it").fill(name)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.get_by_role("link", name="go on").click()


def test_a_passkey_is_registered_and_signs_in_alone(page: Page) -> None:
    Authenticator(page)
    register(page)
    expect(page.get_by_role("row", name=re.compile("My laptop"))).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.goto("/security")
    expect(page.get_by_text("this one")).to_be_visible()
    assert page.errors == []  # type: ignore[attr-defined]


def test_a_passkey_is_a_second_factor(page: Page) -> None:
    Authenticator(page)
    register(page)
    page.goto("/security")
    page.get_by_role("button", name="Sign out").click()
    give_password(page)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_who_the_authenticator_does_not_know_stays_out(page: Page) -> None:
    authenticator = Authenticator(page)
    register(page)
    page.goto("/security")
    page.get_by_role("button", name="Sign out").click()
    authenticator.knows_its_user(False)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("That did not work")).to_be_visible()
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
    authenticator.knows_its_user(True)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_copy_of_a_passkey_is_refused_and_told(page: Page, country: WebCountry) -> None:
    authenticator = Authenticator(page)
    register(page)
    copied = authenticator.keys()[0]
    page.goto("/security")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    authenticator.put_back(copied)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("That passkey does not belong")
    told = on_the_side(country.read("select kind from security_notice order by notice_no"))
    assert [row["kind"] for row in told][-1] == "copied_passkey"


def test_the_same_device_is_registered_once(page: Page) -> None:
    Authenticator(page)
    register(page)
    page.goto("/security")
    page.get_by_label("A name for it").fill("Again")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("registered for your account already")).to_be_visible()


# What a page that was tampered with could ask for: any key instead of the account's own.
ANY_KEY = """
const asked = navigator.credentials.get.bind(navigator.credentials);
navigator.credentials.get = (options) => {
  options.publicKey.allowCredentials = [];
  return asked(options);
};
"""


def test_a_passkey_of_somebody_else_is_no_second_factor(page: Page) -> None:
    authenticator = Authenticator(page)
    register(page)
    own = authenticator.keys()[0]
    page.goto("/security")
    page.get_by_role("button", name="Sign out").click()
    give_password(page, "help@example.org")
    page.goto("/security")
    page.get_by_label("A name for it").fill("Another")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("link", name="go on").click()
    page.get_by_role("button", name="Sign out").click()
    authenticator.remove(own)
    page.add_init_script(ANY_KEY)
    give_password(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("does not belong to this account")
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_runs_out_of_the_page(new_page: NewPage, address: str, size: Any) -> None:
    page = new_page(base_url=address.replace("127.0.0.1", "localhost"), viewport=size)
    give_password(page)
    for path in ("/security", "/security/app"):
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size["width"], path


def test_without_javascript_the_password_remains(new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    give_password(page)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
