"""Counts whom is asked about, in the transaction that answers: no answer beyond the budget.

A person already asked about that day costs nothing. What would go beyond the budget raises, and
the whole transaction is rolled back with it: nothing is counted, answered or kept.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Final

from ibr.access.budgets import store
from ibr.access.budgets.judge import Once, judge
from ibr.access.budgets.model import Account, Left, Limit, Seen, Spending, Used, UsedUpError
from ibr.access.budgets.rules import (
    NIGHT,
    PARTNER,
    account_of,
    is_over,
    left_of,
    limit_of,
    wait_for,
)
from ibr.access.budgets.sequence import Trails
from ibr.access.budgets.watching.alarms import raise_alarms
from ibr.asker import Asker
from ibr.db.pool import Connection, Database

KEPT_SECONDS: Final = 5.0
"""A budget that was raised or lowered counts in every process after so long."""


class Budgets:
    """What everybody may ask about; one for a process, it remembers the budgets for seconds."""

    def __init__(self, partner: Limit = PARTNER, *, kept_seconds: float = KEPT_SECONDS) -> None:
        """`partner` is what a partner may that was given no budget of its own."""
        self._partner = partner
        self._kept_seconds = kept_seconds
        self._read_at = float("-inf")
        self._own: dict[tuple[str, int, str], Limit] = {}
        self._guessing: frozenset[tuple[str, int]] = frozenset()
        self._raised: set[Once] = set()
        self.trails = Trails()

    async def spend(self, connection: Connection, spendings: Sequence[Spending]) -> None:
        """Counts the people of these questions; UsedUpError where some go beyond.

        At most once in a transaction, near its end: from here to the commit nobody else's
        questions of the same asker are counted.
        """
        accounts: dict[Account, dict[bytes, Seen]] = {}
        askers: dict[Account, Asker] = {}
        await self._refresh(connection, spendings)
        for spending in spendings:
            account = account_of(spending.asker, self._own, spending.at)
            askers.setdefault(account, spending.asker)
            people = accounts.setdefault(account, {})
            for each in spending.seen:
                people.setdefault(each.index, each)
        accounts = {account: people for account, people in accounts.items() if people}
        if not accounts:
            return
        at = max(spending.at for spending in spendings)
        limits = {account: self.limit(askers[account]) for account in accounts}
        counted = await store.count(connection, accounts, limits, at, night=at.hour in NIGHT)
        over = [used for used in counted if is_over(used, limits[used.account])]
        if over:
            raise _used_up(over, limits, at)
        await self._watch(connection, counted, at)

    async def left(self, connection: Connection, asker: Asker, at: datetime) -> Left:
        """What the asker may still do for its purpose."""
        await self._refresh(connection, [Spending(asker, (), at)])
        account = account_of(asker, self._own, at)
        used = await store.used(connection, [account])
        return left_of(used.get(account), self.limit(asker), at)

    async def asked_before(
        self, connection: Connection, asker: Asker, indexes: Sequence[bytes], at: datetime
    ) -> set[bytes]:
        """Which of these people the asker has asked about today; they cost nothing more."""
        return await store.asked_before(connection, account_of(asker, self._own, at), indexes)

    def limit(self, asker: Asker) -> Limit:
        """What the asker may, as far as this process knows."""
        guessing = (asker.kind, asker.id) in self._guessing
        return limit_of(asker, self._own, self._partner, guessing=guessing)

    @asynccontextmanager
    async def noting(
        self,
        database: Database,
        asker: Asker,
        transaction: AbstractAsyncContextManager[Connection],
    ) -> AsyncIterator[Connection]:
        """The transaction; a refusal for the budget is noted after it was rolled back."""
        try:
            async with transaction as connection:
                yield connection
        except UsedUpError as used:
            await self.note_refused(database, [asker], used.at)
            raise

    async def note_refused(self, database: Database, askers: Sequence[Asker], at: datetime) -> None:
        """Counts one refused question for each of the askers named, and raises the alarm."""
        refused: dict[Account, list[Asker]] = {}
        for asker in askers:
            refused.setdefault(account_of(asker, self._own, at), []).append(asker)
        async with database.transaction(()) as connection:
            counted = [
                await store.refused(connection, account, self.limit(theirs[0]), len(theirs), at)
                for account, theirs in sorted(refused.items(), key=_by_account)
            ]
            await self._watch(connection, counted, at)

    async def _watch(self, connection: Connection, counted: Sequence[Used], at: datetime) -> None:
        """Raises what these counts are an alarm for, once; the job looks again for what is lost
        with a transaction that is rolled back."""
        alarms = [each for used in counted for each in judge(used, at)]
        fresh = [each for each in alarms if each.once not in self._raised]
        if not fresh:
            return
        await raise_alarms(connection, fresh, at)
        self._raised |= {each.once for each in fresh}
        self._read_at = float("-inf")

    async def _refresh(self, connection: Connection, spendings: Sequence[Spending]) -> None:
        moment = time.monotonic()
        if not spendings or moment - self._read_at < self._kept_seconds:
            return
        at = max(each.at for each in spendings)
        own = {
            (row["asker_kind"], row["asker_id"], row["purpose_code"]): Limit(
                row["people_an_hour"], row["people_a_day"]
            )
            for row in await store.given_now(connection, at)
        }
        guessing = await store.guessing(connection, at)
        self._own = own
        self._guessing = frozenset((row["asker_kind"], row["asker_id"]) for row in guessing)
        self._raised = {each for each in self._raised if each.day >= at.date()}
        self._read_at = moment


def _by_account(each: tuple[Account, object]) -> tuple[str, int, str]:
    return each[0].kind, each[0].id, each[0].purpose


def used_up(asker: Asker, left: Left, at: datetime) -> UsedUpError:
    """The refusal of a question that what is left does not cover."""
    by_day = left.today <= left.this_hour
    return _refusal(frozenset({(asker.kind, asker.id)}), left.limit, by_day, at)


def _used_up(over: Sequence[Used], limits: dict[Account, Limit], at: datetime) -> UsedUpError:
    first = over[0]
    limit = limits[first.account]
    who = frozenset((used.account.kind, used.account.id) for used in over)
    return _refusal(who, limit, first.people > limit.a_day, at)


def _refusal(
    who: frozenset[tuple[str, int]], limit: Limit, by_day: bool, at: datetime
) -> UsedUpError:
    most, period = (limit.a_day, "a day") if by_day else (limit.an_hour, "an hour")
    return UsedUpError(
        "budget.used_up",
        f"You may ask about {most} different people in {period}, and this goes beyond that. Asking "
        "again about the same people today stays possible. Go on later, or ask the registry's "
        "data-protection officer for more.",
        retry_after=wait_for(at, a_day=by_day),
        over=who,
        at=at,
    )
