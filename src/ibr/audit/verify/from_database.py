"""The trail read from the database, seal by seal, in bounded memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, date, datetime, time
from typing import Final

import asyncpg
import msgspec

from ibr.audit.model import LedgerDigest, LedgerLine, LedgerRow, ledger_line
from ibr.audit.seals import store as seals_store
from ibr.audit.seals.anchor import Line
from ibr.audit.seals.merkle import path_of
from ibr.audit.seals.model import Seal
from ibr.audit.seals.store import Gap
from ibr.audit.verify import store
from ibr.audit.verify.check import Checker, check_proof
from ibr.audit.verify.model import (
    BatchKept,
    Break,
    BrokenError,
    EventKept,
    Kept,
    Proof,
    Report,
)
from ibr.db.pool import Connection, Database
from ibr.errors import Conflict, NotFound, NotUnderstood

_WITHOUT_END: Final = 2**63 - 1
Progress = Callable[[int, int], None]


class Span(msgspec.Struct, frozen=True):
    """Which seals are read, by number."""

    first: int
    last: int

    @property
    def from_start(self) -> bool:
        return self.first <= 1


async def span_of(connection: Connection, since: str | None, until: str | None) -> Span:
    """From and to as people write them: the number of a seal, or a day in UTC."""
    newest = await store.newest_seal(connection)
    first = 1
    if since is not None:
        found = await _number(connection, since, last=False)
        first = newest + 1 if found is None else found
    last = newest
    if until is not None:
        last = await _number(connection, until, last=True) or 0
    if since is not None and first > last:
        raise NotFound("audit.no_seals", "There are no seals in this time. Leave --from out.")
    return Span(first, min(last, newest))


async def _number(connection: Connection, text: str, *, last: bool) -> int | None:
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise NotUnderstood(
            "audit.span", "Write the number of a seal or a day, for example 2026-10-31."
        ) from None
    if last:
        after = datetime.combine(date.fromordinal(day.toordinal() + 1), time(), UTC)
        return await store.seal_at(connection, after, before=True)
    return await store.seal_at(connection, datetime.combine(day, time(), UTC), before=False)


class Trail:
    """What was recorded in a span of seals, read once, in order, in bounded memory."""

    def __init__(self, connection: Connection, span: Span) -> None:
        self._connection = connection
        self._span = span
        self.waiting = 0
        self._late: dict[int, int] = {}
        self._gaps: list[Gap] = []
        self._aside: dict[int, Kept] = {}
        self._of_before = LedgerDigest()
        self._before_met = False
        self._asked_row: asyncpg.Record | None = None
        self._row: asyncpg.Record | None = None

    async def seals(self) -> AsyncIterator[tuple[Seal, list[Kept]]]:
        """Each seal with what lies in its numbers now; BrokenError for what no seal can close."""
        await self._begin()
        span = self._span
        async for seal in store.seals(self._connection, span.first, span.last):
            inside: list[Kept] = []
            while self._row is not None and self._row["number"] <= seal.last_id:
                kept = await self._next()
                if kept.number in self._late:
                    self._aside[kept.number] = kept
                elif self._may_still_be_sealed(kept.number):
                    self._wait(kept)
                else:
                    inside.append(kept)
            late = [self._aside.pop(number) for number in seal.late if number in self._aside]
            yield seal, [*late, *inside]
        while self._row is not None:
            self._wait(await self._next())
        if self._asked_row is not None:
            raise BrokenError(Break(what="asked_inserted", row=self._asked_row["batch_id"]))
        if self._of_before.rows and not self._before_met:
            raise BrokenError(Break(what="asked_inserted", row=0))

    async def _begin(self) -> None:
        span, connection = self._span, self._connection
        self._late = await store.late_numbers(connection, span.first)
        sealed, self._gaps = await store.sealed_up_to(connection)
        first = await seals_store.one_seal(connection, span.first)
        last = await seals_store.one_seal(connection, span.last)
        if not span.from_start and first is None:
            raise BrokenError(Break(what="seal_missing", seal=span.first))
        low = 1 if span.from_start or first is None else first.first_id
        # Up to the newest seal what waits to be sealed is looked at too.
        high = last.last_id if last is not None and last.last_id < sealed else _WITHOUT_END
        besides = [number for number, seal in self._late.items() if seal <= span.last]
        self._rows = store.recorded(connection, low, high, besides)
        self._asked = store.asked(connection, low, high, besides, from_start=span.from_start)
        self._row = await anext(self._rows, None)
        self._asked_row = await anext(self._asked, None)
        while self._asked_row is not None and self._asked_row["batch_id"] == 0:
            self._of_before.add(_ledger_row(self._asked_row))
            self._asked_row = await anext(self._asked, None)

    def _may_still_be_sealed(self, number: int) -> bool:
        return any(gap.first <= number <= gap.last for gap in self._gaps)

    def _wait(self, kept: Kept) -> None:
        """What is not sealed yet; changed it may not be either."""
        wrong = kept.checked().wrong
        if wrong is not None:
            raise BrokenError(Break(what=wrong, row=kept.number))
        self.waiting += 1

    async def _next(self) -> Kept:
        row = self._row
        assert row is not None
        self._row = await anext(self._rows, None)
        if not row["is_batch"]:
            return _event(row)
        if row["of_before"]:
            self._before_met = True
            whole = self._span.from_start
            return _batch(
                row,
                [],
                self._of_before.rows if whole else row["rows"],
                self._of_before.value if whole else row["digest"],
            )
        return _batch(row, await self._lines(row["number"]))

    async def _lines(self, batch: int) -> list[LedgerLine]:
        lines = []
        while self._asked_row is not None and self._asked_row["batch_id"] <= batch:
            if self._asked_row["batch_id"] < batch:
                raise BrokenError(Break(what="asked_inserted", row=self._asked_row["batch_id"]))
            lines.append(ledger_line(_ledger_row(self._asked_row)))
            self._asked_row = await anext(self._asked, None)
        return lines


def _ledger_row(row: asyncpg.Record) -> LedgerRow:
    fields = dict(row)
    fields.pop("batch_id", None)
    return LedgerRow(**fields)


def _event(row: asyncpg.Record) -> EventKept:
    return EventKept(
        number=row["number"],
        at=row["at"],
        kind=row["kind"],
        actor_kind=row["actor_kind"],
        actor_id=row["actor_id"],
        details=msgspec.Raw(row["details"].encode()),
        digest=row["digest"],
    )


def _batch(
    row: asyncpg.Record,
    lines: list[LedgerLine],
    rows: int | None = None,
    digest: bytes | None = None,
) -> BatchKept:
    return BatchKept(
        number=row["number"],
        at=row["at"],
        rows=row["rows"],
        digest=row["digest"],
        of_before=row["of_before"],
        lines=lines,
        found_rows=rows,
        found_digest=digest,
    )


async def verify_database(
    database: Database,
    anchored: Iterator[Line] | None = None,
    *,
    since: str | None = None,
    until: str | None = None,
    progress: Progress | None = None,
) -> Report:
    """Verifies the trail as one moment holds it; the report names the first break."""
    async with database.transaction((), frozen=True) as connection:
        await store.read_as_auditor(connection)
        return await verify_within(
            connection, anchored, since=since, until=until, progress=progress
        )


async def verify_within(
    connection: Connection,
    anchored: Iterator[Line] | None = None,
    *,
    since: str | None = None,
    until: str | None = None,
    progress: Progress | None = None,
) -> Report:
    """The same in a transaction that sees one moment and may read the trail."""
    span = await span_of(connection, since, until)
    keys = await seals_store.keys(connection)
    before = None
    if not span.from_start:
        before = await seals_store.one_seal(connection, span.first - 1)
    checker = Checker(keys, anchored, before, from_start=span.from_start)
    trail = Trail(connection, span)
    try:
        async for seal, kept in trail.seals():
            checker.take(seal, [each.checked() for each in kept])
            if progress is not None:
                progress(seal.number, span.last)
        if until is None:
            checker.end()
    except BrokenError as wrong:
        checker.report.broken = wrong.found
    checker.report.waiting = trail.waiting
    return checker.report


async def prove(database: Database, number: int) -> Proof:
    """The proof that an event, or a batch of the ledger, is in its seal."""
    async with database.transaction((), frozen=True) as connection:
        await store.read_as_auditor(connection)
        return await prove_within(connection, number)


async def prove_within(connection: Connection, number: int) -> Proof:
    """The same in a transaction that reads as the auditor already."""
    closed = await seals_store.seals_with(connection, [number])
    seal = await seals_store.one_seal(connection, closed[number]) if number in closed else None
    if seal is None:
        raise Conflict(
            "audit.not_sealed",
            "There is no event of this number, or it is not sealed yet; that takes up to a minute.",
        )
    rows = await store.of_one_seal(connection, seal.late, seal.first_id, seal.last_id)
    others = await store.late_numbers(connection, seal.number + 1)
    kept: list[Kept] = []
    for row in rows:
        if row["number"] in others:
            continue
        if not row["is_batch"]:
            kept.append(_event(row))
        elif row["number"] == number and not row["of_before"]:
            lines = [
                ledger_line(_ledger_row(each)) for each in await store.lines_of(connection, number)
            ]
            kept.append(_batch(row, lines))
        else:
            kept.append(_batch(row, [], row["rows"], row["digest"]))
    numbers = [each.number for each in kept]
    if number not in numbers:
        raise NotFound(
            "audit.event_gone",
            "This event was sealed and is no longer there. Run: ibr audit verify",
        )
    place = numbers.index(number)
    keys = {key.kid: key for key in await seals_store.keys(connection)}
    proof = Proof(
        kept=kept[place],
        place=place,
        path=path_of([each.checked().member.leaf for each in kept], place),
        seal=seal,
        key=keys[seal.kid],
    )
    wrong = check_proof(proof)
    if wrong is not None:
        raise Conflict(
            "audit.proof_fails",
            f"This event cannot be proven. {wrong.words} Run: ibr audit verify",
        )
    return proof
