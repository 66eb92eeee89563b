"""Signing in by way of the ministry: there, back, and out."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from litestar import Response

from ibr.access.openid.flow import address_there, begin
from ibr.access.openid.model import Begun
from ibr.access.openid.provider import Connector
from ibr.access.openid.rules import way_out
from ibr.access.staff.ministry.model import Person
from ibr.access.staff.ministry.visit import officer_of_person, person_back
from ibr.access.staff.second.model import Account, Step
from ibr.access.staff.second.tickets import spend
from ibr.audit.events import MINISTRY_REFUSED
from ibr.audit.record import record_event
from ibr.errors import NotFound, NotProven, RegistryError
from ibr.log import logger
from ibr.web.answers import cookie, go_to, own_address, page
from ibr.web.pages.sign_in import go_on
from ibr.web.refusals import STATUS
from ibr.web.visit import Visit

MINISTRY_COOKIE: Final = "ibr_ministry"
LIFE: Final = timedelta(minutes=10)
_PURPOSE: Final = "ministry"


async def go(visit: Visit) -> Response[str]:
    """Sends the browser to the ministry, with what proves on the way back that it went."""
    connector = _connector(visit)
    begun = begin(own_address(visit.query.get("next")), again="again" in visit.query)
    try:
        address = await address_there(connector, begun)
    except RegistryError as wrong:
        return await _refused(visit, wrong)
    ticket = visit.services.tickets.write(_PURPOSE, "", begun, visit.at)
    seconds = int(LIFE.total_seconds())
    return go_to(visit, address, [cookie(visit, MINISTRY_COOKIE, ticket, seconds=seconds)])


async def back(visit: Visit) -> Response[str]:
    """Takes what the ministry sent the browser back with: a session, the next step, or why not."""
    connector, ticket = _connector(visit), visit.secret(MINISTRY_COOKIE)
    try:
        begun = visit.services.tickets.read(_PURPOSE, "", ticket, Begun, at=visit.at, life=LIFE)
        async with visit.services.database.transaction(()) as connection:
            # Before anything is fetched: one way there is one way back.
            if not await spend(connection, ticket, visit.at):
                raise NotProven("openid.state", "That sign-in has ended. Please begin again.")
        person = await person_back(connector, begun, dict(visit.query), visit.at)
        async with visit.services.database.transaction(()) as connection:
            account = await officer_of_person(connection, connector.place, person, visit.at)
    except RegistryError as wrong:
        return await _refused(visit, wrong)
    step = _step(visit, account, begun, person)
    second = person.has_second(connector.place.second)
    answer = await go_on(visit, step, at_ministry=second)
    answer.cookies.append(cookie(visit, MINISTRY_COOKIE, "", seconds=0))
    return answer


async def leave(visit: Visit) -> Response[str]:
    """Sends the browser to where one signs out of the ministry."""
    connector = _connector(visit)
    try:
        address = way_out(connector.place, await connector.provider())
    except RegistryError as wrong:
        return await _refused(visit, wrong)
    return go_to(visit, address or "/sign-in")


def _step(visit: Visit, account: Account, begun: Begun, person: Person) -> Step:
    # Where the ministry does not say when it last asked, only a sign-in for which it was made to
    # ask counts as fresh.
    unsaid = visit.at if begun.again else visit.at - timedelta(days=1)
    proved = person.proved_at or unsaid
    return Step(
        officer_id=account.officer_id,
        how="ministry",
        stamp=account.stamp,
        proved_at=min(proved, visit.at),
        after=begun.after,
    )


def _connector(visit: Visit) -> Connector:
    if visit.services.ministry is None:
        raise NotFound("ministry.none", "This registry has no sign-in of the ministry's.")
    return visit.services.ministry


async def _refused(visit: Visit, wrong: RegistryError) -> Response[str]:
    """Why it did not work, in words, with the code that the identity team will ask for."""
    logger().warning("a sign-in by way of the ministry was refused", code=wrong.code)
    details: dict[str, object] = {"code": wrong.code}
    async with visit.services.database.transaction(()) as connection:
        await record_event(
            connection, kind=MINISTRY_REFUSED, asker=None, details=details, at=visit.at
        )
    connector = _connector(visit)
    answer = page(
        visit,
        "ministry_refused.html",
        status=STATUS.get(wrong.kind, 400),
        code=wrong.code,
        name=connector.place.name,
    )
    answer.cookies.append(cookie(visit, MINISTRY_COOKIE, "", seconds=0))
    return answer
