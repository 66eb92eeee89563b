"""For the tests of signing in: a clock that stands where it is put, browsers, and shorthands."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx
import pyotp

from ibr.access.openid.provider import Connector
from ibr.settings import Settings
from tests import people_web
from tests.web_country import WebCountry, application

BASE = "https://ibr.test"
USUAL = Settings()
EVERYBODY = Settings(second_factor="all")
PRODUCTION = Settings(profile="production", public_url=BASE)


@dataclass
class Clock:
    """Moves on by a millisecond with each look, so that no two failures are of one moment."""

    at: datetime = people_web.NOW

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at

    def forward(self, **much: float) -> None:
        self.at += timedelta(**much)


@asynccontextmanager
async def browser(
    country: WebCountry,
    clock: Clock,
    settings: Settings = USUAL,
    *,
    place: str = "10.0.0.1",
    ministry: Connector | None = None,
    base: str = BASE,
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a screen."""
    async with country.services(settings) as services:
        moved = replace(services, now=clock, ministry=ministry)
        transport = httpx.ASGITransport(app=application(moved), client=(place, 1))
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            client.headers["accept"] = "text/html"
            yield client


def field(html: str, name: str) -> str:
    """The value of a hidden field: of the form that stands in the page's own part."""
    found = re.findall(rf'name="{name}" value="([^"]*)"', html)
    assert found, f"no field {name}"
    return str(found[-1])


async def give_password(
    client: httpx.AsyncClient, email: str, password: str = people_web.PASSWORD, after: str = "/"
) -> httpx.Response:
    form = await client.get("/sign-in", params={"next": after})
    fields = {"email": email, "password": password, "next": after}
    return await client.post("/sign-in", data=fields | {"form_token": first_token(form.text)})


def first_token(html: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', html)
    assert found is not None
    return found[1]


async def give_code(client: httpx.AsyncClient, code: str) -> httpx.Response:
    form = await client.get("/sign-in/second")
    assert form.status_code == 200, form.text
    return await client.post(
        "/sign-in/second", data={"code": code, "form_token": first_token(form.text)}
    )


def secret_in(html: str) -> str:
    """The secret as it is spelled beside the picture."""
    found = re.search(r'class="spelled" dir="ltr">([A-Z2-7 ]+)<', html)
    assert found is not None
    return found[1].replace(" ", "")


def codes_in(html: str) -> list[str]:
    """The recovery codes on the page that shows them."""
    return re.findall(r'<li dir="ltr">([A-Z2-7 ]+)</li>', html)


def code_at(secret: str, at: datetime) -> str:
    return pyotp.TOTP(secret).at(at)


@dataclass
class App:
    """An authenticator app, and the codes on paper that came with it."""

    secret: str
    codes: list[str]

    def shows(self, clock: Clock) -> str:
        return code_at(self.secret, clock.at)


async def set_up_app(client: httpx.AsyncClient, clock: Clock) -> App:
    """Sets up an app for whoever is signed in; the next code is of another half minute."""
    form = await client.get("/security/app")
    assert form.status_code == 200, form.text
    secret = secret_in(form.text)
    answer = await client.post(
        "/security/app",
        data={
            "form_token": first_token(form.text),
            "ticket": field(form.text, "ticket"),
            "code": code_at(secret, clock.at),
        },
    )
    assert answer.status_code in (200, 303), answer.text
    clock.forward(seconds=30)
    return App(secret, codes_in(answer.text))


async def forget(country: WebCountry) -> None:
    """Everybody without a factor again, and no failure remembered."""
    for table in (
        "officer_session",
        "officer_totp",
        "officer_recovery_code",
        "officer_passkey",
        "officer_ministry",
        "security_notice",
        "sign_in_failure",
        "sign_in_spent",
    ):
        await country.read(f"delete from {table}")
    await country.read("update officer set break_glass = false")


async def events(country: WebCountry, kind: str) -> int:
    rows = await country.read(f"select count(*) as n from audit_event where kind = '{kind}'")
    return int(rows[0]["n"])


async def notices(country: WebCountry) -> list[str]:
    rows = await country.read("select kind from security_notice order by notice_no")
    return [row["kind"] for row in rows]
