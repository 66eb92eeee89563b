"""Programme pairs as officers read and enter them: each with its right."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import msgspec

from ibr.access.staff.rights import PAIRS, PAIRS_EDIT, must_hold
from ibr.asker import Asker
from ibr.db.pool import Connection, Database
from ibr.overlaps.pairs import store
from ibr.overlaps.pairs.change_pairs import end_pair, set_pair
from ibr.overlaps.pairs.model import Interval, KeptPair, KeptRule
from ibr.overlaps.pairs.read_csv import pair_of
from ibr.overlaps.pairs.rules import overlap, wrong


class PairsSeen(msgspec.Struct, frozen=True):
    """The programmes with their names, what counts between them, what counted before, and the
    rules of each."""

    programmes: dict[str, dict[str, str]]
    pairs: list[KeptPair]
    replaced: list[KeptPair]
    rules: list[KeptRule]

    def between(self, one: str, other: str, on: date) -> list[KeptPair]:
        """What holds between two programmes on a day."""
        day = Interval(on, on)
        return [
            each
            for each in self.pairs
            if {each.pair.first, each.pair.second} == {one, other}
            and overlap(Interval(each.pair.valid_from, each.pair.valid_to), day)
        ]

    def by_number(self, pair_no: int) -> KeptPair | None:
        return next((each for each in self.pairs if each.pair_no == pair_no), None)


async def pairs_seen(database: Database, asker: Asker) -> PairsSeen:
    """Everything that was entered; it says nothing of any person."""
    must_hold(asker, PAIRS)
    async with database.transaction(()) as connection:
        return await _seen(connection)


async def _seen(connection: Connection) -> PairsSeen:
    every = await store.pairs(connection, history=True)
    return PairsSeen(
        await store.programme_names(connection),
        [each for each in every if each.replaced_at is None],
        [each for each in every if each.replaced_at is not None],
        await store.rules(connection),
    )


async def enter_pair(
    database: Database,
    asker: Asker,
    given: Mapping[str, str],
    at: datetime,
    *,
    instead_of: int | None = None,
) -> bool:
    """Enters what a form says; False where that is said already."""
    must_hold(asker, PAIRS_EDIT)
    async with database.transaction(()) as connection:
        codes = {code.casefold(): code for code in await store.programmes(connection)}
        pair = pair_of(given, codes)
        return await set_pair(connection, pair, at, asker=asker, instead_of=instead_of)


async def end_one(
    database: Database, asker: Asker, pair_no: int, last_day: str, at: datetime
) -> None:
    """Ends a pair after a day; without one, after yesterday."""
    must_hold(asker, PAIRS_EDIT)
    try:
        day = date.fromisoformat(last_day) if last_day else at.date() - timedelta(days=1)
    except ValueError:
        raise wrong("valid_to", "valid_to is a day like 2026-12-31.") from None
    async with database.transaction(()) as connection:
        await end_pair(connection, pair_no, day, at, asker=asker)
