"""Deliveries as they arrive: small ones merged on the spot, larger ones in a process of their own.

Reading and merging a delivery is minutes of CPU; in the process that answers questions it would
make every answer wait. So a body beyond a few records is set aside, sealed, while it arrives, and
another process takes it in. Two such processes, so that a huge delivery of one programme never
holds up the daily ones of the others.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import threading
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Final

import msgspec

from ibr.clock import now
from ibr.collector import keep_what_is_loaded
from ibr.errors import NotUnderstood, RegistryError, TooMuch, Unavailable
from ibr.interop.dci.answers import Answer
from ibr.interop.dci.enrollment_updates import OPERATION, take_updates
from ibr.interop.dci.envelope import Caller
from ibr.interop.dci.file_form import File, Form, as_json, is_form
from ibr.interop.dci.noted import note
from ibr.interop.dci.services import Services
from ibr.protection.spool import PIECE, Spool, Ticket

Receive = Callable[[], Awaitable[dict[str, Any]]]
Build = Callable[[], Awaitable[Services]]

# Up to here a delivery is merged where it arrives: a few dozen records, some milliseconds.
ON_THE_SPOT: Final = 48 * 1024
# Up to here it goes through the lane for daily deliveries.
DAILY: Final = 16 * 1024 * 1024
# A body that is itself the message says its action in its header only.
_NO_FORM: Final = File("", "json")


class Handed(msgspec.Struct, frozen=True):
    """A delivery handed to another process: its bytes by ticket, its sender by proven client.

    `file` says what a form told of them; `largest` is what a CSV file may stand for.
    """

    ticket: Ticket
    client_id: str
    scopes: frozenset[str]
    file: File
    largest: int


class Bulk:
    """Takes deliveries in, each where it fits."""

    def __init__(
        self, services: Services, largest: int, lane: Callable[[int], ProcessPoolExecutor]
    ) -> None:
        self._services = services
        self._largest = largest
        self._make_lane = lane
        self._lanes: dict[int, ProcessPoolExecutor] = {}

    async def take(
        self,
        headers: dict[bytes, bytes],
        receive: Receive,
        caller: Caller,
        check_media_type: Callable[[dict[bytes, bytes], bytes], None],
    ) -> Answer:
        """The answer to one delivery whose caller is proven and whose body is still to come."""
        announced = headers.get(b"content-length", b"")
        if announced.isdigit() and int(announced) > self._largest:
            raise self._too_large()
        form = Form(headers, self._largest) if is_form(headers) else None
        if form is not None:
            receive = form.within(receive)
        first, more = await _read_up_to(receive, ON_THE_SPOT)
        if form is None:
            check_media_type(headers, first)
        if not more:
            file = form.file() if form else _NO_FORM
            body = _short(as_json([first], file, self._largest))
            if body is not None:
                return await self._on_the_spot(body, caller, file)
        spool = Spool(self._services.spool_folder, shared=True)
        try:
            await self._set_aside(spool, first, receive, more)
            return await self._hand_over(spool, caller, form.file() if form else _NO_FORM)
        finally:
            spool.close()

    async def _on_the_spot(self, body: bytes, caller: Caller, file: File) -> Answer:
        if not body.strip():
            raise NotUnderstood("message.json", "The body is empty; send header and message.")
        return await take_updates(self._services, [body], caller, file.action)

    async def _set_aside(self, spool: Spool, first: bytes, receive: Receive, more: bool) -> None:
        if not more:
            spool.write(first)
            return
        waiting = [first]
        size = len(first)
        while True:
            event = await receive()
            if event["type"] == "http.disconnect":
                raise NotUnderstood("message.json", "The connection ended before the message did.")
            part = event.get("body", b"")
            waiting.append(part)
            size += len(part)
            if spool.size + size > self._largest:
                raise self._too_large()
            if size >= PIECE or not event.get("more_body"):
                # Compressing and sealing a piece takes a few milliseconds without the
                # interpreter's lock; in a thread it leaves questions alone.
                await asyncio.to_thread(spool.write, b"".join(waiting))
                waiting, size = [], 0
            if not event.get("more_body"):
                return

    async def _hand_over(self, spool: Spool, caller: Caller, file: File) -> Answer:
        handed = Handed(
            spool.ticket(), caller.partner.client_id, caller.scopes, file, self._largest
        )
        number = 0 if spool.size <= DAILY else 1
        lane = self._lanes.get(number)
        if lane is None:
            lane = self._lanes[number] = self._make_lane(number)
        try:
            encoded = await asyncio.get_running_loop().run_in_executor(
                lane, _take_here, msgspec.msgpack.encode(handed)
            )
        except BrokenProcessPool:
            # The process died. What it had committed stays; the sender's next try goes on there.
            self._lanes.pop(number, None)
            raise Unavailable(
                "delivery.interrupted",
                "The delivery was interrupted. Send the same message again; it goes on where it "
                "stopped.",
                retry_after=10,
            ) from None
        return msgspec.msgpack.decode(encoded, type=Answer)

    def _too_large(self) -> TooMuch:
        return TooMuch(
            "too_large",
            f"A delivery may have {self._largest} bytes at most; send it in several messages.",
        )

    def close(self) -> None:
        """Stops the processes once they have finished what they are at."""
        for lane in self._lanes.values():
            lane.shutdown(wait=False, cancel_futures=True)


def _short(pieces: Iterable[bytes]) -> bytes | None:
    """The whole of the pieces; nothing where a short CSV file stands for too much JSON to be
    merged where it arrived."""
    parts: list[bytes] = []
    size = 0
    for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if size > 4 * ON_THE_SPOT:
            return None
    return b"".join(parts)


async def _read_up_to(receive: Receive, most: int) -> tuple[bytes, bool]:
    """The body's beginning, and whether there is more of it."""
    parts: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise NotUnderstood("message.json", "The connection ended before the message did.")
        parts.append(event.get("body", b""))
        size += len(parts[-1])
        if not event.get("more_body"):
            return b"".join(parts), False
        if size > most:
            return b"".join(parts), True


