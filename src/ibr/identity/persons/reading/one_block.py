"""One block of records read into appearances, in a transaction of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ibr.identity.persons.helpers import Place
from ibr.identity.persons.reading import store
from ibr.identity.persons.reading.reading_block import Reader


class Outcome(msgspec.Struct):
    """How many appearances were new, changed (or came back), and are no longer reported."""

    fresh: int = 0
    changed: int = 0
    gone: int = 0

    def add(self, other: Outcome) -> None:
        """Counts another block's outcome in."""
        self.fresh += other.fresh
        self.changed += other.changed
        self.gone += other.gone


async def read_one_block(
    place: Place, record_ids: Sequence[int], at: datetime, unsettled: bool
) -> Outcome:
    """Reads these records, and says what came of it. `unsettled`: nobody is looked for yet by
    the keys that are written, so that their index may be put in order later, at once."""
    reader = Reader(place.sealer, place.index)
    async with place.database.transaction(place.programmes) as connection:
        records = await store.records(connection, record_ids)
        rows = reader.read_many(records, at)
        await store.put(connection, rows, unsettled=unsettled)
    return Outcome(rows.fresh, rows.changed, rows.gone)
