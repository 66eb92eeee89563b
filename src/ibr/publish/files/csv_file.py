"""CSV as RFC 4180 has it: a header, UTF-8, commas, CRLF; written piece by piece."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ibr.publish.files.model import Dataset
from ibr.publish.files.rows import Text, columns, dimensions_in, fields, harmless, rows

ROWS_AT_ONCE: Final = 500
_VALUE: Final = "value"


def csv_pieces(dataset: Dataset) -> Iterator[bytes]:
    """The file in pieces of some hundred rows, so that no file stands in memory as a whole."""
    head, dimensions = columns(dataset), dimensions_in(dataset)
    at = head.index(_VALUE)
    lines = (_line(fields(dataset, row, dimensions), at) for row in rows(dataset))
    return pieces(head, lines)


def pieces(head: Sequence[str], lines: Iterable[Sequence[str | int | None]]) -> Iterator[bytes]:
    """A header and lines as CSV, some hundred lines at a time."""
    text = io.StringIO()
    # Only what needs quotes gets them: readers of statistics take "1" for a text.
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(head)
    for number, line in enumerate(lines, 1):
        writer.writerow(line)
        if number % ROWS_AT_ONCE == 0:
            yield _taken(text)
    yield _taken(text)


def _line(values: list[Text], at: int) -> list[Text]:
    """Texts made harmless; the figure itself may begin with a minus and stays as it is."""
    return [
        harmless(value) if isinstance(value, str) and place != at else value
        for place, value in enumerate(values)
    ]


def _taken(text: io.StringIO) -> bytes:
    found = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return found
