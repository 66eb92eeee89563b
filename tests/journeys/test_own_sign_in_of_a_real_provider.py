"""People sign in at a real, certified OpenID provider, through real pages and the real way out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from ibr.calls.set_up import caller_from
from ibr.settings import Settings
from ibr.web.sign_in_settings import own_way_from
from tests import visitors
from tests.real_provider import answered, running
from tests.sign_in_web import Clock, first_token
from tests.visitors import now
from tests.web_country import WebCountry, application

BASE = "http://ibr.test"
SECRET = "agreed/with: the+nation"
SURE = "urn:nation:sure"
PEOPLE = {
    "mother": {"uin": visitors.MOTHER, "birthdate": visitors.MOTHER_BORN},
    "twin": {"uin": visitors.TWIN, "birthdate": visitors.TWINS_BORN},
    "sister": {"uin": visitors.SHARED, "birthdate": visitors.SHARED_BORN},
    "stranger": {"uin": "UIN-99999-X", "birthdate": "1980-05-06"},
    "numberless": {"birthdate": "1980-05-06"},
}


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    made = visitors.visited(dsn)
    asyncio.run(visitors.people(made))
    return made


@pytest.fixture(scope="module", params=[True, False], ids=["number in token", "number beside it"])
def issuer(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a provider that runs for the tests of this file."""
    asked = {
        "client_id": "people",
        "client_secret": SECRET,
        "back": f"{BASE}/me/back",
        "home": f"{BASE}/me",
        "people": PEOPLE,
        "levels": [SURE, "urn:nation:weak"],
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
        person_oidc_issuer=issuer,
        person_oidc_client_id="people",
        person_oidc_client_secret_file=secret,
        person_oidc_name="National Login",
        person_oidc_number_claim="uin",
        person_oidc_acr=SURE,
    )


@asynccontextmanager
async def phone(country: WebCountry, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that reaches the registry and the provider, and follows every redirect."""
    caller = caller_from(settings)
    try:
        async with country.services(settings) as services:
            way = own_way_from(settings, caller.send)
            moved = replace(services, now=Clock(now()), own_way=way)
            own = httpx.ASGITransport(app=application(moved), client=("10.0.0.1", 1))
            async with httpx.AsyncClient(
                base_url=BASE, mounts={"all://ibr.test": own}, follow_redirects=True
            ) as client:
                client.headers["accept"] = "text/html"
                yield client
    finally:
        await caller.close()


async def sign_in(client: httpx.AsyncClient, **answers: Any) -> httpx.Response:
    return await answered(client, await client.get("/me/sign-in"), **{"acr": SURE} | answers)


async def test_a_mother_signs_in_sees_her_own_and_signs_out(
    country: WebCountry, settings: Settings
) -> None:
    async with phone(country, settings) as client:
        page = await sign_in(client, who="mother")
        assert page.url == f"{BASE}/me", page.text
        assert "Mariam Hassan" in page.text
        assert all(visitors.MOTHER not in str(each.url) for each in page.history)
        left = await client.post("/me/sign-out", data={"form_token": first_token(page.text)})
        assert "Sign out there too" in left.text
        gone = await client.get("/me/leave")
        assert str(gone.url).startswith(str(settings.person_oidc_issuer))
        closed = await client.get("/me/data")
        assert closed.url.path == "/me"
        assert "Mariam" not in closed.text


async def test_on_a_shared_phone_the_next_person_is_asked_who_they_are(
    country: WebCountry, settings: Settings
) -> None:
    """The provider still knows the mother; nevertheless it asks."""
    async with phone(country, settings) as client:
        first = await sign_in(client, who="mother")
        await client.post("/me/sign-out", data={"form_token": first_token(first.text)})
        known = [name for name in client.cookies if name == "_session"]
        second = await client.get("/me/sign-in")
    assert "Mariam" in first.text
    assert known == ["_session"]
    assert 'data-prompt="login"' in second.text
    assert "ibr_me" not in client.cookies


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"who": "stranger"}, "own.nobody"),
        ({"who": "sister"}, "own.nobody"),
        ({"who": "numberless"}, "own.number"),
        ({"who": "mother", "acr": "urn:nation:weak"}, "own.level"),
        ({"cancel": "yes"}, "openid.refused"),
    ],
)
async def test_who_does_not_come_in(
    country: WebCountry, settings: Settings, answers: dict[str, str], code: str
) -> None:
    async with phone(country, settings) as client:
        page = await sign_in(client, **answers)
        assert code in page.text
        assert "ibr_me" not in client.cookies


async def test_a_code_that_comes_back_twice_is_refused(
    country: WebCountry, settings: Settings
) -> None:
    async with phone(country, settings) as client:
        page = await sign_in(client, who="mother")
        back = next(str(each.url) for each in page.history if each.url.path == "/me/back")
        again = await client.get(back)
    assert page.status_code == 200
    assert again.status_code == 401


async def test_another_secret_than_was_agreed_lets_nobody_in(
    country: WebCountry, settings: Settings
) -> None:
    assert settings.person_oidc_client_secret_file is not None
    settings.person_oidc_client_secret_file.write_text("another secret")
    async with phone(country, settings) as client:
        page = await sign_in(client, who="mother")
    assert "openid.code" in page.text
