"""What waits for people to look at, as tiles on the first page: each for those with its right."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

from ibr.access.approvals.decide import due
from ibr.access.budgets.watching.alarms import waiting_alarms
from ibr.access.staff.rights import (
    APPROVE,
    CASES,
    DELIVERY_RELEASE,
    FINDING_COUNTS,
    OFFICERS_SEEN,
    PRIVACY,
    RELEASE,
    REVIEW,
)
from ibr.access.staff.second.notices import alarms
from ibr.identity.review.waiting import waits_for_anybody
from ibr.overlaps.cases.desk.look import tally
from ibr.overlaps.findings.desk.look import finding_counts
from ibr.publish.releases.read import releases
from ibr.questions.reporting import held_deliveries
from ibr.web.visit import Visit

_RECENT: Final = timedelta(days=7)


class Tile(msgspec.Struct, frozen=True):
    """One number that leads to its page."""

    title: str
    count: int
    more: str
    address: str


async def tiles_of(visit: Visit) -> list[Tile]:
    """The tiles of this officer, in the order in which the work goes."""
    asker, say = visit.asker(), visit.say
    tiles = []
    if DELIVERY_RELEASE in asker.scopes:
        count = await held_deliveries(visit.services.database, asker)
        tiles.append(
            Tile(
                say("Deliveries held"),
                count,
                say("out of the ordinary; nothing of them counts yet"),
                "/deliveries?state=held",
            )
        )
    if REVIEW in asker.scopes:
        count = await waits_for_anybody(visit.services.database, asker)
        tiles.append(
            Tile(
                say("Possible links to look at"),
                count,
                say("two records that may be one person"),
                "/review",
            )
        )
    if FINDING_COUNTS in asker.scopes:
        tiles.append(await _findings(visit))
    if CASES in asker.scopes:
        tiles.append(await _cases(visit))
    if PRIVACY in asker.scopes:
        tiles.append(await _questions_alarms(visit))
    if RELEASE in asker.scopes:
        tiles.append(await _releases(visit))
    if APPROVE in asker.scopes:
        tiles.append(await _proposals(visit))
    if OFFICERS_SEEN in asker.scopes:
        tiles.extend(await _alarms(visit))
    return tiles


async def _questions_alarms(visit: Visit) -> Tile:
    """Questions that look like more than work, and nobody has looked at."""
    async with visit.services.database.transaction(()) as connection:
        count = await waiting_alarms(connection)
    more = visit.say("who asks about people, and how")
    return Tile(visit.say("Alarms to look at"), count, more, "/privacy")


async def _cases(visit: Visit) -> Tile:
    """Open cases in reach, with what the officer has to do."""
    counts, written = await tally(visit.services.database, visit.asker(), visit.at), visit.written
    more = visit.say("yours: %(mine)s, overdue: %(overdue)s") % {
        "mine": written.count(counts.mine),
        "overdue": written.count(counts.overdue),
    }
    return Tile(visit.say("Open cases"), counts.open, more, "/cases")


async def _alarms(visit: Visit) -> list[Tile]:
    """Alarms of accounts of the last days; no tile where there were none, as is usual."""
    async with visit.services.database.transaction(()) as connection:
        found = await alarms(connection, visit.at)
    recent = [each for each in found if each.at > visit.at - _RECENT]
    if not recent:
        return []
    return [
        Tile(
            visit.say("Alarms of officers' accounts"),
            len(recent),
            visit.say("in the last seven days"),
            "/security#alarms",
        )
    ]


async def _proposals(visit: Visit) -> Tile:
    """Acts of others that wait for a second person."""
    async with visit.services.database.transaction(()) as connection:
        waiting = await due(connection, visit.asker(), visit.at)
    return Tile(
        visit.say("Waiting for a second person"),
        sum(each.may_approve for each in waiting),
        visit.say("somebody proposed it; you approve or refuse"),
        "/approvals",
    )


async def _releases(visit: Visit) -> Tile:
    """Releases that were built and still want a signature or to be published."""
    async with visit.services.database.transaction(()) as connection:
        found = await releases(connection, published=False)
    waiting = [each for each in found if each.state in ("built", "signed")]
    doubtful = sum(bool(each.known_before) and each.looked_by is None for each in waiting)
    return Tile(
        visit.say("Releases waiting"),
        len(waiting),
        visit.say("%(count)s of them to look at first") % {"count": visit.written.count(doubtful)}
        if doubtful
        else visit.say("to be signed by two people and published"),
        "/releases",
    )


async def _findings(visit: Visit) -> Tile:
    """Open findings; for those who see no finding, only of checks with enough of them."""
    counts = await finding_counts(visit.services.database, visit.asker())
    say, now = visit.say, sum(each.now or 0 for each in counts)
    return Tile(
        say("Findings of the checks"),
        sum(each.open or 0 for each in counts),
        say("%(count)s of them to look at now") % {"count": visit.written.count(now)}
        if now
        else say("questions to the programmes, not answers"),
        "/findings",
    )
