"""A mapped file taken in by the same merge as messages, block by block, from where it stands.

What was merged of it is counted with the delivery in the transaction that merged it, so a crash in
between loses nothing and repeats nothing: whoever comes next goes on at the next block.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import aclosing
from datetime import datetime
from typing import BinaryIO, Final

import msgspec

from ibr.asker import Asker
from ibr.audit.events import DELIVERY_DONE, DELIVERY_HELD
from ibr.audit.record import record_event
from ibr.clock import now
from ibr.db.locks import release_delivery, try_delivery
from ibr.db.pool import Connection
from ibr.deliveries import receive
from ibr.deliveries.acts import decide
from ibr.deliveries.checks.judge import check_delivery
from ibr.deliveries.checks.rules import is_held
from ibr.deliveries.model import DeliveryHead, Started, Tally
from ibr.errors import Conflict, NotUnderstood, Unavailable
from ibr.files import store
from ibr.files.kept import PIECE
from ibr.files.mapping.model import layout_of
from ibr.files.model import FileSent
from ibr.files.records.items import Block
from ibr.files.sending.desk import FileDesk, Progress
from ibr.files.sending.outcomes import Sorter, count, kept
from ibr.files.sending.work_through import Job, ahead, blocks_of
from ibr.intake.count_items import ItemCount
from ibr.intake.enrolment_updates import Merger, merge_chunk, source_of
from ibr.reported.beneficiary import Refusal

DOOR: Final = "file"


async def begin(desk: FileDesk, file: FileSent, job: Job, at: datetime, by: int | None) -> int:
    """Makes a delivery of a mapped file: its bytes are kept as evidence from here on.

    Returns the delivery's number. NotUnderstood while something about the mapping must be decided,
    Conflict when the file is on its way already or the same one came before.
    """
    open_questions = file.must_be_answered
    if open_questions:
        first = open_questions[0]
        about = f"{first.column}: " if first.column else ""
        raise NotUnderstood("file.mapping_open", f"{about}{first.text}")
    reach = {file.programme_id}
    async with desk.database.transaction(reach) as connection:
        assert file.digest is not None
        row = await store.hold(connection, file.file_no)
        if row is None or row["delivery_id"] is not None:
            raise Conflict("file.taken", "This file is being worked on already.")
        earlier = await store.same_content(
            connection, file.programme_id, file.digest, file.terms.cycle, file.file_no
        )
        if earlier is not None:
            raise Conflict(
                "file.same",
                f"The very same file was sent for {file.terms.cycle} before, as file {earlier}. "
                "It counts once; ask for its response file.",
            )
        delivery_id = await receive.new_delivery_id(connection)
        head = _head(file, job, delivery_id, at)
        await receive.open_delivery(connection, head, _pieces(job.content), desk.sealer)
        await store.change(
            connection,
            file.file_no,
            at,
            {
                "state": "taking",
                "delivery_id": delivery_id,
                "as_of": job.as_of,
                "mapping": msgspec.json.encode(job.mapping).decode(),
                "counts": "{}",
                "last_row": 0,
            },
        )
        await store.forget_parts(connection, file.file_no)
        titles = file.look.titles if file.look else [each.column for each in job.mapping.columns]
        written = msgspec.json.encode(job.mapping).decode()
        await store.remember(connection, file.programme_id, layout_of(titles), written, at, by)
    return delivery_id


def _head(file: FileSent, job: Job, delivery_id: int, at: datetime) -> DeliveryHead:
    assert file.digest is not None
    return DeliveryHead(
        delivery_id=delivery_id,
        partner_id=file.partner_id,
        message_key=hashlib.sha256(b"file\x1f%d" % file.file_no).digest(),
        door=DOOR,
        cycle=file.terms.cycle,
        sequence=file.terms.sequence,
        mode=file.terms.mode,
        as_of=job.as_of,
        body_digest=file.digest,
        body_bytes=file.length,
        key_kid=None,
        control_total=file.terms.totals.records,
        received_at=at,
        programme_id=file.programme_id,
        totals=file.terms.totals,
    )


def _pieces(content: BinaryIO) -> Iterator[bytes]:
    content.seek(0)
    while piece := content.read(PIECE):
        yield piece


async def go_on(desk: FileDesk, file: FileSent, job: Job, progress: Progress) -> bool:
    """Merges what is left of the file. False where the delivery waits for a person's look, or was
    not let in. Unavailable while somebody else is at it."""
    assert file.delivery_id is not None
    async with desk.database.session() as guard:
        if not await try_delivery(guard, file.delivery_id):
            raise Unavailable(
                "delivery.busy", "This file is being taken in; ask again shortly.", retry_after=30
            )
        try:
            started = await _started(desk, file)
            if started.state in ("held", "refused"):
                return False
            if started.state != "received":
                return True
            if not started.checked and not await _checked(desk, job, started):
                return False
            await _merge_rest(desk, file, job, started, progress)
            return True
        finally:
            await release_delivery(guard, file.delivery_id)


async def _started(desk: FileDesk, file: FileSent) -> Started:
    assert file.delivery_id is not None
    async with desk.database.transaction({file.programme_id}) as connection:
        started = await receive.delivery(connection, file.delivery_id)
    if started is None:
        raise Unavailable("delivery.busy", "This delivery cannot be read now; ask again shortly.")
    return started


async def _checked(desk: FileDesk, job: Job, started: Started) -> bool:
    """Holds the file against those before it, as every delivery; False where it must wait."""
    head, reach = started.head, job.asker.report
    counted = ItemCount(head.cycle, head.as_of)
    async with aclosing(ahead(blocks_of(desk, job))) as several:
        async for block in several:
            counted.add_bytes(block.encoded)
            async with desk.database.transaction(reach) as connection:
                await counted.add(connection, block.items)
    at = now()
    async with desk.database.transaction(reach) as connection:
        anomalies = await check_delivery(connection, head, counted.counted(), at)
        if not is_held(anomalies):
            return True
        await decide.hold(connection, head.delivery_id, at)
        details = {
            "delivery": head.delivery_id,
            "why": sorted({each.code for each in anomalies if each.level == "hold"}),
        }
        await record_event(connection, kind=DELIVERY_HELD, asker=job.asker, details=details, at=at)
    return False


class _Going(msgspec.Struct):
    """How far a file is."""

    tally: Tally
    next_item: int
    sorter: Sorter = msgspec.field(default_factory=Sorter)


async def _merge_rest(
    desk: FileDesk, file: FileSent, job: Job, started: Started, progress: Progress
) -> None:
    going = _Going(started.tally, started.next_item)
    async with aclosing(ahead(blocks_of(desk, job, going.next_item))) as several:
        async for block in several:
            await _merge(desk, file, job, started, block, going)
            progress("take", block.last_row)
    at = now()
    async with desk.database.transaction(job.asker.report | {file.programme_id}) as connection:
        await receive.save_progress(
            connection,
            started.head.delivery_id,
            going.tally,
            (),
            first_item=going.next_item,
            next_item=going.next_item,
            done_at=at,
        )
        await _note_done(connection, job.asker, started, going.tally, at)


async def _merge(
    desk: FileDesk, file: FileSent, job: Job, started: Started, block: Block, going: _Going
) -> None:
    head, at = started.head, now()
    async with desk.database.transaction(job.asker.report | {file.programme_id}) as connection:
        merged = await merge_chunk(
            connection,
            Merger(desk.sealer, desk.blind_index),
            source_of(head.delivery_id, head.as_of, at),
            block.items,
            going.tally,
        )
        outcomes = going.sorter.outcomes(block, merged.news)
        count(file.counts, outcomes)
        first_item = going.next_item
        going.next_item += len(block.items)
        await receive.save_progress(
            connection,
            head.delivery_id,
            going.tally,
            [item for item in block.items if isinstance(item, Refusal)],
            first_item=first_item,
            next_item=going.next_item,
            done_at=None,
        )
        await store.add_outcomes(
            connection, file.file_no, file.programme_id, first_item, kept(block, outcomes)
        )
        file.last_row = max(file.last_row, block.last_row)
        await store.change(
            connection,
            file.file_no,
            at,
            {"counts": msgspec.json.encode(file.counts).decode(), "last_row": file.last_row},
        )


async def _note_done(
    connection: Connection, asker: Asker, started: Started, tally: Tally, at: datetime
) -> None:
    await record_event(
        connection,
        kind=DELIVERY_DONE,
        asker=asker,
        details={
            "delivery": started.head.delivery_id,
            "programmes": sorted(tally.programme_ids),
            "stored": tally.stored,
            "unchanged": tally.unchanged,
            "refused": tally.refused,
        },
        at=at,
    )
