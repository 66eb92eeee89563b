"""Delivers what is due: claims, hands each message to whoever sends it, writes down how it went.

Every state is in the table. A process that dies loses its leases and nothing else: what it held
is tried again by the next, with the same message_id and content.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import timedelta
from typing import Any, Final

from ibr.db.pool import Connection, Database
from ibr.errors import Unavailable
from ibr.log import logger
from ibr.outbox import store
from ibr.outbox.model import InHand, Receiver, Settled, Try
from ibr.outbox.receivers import Receivers
from ibr.outbox.rules import settled
from ibr.spans import span

# Should a wake-up be lost, what is due waits no longer than this.
_LONGEST_SLEEP: Final = 5.0
_SHORTEST_SLEEP: Final = 0.02
_WITHOUT_DATABASE: Final = 1.0
# Results and claims of this long are written with one commit.
_GATHER: Final = 0.01
_RENEW_SECONDS: Final = store.LEASE_SECONDS / 4
_ORPHANS_SECONDS: Final = 60.0
# All messages in hand of one process, sent or about to be sent.
_MOST_IN_HAND: Final = 512

Deliver = Callable[[InHand], Awaitable[Try]]
# Partners to whom nothing is sent for the time being.
HeldBack = Callable[[], Awaitable[Collection[int]]]
# Done in the transaction that settles this message as withdrawn.
Withdraw = Callable[[Connection, InHand], Awaitable[None]]


class NothingLeavesError(Exception):
    """Nothing can be sent at all for now: every message stays where it is."""


class Deliveries:
    """The messages that one process delivers."""

    def __init__(
        self,
        database: Database,
        deliver: Deliver,
        *,
        held_back: HeldBack,
        withdraw: Withdraw,
        at_once: int = 4,
        pause: float = 15.0,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`at_once` bounds the tries to one receiver; `pause` follows on NothingLeavesError."""
        self._database = database
        self._deliver = deliver
        self._held_back = held_back
        self._withdraw = withdraw
        self._pause = pause
        self._chance = chance
        self._token = str(uuid.uuid4())
        self._receivers = Receivers(at_once)
        self._queues: defaultdict[Receiver, deque[InHand]] = defaultdict(deque)
        self._sending: dict[Receiver, set[asyncio.Task[None]]] = {}
        self._in_hand: set[int] = set()
        self._ended: list[Settled] = []
        self._wake = asyncio.Event()
        self._paused_until = float("-inf")
        self._renewed_at = self._looked_at = float("-inf")
        self._stopping = False

    async def run(self, stop: asyncio.Event, *, patience: float = 12.0) -> None:
        """Delivers until `stop`; then waits for what is being sent, `patience` seconds at most."""
        watch = asyncio.create_task(self._watch(stop))
        try:
            while not stop.is_set():
                try:
                    await self._while_connected(stop)
                except Unavailable as wrong:
                    logger().warning("callbacks wait for the database", code=wrong.code)
                except Exception:
                    # Jobs run in the same process; what is wrong here must not end them.
                    logger().exception("callbacks stumbled")
                if not stop.is_set():
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), _WITHOUT_DATABASE)
            await self._wind_up(patience)
        finally:
            watch.cancel()

    async def _watch(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._stopping = True
        self._wake.set()

    async def _while_connected(self, stop: asyncio.Event) -> None:
        async with self._database.session() as ear:
            await ear.add_listener(store.CHANNEL, self._woken)
            try:
                while not stop.is_set() and not ear.is_closed():
                    await self._round()
            finally:
                with contextlib.suppress(Exception):
                    await ear.remove_listener(store.CHANNEL, self._woken)

    def _woken(self, *_: object) -> None:
        self._wake.set()

    async def _round(self) -> None:
        """Writes down what ended, begins what is due; sleeps until something may have changed."""
        self._wake.clear()
        await self._settle()
        await self._keep()
        claimed = await self._claim()
        for message in claimed:
            self._receivers.claimed(message.receiver)
            self._in_hand.add(message.message_no)
            self._queues[message.receiver].append(message)
        for receiver in list(self._queues):
            self._begin(receiver)
        await self._sleep()

    async def _claim(self) -> list[InHand]:
        moment = time.monotonic()
        most = _MOST_IN_HAND - len(self._in_hand)
        if moment < self._paused_until or most <= 0:
            return []
        held_back = await self._held_back()
        async with self._database.transaction(()) as connection:
            return await store.claim(
                connection,
                token=self._token,
                in_hand=self._in_hand,
                rooms=self._receivers.rooms(moment),
                otherwise=self._receivers.at_once,
                held_back=held_back,
                most=most,
            )

    def _begin(self, receiver: Receiver) -> None:
        """Sends as many as this receiver may get at once; gives back what it gets none of."""
        queue = self._queues[receiver]
        sending = self._sending.setdefault(receiver, set())
        if self._receivers.rests(receiver, time.monotonic()):
            while queue:
                self._end(queue.popleft(), Try(outcome="", made=False))
        while queue and self._receivers.may_send(receiver, len(sending)):
            task = asyncio.create_task(self._try(queue.popleft()))
            sending.add(task)
            task.add_done_callback(sending.discard)
        if not queue:
            del self._queues[receiver]
        if not sending:
            del self._sending[receiver]

    async def _try(self, message: InHand) -> None:
        """One try; whatever happens in it, the message is settled or given back."""
        try:
            with span("callback", attempt=message.attempts) as mark:
                tried = await self._deliver(message)
                mark.set(code=tried.outcome or "delivered")
        except asyncio.CancelledError:
            # It may have arrived or not; the next try comes when the lease ends.
            raise
        except NothingLeavesError as wrong:
            self._paused_until = time.monotonic() + self._pause
            logger().error("callbacks wait: they cannot be signed", code=str(wrong))
            tried = Try(outcome="no_signature", made=False, after=timedelta(seconds=self._pause))
        except Unavailable as wrong:
            logger().warning("a callback waits", code=wrong.code)
            tried = Try(outcome="", made=False, after=timedelta(seconds=_WITHOUT_DATABASE))
        except Exception:
            logger().exception("a callback failed", kind=message.kind, attempt=message.attempts)
            tried = Try(outcome="error", again=True)
        self._learn(message.receiver, tried)
        self._end(message, tried)

    def _learn(self, receiver: Receiver, tried: Try) -> None:
        if not tried.made:
            return
        if tried.again:
            self._receivers.failed(receiver, time.monotonic())
        elif not tried.withdrawn:
            self._receivers.answered(receiver)

    def _end(self, message: InHand, tried: Try) -> None:
        if message.correlation_id is not None and tried.made:
            logger().info(
                "callback tried",
                correlation_id=message.correlation_id,
                kind=message.kind,
                attempt=message.attempts,
                status=tried.outcome or "delivered",
            )
        self._ended.append(settled(message, tried, self._chance))
        if message.receiver in self._queues and not self._stopping:
            # The place is taken at once by the next; the commit may follow.
            asyncio.get_running_loop().call_soon(self._go_on, message.receiver)
        self._wake.set()

    def _go_on(self, receiver: Receiver) -> None:
        if receiver in self._queues and not self._stopping:
            self._begin(receiver)

    async def _settle(self) -> None:
        """Writes down what ended. Where that fails it stays in hand, to be written down later, and
        is not sent anew meanwhile."""
        plain = [each for each in self._ended if each.state != "withdrawn"]
        if plain:
            async with self._database.transaction(()) as connection:
                held = await store.settle(connection, self._token, plain)
            self._forget(plain)
            if len(held) < len(plain):
                logger().warning("callbacks were settled too late", count=len(plain) - len(held))
        for each in [each for each in self._ended if each.state == "withdrawn"]:
            try:
                async with self._database.transaction(()) as connection:
                    if await store.settle(connection, self._token, [each]):
                        await self._withdraw(connection, each.message)
            except Unavailable:
                raise
            except Exception:
                logger().exception("a callback could not be withdrawn", kind=each.message.kind)
                failed = settled(each.message, Try(outcome="error", again=True), self._chance)
                self._ended[self._ended.index(each)] = failed
            else:
                self._forget([each])

    def _forget(self, written: Sequence[Settled]) -> None:
        numbers = {each.message.message_no for each in written}
        self._ended = [each for each in self._ended if each.message.message_no not in numbers]
        for each in written:
            self._in_hand.discard(each.message.message_no)
            self._receivers.let_go(each.message.receiver)
        _tell(written)

    async def _keep(self) -> None:
        """Says that this process still holds its messages; now and then looks for orphans."""
        moment = time.monotonic()
        if self._in_hand and moment - self._renewed_at >= _RENEW_SECONDS:
            async with self._database.transaction(()) as connection:
                await store.renew(connection, self._token, self._in_hand)
            self._renewed_at = moment
        if moment - self._looked_at >= _ORPHANS_SECONDS:
            async with self._database.transaction(()) as connection:
                given_up = await store.give_up_orphans(connection)
            self._looked_at = moment
            if given_up:
                logger().error("callbacks were given up", code="worker_died", count=given_up)

    async def _sleep(self) -> None:
        longest = _LONGEST_SLEEP
        if self._in_hand:
            longest = min(longest, _RENEW_SECONDS)
        if not self._wake.is_set():
            async with self._database.transaction(()) as connection:
                seconds = await store.seconds_to_next(connection)
            longest = longest if seconds is None else min(longest, seconds)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), max(longest, _SHORTEST_SLEEP))
        if self._in_hand and not self._stopping:
            await asyncio.sleep(_GATHER)

    async def _wind_up(self, patience: float) -> None:
        """What was not begun is given back; what is being sent is waited for."""
        for queue in self._queues.values():
            while queue:
                self._end(queue.popleft(), Try(outcome="", made=False))
        sending: set[asyncio.Task[Any]] = set().union(*self._sending.values())
        if sending:
            await asyncio.wait(sending, timeout=patience)
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
        with contextlib.suppress(Unavailable):
            await self._settle()


def _tell(ended: Sequence[Settled]) -> None:
    for each in ended:
        if each.state == "dead":
            logger().warning(
                "a callback was given up",
                kind=each.message.kind,
                code=each.outcome,
                attempt=each.message.attempts,
            )
