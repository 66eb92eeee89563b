"""Officers for tests of their pages and of acts of two people: found, signed in, moved in time."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx

from ibr.access.approvals.acts import register
from ibr.access.approvals.bulk_export import BULK_EXPORT_ACT
from ibr.access.approvals.officer_role import OFFICER_ACTS
from ibr.access.approvals.partner_acts import PARTNER_ACTS
from ibr.access.staff.add_officer import add_officer
from ibr.access.staff.rights import RIGHTS
from ibr.access.staff.sign_in import SESSION_COOKIE, begin_session
from ibr.asker import Asker, Purpose
from ibr.db.pool import Connection, open_database
from ibr.settings import Settings
from tests import people_web
from tests.web_country import SETTINGS, WebCountry, application

NOW = people_web.NOW
PASSWORD = people_web.PASSWORD
_ticks = itertools.count(1)


def register_acts() -> None:
    """The acts of the registry itself."""
    register((*OFFICER_ACTS, *PARTNER_ACTS, BULK_EXPORT_ACT))


@asynccontextmanager
async def as_app(country: WebCountry) -> AsyncIterator[Connection]:
    """A transaction of the role that the pages use; it commits."""
    database = await open_database(country.dsn, "ibr_app", size=1, name="test")
    try:
        async with database.transaction(()) as connection:
            yield connection
    finally:
        await database.close()


@asynccontextmanager
async def as_owner(country: WebCountry) -> AsyncIterator[asyncpg.Connection]:
    """A transaction of whoever runs the registry."""
    connection = await asyncpg.connect(country.dsn, server_settings={"search_path": "ibr"})
    try:
        async with connection.transaction():
            yield connection
    finally:
        await connection.close()


async def somebody(
    country: WebCountry, role: str, *, codes: list[str] | None = None, **more: Any
) -> str:
    """A new officer of the role; the address."""
    email = f"{role}{next(_ticks)}@example.org"
    async with as_owner(country) as connection:
        await add_officer(connection, email, f"The {role}", role, codes, None, **more)
        # The same password as everybody's: to hash it anew each time would take most of the time.
        await connection.execute(
            "update officer set password_hash = (select o.password_hash from officer o "
            "where o.password_hash is not null order by o.officer_id limit 1) where email = $1",
            email,
        )
    return email


async def number_of(country: WebCountry, email: str) -> int:
    """The officer's number."""
    async with as_owner(country) as connection:
        return int(
            await connection.fetchval("select officer_id from officer where email=$1", email)
        )


async def asker(country: WebCountry, email: str, role: str) -> Asker:
    """The officer as the gate sees them, acting in a role, whether they hold it or not."""
    return Asker(
        kind="officer",
        id=await number_of(country, email),
        name=email,
        purpose=Purpose("official_duty"),
        ask=frozenset(),
        scopes=RIGHTS[role].scopes,
        role=role,
    )


@asynccontextmanager
async def visitor(
    country: WebCountry,
    email: str | None = None,
    *,
    clock: list[datetime] | None = None,
    settings: Settings = SETTINGS,
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a screen, with a session where an address is given; `clock[0]` is its
    time. How the session comes about is tested where signing in is."""
    moment = clock or [NOW]
    register_acts()
    async with country.services(settings) as services:
        ticks = itertools.count()
        moved = replace(services, now=lambda: moment[0] + timedelta(milliseconds=next(ticks)))
        transport = httpx.ASGITransport(
            app=application(moved), client=(f"10.9.0.{next(_ticks) % 250}", 1)
        )
        async with httpx.AsyncClient(transport=transport, base_url="http://ibr.test") as client:
            client.headers["accept"] = "text/html"
            if email:
                number = await number_of(country, email)
                async with services.database.transaction(()) as connection:
                    secret = await begin_session(connection, number, moment[0])
                client.cookies.set(SESSION_COOKIE, secret, domain="ibr.test", path="/")
            yield client


async def sign_in(
    client: httpx.AsyncClient, email: str, password: str = PASSWORD
) -> httpx.Response:
    """Sends the form of the sign-in."""
    form = await client.get("/sign-in")
    fields = {"email": email, "password": password, "form_token": token(form.text), "next": "/"}
    return await client.post("/sign-in", data=fields)


async def send(
    client: httpx.AsyncClient, address: str, page: str = "/account", **fields: str
) -> httpx.Response:
    """Sends a form with the token of the session, which every page carries."""
    drawn = await client.get(page)
    return await client.post(address, data={"form_token": token(drawn.text)} | fields)


def token(html: str) -> str:
    """The form token of a page."""
    found = re.search(r'name="form_token" value="([^"]+)"', html)
    assert found is not None, html
    return found[1]


def link_in(html: str) -> str:
    """The path of the one-time link that a page shows."""
    found = re.search(r"http://[^/<]+(/welcome/[\w-]+)", html)
    assert found is not None, html
    return found[1]
