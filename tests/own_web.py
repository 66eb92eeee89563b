"""For the tests of people's own sign-in: a provider that knows them, and their browsers.

By the clock on the wall, which the database goes by.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx

from ibr.settings import Settings
from ibr.subject.own.model import PROOF_SECONDS, Wanted
from ibr.subject.own.way import OwnWay
from tests import visitors
from tests.ministry_double import Ministry
from tests.sign_in_web import BASE, Clock
from tests.web_country import WebCountry, application

LEVEL = "urn:sure"


def provider(number: str = visitors.MOTHER, born: str = visitors.MOTHER_BORN) -> Ministry:
    """A national provider at which one person signs in."""
    return Ministry(Clock(at=datetime.now(UTC)), person=person(number, born))


def person(number: str, born: str, **changed: Any) -> dict[str, Any]:
    told = {"sub": f"s-{number}", "uin": number, "birthdate": born, "acr": LEVEL}
    return told | changed


def way_to(ministry: Ministry, **changed: Any) -> OwnWay:
    """The way to the provider, as the settings would make it."""
    connector = ministry.connector(
        name="National Login",
        back=f"{BASE}/me/back",
        home=f"{BASE}/me",
        scope="openid profile",
        acr=(LEVEL,),
        longest_proof=PROOF_SECONDS,
    )
    wanted = {"number_claim": "uin", "number_kind": "UIN", "birth_claim": "birthdate"}
    return OwnWay(connector, Wanted(**wanted | {"acr": (LEVEL,)} | changed))


@asynccontextmanager
async def phone(
    country: WebCountry,
    ministry: Ministry | None,
    settings: Settings | None = None,
    *,
    place: str = "10.0.0.1",
    way: OwnWay | None = None,
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a screen."""
    async with country.services(settings or Settings()) as services:
        clock = ministry.clock if ministry else visitors.now
        here = way or (way_to(ministry) if ministry else None)
        moved = replace(services, now=clock, own_way=here)
        transport = httpx.ASGITransport(app=application(moved), client=(place, 1))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            client.headers["accept"] = "text/html"
            yield client


async def sign_in(client: httpx.AsyncClient, ministry: Ministry, **changed: str) -> httpx.Response:
    """There and back; `changed` are parts of the address on the way back."""
    sent = await client.get("/me/sign-in")
    assert sent.status_code == 303, sent.text
    query = dict(parse_qsl(ministry.consent(sent.headers["location"])))
    return await client.get("/me/back", params=query | changed)


def code_in(answer: httpx.Response) -> str:
    """The code on the page that says why not."""
    return answer.text.split('<span class="code">')[-1].split("<")[0]
