"""A mapped file worked through block by block: without effect, or so that it counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from ibr.access.model import ProgrammeRight
from ibr.asker import Asker
from ibr.clock import now
from ibr.deliveries.model import Tally
from ibr.files.mapping.model import Mapping
from ibr.files.model import Counts, FileTerms
from ibr.files.records.build import Builder, Terms
from ibr.files.records.items import Block, blocks
from ibr.files.sending.desk import FileDesk, Progress
from ibr.files.sending.look_at import open_mapped
from ibr.files.sending.outcomes import Sorter, count
from ibr.intake.enrolment_updates import Merger, merge_chunk, source_of
from ibr.intake.prepare import Preparer
from ibr.periods import read_month

# Deliveries have numbers from 1 on.
_NO_DELIVERY: Final = 0
# The end of a month that is over, into which thirty years of later files are put in their order.
_LAST_HOURS: Final = timedelta(hours=6)
_YEARS: Final = timedelta(days=30 * 365.25)


Note = Callable[[int], Awaitable[None]]


class _Undo(Exception):
    """Ends a transaction of a dry run without effect."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A mapped file on its way: what of, for which programme, as of when, on whose behalf."""

    content: BinaryIO
    mapping: Mapping
    programme: ProgrammeRight
    terms: FileTerms
    asker: Asker
    as_of: datetime


def as_of_for(terms: FileTerms, received_at: datetime) -> datetime:
    """The moment that a file's news speaks of.

    As it was said; else now, or for a month that is over its last hours. Of two files for the same
    month the later one stands, and neither overrules what is known of later months.
    """
    if terms.as_of is not None:
        return terms.as_of
    end = read_month(terms.cycle).plus(1).start
    if received_at <= end:
        return received_at
    share = min(1.0, (received_at - end) / _YEARS)
    return end - _LAST_HOURS + share * (_LAST_HOURS - timedelta(seconds=1))


def blocks_of(desk: FileDesk, job: Job, first_item: int = 0) -> Iterator[Block]:
    """The job's records from one on, read and checked."""
    reader, start = open_mapped(job.content, desk.folder, job.mapping)
    builder = Builder(job.mapping, start.heading.titles, _terms(job))
    preparer = Preparer(job.asker, desk.book.programmes_by_code, desk.blind_index)
    yield from blocks(
        reader, start.heading.row, builder, preparer, Path(desk.folder), first_item=first_item
    )


def _terms(job: Job) -> Terms:
    return Terms(
        programme_id=job.programme.programme_id,
        programme_code=job.programme.code,
        as_of=job.as_of,
        cycle_start=read_month(job.terms.cycle).start,
        currency=job.programme.currency,
        benefit_type=None,
    )


async def ahead(several: Iterator[Block]) -> AsyncGenerator[Block, None]:
    """The blocks, each read in a thread while the one before is being merged."""
    reading = asyncio.create_task(asyncio.to_thread(next, several, None))
    try:
        while (block := await reading) is not None:
            reading = asyncio.create_task(asyncio.to_thread(next, several, None))
            yield block
    finally:
        # The thread still reads what the caller is about to close.
        await asyncio.gather(reading, return_exceptions=True)


async def try_out(
    desk: FileDesk, job: Job, progress: Progress, note: Note | None = None
) -> tuple[Counts, list[str]]:
    """What the file would bring, counted, and some reasons against rows; nothing is written.

    Each block is merged as if it counted, in a transaction that is then undone. `note` keeps how
    far it is, for whoever waits elsewhere.
    """
    counts, sorter, reasons = Counts(), Sorter(), dict[str, None]()
    merger = Merger(desk.sealer, desk.blind_index)
    async with aclosing(ahead(blocks_of(desk, job))) as several:
        async for block in several:
            try:
                async with desk.database.transaction(job.asker.report) as connection:
                    source = source_of(_NO_DELIVERY, job.as_of, now())
                    merged = await merge_chunk(connection, merger, source, block.items, Tally())
                    raise _Undo
            except _Undo:
                count(counts, sorter.outcomes(block, merged.news))
            for item in block.items:
                if not isinstance(item, list) and len(reasons) < 20:
                    reasons[f"{item.field}: {item.reason}" if item.field else item.reason] = None
            progress("try", block.last_row)
            if note is not None:
                await note(block.last_row)
    return counts, list(reasons)
