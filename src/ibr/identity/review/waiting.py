"""The queue of possible links: what waits for an officer, and the next pair kept for them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from asyncpg import Record

from ibr.access.staff.rights import DECIDE_LINKS, REVIEW, must_hold, must_hold_purpose
from ibr.asker import Asker
from ibr.db.pool import Connection, Database
from ibr.identity.model import Appearance, Pair
from ibr.identity.review import store
from ibr.identity.review.measured import store as measured
from ibr.identity.review.model import Own, Waiting, Wanted
from ibr.identity.review.rules import LEASE, SET_ASIDE, doubt, known_is_due
from ibr.identity.review.shown import store as shown
from ibr.identity.weights.model import LinkageModel, decode

A_PAGE: Final = 25
# Whoever looks for a pair further down narrows the list.
LAST_PAGE: Final = 20
MOST_OWN: Final = 8
# So many of the first are tried when colleagues take the same ones at the same moment.
_AT_ONCE: Final = 25


class ProgrammeNamed(msgspec.Struct, frozen=True):
    """A programme as the queue names it."""

    programme_id: int
    code: str
    names: dict[str, str]
    currency: str | None


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the queue, what there is in all, and the officer's own latest answers."""

    pairs: list[Waiting]
    total: int
    same_programme: int
    differ: int
    oldest: datetime | None
    everything: int
    """Without filters."""
    own: list[Own]
    programmes: dict[int, ProgrammeNamed]
    page: int
    pages: int
    link: float
    review: float


async def queue(database: Database, asker: Asker, wanted: Wanted, page: int, at: datetime) -> Queue:
    """What waits for this officer, by the money at stake, then by doubt. Nobody's name is read."""
    must_hold(asker, REVIEW)
    reach = asker.reach
    async with database.transaction(reach, asker=asker, right=REVIEW) as connection:
        review, link = await thresholds_of(connection)
        middle = (review + link) / 2
        counted = await store.count(connection, reach, asker.id, wanted)
        everything = counted
        if wanted != Wanted():
            everything = await store.count(connection, reach, asker.id, Wanted())
        pages = min(max(1, -(-counted["pairs"] // A_PAGE)), LAST_PAGE)
        page = min(max(1, page), pages)
        rows = await store.waiting(
            connection,
            reach,
            asker.id,
            wanted,
            middle=middle,
            now=at,
            most=page * A_PAGE,
            free=False,
        )
        own = await store.own_latest(connection, asker.id, MOST_OWN)
        programmes = await programmes_of(connection, reach)
    listed = _in_order(rows, middle)[(page - 1) * A_PAGE : page * A_PAGE]
    return Queue(
        pairs=listed,
        total=counted["pairs"],
        same_programme=counted["same_programme"],
        differ=counted["differ"],
        oldest=counted["oldest"],
        everything=everything["pairs"],
        own=[
            Own(
                pair=pair_of(row),
                decision=row["decision"],
                reason_code=row["reason_code"],
                at=row["at"],
            )
            for row in own
        ],
        programmes=programmes,
        page=page,
        pages=pages,
        link=link,
        review=review,
    )


async def take_next(
    database: Database, asker: Asker, wanted: Wanted, at: datetime, passed_over: Pair | None = None
) -> Pair | None:
    """Keeps the next pair for the officer for some minutes; None where nothing waits.

    What they looked at before is given back. A pair that was passed over comes again another day.
    """
    must_hold(asker, DECIDE_LINKS)
    must_hold_purpose(asker)
    reach = asker.reach
    async with database.transaction(reach, asker=asker, right=DECIDE_LINKS) as connection:
        await store.let_go(connection, asker.id, at)
        if passed_over is not None:
            await store.set_aside(connection, passed_over, asker.id, at + SET_ASIDE)
        known = await _known(connection, asker, at)
        if known is not None and await store.take(connection, known, asker.id, at, at + LEASE):
            return known
        middle = sum(await thresholds_of(connection)) / 2
        rows = await store.waiting(
            connection,
            reach,
            asker.id,
            wanted,
            middle=middle,
            now=at,
            most=_AT_ONCE,
            free=True,
        )
        for each in _in_order(rows, middle):
            if await store.take(connection, each.pair, asker.id, at, at + LEASE):
                return each.pair
    return None


async def waits_for_anybody(database: Database, asker: Asker) -> int:
    """How many possible links within reach wait to be looked at, for the first page."""
    must_hold(asker, REVIEW)
    async with database.transaction(asker.reach, asker=asker, right=REVIEW) as connection:
        return await store.waits_for_anybody(connection, asker.reach)


async def _known(connection: Connection, asker: Asker, at: datetime) -> Pair | None:
    since = await measured.since_known(connection, asker.id)
    if not known_is_due(since["since"], since["known"]):
        return None
    row = await measured.next_known(connection, asker.id, asker.reach, at)
    return pair_of(row) if row is not None else None


def _in_order(rows: Sequence[Record], middle: float) -> list[Waiting]:
    found = [
        Waiting(
            pair=pair_of(row),
            programmes=(row["low_programme"], row["high_programme"]),
            weight=row["weight"],
            why=row["why"],
            money_minor=row["money_minor"],
            first_at=row["first_at"],
            looked_at_by=row["looked_at_by"],
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: (-each.money_minor, doubt(each.weight, middle)))


def pair_of(row: Record) -> Pair:
    """The pair of a row."""
    return (
        Appearance(row["low_record"], row["low_no"]),
        Appearance(row["high_record"], row["high_no"]),
    )


async def model_of(connection: Connection, model_no: int | None) -> LinkageModel | None:
    """The model of that number, or the current one; None where there is none yet."""
    row = await shown.model(connection, model_no)
    return None if row is None else decode(row["content"].encode())


async def thresholds_of(connection: Connection) -> tuple[float, float]:
    """From which weight on a pair is looked at, and from which on it is linked without that."""
    row = await shown.thresholds(connection)
    return (0.0, 5.0) if row is None else (row["review"], row["link"])


async def programmes_of(connection: Connection, ids: frozenset[int]) -> dict[int, ProgrammeNamed]:
    """The programmes by their number, in the order of their codes."""
    return {
        row["programme_id"]: ProgrammeNamed(
            row["programme_id"], row["code"], json.loads(row["names"]), row["currency"]
        )
        for row in await shown.programmes(connection, ids)
    }
