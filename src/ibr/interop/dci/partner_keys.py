"""Partners' keys fetched from where they publish them: now and then, and for a key not yet known.

Keys that count here come from a list that the partner registered, over the guarded way out
(ibr/calls). What is fetched can add to what staff decided and never overrule it: see
access/keys/fetched_keys.py and the policies on the table.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from prometheus_client import Counter

from ibr.access.keys.fetched_keys import may_fetch, settle, take_over
from ibr.access.keys.model import FetchState
from ibr.access.model import Partner
from ibr.calls.model import CallFailed, Reply
from ibr.clock import now
from ibr.db.pool import Connection
from ibr.errors import NotUnderstood
from ibr.log import logger
from ibr_messages.jwk import usable_keys
from ibr_messages.strict_json import read_object

EVERY_SECONDS: Final = 15 * 60
LARGEST: Final = 65_536
# A message with an unknown key has the list fetched again, but no more often than this.
PAUSE: Final = timedelta(seconds=60)
_AT_ONCE: Final = 8

_FETCHES: Final = Counter(
    "ibr_partner_jwks_fetches", "Lists of partners' keys that were fetched.", ["outcome"]
)

Begin = Callable[[], AbstractAsyncContextManager[Connection]]


class _NoListError(Exception):
    """An answer that is no list."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class Send(Protocol):
    """The guarded way out (ibr/calls/caller.py)."""

    def __call__(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes,
        *,
        longest_answer: int = ...,
    ) -> Awaitable[Reply]: ...


class PartnerKeys:
    """Fetches partners' keys; each process has one, and the database keeps them apart."""

    def __init__(self, begin: Begin, send: Send, clock: Callable[[], datetime] = now) -> None:
        """`begin` begins a transaction that may add fetched keys."""
        self._begin = begin
        self._send = send
        self._clock = clock
        self._asked: dict[int, float] = {}
        self._under_way: dict[int, asyncio.Task[str | None]] = {}

    async def learn(self, partner: Partner) -> bool:
        """Fetches the list because of a key that is not known; False where that is no use now.

        Whoever asks while a fetch is under way waits for it. Afterwards nothing is asked for a
        minute: a flood of unknown keys costs a look-up in memory each.
        """
        number = partner.partner_id
        if partner.jwks_url is None or partner.suspended:
            return False
        task = self._under_way.get(number)
        if task is None:
            asked = self._asked.get(number, float("-inf"))
            if time.monotonic() - asked < PAUSE.total_seconds():
                return False
            self._asked[number] = time.monotonic()
            task = asyncio.create_task(self.fetch(partner))
            self._under_way[number] = task
            task.add_done_callback(lambda _: self._under_way.pop(number, None))
        # Not called off with the one message that happened to ask first.
        await asyncio.shield(task)
        return True

    async def fetch_all(self, partners: Iterable[Partner]) -> None:
        """Fetches the lists of all these partners, some at a time."""
        free = asyncio.Semaphore(_AT_ONCE)

        async def one(partner: Partner) -> None:
            async with free:
                await self.fetch(partner)

        wanted = [each for each in partners if each.jwks_url and not each.suspended]
        await asyncio.gather(*(one(each) for each in wanted))

    async def fetch(self, partner: Partner, *, pause: timedelta = PAUSE) -> str | None:
        """Fetches one list and takes it over; how it went, by a code. None where another process
        has just done it. A list that cannot be had or read changes nothing."""
        assert partner.jwks_url is not None
        number, at = partner.partner_id, self._clock()
        async with self._begin() as connection:
            if not await may_fetch(connection, number, at, pause):
                return None
        try:
            keys, left_out = await self._fetched(partner.jwks_url)
        except (CallFailed, NotUnderstood, _NoListError) as wrong:
            outcome = wrong.code if isinstance(wrong, NotUnderstood) else wrong.outcome
            await self._failed(number, at, outcome)
            return outcome
        async with self._begin() as connection:
            await take_over(connection, number, keys, left_out, at)
        _FETCHES.labels(outcome="ok").inc()
        return "ok"

    async def _fetched(self, url: str) -> tuple[list[dict[str, Any]], int]:
        reply = await self._send(
            "GET", url, {"accept": "application/json"}, b"", longest_answer=LARGEST
        )
        if reply.status != 200:
            raise _NoListError(f"http_{reply.status}")
        return usable_keys(read_object(reply.body))

    async def _failed(self, number: int, at: datetime, outcome: str) -> None:
        logger().warning("a partner's keys could not be fetched", partner=number, code=outcome)
        _FETCHES.labels(outcome="failed").inc()
        async with self._begin() as connection:
            await settle(
                connection,
                number,
                FetchState(tried_at=at, fetched_at=None, outcome=outcome, kept=0, left_out=0),
            )
