"""Files as they are kept: announced, filled piece by piece, read again, forgotten."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, BinaryIO, Final

import msgspec
import zstandard

from ibr.asker import Asker
from ibr.db.pool import Connection
from ibr.deliveries.model import ControlTotals
from ibr.errors import Conflict, NotFound
from ibr.files import store
from ibr.files.mapping.model import Mapping
from ibr.files.model import BY_HAND, Counts, FileSent, FileTerms, Look
from ibr.protection.seal import Sealer, place_of

PIECE: Final = 1024 * 1024


async def announce(
    connection: Connection,
    asker: Asker,
    programme_id: int,
    name: str,
    terms: FileTerms,
    sealer: Sealer,
    at: datetime,
    *,
    bytes_said: int | None = None,
) -> int:
    """Makes room for a file that is about to come; returns its number."""
    file_no = await store.new_number(connection)
    values: dict[str, Any] = {
        "file_no": file_no,
        "programme_id": programme_id,
        "partner_id": asker.id if asker.kind == "partner" else BY_HAND,
        "officer_id": asker.id if asker.kind == "officer" else None,
        "state": "arriving",
        "name_sealed": sealer.seal(name[:200].encode(), place_of("file_sent", "name", file_no)),
        "bytes_said": bytes_said,
        "cycle": terms.cycle,
        "sequence": terms.sequence,
        "mode": terms.mode,
        "totals": msgspec.json.encode(terms.totals).decode(),
        "as_of": terms.as_of,
        "created_at": at,
        "touched_at": at,
    }
    await store.add(connection, values)
    return file_no


async def append(
    connection: Connection,
    file: FileSent,
    offset: int,
    content: bytes,
    sealer: Sealer,
    at: datetime,
) -> int:
    """Adds bytes at the end of a file that is arriving; returns how long it is now.

    Conflict when they do not begin where the file ends: the sender asks how far it is and goes on.
    """
    row = await store.hold(connection, file.file_no)
    if row is None or row["state"] != "arriving":
        raise closed()
    if offset != row["bytes"]:
        raise Conflict(
            "file.offset",
            f"The file has {row['bytes']} bytes so far; go on from there.",
        )
    for start in range(0, len(content), PIECE):
        piece = content[start : start + PIECE]
        place = offset + start
        sealed = sealer.seal(
            zstandard.ZstdCompressor(level=1).compress(piece), _part_place(file.file_no, place)
        )
        await store.add_part(connection, file.file_no, file.programme_id, place, len(piece), sealed)
    length = offset + len(content)
    await store.change(connection, file.file_no, at, {"bytes": length})
    return length


def closed() -> Conflict:
    """Why nothing is added to a file any more."""
    return Conflict("file.closed", "The file is complete already; nothing can be added to it.")


async def complete(connection: Connection, file: FileSent, digest: bytes, at: datetime) -> None:
    """Closes a file whose bytes are all there."""
    if not await store.change(
        connection, file.file_no, at, {"state": "arrived", "digest": digest}, "arriving"
    ):
        raise closed()


async def store_whole(
    connection: Connection, file: FileSent, content: BinaryIO, sealer: Sealer, at: datetime
) -> bytes:
    """Keeps a file that lies at hand, in one transaction; returns its digest."""
    content.seek(0)
    hasher, offset = hashlib.sha256(), 0
    compressor = zstandard.ZstdCompressor(level=1)
    while piece := await asyncio.to_thread(content.read, PIECE):
        hasher.update(piece)
        sealed = sealer.seal(compressor.compress(piece), _part_place(file.file_no, offset))
        await store.add_part(
            connection, file.file_no, file.programme_id, offset, len(piece), sealed
        )
        offset += len(piece)
    digest = hasher.digest()
    await store.change(
        connection, file.file_no, at, {"bytes": offset, "digest": digest, "state": "arrived"}
    )
    return digest


async def pieces(connection: Connection, file_no: int, sealer: Sealer) -> AsyncIterator[bytes]:
    """The file's bytes, piece by piece, until they were forgotten."""
    decompressor = zstandard.ZstdDecompressor()
    for starts_at, _ in await store.parts(connection, file_no):
        sealed = await store.part(connection, file_no, starts_at)
        yield decompressor.decompress(sealer.open(sealed, _part_place(file_no, starts_at)))


async def file_of(connection: Connection, file_no: int, sealer: Sealer) -> FileSent:
    """One file. NotFound where there is none in reach."""
    row = await store.one(connection, file_no)
    if row is None:
        raise NotFound("file.unknown", "There is no such file, or it is not yours to see.")
    return _file(row, sealer)


async def file_of_delivery(
    connection: Connection, delivery_id: int, sealer: Sealer
) -> FileSent | None:
    """The file that a delivery came in, where it came in one."""
    row = await store.of_delivery(connection, delivery_id)
    return None if row is None else _file(row, sealer)


async def files(
    connection: Connection,
    sealer: Sealer,
    *,
    partner_id: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[FileSent]:
    """Files in reach, the newest first."""
    return [_file(row, sealer) for row in await store.newest(connection, partner_id, limit, offset)]


def _file(row: Any, sealer: Sealer) -> FileSent:
    number = row["file_no"]
    look = row["look_sealed"]
    return FileSent(
        file_no=number,
        programme_id=row["programme_id"],
        partner_id=row["partner_id"],
        officer_id=row["officer_id"],
        state=row["state"],
        name=sealer.open(row["name_sealed"], place_of("file_sent", "name", number)).decode(),
        format=row["format"],
        bytes_said=row["bytes_said"],
        length=row["bytes"],
        digest=row["digest"],
        terms=FileTerms(
            cycle=row["cycle"],
            sequence=row["sequence"],
            mode=row["mode"],
            totals=msgspec.json.decode(row["totals"], type=ControlTotals),
            as_of=row["as_of"],
        ),
        mapping=msgspec.json.decode(row["mapping"], type=Mapping) if row["mapping"] else None,
        look=_look(number, look, sealer) if look else None,
        last_row=row["last_row"],
        counts=msgspec.json.decode(row["counts"], type=Counts),
        tried=(
            msgspec.json.decode(row["tried_counts"], type=Counts) if row["tried_counts"] else None
        ),
        delivery_id=row["delivery_id"],
        refused_code=row["refused_code"],
        refused_reason=row["refused_reason"],
        response_format=row["response_format"],
        response_bytes=row["response_bytes"],
        created_at=row["created_at"],
        touched_at=row["touched_at"],
        done_at=row["done_at"],
    )


def _look(number: int, sealed: bytes, sealer: Sealer) -> Look:
    opened = sealer.open(sealed, place_of("file_sent", "look", number))
    return msgspec.json.decode(zstandard.decompress(opened), type=Look)


def sealed_look(number: int, look: Look, sealer: Sealer) -> bytes:
    """What was seen of a file, as it is kept."""
    return sealer.seal(
        zstandard.compress(msgspec.json.encode(look)), place_of("file_sent", "look", number)
    )


def _part_place(file_no: int, starts_at: int) -> bytes:
    return place_of("file_part", "sealed", file_no) + starts_at.to_bytes(8, "big")