class _Here:
    """What a lane's process keeps between deliveries."""

    loop: asyncio.AbstractEventLoop | None = None
    services: Services | None = None


def open_lane(build: Build, number: int) -> ProcessPoolExecutor:
    """A process of its own that takes deliveries in, one after the other.

    `build` makes its services there, so it must be a function that can be sent over.
    """
    return ProcessPoolExecutor(
        max_workers=1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_here,
        initargs=(build, number),
    )


def _start_here(build: Build, number: int) -> None:
    # Answers come before deliveries: where the processor is short, this process waits.
    os.nice(5 + 5 * number)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _Here.loop = asyncio.new_event_loop()
    asyncio.set_event_loop(_Here.loop)
    _Here.services = _Here.loop.run_until_complete(build())
    # Thousands of records live at once here and none of them forms a circle: the collector's
    # rounds would cost a third of the work. It runs once after each delivery instead.
    keep_what_is_loaded()
    gc.disable()


def _end_with_parent() -> None:
    """Ends this process when the one it works for is gone, however that one ended.

    What was under way is rolled back by the database and goes on where it stood, as after any
    crash; without this a lane would wait for ever for work that nobody can hand it.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _take_here(encoded: bytes) -> bytes:
    """Runs in the lane's process: takes one delivery in and gives its answer back, encoded."""
    assert _Here.loop is not None
    assert _Here.services is not None
    handed = msgspec.msgpack.decode(encoded, type=Handed)
    try:
        answer = _Here.loop.run_until_complete(_take(_Here.services, handed))
        return msgspec.msgpack.encode(answer)
    finally:
        gc.collect()


async def _take(services: Services, handed: Handed) -> Answer:
    spool = Spool.reopen(handed.ticket)
    try:
        partner = await services.book.by_client(handed.client_id)
        if partner is None:
            raise Unavailable("partner.unknown", "The sender is not known any more.")
        caller = Caller(partner, handed.scopes)
        if handed.file.format == "json":
            return await take_updates(services, spool, caller, handed.file.action)
        return await _take_converted(services, spool, caller, handed)
    except RegistryError as refused:
        await note(services.database, refused)
        return services.writer.refusal(refused, OPERATION, now())
    finally:
        spool.close()


async def _take_converted(
    services: Services, spool: Spool, caller: Caller, handed: Handed
) -> Answer:
    """Takes a CSV file in by the JSON that it stands for, written row by row into a second spool.

    From here on there is only the JSON: it is what is kept, and what goes on after a crash.
    """
    body = Spool(services.spool_folder)
    try:
        for piece in as_json(spool, handed.file, handed.largest):
            body.write(piece)
        return await take_updates(services, body, caller, handed.file.action)
    finally:
        body.close()


def spool_folder(data_dir: Path) -> Path:
    """Where bodies are set aside; made with access for the registry's user alone."""
    folder = data_dir / "spool"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
