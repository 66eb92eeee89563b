"""A person signs in to their own pages and out again: there, back, and an end."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from litestar import Response

from ibr.access.openid.flow import address_there
from ibr.access.openid.flow import begin as begin_there
from ibr.access.openid.model import Begun
from ibr.access.openid.rules import way_out
from ibr.access.staff.second.tickets import spend
from ibr.audit.events import PERSON_NOT_SIGNED_IN
from ibr.audit.record import record_event
from ibr.errors import NotFound, NotProven, RegistryError, Unavailable
from ibr.log import logger
from ibr.subject.own.begin import sign_in
from ibr.subject.own.limits import counted
from ibr.subject.own.session import sign_out
from ibr.subject.own.way import OwnWay, proved_back
from ibr.web.answers import cookie, go_to
from ibr.web.own_refusals import OWN_COOKIE, own_refusal
from ibr.web.visit import Visit

WAY_COOKIE: Final = "ibr_me_way"
_LIFE: Final = timedelta(minutes=10)
_PURPOSE: Final = "own"
_NOBODY: Final = "own.nobody"


async def go(visit: Visit) -> Response[str]:
    """Sends the browser to the sign-in service, which asks anew who somebody is: on a shared phone
    it may still know the one before."""
    begun = begin_there("/me", again=True)
    address = await address_there(_way(visit).connector, begun)
    ticket = visit.services.tickets.write(_PURPOSE, "", begun, visit.at)
    seconds = int(_LIFE.total_seconds())
    return go_to(visit, address, [cookie(visit, WAY_COOKIE, ticket, seconds=seconds)])


async def back(visit: Visit) -> Response[str]:
    """Takes what the service sent the browser back with: a session, or why not."""
    try:
        secret = await _session(visit)
    except RegistryError as wrong:
        if wrong.code != _NOBODY:
            await _note(visit, wrong)
        answer = own_refusal(visit, wrong)
        answer.cookies.append(cookie(visit, WAY_COOKIE, "", seconds=0))
        return answer
    await _end(visit)
    gone = cookie(visit, WAY_COOKIE, "", seconds=0)
    return go_to(visit, "/me", [cookie(visit, OWN_COOKIE, secret), gone])


async def end(visit: Visit) -> Response[str]:
    """Ends the session; at the service the person may still be signed in."""
    await _end(visit)
    return go_to(visit, "/me?done=out", [cookie(visit, OWN_COOKIE, "", seconds=0)])


async def leave(visit: Visit) -> Response[str]:
    """Sends the browser to where one signs out of the service."""
    connector = _way(visit).connector
    address = way_out(connector.place, await connector.provider())
    return go_to(visit, address or "/me")


async def _session(visit: Visit) -> str:
    way, services, ticket = _way(visit), visit.services, visit.secret(WAY_COOKIE)
    begun = services.tickets.read(_PURPOSE, "", ticket, Begun, at=visit.at, life=_LIFE)
    async with services.database.transaction(()) as connection:
        # Before anything is fetched: one way there is one way back.
        if not await spend(connection, ticket, visit.at):
            raise NotProven("openid.state", "That sign-in has ended. Please begin again.")
    proved, subject = await proved_back(way, begun, dict(visit.query), visit.at)
    issuer = way.connector.place.issuer
    return await sign_in(
        services.database,
        services.sealer,
        services.blind_index,
        proved,
        who=counted(services.blind_index, issuer, subject, visit.place),
        language=visit.language.code,
        at=visit.at,
    )


async def _end(visit: Visit) -> None:
    secret = visit.secret(OWN_COOKIE)
    if secret:
        await sign_out(visit.services.database, secret, visit.at)


async def _note(visit: Visit, wrong: RegistryError) -> None:
    logger().warning("a person's sign-in was refused", code=wrong.code)
    if isinstance(wrong, Unavailable):
        return
    details: dict[str, object] = {"code": wrong.code}
    async with visit.services.database.transaction(()) as connection:
        await record_event(
            connection, kind=PERSON_NOT_SIGNED_IN, asker=None, details=details, at=visit.at
        )


def _way(visit: Visit) -> OwnWay:
    if visit.services.own_way is None:
        raise NotFound("own.none", "People cannot sign in to this registry themselves.")
    return visit.services.own_way
