"""Parquet, row group by row group; dates and decimals as they are, lists and structs flattened."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from ibr.files.reading.model import (
    MOST_COLUMNS,
    MOST_ROWS,
    Format,
    Row,
    too_much,
    trimmed,
    unreadable,
)
from ibr.files.reading.parquet_pages import pages_can_be_so

_AT_ONCE: Final = 5_000


class ParquetRows:
    """The rows; the first has the columns' names and the number 0."""

    format: Format = "parquet"
    sheet = None
    sheets = ()
    titled = True

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        try:
            # Without pre-buffering a batch needs the pages it is made of and no whole row group.
            self._file = pq.ParquetFile(file, pre_buffer=False, buffer_size=1024 * 1024)
            described = self._file.metadata
            size = file.seek(0, io.SEEK_END)
            if not _groups_can_be_so(described, size) or not pages_can_be_so(file, described):
                raise unreadable("The file is no Parquet file, or it is damaged.")
        except (pa.ArrowException, OSError, ValueError):
            raise unreadable("The file is no Parquet file, or it is damaged.") from None
        if described.num_columns > MOST_COLUMNS:
            raise too_much(f"A file may have {MOST_COLUMNS} columns at most.")
        if described.num_rows > MOST_ROWS:
            raise too_much(f"A file may have {MOST_ROWS} rows at most; send it in several files.")

    def rows(self) -> Iterator[Row]:
        """Every row; rows are numbered from 1."""
        number, titles = 0, None
        try:
            for batch in self._file.iter_batches(batch_size=_AT_ONCE):
                table = _flat(pa.Table.from_batches([batch]))
                if titles is None:
                    titles = list(table.column_names)
                    yield 0, titles
                columns = [[_text(value) for value in each.to_pylist()] for each in table.columns]
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield trimmed(number, list(cells))
        except (pa.ArrowException, OSError, OverflowError, ValueError):
            # A ValueError: text that is not UTF-8 where the file says that it is, and days beyond
            # every calendar.
            raise unreadable("The Parquet file is damaged; write it again.") from None
        if titles is None:
            yield 0, list(_flat(self._file.schema_arrow.empty_table()).column_names)


def _groups_can_be_so(described: Any, size: int) -> bool:
    """Whether each row can have a value in each column, be it one that says there is none, and no
    column is longer than the file."""
    groups = (described.row_group(number) for number in range(described.num_row_groups))
    return all(
        group.column(place).num_values >= group.num_rows
        and 0 <= group.column(place).total_compressed_size <= size
        for group in groups
        for place in range(group.num_columns)
    )


def _flat(table: Any) -> Any:
    for _ in range(8):
        if not any(pa.types.is_struct(field.type) for field in table.schema):
            break
        table = table.flatten()
    return table


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat().removesuffix("T00:00:00")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        # A whole number that a table tool made a fraction of, for want of an empty whole number.
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list):
        return "; ".join(_text(each) for each in value)
    return str(value)
