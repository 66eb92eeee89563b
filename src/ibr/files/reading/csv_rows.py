"""CSV as programmes write it: encoding and separator are found out, quotes and line breaks kept."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO, Final

from ibr.files.reading.model import Format, Row, trimmed, unreadable

_SAMPLE: Final = 64 * 1024
_PIECE: Final = 1024 * 1024
_DELIMITERS: Final = ",;\t|"
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class CsvRows:
    """The rows of a CSV file; a row is a record, however many lines its cells go over."""

    format: Format = "csv"
    sheet = None
    sheets = ()
    titled = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.encoding = _encoding_of(file)
        self.delimiter, self._skip = self._look()

    def rows(self) -> Iterator[Row]:
        """Every record with its number, blank lines counted."""
        number = 0
        try:
            for number, cells in enumerate(self._records(self.delimiter), 1):
                if number > self._skip:
                    yield trimmed(number, cells)
        except csv.Error:
            raise unreadable(
                f"The file is no CSV from row {number + 1} on: a quotation mark is not closed, or "
                "a cell is too long."
            ) from None
        except UnicodeDecodeError:
            raise unreadable(
                "The file holds signs that are no text. Save it as CSV in UTF-8."
            ) from None

    def _records(self, delimiter: str) -> Iterator[list[str]]:
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, self.encoding, newline="")
        try:
            yield from csv.reader(text, delimiter=delimiter, strict=True)
        finally:
            # Without this the wrapper would close a file that is to be read again.
            text.detach()

    def _look(self) -> tuple[str, int]:
        """The separator, and how many rows say nothing but that (`sep=;`, as Excel writes)."""
        self._file.seek(0)
        start = self._file.read(_SAMPLE)
        try:
            text = codecs.getincrementaldecoder(self.encoding)().decode(start)
        except UnicodeDecodeError:
            raise unreadable(
                "The file holds signs that are no text. Save it as CSV in UTF-8."
            ) from None
        if "\0" in text:
            raise unreadable("The file is no text. Save it as CSV in UTF-8, or as XLSX.")
        if not text.strip():
            raise unreadable("The file is empty.")
        first = text.split("\n", 1)[0].strip().casefold()
        if first.startswith("sep=") and len(first) == 5:
            return first[4], 1
        return max(_DELIMITERS, key=lambda each: _fit(text, each)), 0


def _fit(text: str, delimiter: str) -> tuple[int, int]:
    """How well a separator makes a table of the beginning: cells in rows of the usual width."""
    widths: Counter[int] = Counter()
    try:
        for number, record in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter)):
            widths[len(record)] += 1
            if number > 60:
                break
    except csv.Error:
        return (0, 0)
    cells = {width: count * (width - 1) for width, count in widths.items() if width > 1}
    return (max(cells.values(), default=0), text.count(delimiter))


def _encoding_of(file: BinaryIO) -> str:
    """UTF-8 where the whole file is that; UTF-16 by its mark or its zeros; else Windows-1252."""
    file.seek(0)
    start = file.read(4096)
    for bom, name in _BOMS:
        if start.startswith(bom):
            return name
    if len(start) > 3 and start.count(0) > len(start) // 4:
        return "utf-16-le" if start[1] == 0 else "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while piece := file.read(_PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _eight_bits(file)
    return "utf-8"


def _eight_bits(file: BinaryIO) -> str:
    """Windows-1252, or its neighbour that has a letter for the five bytes that it leaves out."""
    file.seek(0)
    while piece := file.read(_PIECE):
        if any(byte in piece for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D)):
            return "latin-1"
    return "cp1252"
