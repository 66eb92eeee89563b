"""Turns what was read out into the files of a snapshot: Parquet, sorted, each with its digest."""

from __future__ import annotations

import csv
import hashlib
import os
from datetime import date
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from ibr.overlaps.snapshot.engine import engine, quoted
from ibr.overlaps.snapshot.model import File
from ibr.overlaps.snapshot.shape import MADE, RAW_TYPES, READ_AGAIN
from ibr.overlaps.snapshot.tables import BY_NAME, TABLES, Table
from ibr.protection.seal import Sealer
from ibr.sources.told.learn import opened

# A column of a raw file has the type that it has in the table of the same name, else in these.
_LIKE: Final = ("record", "appearance", "enrolment", "told")


def open_told(raw: Path, sealer: Sealer) -> None:
    """Opens what other registries told, and leaves out what does not serve a check."""
    with (
        (raw / "told_sealed.csv").open(newline="", encoding="utf-8") as sealed,
        (raw / "told.csv").open("w", newline="", encoding="utf-8") as told,
    ):
        names = ("subject", "source_id", "source", "attribute", "since", "known_on", "value")
        out = csv.DictWriter(told, names, extrasaction="ignore")
        out.writeheader()
        for row in csv.DictReader(sealed):
            value = opened(
                sealer,
                bytes.fromhex(row["subject"]),
                int(row["source_id"]),
                bytes.fromhex(row["value_index"]),
                bytes.fromhex(row["sealed"]),
            )
            out.writerow(row | {"value": msgspec.json.encode(value).decode()})
    (raw / "told_sealed.csv").unlink()


def write_files(
    raw: Path, folder: Path, temporary: Path, as_known_on: date
) -> tuple[dict[str, File], dict[str, int]]:
    """Writes every table as `<name>.parquet` into the folder; the files and the rows in them."""
    connection = engine(temporary, raw, folder)
    try:
        # Written in the order they are sorted in, so that one area or programme lies together.
        for file in sorted(raw.glob("*.csv")):
            _read_in(connection, file)
        connection.execute(
            f"create view raw_moment as select date {quoted(str(as_known_on))} as as_known_on"
        )
        for name, statement in MADE.items():
            kind = "table" if name in READ_AGAIN else "view"
            connection.execute(f"create {kind} made_{name} as {statement}")
        rows = {table.name: _write(connection, table, folder) for table in TABLES}
    finally:
        connection.close()
    files = {f"{table.name}.parquet": digest(folder / f"{table.name}.parquet") for table in TABLES}
    return files, rows


def _read_in(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Makes a raw file a view with the right types: nothing is guessed from what it holds."""
    with file.open(encoding="utf-8", newline="") as opened_file:
        names = next(csv.reader(opened_file))
    columns = ", ".join(f"{quoted(name)}: {quoted(_type(file.stem, name))}" for name in names)
    connection.execute(
        f"create view raw_{file.stem} as select * from read_csv({quoted(str(file.resolve()))}, "
        f"header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
        f"allow_quoted_nulls = false, nullstr = '', columns = {{{columns}}})"
    )


def _type(raw: str, column: str) -> str:
    likely = [BY_NAME[name] for name in (raw, *_LIKE) if name in BY_NAME]
    for table in (*likely, *TABLES):
        for each in table.columns:
            if each.name == column:
                return each.type
    return RAW_TYPES[column]


def _write(connection: duckdb.DuckDBPyConnection, table: Table, folder: Path) -> int:
    origin = f"made_{table.name}" if table.name in MADE else f"raw_{table.name}"
    columns = ", ".join(
        f'cast("{column.name}" as {column.type}) as "{column.name}"' for column in table.columns
    )
    order = ", ".join(f'"{name}"' for name in table.order)
    file = folder / f"{table.name}.parquet"
    [(count,)] = connection.execute(
        f"copy (select {columns} from {origin} order by {order}) to {quoted(str(file.resolve()))} "
        "(format parquet, compression zstd)"
    ).fetchall()
    file.chmod(0o600)
    return int(count)


def digest(file: Path) -> File:
    """The digest of a file that is safely on the disk."""
    with file.open("rb") as opened_file:
        os.fsync(opened_file.fileno())
        found = hashlib.file_digest(opened_file, "sha256").hexdigest()
    return File(found, file.stat().st_size)
