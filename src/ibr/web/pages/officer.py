"""One officer: roles with their days, sessions, history; what an administrator may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from litestar import Response

from ibr.access.approvals import officer_role
from ibr.access.approvals.decide import propose
from ibr.access.staff.people import give_role, suspend
from ibr.access.staff.people.give_role import locked_officer
from ibr.access.staff.people.invite import Invited
from ibr.access.staff.people.links.one_time import make_link, may_be_second
from ibr.access.staff.people.look import end_session, programme_codes, state_of, whole_officer
from ibr.access.staff.people.suspend import day_of_suspension
from ibr.access.staff.rights import OFFICERS, RIGHTS
from ibr.access.staff.roles import NEED_TWO
from ibr.access.staff.second.account import account_of
from ibr.access.staff.second.rules import browser_of
from ibr.db.pool import Connection
from ibr.web.answers import page
from ibr.web.asked_role import TOLD, back, read_role, told
from ibr.web.pages.officers import link_page
from ibr.web.visit import Visit

Step = Callable[[Connection, int], Awaitable[str]]


async def show(visit: Visit) -> Response[str]:
    """The officer, without any secret of the account."""
    number, settings = int(visit.path("number")), visit.services.settings
    asker = visit.asker()
    async with visit.services.database.transaction(()) as connection:
        found = await whole_officer(
            connection,
            asker,
            number,
            visit.at,
            longest=timedelta(hours=settings.session_hours),
            idle=timedelta(minutes=settings.session_minutes),
        )
        programmes = await programme_codes(connection)
        account = await account_of(connection, number, visit.at)
    officer = found.officer
    return page(
        visit,
        "officer.html",
        found=found,
        seen=officer,
        state=state_of(officer, visit.at),
        suspended_on=day_of_suspension(
            officer.last_known, officer.warned_at, settings.officer_unseen_days
        ),
        factors=account.factors if account else None,
        programmes=programmes,
        roles=[each for each in RIGHTS if (each == "developer") == bool(officer.partner_id)],
        browser=browser_of,
        may_change=OFFICERS in asker.scopes and asker.id != number,
        is_me=asker.id == number,
        done=visit.query.get("done", ""),
        problem=visit.query.get("problem", ""),
        today=visit.at.date(),
    )


async def add_role(visit: Visit) -> Response[str]:
    """Gives a role, or proposes one that needs two people."""

    async def step(connection: Connection, number: int) -> str:
        wanted = read_role(visit.form, await programme_codes(connection))
        if wanted.role in NEED_TWO:
            payload = officer_role.payload_of(number, wanted)
            why = visit.form.get("why")
            await propose(connection, visit.asker(), officer_role.NAME, payload, visit.at, why=why)
            return "proposed"
        await give_role.give_role(connection, visit.asker(), number, wanted, visit.at)
        return "role_given"

    return await _step(visit, step)


async def end_role(visit: Visit) -> Response[str]:
    """Ends a role at once."""

    async def step(connection: Connection, number: int) -> str:
        role = int(visit.path("role"))
        await give_role.end_role(connection, visit.asker(), number, role, visit.at)
        return "role_ended"

    return await _step(visit, step)


async def shut_out(visit: Visit) -> Response[str]:
    """Suspends the officer."""

    async def step(connection: Connection, number: int) -> str:
        await suspend.suspend(connection, visit.asker(), number, visit.at)
        return "suspended"

    return await _step(visit, step)


async def let_in(visit: Visit) -> Response[str]:
    """Lets the officer in again."""

    async def step(connection: Connection, number: int) -> str:
        await suspend.let_in(connection, visit.asker(), number, visit.at)
        return "let_in"

    return await _step(visit, step)


async def end_one_session(visit: Visit) -> Response[str]:
    """Ends one of the officer's sessions."""

    async def step(connection: Connection, number: int) -> str:
        session = int(visit.path("session"))
        await end_session(connection, visit.asker(), number, session, visit.at)
        return "session_ended"

    return await _step(visit, step)


async def new_link(visit: Visit) -> Response[str]:
    """Makes a link to set a password with, shown this once; or proposes one, for an officer who can
    be the second person of acts."""
    number = int(visit.path("number"))
    try:
        async with visit.services.database.transaction(()) as connection:
            officer = await locked_officer(connection, number, visit.at)
            if may_be_second(officer.grants, visit.at.date()):
                payload = {"officer": number}
                await propose(connection, visit.asker(), officer_role.LINK, payload, visit.at)
                return back(visit, f"/officers/{number}", done="proposed")
            secret = await make_link(connection, visit.asker(), number, visit.at)
    except TOLD as refused:
        return back(visit, f"/officers/{number}", problem=told(refused))
    return link_page(visit, Invited(officer_id=number, secret=secret), "")


async def _step(visit: Visit, step: Step) -> Response[str]:
    number = int(visit.path("number"))
    try:
        async with visit.services.database.transaction(()) as connection:
            done = await step(connection, number)
    except TOLD as refused:
        return back(visit, f"/officers/{number}", problem=told(refused))
    return back(visit, f"/officers/{number}", done=done)
