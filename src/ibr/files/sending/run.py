"""The steps of a file one after the other, each kept, so that any process can do the next."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any, BinaryIO, Final

import msgspec

from ibr.access.model import ProgrammeRight
from ibr.asker import Asker, Purpose
from ibr.clock import now
from ibr.db.pool import Connection
from ibr.deliveries import receive
from ibr.errors import Conflict, NotFound, RegistryError, Unavailable
from ibr.files import kept, store
from ibr.files.mapping.model import Mapping
from ibr.files.model import Counts, FileSent
from ibr.files.sending.desk import FileDesk, Progress, opened, silent
from ibr.files.sending.look_at import Seen, area_finder, ground_of, look_at
from ibr.files.sending.respond import respond
from ibr.files.sending.take_in import begin, go_on
from ibr.files.sending.work_through import Job, as_of_for, try_out
from ibr.log import logger
from ibr.registry.areas.list_areas import every_area

# Whoever took a file in is given this long to go on before another does.
LEFT_ALONE: Final = timedelta(seconds=60)
# Half a file, or one that nobody sent on, is forgotten after this time.
FORGOTTEN_AFTER: Final = timedelta(days=3)


def registry_asker(programme_id: int, name: str = "The registry") -> Asker:
    """The registry itself at work on a file, for its programme alone."""
    own = frozenset((programme_id,))
    return Asker(
        kind="registry", id=0, name=name, purpose=Purpose("official_duty"), ask=own, report=own
    )


def programme_of(desk: FileDesk, programme_id: int) -> ProgrammeRight:
    """The programme that a file is about."""
    found = desk.book.programmes.get(programme_id)
    if found is None:
        raise NotFound("programme.unknown", "The programme of this file is not known any more.")
    return found


async def look(
    desk: FileDesk, programme: ProgrammeRight, cycle: str, content: BinaryIO, given: Mapping | None
) -> Seen:
    """Looks at a file, by what is remembered of its layout; writes nothing."""
    async with desk.database.transaction({programme.programme_id}) as connection:
        areas = await every_area(connection)
    # Looked up by another transaction than the areas, for only the heading says which layout it is.
    loop = asyncio.get_running_loop()

    def remembered(layout: bytes) -> Mapping | None:
        looking = _remembered(desk, programme.programme_id, layout)
        return asyncio.run_coroutine_threadsafe(looking, loop).result()

    return await asyncio.to_thread(
        look_at,
        content,
        desk.folder,
        ground_of(programme, cycle, now().date()),
        area_finder(areas),
        given=given,
        remembered=remembered,
    )


async def _remembered(desk: FileDesk, programme_id: int, layout: bytes) -> Mapping | None:
    async with desk.database.transaction({programme_id}) as connection:
        found = await store.remembered(connection, programme_id, layout)
    return msgspec.json.decode(found, type=Mapping) if found else None


def job_of(desk: FileDesk, file: FileSent, content: BinaryIO, mapping: Mapping) -> Job:
    """A file's work, on behalf of the registry: its sender's right was asked when it was sent."""
    received_at = now() if file.delivery_id is None else file.created_at
    return Job(
        content=content,
        mapping=mapping,
        programme=programme_of(desk, file.programme_id),
        terms=file.terms,
        asker=registry_asker(file.programme_id),
        as_of=as_of_for(file.terms, received_at),
    )


async def look_and_try(
    desk: FileDesk, file_no: int, reach: frozenset[int], progress: Progress = silent
) -> None:
    """Looks at a file that has arrived and, where nothing is left to ask, tries it out."""
    file = await read(desk, file_no, reach)
    if file.state != "trying":
        return
    try:
        async with opened(desk, file) as content:
            programme = programme_of(desk, file.programme_id)
            seen = await look(desk, programme, file.terms.cycle, content, file.mapping)
            counts = None
            if not any(each.must for each in seen.look.questions):
                await keep_look(desk, file, seen, None, "trying")
                job = job_of(desk, file, content, seen.mapping)
                counts, _ = await try_out(desk, job, progress, partial(_note_row, desk, file))
                counts.totals = seen.look.totals
        await keep_look(desk, file, seen, counts, "tried")
    except Unavailable:
        raise
    except RegistryError as wrong:
        await _give_up(desk, file, wrong)


async def _note_row(desk: FileDesk, file: FileSent, row: int) -> None:
    async with desk.database.transaction({file.programme_id}) as connection:
        await store.change(connection, file.file_no, now(), {"last_row": row})


async def keep_look(
    desk: FileDesk, file: FileSent, seen: Seen, counts: Counts | None, state: str
) -> None:
    """Keeps what was seen of a file, and what a dry run counted."""
    values: dict[str, Any] = {
        "state": state,
        "format": seen.look.format,
        "mapping": msgspec.json.encode(seen.mapping).decode(),
        "look_sealed": kept.sealed_look(file.file_no, seen.look, desk.sealer),
        "last_row": 0,
        "tried_counts": msgspec.json.encode(counts).decode() if counts else None,
    }
    async with desk.database.transaction({file.programme_id}) as connection:
        await store.change(connection, file.file_no, now(), values)


async def _give_up(desk: FileDesk, file: FileSent, wrong: RegistryError) -> None:
    values = {"state": "failed", "refused_code": wrong.code, "refused_reason": wrong.message}
    async with desk.database.transaction({file.programme_id}) as connection:
        await store.change(connection, file.file_no, now(), values)
    logger().info("a file was refused", code=wrong.code)


async def take(
    desk: FileDesk, file: FileSent, content: BinaryIO, by: int | None, progress: Progress = silent
) -> bool:
    """Takes a looked-at file in, from its first row to its response. False where it waits for a
    person's look."""
    assert file.mapping is not None
    job = job_of(desk, file, content, file.mapping)
    file.delivery_id = await begin(desk, file, job, now(), by)
    file.state = "taking"
    return await _finish(desk, file, content, job, progress)


