"""Rows of the trace, gathered in memory and written some moments later.

Nothing that answers a message waits for its trace: a row is noted by handing over a function that
can describe it, and is described and written after the answer has left. What a flood brings is
bounded three times: so many rows wait in memory, so many are kept for each partner in a day, and
so few are looked into in a second. A row that cannot be written is lost: the trace explains, it
proves nothing. What must be kept stands in the ledger and the audit trail.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import date
from typing import Final

import asyncpg
import msgspec
import zstandard

from ibr.db.pool import Connection, Database
from ibr.errors import Unavailable
from ibr.log import logger
from ibr.protection.seal import Sealer, place_of
from ibr.trace import store
from ibr.trace.model import Describe, Mode, Row, Traced

NOBODY: Final = 0
# How many rows may wait in memory, and how many bytes of messages with them.
_MOST_WAITING: Final = 2_000
_MOST_BYTES: Final = 16 * 1024 * 1024
# Rows and content kept for one partner in one day.
ROWS_A_DAY: Final = 5_000
CONTENT_A_DAY: Final = 64 * 1024 * 1024
# Refused signatures looked into at one writing, together and of one partner: each costs some
# ten milliseconds of a thread's time.
_EXPLAINED: Final = 6
_EXPLAINED_OF_ONE: Final = 2
_EVERY_SECONDS: Final = 1.0


class _Waiting(msgspec.Struct, frozen=True):
    partner_id: int
    describe: Describe
    size: int
    explain: bool


class Recorder:
    """Takes rows in and writes them in the background."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        *,
        mode: Mode,
        content: bool,
        rows_a_day: int = ROWS_A_DAY,
        content_a_day: int = CONTENT_A_DAY,
    ) -> None:
        self._database = database
        self._sealer = sealer
        self.mode = mode
        self.keeps_content = content
        self._rows_a_day = rows_a_day
        self._content_a_day = content_a_day
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._lost = 0

    @property
    def wants_refused(self) -> bool:
        return self.mode != "off"

    @property
    def wants_accepted(self) -> bool:
        return self.mode == "all"

    def note(
        self, partner_id: int | None, describe: Describe, *, size: int, explain: bool = False
    ) -> None:
        """Notes a row that `describe` will make; `size` is what it holds in memory until then."""
        if len(self._waiting) >= _MOST_WAITING or self._bytes + size > _MOST_BYTES:
            self._lost += 1
            return
        self._bytes += size
        self._waiting.append(_Waiting(partner_id or NOBODY, describe, size, explain))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Writes every second while this is open, and what is left at its end."""
        writing = asyncio.create_task(self._run())
        try:
            yield
        finally:
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing
            await self.flush()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            if self._waiting:
                await self.flush()

    async def flush(self) -> None:
        """Describes and writes what waits now."""
        waiting, self._waiting, self._bytes = list(self._waiting), deque(), 0
        lost, self._lost = self._lost, 0
        if lost:
            logger().warning("messages were too many to be traced", count=lost)
        if not waiting:
            return
        try:
            described = await asyncio.to_thread(_described, waiting)
            await self._write(described)
        except (Unavailable, asyncpg.PostgresError) as wrong:
            # Whoever asked has its answer already, and the ledger has what must be kept.
            logger().warning(
                "the trace could not be written", count=len(waiting), reason=type(wrong).__name__
            )

    async def _write(self, described: Sequence[Traced]) -> None:
        days: dict[tuple[int, date], list[Traced]] = {}
        for each in described:
            days.setdefault((each.row.partner_id or NOBODY, each.row.at.date()), []).append(each)
        async with self._database.transaction(()) as connection:
            # Sorted, so that two processes never wait for each other's counts.
            for (partner_id, day), rows in sorted(days.items(), key=lambda one: one[0]):
                await self._write_day(connection, partner_id, day, rows)

    async def _write_day(
        self, connection: Connection, partner_id: int, day: date, rows: Sequence[Traced]
    ) -> None:
        sealed = [self._sealed(each) for each in rows]
        size = sum(len(content or b"") + len(answer or b"") for _, content, answer in sealed)
        before, bytes_before = await store.count_day(connection, partner_id, day, len(rows), size)
        kept = sealed[: max(0, self._rows_a_day - before)]
        if bytes_before + size > self._content_a_day:
            kept = [(row, None, None) for row, _, _ in kept]
        if kept:
            await store.add(connection, kept)

    def _sealed(self, traced: Traced) -> tuple[Row, bytes | None, bytes | None]:
        if not self.keeps_content:
            return traced.row, None, None
        sealed = [
            None
            if clear is None
            else self._sealer.seal(
                zstandard.ZstdCompressor(level=3).compress(clear),
                place_of("message_trace", column, traced.row.trace_id.encode()),
            )
            for column, clear in (("content", traced.content), ("answer", traced.answer))
        ]
        return traced.row, sealed[0], sealed[1]


def _described(waiting: Sequence[_Waiting]) -> list[Traced]:
    """The rows, in a thread of their own; only a few of them are looked into."""
    explained: dict[int, int] = {}
    made = []
    for each in waiting:
        of_one = explained.get(each.partner_id, 0)
        may = each.explain and sum(explained.values()) < _EXPLAINED and of_one < _EXPLAINED_OF_ONE
        if may:
            explained[each.partner_id] = of_one + 1
        try:
            made.append(each.describe(may))
        except Exception:
            # One message that nobody foresaw must not cost the others their rows.
            logger().exception("a message could not be described")
    return made


def opened(sealer: Sealer, column: str, trace_id: str, sealed: bytes | None) -> bytes | None:
    """A kept message or answer, readable."""
    if sealed is None:
        return None
    clear = sealer.open(sealed, place_of("message_trace", column, trace_id.encode()))
    return zstandard.ZstdDecompressor().decompress(clear)
