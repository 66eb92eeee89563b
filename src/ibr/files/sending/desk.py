"""What work on a file needs, and the file opened for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from ibr.access.partners import PartnerBook
from ibr.db.pool import Database
from ibr.deliveries import receive
from ibr.files import kept
from ibr.files.model import FileSent
from ibr.files.reading.pieces import over_pieces
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer
from ibr.protection.spool import Spool

# Called with what is being done and how many rows are done.
Step = Literal["look", "try", "take", "respond"]
Progress = Callable[[Step, int], None]


def silent(_step: Step, _done: int) -> None:
    """Says nothing."""


class FileDesk(msgspec.Struct, frozen=True):
    """`database` acts as ibr_worker, for a file is minutes of work; `folder` takes what is set
    aside."""

    database: Database
    sealer: Sealer
    blind_index: BlindIndex
    book: PartnerBook
    folder: Path


@asynccontextmanager
async def opened(desk: FileDesk, file: FileSent) -> AsyncIterator[BinaryIO]:
    """The file's bytes from wherever they are kept, set aside so that any place can be read."""
    spool, lengths = Spool(desk.folder), list[int]()
    try:
        async with desk.database.transaction({file.programme_id}) as connection:
            source = (
                kept.pieces(connection, file.file_no, desk.sealer)
                if file.delivery_id is None
                else receive.body_pieces(connection, file.delivery_id, desk.sealer)
            )
            async for piece in source:
                lengths.append(len(piece))
                await asyncio.to_thread(spool.write, piece)
        yield over_pieces(spool.piece, lengths)
    finally:
        spool.close()
