"""Writes the response to a file that was taken in, and gives it out as often as it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import BinaryIO, Final

import zstandard

from ibr.clock import now
from ibr.db.pool import Connection
from ibr.files import store
from ibr.files.model import FileSent
from ibr.files.reading.csv_rows import CsvRows
from ibr.files.reading.model import Reader
from ibr.files.reading.parquet_rows import ParquetRows
from ibr.files.response.csv_out import write_csv
from ibr.files.response.jsonl_out import write_jsonl
from ibr.files.response.model import RowOutcome, Sink
from ibr.files.response.parquet_out import write_parquet
from ibr.files.response.xlsx_out import write_xlsx
from ibr.files.sending.desk import FileDesk
from ibr.files.sending.look_at import open_mapped
from ibr.files.sending.outcomes import RowOutcomes
from ibr.protection.seal import Sealer, place_of
from ibr.protection.spool import Spool

MEDIA: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "jsonl": "application/x-ndjson",
}


async def respond(desk: FileDesk, file: FileSent, content: BinaryIO) -> None:
    """Writes the response and closes the file. Doing it again writes the same response."""
    reach = {file.programme_id}
    async with desk.database.transaction(reach) as connection:
        blocks = await store.outcomes(connection, file.file_no)
    spool = Spool(desk.folder)
    try:
        form, length = await asyncio.to_thread(_write, desk, file, content, blocks, spool)
        async with desk.database.transaction(reach) as connection:
            await store.forget_response(connection, file.file_no)
            compressor = zstandard.ZstdCompressor(level=1)
            for number in range(spool.pieces):
                piece = await asyncio.to_thread(spool.piece, number)
                sealed = desk.sealer.seal(compressor.compress(piece), _place(file.file_no, number))
                await store.add_response_part(
                    connection, file.file_no, file.programme_id, number, sealed
                )
            at = now()
            values = {
                "state": "done",
                "response_format": form,
                "response_bytes": length,
                "done_at": at,
            }
            await store.change(connection, file.file_no, at, values, "taking")
    finally:
        spool.close()


def _write(
    desk: FileDesk, file: FileSent, content: BinaryIO, blocks: Sequence[bytes], spool: Spool
) -> tuple[str, int]:
    assert file.mapping is not None
    reader, start = open_mapped(content, desk.folder, file.mapping)
    outcomes = RowOutcomes(blocks, file.last_row)
    sink = Sink(spool)
    width = file.look.width if file.look else 0
    form = write_response(reader, content, start.heading.row, width, outcomes.of, sink)
    return form, sink.end()


def write_response(
    reader: Reader,
    content: BinaryIO,
    heading_row: int,
    width: int,
    outcome: RowOutcome,
    sink: Sink,
) -> str:
    """Writes a response in the form of the file it answers; returns that form. ODS is answered as
    XLSX, which every program that writes ODS opens."""
    if isinstance(reader, CsvRows):
        write_csv(reader, heading_row, width, outcome, sink)
        return "csv"
    if isinstance(reader, ParquetRows):
        write_parquet(content, outcome, sink)
        return "parquet"
    if reader.format == "jsonl":
        write_jsonl(content, outcome, sink)
        return "jsonl"
    write_xlsx(reader, heading_row, width, outcome, sink)
    return "xlsx"


async def response_pieces(
    connection: Connection, file_no: int, sealer: Sealer
) -> AsyncIterator[bytes]:
    """The response, piece by piece; nothing where there is none yet."""
    number = 0
    while (piece := await response_piece(connection, file_no, number, sealer)) is not None:
        yield piece
        number += 1


async def response_piece(
    connection: Connection, file_no: int, number: int, sealer: Sealer
) -> bytes | None:
    """One piece of the response; None behind the last."""
    sealed = await store.response_part(connection, file_no, number)
    if sealed is None:
        return None
    return zstandard.decompress(sealer.open(sealed, _place(file_no, number)))


def _place(file_no: int, part_no: int) -> bytes:
    return place_of("file_response_part", "sealed", file_no) + part_no.to_bytes(4, "big")
