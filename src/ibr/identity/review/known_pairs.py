"""Known pairs: put among those to review, to measure how well people decide.

The truth comes from the foundational numbers of both sides. They are hidden when such a pair is
shown, so only pairs are taken that would have been doubtful without them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final, Literal

from asyncpg import Record

from ibr.asker import Asker
from ibr.audit.events import LINK_KNOWN
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.identity.model import Appearance, Features, Pair
from ibr.identity.review.looking import written_side
from ibr.identity.review.measured import store
from ibr.identity.review.shown import store as shown
from ibr.identity.review.shown.sides import without_foundational
from ibr.identity.review.waiting import model_of, pair_of
from ibr.identity.weights.score import weigh
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer

_AT_ONCE: Final = 100
_MOST_LOOKED_AT: Final = 5000
_FIRST_PLACE: Final = -(2**31) - 1
_MARGIN: Final = 1.0
"""So far outside the band of doubt, in bits, a pair is still a fair question."""

Truth = Literal["same", "different"]
_TRUTHS: Final[tuple[Truth, ...]] = ("different", "same")
_STATE: Final[dict[Truth, str]] = {"different": "open", "same": "linked"}
"""Pairs of the one truth were linked; of the other they wait because their numbers differ."""


async def plant(
    connection: Connection,
    sealer: Sealer,
    blind_index: BlindIndex,
    count: int,
    at: datetime,
    asker: Asker | None = None,
) -> dict[Truth, int]:
    """Puts up to `count` known pairs among those to review, half of each truth where there are so
    many; how many of each. The transaction has to see every programme."""
    planted: dict[Truth, int] = {"same": 0, "different": 0}
    for truth in _TRUTHS:
        wanted = count // 2 if truth == "different" else count - planted["different"]
        async for row, weight in _found(connection, sealer, blind_index, truth):
            if planted[truth] == wanted:
                break
            programmes = (row["low_programme"], row["high_programme"])
            await store.plant(connection, pair_of(row), programmes, truth, weight, at)
            planted[truth] += 1
    await record_event(
        connection, kind=LINK_KNOWN, asker=asker, details={"planted": planted}, at=at
    )
    return planted


async def end(connection: Connection, at: datetime, asker: Asker | None = None) -> int:
    """Takes every known pair out of the queue; what was answered stays for the figures."""
    ended = await store.end_known(connection, at)
    await record_event(connection, kind=LINK_KNOWN, asker=asker, details={"ended": ended}, at=at)
    return ended


async def _found(
    connection: Connection, sealer: Sealer, blind_index: BlindIndex, truth: Truth
) -> AsyncIterator[tuple[Record, float]]:
    """Pairs of this truth that are doubtful without their numbers, with that weight."""
    model = await model_of(connection, None)
    after = _FIRST_PLACE
    looked_at = 0
    while model is not None and looked_at < _MOST_LOOKED_AT:
        rows = await store.candidates(connection, _STATE[truth], after, _AT_ONCE)
        for row in rows:
            sides = await shown.sides(connection, pair_of(row))
            written = [written_side(each, sealer, blind_index) for each in sides]
            found = [each for each in written if each is not None]
            if len(found) == 2 and _truth(*(each.features for each in found)) == truth:
                low, high = (without_foundational(each).features for each in found)
                weight = weigh(*_pairwise(pair_of(row), low, high), model).weight
                if model.review - _MARGIN <= weight <= model.link + _MARGIN:
                    yield row, weight
        if len(rows) < _AT_ONCE:
            return
        looked_at += len(rows)
        after = rows[-1]["place"]


def _truth(low: Features, high: Features) -> Truth | None:
    """What the foundational numbers say; nothing where one is missing or a slip apart."""
    if low.uin is None or high.uin is None:
        return None
    if low.uin.token == high.uin.token:
        return "same"
    return None if set(low.uin.near) & set(high.uin.near) else "different"


def _pairwise(
    pair: Pair, low: Features, high: Features
) -> tuple[Appearance, Features, Appearance, Features]:
    return pair[0], low, pair[1], high
