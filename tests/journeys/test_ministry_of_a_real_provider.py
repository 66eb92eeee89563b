"""Signing in at a real, certified OpenID provider, through the real pages and the real way out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from ibr.calls.set_up import caller_from
from ibr.clock import now
from ibr.settings import Settings
from ibr.web.sign_in_settings import ministry_from
from tests.real_provider import answered, running
from tests.sign_in_web import Clock, first_token, forget
from tests.web_country import WebCountry, application, filled

BASE = "http://ibr.test"
SECRET = "agreed/with: the+ministry"
PEOPLE = {
    "omar": {"email": "officer@example.org", "email_verified": True},
    "doubtful": {"email": "help@example.org", "email_verified": False},
    "stranger": {"email": "stranger@example.org", "email_verified": True},
}


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.fixture(scope="module", params=[True, False], ids=["email in token", "email beside it"])
def issuer(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a provider that runs for the tests of this file."""
    asked = {
        "client_id": "registry",
        "client_secret": SECRET,
        "back": f"{BASE}/sign-in/ministry/back",
        "home": f"{BASE}/sign-in",
        "people": PEOPLE,
        "email_in_token": request.param,
    }
    with running(asked) as address:
        yield address


@pytest.fixture
def settings(issuer: str, tmp_path: Path) -> Settings:
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    return Settings(
        public_url=BASE,
        oidc_issuer=issuer,
        oidc_client_id="registry",
        oidc_client_secret_file=secret,
        oidc_name="Ministry Login",
    )


@asynccontextmanager
async def browser(country: WebCountry, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that reaches the registry and the provider, and follows every redirect."""
    caller = caller_from(settings)
    try:
        async with country.services(settings) as services:
            ministry = ministry_from(settings, caller.send)
            moved = replace(services, now=Clock(now()), ministry=ministry)
            own = httpx.ASGITransport(app=application(moved), client=("10.0.0.1", 1))
            async with httpx.AsyncClient(
                base_url=BASE, mounts={"all://ibr.test": own}, follow_redirects=True
            ) as client:
                client.headers["accept"] = "text/html"
                yield client
    finally:
        await caller.close()


async def sign_in(client: httpx.AsyncClient, **answers: Any) -> httpx.Response:
    """Goes to the ministry and answers what it asks until it sends the browser back."""
    page = await client.get("/sign-in/ministry", params={"next": "/deliveries"})
    return await answered(client, page, **answers)


async def test_an_officer_signs_in_and_out_at_the_ministry(
    country: WebCountry, settings: Settings
) -> None:
    await forget(country)
    async with browser(country, settings) as client:
        page = await sign_in(client, who="omar")
        assert page.url == f"{BASE}/deliveries", page.text
        assert page.status_code == 200
        left = await client.post("/sign-out", data={"form_token": first_token(page.text)})
        assert "Sign out there too" in left.text
        gone = await client.get("/sign-in/ministry/leave")
        assert str(gone.url).startswith(str(settings.oidc_issuer))
        closed = await client.get("/deliveries")
        assert closed.url.path == "/sign-in"
    kept = await country.read("select how from officer_session")
    assert [row["how"] for row in kept] == ["ministry"]


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"who": "stranger"}, "ministry.no_officer"),
        ({"who": "doubtful"}, "ministry.no_email"),
        ({"cancel": "yes"}, "openid.refused"),
    ],
)
async def test_who_does_not_come_in(
    country: WebCountry, settings: Settings, answers: dict[str, str], code: str
) -> None:
    await forget(country)
    async with browser(country, settings) as client:
        page = await sign_in(client, **answers)
        assert code in page.text
        assert (await client.get("/deliveries")).url.path == "/sign-in"


async def test_a_code_that_comes_back_twice_is_refused(
    country: WebCountry, settings: Settings
) -> None:
    await forget(country)
    async with browser(country, settings) as client:
        page = await sign_in(client, who="omar")
        back = next(str(each.url) for each in page.history if each.url.path.endswith("/back"))
        again = await client.get(back)
    assert again.status_code == 401


async def test_another_secret_than_was_agreed_lets_nobody_in(
    country: WebCountry, settings: Settings
) -> None:
    await forget(country)
    assert settings.oidc_client_secret_file is not None
    settings.oidc_client_secret_file.write_text("another secret")
    async with browser(country, settings) as client:
        page = await sign_in(client, who="omar")
    assert "openid.code" in page.text
