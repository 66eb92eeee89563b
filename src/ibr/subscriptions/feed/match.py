"""Finds who is to be told of which changes, block by block.

Each block is one transaction: its matches are written and the cursor moves, or neither. What the
subscribers may see is looked up for each run; what a record holds is what it holds now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from ibr.access.model import Partner
from ibr.access.partners import PartnerBook
from ibr.clock import now
from ibr.codelists.enrolment_status import FINAL
from ibr.db.pool import Connection, Database
from ibr.db.staging import prepare
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer
from ibr.registry.search.matching import match
from ibr.registry.search.matching.model import Asked
from ibr.subscriptions import store as subscriptions
from ibr.subscriptions.feed import store
from ibr.subscriptions.feed.store import Horizon, Place, Waits
from ibr.subscriptions.model import TOPICS, Active
from ibr.subscriptions.rules import moments, reach_of
from ibr.subscriptions.subscribe import look_up_again

BLOCK: Final = 5_000


class Matched(msgspec.Struct):
    """What one run did: changes read, notifications written or brought up to date."""

    changes: int = 0
    told: int = 0


class Matcher:
    """Reads the feed for all subscriptions; only one of its runs anywhere is at it at a time."""

    def __init__(
        self,
        database: Database,
        book: PartnerBook,
        sealer: Sealer,
        blind_index: BlindIndex,
        *,
        block: int = BLOCK,
    ) -> None:
        self._database = database
        self._book = book
        self._sealer = sealer
        self._blind_index = blind_index
        self._block = block
        # A subscription's filter changes only when a new kind of identifier is reported.
        self._known: dict[int, Active] = {}

    async def run(self) -> Matched:
        """Reads all there is to be read now."""
        at = now()
        done = Matched()
        async with self._database.transaction(()) as connection:
            # In this order: of every change below the horizon, whoever subscribed before it
            # committed is found by the statements that come after.
            horizon = await store.horizon(connection)
            active = await self._active(connection)
        asked = match.shapes(await self._asked(active), horizon.codes)
        waiting = [_waits(each, at) for each in active]
        while await self._read_block(horizon, asked, waiting, at, done):
            pass
        return done

    async def _active(self, connection: Connection) -> list[Active]:
        await look_up_again(connection, self._sealer, self._blind_index)
        numbers = await subscriptions.active_numbers(connection)
        known = {
            number: each
            for number, each in self._known.items()
            if numbers.get(number, -1) == each.kinds_through
        }
        missing = [number for number in numbers if number not in known]
        for each in await subscriptions.active(connection, missing) if missing else []:
            known[each.number] = each
        self._known = known
        return [known[number] for number in numbers]

    async def _asked(self, active: Iterable[Active]) -> list[Asked]:
        """Each subscription with what its subscriber may see now; none that may see nothing."""
        await self._book.refresh()
        partners: dict[int, Partner | None] = {}
        asked = []
        for each in active:
            if each.partner_id not in partners:
                partners[each.partner_id] = await self._book.by_number(each.partner_id)
            reach = reach_of(partners[each.partner_id])
            if reach:
                asked.append(
                    Asked(
                        number=each.number,
                        topic=TOPICS[each.event],
                        programmes=reach,
                        filter=each.filter,
                    )
                )
        return asked

    async def _read_block(
        self,
        horizon: Horizon,
        asked: Sequence[match.Shape],
        waiting: Sequence[Waits],
        at: datetime,
        done: Matched,
    ) -> bool:
        """Reads one block; whether there may be another one."""
        async with self._database.transaction(horizon.codes.values()) as connection:
            cursor = await store.hold_cursor(connection)
            if cursor is None:
                return False
            if asked:
                await store.take_time(connection)
                await prepare(connection, *store.TEMPORARY, *match.TEMPORARY)
                scanned = await store.scan(connection, cursor, horizon.below, self._block)
                done.changes += scanned.changes
                if scanned.telling:
                    done.told += await self._match(connection, asked, waiting, at)
                if scanned.changes == self._block and scanned.last is not None:
                    await store.move_cursor(connection, scanned.last)
                    return True
            await store.move_cursor(connection, Place(horizon.below, 0), caught_up_at=at)
            await subscriptions.end_due(connection, at)
            return False

    async def _match(
        self,
        connection: Connection,
        asked: Sequence[match.Shape],
        waiting: Sequence[Waits],
        at: datetime,
    ) -> int:
        topics = {topic for each in asked for topic in each.topics}
        await store.fill_subjects(connection, sorted(topics), FINAL)
        await match.match(connection, asked)
        return await store.put_matches(connection, waiting, at)


def _waits(each: Active, at: datetime) -> Waits:
    found = moments(each.frequency, each.made_at, at)
    return Waits(
        number=each.number,
        partner_id=each.partner_id,
        scheduled=found is not None,
        last=found.last if found else None,
        next=found.next if found else None,
    )
