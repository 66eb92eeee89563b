"""Releases in the office: what is hidden and why, two signatures, publishing, withdrawing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime
from urllib.parse import urlencode

import msgspec
from litestar import Response

from ibr.access.staff.rights import RELEASE
from ibr.asker import Asker
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotUnderstood
from ibr.publish.releases import read
from ibr.publish.releases import sign as people
from ibr.publish.releases.calendar.announce import announced
from ibr.publish.releases.model import ReleasedTable
from ibr.web.answers import go_to, page
from ibr.web.visit import Visit

Step = Callable[[Connection, Asker, int, datetime], Awaitable[None]]


class TableSeen(msgspec.Struct, frozen=True):
    """One table of a release: how much of it is shown, and why the rest is not."""

    table: ReleasedTable
    reasons: list[tuple[str, int]]


async def show(visit: Visit) -> Response[str]:
    """Every release, the newest first, and the calendar."""
    async with visit.services.database.transaction((), frozen=True) as connection:
        every = await read.releases(connection, published=False)
        calendar = await announced(connection)
    return page(visit, "releases.html", releases=every, calendar=calendar)


async def show_one(visit: Visit) -> Response[str]:
    """One release with everything that its signers should see."""
    number = int(visit.path("number"))
    async with visit.services.database.transaction((), frozen=True) as connection:
        head = await read.one_release(connection, number)
        tables = await read.tables_of(connection, number)
        signatures = await read.signed_by(connection, number)
        changes = await read.changes(connection, head)
    seen = [
        TableSeen(each, sorted(Counter(one.why for one in each.hidden).items())) for each in tables
    ]
    asker = visit.asker()
    return page(
        visit,
        "release.html",
        head=head,
        seen=seen,
        reasons=Counter(one.why for each in tables for one in each.hidden).most_common(),
        signatures=signatures,
        changes=changes,
        may_act=RELEASE in asker.scopes,
        signed_by_me=any(each.officer_id == asker.id for each in signatures),
        done=visit.query.get("done", ""),
    )


async def look(visit: Visit) -> Response[str]:
    """Notes that somebody looked at what nothing can hide any more."""
    return await _step(visit, people.look_at_known, "looked")


async def sign(visit: Visit) -> Response[str]:
    """Stands for a release."""
    return await _step(visit, people.sign, "signed")


async def publish(visit: Visit) -> Response[str]:
    """Lets everybody outside see it."""
    return await _step(visit, people.publish, "published")


async def withdraw(visit: Visit) -> Response[str]:
    """Takes it back, with a reason that readers see."""
    reason = visit.form.get("reason", "")

    async def step(connection: Connection, asker: Asker, number: int, at: datetime) -> None:
        await people.withdraw(connection, asker, number, reason, at)

    return await _step(visit, step, "withdrawn")


async def _step(visit: Visit, step: Step, done: str) -> Response[str]:
    number = int(visit.path("number"))
    try:
        async with visit.services.database.transaction(()) as connection:
            await step(connection, visit.asker(), number, visit.at)
    except (Conflict, NotUnderstood) as refused:
        done = refused.code.removeprefix("release.")
    return go_to(visit, f"/releases/{number}?" + urlencode({"done": done}))
