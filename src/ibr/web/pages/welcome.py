"""The page behind a one-time link: somebody invited, or who forgot the password, sets one."""

from __future__ import annotations

import asyncio

from litestar import Response

from ibr.access.staff.people.links.one_time import (
    LinkFor,
    check_new_password,
    link_for,
    take_link,
)
from ibr.access.staff.sign_in import hash_password
from ibr.errors import NotFound, NotUnderstood
from ibr.web.answers import go_to, page
from ibr.web.asked_role import told
from ibr.web.visit import Visit

# A hash takes 64 MiB for a moment: of many at once the others wait.
_AT_ONCE = asyncio.Semaphore(2)


async def ask(visit: Visit) -> Response[str]:
    """The form; opening the link changes nothing."""
    try:
        who = await _who(visit)
    except NotFound:
        return _form(visit, None, "officer.link")
    return _form(visit, who, "")


async def take(visit: Visit) -> Response[str]:
    """Sets the password and goes on to signing in, where the second factor is asked for."""
    password = visit.form.get("password", "")
    try:
        who = await _who(visit)
    except NotFound:
        return _form(visit, None, "officer.link")
    try:
        check_new_password(password, visit.form.get("again", ""), who)
        hashed = await hash_in_turn(password)
        async with visit.services.database.transaction(()) as connection:
            await take_link(connection, visit.path("secret"), hashed, visit.at)
    except (NotFound, NotUnderstood) as refused:
        return _form(visit, who, told(refused))
    return go_to(visit, "/sign-in")


async def hash_in_turn(password: str) -> str:
    """The hash of a new password, made outside any transaction and off the loop."""
    async with _AT_ONCE:
        return await asyncio.to_thread(hash_password, password)


async def _who(visit: Visit) -> LinkFor:
    async with visit.services.database.transaction(()) as connection:
        return await link_for(connection, visit.path("secret"), visit.at)


def _form(visit: Visit, who: LinkFor | None, problem: str) -> Response[str]:
    status = 404 if who is None else 400 if problem else 200
    return page(visit, "welcome.html", status=status, who=who, problem=problem)