async def take_sent(desk: FileDesk, file_no: int, reach: frozenset[int]) -> None:
    """Takes in a file that a page or a partner has sent on, or goes on where it stands."""
    file = await read(desk, file_no, reach)
    if file.state != "taking" or file.mapping is None:
        return
    if file.delivery_id is not None and await _was_refused(desk, file):
        return
    try:
        async with opened(desk, file) as content:
            job = job_of(desk, file, content, file.mapping)
            if file.delivery_id is None:
                file.delivery_id = await begin(desk, file, job, now(), file.officer_id)
            await _finish(desk, file, content, job, silent)
    except Conflict as wrong:
        await _give_up(desk, file, wrong)


async def _was_refused(desk: FileDesk, file: FileSent) -> bool:
    """Closes a file whose delivery a person did not let in."""
    assert file.delivery_id is not None
    async with desk.database.transaction({file.programme_id}) as connection:
        started = await receive.delivery(connection, file.delivery_id)
    if started is None or started.state != "refused":
        return False
    refused = Conflict(
        "file.not_let_in",
        "A person at the registry looked at this file and did not let it in; the reason stands "
        "with the delivery.",
    )
    await _give_up(desk, file, refused)
    return True


async def _finish(
    desk: FileDesk, file: FileSent, content: BinaryIO, job: Job, progress: Progress
) -> bool:
    if not await go_on(desk, file, job, progress):
        return False
    progress("respond", file.last_row)
    await respond(desk, file, content)
    return True


async def read(desk: FileDesk, file_no: int, reach: frozenset[int]) -> FileSent:
    """One file, as the registry's own work reads it."""
    async with desk.database.transaction(reach) as connection:
        return await kept.file_of(connection, file_no, desk.sealer)


async def waiting(connection: Connection) -> list[int]:
    """Files that somebody waits for, or that were left half-way by whoever was at them."""
    return [row["file_no"] for row in await store.waiting(connection, now() - LEFT_ALONE)]


async def work_on(desk: FileDesk, file_no: int) -> None:
    """Does what is next for a file: looks at it and tries it out, or takes it in."""
    await desk.book.refresh()
    reach = frozenset(desk.book.programmes)
    await look_and_try(desk, file_no, reach)
    await take_sent(desk, file_no, reach)


async def forget_old(connection: Connection) -> int:
    """Forgets files that were begun and never sent; returns how many."""
    at = now()
    found = await store.left_lying(connection, at - FORGOTTEN_AFTER)
    for row in found:
        await store.forget_parts(connection, row["file_no"])
        values = {
            "state": "failed",
            "refused_code": "file.forgotten",
            "refused_reason": "The file was not sent on within three days and was forgotten. "
            "Send it again.",
            "look_sealed": None,
        }
        await store.change(connection, row["file_no"], at, values, row["state"])
    return len(found)
