"""What waits for people to look at, as tiles on the first page: each for those with its right."""

from __future__ import annotations

import msgspec

from ibr.access.staff.rights import CASES, FINDING_COUNTS, RELEASE, REVIEW
from ibr.identity.review.waiting import waits_for_anybody
from ibr.overlaps.cases.desk.look import tally
from ibr.overlaps.findings.desk.look import finding_counts
from ibr.publish.releases.read import releases
from ibr.web.visit import Visit


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
    if RELEASE in asker.scopes:
        tiles.append(await _releases(visit))
    return tiles


async def _cases(visit: Visit) -> Tile:
    """Open cases in reach, with what the officer has to do."""
    counts, written = await tally(visit.services.database, visit.asker(), visit.at), visit.written
    more = visit.say("yours: %(mine)s, overdue: %(overdue)s") % {
        "mine": written.count(counts.mine),
        "overdue": written.count(counts.overdue),
    }
    return Tile(visit.say("Open cases"), counts.open, more, "/cases")


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
