"""What officers and partners ask of files: each with its right and its event, in one transaction.

An officer needs the right to send files, a partner the scope to report; both only for their own
programmes. A partner sees its own files and nobody else's.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Final

import msgspec

from ibr.access.scopes import UPDATES
from ibr.access.staff.rights import FILES, must_hold
from ibr.asker import Asker
from ibr.audit.events import FILE_ANSWERED, FILE_SENT, FILE_TRIED
from ibr.audit.record import record_event
from ibr.db.pool import Connection, Database
from ibr.errors import Conflict, NotAllowed, NotFound, NotUnderstood, TooMuch
from ibr.files import kept, store
from ibr.files.mapping.model import Mapping
from ibr.files.mapping.read_mapping import check_mapping
from ibr.files.model import FileSent, FileTerms
from ibr.files.sending.respond import response_piece
from ibr.periods import read_month
from ibr.protection.seal import Sealer

# Files that one sender may have begun and not sent on at the same time.
MOST_OPEN: Final = 20
PAGE: Final = 50


class FileRoom(msgspec.Struct, frozen=True):
    """Where files are kept, and how large one may be."""

    database: Database
    sealer: Sealer
    largest: int


def right_of(asker: Asker) -> str:
    """The right by which an asker sends files; NotAllowed where it has none."""
    if asker.kind == "officer":
        must_hold(asker, FILES)
        return FILES
    if UPDATES not in asker.scopes:
        raise NotAllowed("file.not_allowed", "You may not report enrolments or benefits.")
    return UPDATES


def programmes_of(asker: Asker) -> frozenset[int]:
    """The programmes that an asker may send files for."""
    right_of(asker)
    return asker.ask if asker.kind == "officer" else asker.report


async def announce(
    room: FileRoom,
    asker: Asker,
    programme_id: int | None,
    name: str,
    terms: FileTerms,
    at: datetime,
    bytes_said: int | None = None,
) -> int:
    """Makes room for a file; returns its number."""
    if programme_id is None or programme_id not in programmes_of(asker):
        # The same words whether the programme is unknown or somebody else's.
        raise NotAllowed(
            "programme.not_yours",
            "You may not report for this programme. Check its code, or ask the registry for the "
            "right to report for it.",
        )
    read_month(terms.cycle)
    if bytes_said is not None and bytes_said > room.largest:
        raise _too_large(room)
    async with _open(room, asker) as connection:
        if await store.open_of(connection, *_whose(asker)) >= MOST_OPEN:
            raise TooMuch(
                "file.too_many",
                f"You have {MOST_OPEN} files that were begun and not sent on. Send or forget some "
                "of them first.",
            )
        return await kept.announce(
            connection, asker, programme_id, name, terms, room.sealer, at, bytes_said=bytes_said
        )


async def add_bytes(
    room: FileRoom, asker: Asker, file_no: int, offset: int, content: bytes, at: datetime
) -> int:
    """Adds bytes where the file ends so far; returns how long it is now."""
    async with _open(room, asker) as connection:
        file = await _own(connection, room, asker, file_no)
        if file.state != "arriving":
            raise kept.closed()
        most = min(room.largest, file.bytes_said or room.largest)
        if offset + len(content) > most:
            raise (
                _too_large(room)
                if most == room.largest
                else TooMuch("too_large", "More bytes came than were announced for this file.")
            )
        return await kept.append(connection, file, offset, content, room.sealer, at)


async def complete(
    room: FileRoom, asker: Asker, file_no: int, at: datetime, said_digest: bytes | None = None
) -> FileSent:
    """Closes a file whose bytes are all there, and has it looked at and tried out.

    NotUnderstood where the bytes are not those that were meant: their number or digest differs.
    """
    hasher = hashlib.sha256()
    async with _open(room, asker) as connection:
        file = await _own(connection, room, asker, file_no)
        async for piece in kept.pieces(connection, file_no, room.sealer):
            hasher.update(piece)
        digest = hasher.digest()
        if not file.length or (file.bytes_said is not None and file.length != file.bytes_said):
            raise NotUnderstood(
                "file.incomplete",
                f"The file has {file.length} bytes so far; send the rest before you close it.",
            )
        if said_digest is not None and said_digest != digest:
            raise NotUnderstood(
                "file.digest",
                "The bytes that arrived are not those that were sent: their SHA-256 digest is "
                "another. Send the file again from the beginning.",
            )
        await kept.complete(connection, file, digest, at)
        await _try(connection, asker, file, at)
    return await one(room, asker, file_no)


async def change_mapping(
    room: FileRoom, asker: Asker, file_no: int, mapping: Mapping | None, at: datetime
) -> None:
    """Says what the columns mean, or has them guessed anew, and has the file tried out by that."""
    if mapping is not None:
        check_mapping(mapping)
    async with _open(room, asker) as connection:
        file = await _own(connection, room, asker, file_no)
        if file.state not in ("arrived", "tried", "failed") or file.delivery_id is not None:
            raise Conflict("file.taken", "This file is being worked on already.")
        written = msgspec.json.encode(mapping).decode() if mapping else None
        await store.change(connection, file_no, at, {"mapping": written})
        await _try(connection, asker, file, at)


async def send_on(room: FileRoom, asker: Asker, file_no: int, at: datetime) -> None:
    """Has a file taken in that was looked at; NotUnderstood while something must be decided."""
    async with _open(room, asker) as connection:
        file = await _own(connection, room, asker, file_no)
        for question in file.must_be_answered:
            about = f"{question.column}: " if question.column else ""
            raise NotUnderstood("file.mapping_open", f"{about}{question.text}")
        if not await store.change(connection, file_no, at, {"state": "taking"}, "tried"):
            raise Conflict("file.taken", "This file is not ready to be sent, or was sent already.")
        await _note(connection, FILE_SENT, asker, file, at)


async def forget(room: FileRoom, asker: Asker, file_no: int, at: datetime) -> None:
    """Forgets a file that was not sent on."""
    async with _open(room, asker) as connection:
        file = await _own(connection, room, asker, file_no)
        values = {
            "state": "failed",
            "refused_code": "file.forgotten",
            "refused_reason": "The file was taken back by whoever sent it.",
            "look_sealed": None,
        }
        states = ("arriving", "arrived", "tried", "failed")
        if file.delivery_id is not None or not await store.change(
            connection, file_no, at, values, *states
        ):
            raise Conflict("file.taken", "This file was sent on already.")
        await store.forget_parts(connection, file_no)


async def one(room: FileRoom, asker: Asker, file_no: int) -> FileSent:
    """One file; NotFound where there is none that the asker may see."""
    async with _open(room, asker) as connection:
        return await _own(connection, room, asker, file_no)


async def several(room: FileRoom, asker: Asker, page: int = 1) -> list[FileSent]:
    """The files that the asker may see, the newest first."""
    async with _open(room, asker) as connection:
        return await kept.files(
            connection,
            room.sealer,
            partner_id=asker.id if asker.kind == "partner" else None,
            limit=PAGE,
            offset=(max(1, page) - 1) * PAGE,
        )


async def response(
    room: FileRoom, asker: Asker, file_no: int, at: datetime
) -> tuple[FileSent, AsyncIterator[bytes]]:
    """The response to a file, piece by piece; NotFound where there is none yet."""
    async with _open(room, asker) as connection:
        file = await _own(connection, room, asker, file_no)
        if file.response_bytes is None:
            raise NotFound("file.no_response", "This file has no response yet.")
        await _note(connection, FILE_ANSWERED, asker, file, at)

    async def pieces() -> AsyncIterator[bytes]:
        # A transaction for each piece: a slow reader must not hold one open.
        number = 0
        while True:
            async with _open(room, asker) as connection:
                piece = await response_piece(connection, file_no, number, room.sealer)
            if piece is None:
                return
            yield piece
            number += 1

    return file, pieces()


async def _try(connection: Connection, asker: Asker, file: FileSent, at: datetime) -> None:
    values = {"state": "trying", "refused_code": None, "refused_reason": None}
    await store.change(connection, file.file_no, at, values)
    await _note(connection, FILE_TRIED, asker, file, at)


async def _note(
    connection: Connection, kind: str, asker: Asker, file: FileSent, at: datetime
) -> None:
    details = {
        "file": file.file_no,
        "programme": file.programme_id,
        "cycle": file.terms.cycle,
        "bytes": file.length,
    }
    await record_event(connection, kind=kind, asker=asker, details=details, at=at)


async def _own(connection: Connection, room: FileRoom, asker: Asker, file_no: int) -> FileSent:
    file = await kept.file_of(connection, file_no, room.sealer)
    if asker.kind == "partner" and file.partner_id != asker.id:
        raise NotFound("file.unknown", "There is no such file, or it is not yours to see.")
    return file


def _open(room: FileRoom, asker: Asker) -> AbstractAsyncContextManager[Connection]:
    return room.database.transaction(programmes_of(asker), asker=asker, right=right_of(asker))


def _whose(asker: Asker) -> tuple[int, int | None]:
    if asker.kind == "partner":
        return asker.id, None
    return 0, asker.id


def _too_large(room: FileRoom) -> TooMuch:
    return TooMuch(
        "too_large", f"A file may have {room.largest} bytes at most; send it in several files."
    )
