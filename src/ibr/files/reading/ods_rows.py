"""ODS (LibreOffice) read as a stream: the same as XLSX, in the words of OpenDocument."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from ibr.files.reading.model import (
    LONGEST_CELL,
    MOST_COLUMNS,
    MOST_ROWS,
    Format,
    Row,
    too_much,
    trimmed,
    unreadable,
)
from ibr.files.reading.xlsx_styles import number_text
from ibr.files.reading.zip_parts import XmlStream, ZipParts

_CONTENT: Final = "content.xml"
_NUMBERS: Final = ("float", "percentage", "currency")
# A filled row that is told to come again more often than this is no list of people.
_MOST_REPEATED: Final = 1_000


class OdsRows:
    """The rows of one sheet: the one that is named, else the first that has any."""

    format: Format = "ods"
    titled = False

    def __init__(self, file: BinaryIO, sheet: str | None = None) -> None:
        self._parts = ZipParts(file)
        if _CONTENT not in self._parts.names:
            raise unreadable("The file is no ODS workbook. Save it as XLSX, or as CSV.")
        self.sheets: tuple[str, ...] = ()
        self.sheet: str | None = sheet
        if sheet is None:
            for name, _row in self._every_row():
                self.sheet = name
                break
            else:
                raise unreadable("The workbook has no sheet with anything in it.")

    def rows(self) -> Iterator[Row]:
        """Every row that has a cell, with the number that the program shows."""
        found = False
        for name, row in self._every_row(self.sheet):
            found = True
            if name == self.sheet:
                yield trimmed(*row)
            else:
                break
        if not found:
            raise unreadable("The workbook has no sheet of the name that the mapping says.")

    def _every_row(self, wanted: str | None = None) -> Iterator[tuple[str, Row]]:
        reading = _Rows()
        stream = XmlStream(
            StartElementHandler=reading.start,
            EndElementHandler=reading.end,
            CharacterDataHandler=reading.data,
        )
        for _ in stream.feed(self._parts.pieces(_CONTENT)):
            for name, row in reading.ready:
                if wanted is None or name == wanted or wanted in reading.seen:
                    yield name, row
            reading.ready.clear()


class _Rows:
    """Makes rows of what the XML parser finds."""

    def __init__(self) -> None:
        self.ready: list[tuple[str, Row]] = []
        self.seen: set[str] = set()
        self._table = ""
        self._row = 0
        self._repeat_row = 1
        self._cells: list[str] = []
        self._cell: dict[str, str] = {}
        self._said: list[str] = []
        self._length = 0
        self._inside_cell = self._listening = self._note = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition(":")[2]
        if local == "table":
            self._table = _of(attributes, "name") or ""
            self.seen.add(self._table)
            self._row = 0
        elif local == "table-row":
            self._cells = []
            self._repeat_row = _count(_of(attributes, "number-rows-repeated"))
            self._row += 1
        elif local in ("table-cell", "covered-table-cell"):
            self._cell = attributes
            self._said, self._length = [], 0
            self._inside_cell = True
        elif local == "annotation":
            self._note = True
        elif self._inside_cell and not self._note:
            if local == "p":
                if self._said:
                    self._said.append("\n")
                self._listening = True
            elif local == "s":
                self._said.append(" " * min(_count(_of(attributes, "c")), 1000))
            elif local in ("tab", "line-break"):
                self._said.append(" ")

    def end(self, tag: str) -> None:
        local = tag.rpartition(":")[2]
        if local == "p":
            self._listening = False
        elif local == "annotation":
            self._note = False
        elif local in ("table-cell", "covered-table-cell"):
            self._end_cell()
        elif local == "table-row":
            self._end_row()

    def _end_cell(self) -> None:
        self._inside_cell = False
        text = self._text()
        times = _count(_of(self._cell, "number-columns-repeated"))
        if len(self._cells) + times > MOST_COLUMNS:
            if text:
                raise too_much(f"A file may have {MOST_COLUMNS} columns at most.")
            # Empty cells to the end of the sheet say nothing.
            return
        self._cells.extend([text] * times)

    def _end_row(self) -> None:
        times, self._repeat_row = self._repeat_row, 1
        if any(self._cells):
            if times > _MOST_REPEATED:
                raise too_much("A filled row is repeated more often than a file may have it.")
            for step in range(times):
                self.ready.append((self._table, (self._row + step, list(self._cells))))
        self._row += times - 1
        if self._row > MOST_ROWS:
            raise too_much(f"A sheet may have {MOST_ROWS} rows at most.")

    def data(self, text: str) -> None:
        if self._listening and not self._note:
            self._length += len(text)
            if self._length <= 2 * LONGEST_CELL:
                self._said.append(text)

    def _text(self) -> str:
        kind = _of(self._cell, "value-type")
        if kind in _NUMBERS:
            return number_text(_of(self._cell, "value") or "")
        if kind == "date":
            return (_of(self._cell, "date-value") or "").removesuffix("T00:00:00")
        if kind == "boolean":
            return _of(self._cell, "boolean-value") or ""
        return "".join(self._said)


def _of(attributes: dict[str, str], wanted: str) -> str | None:
    """An attribute of the office or table name space, whichever prefixes the writer chose."""
    for prefix in ("office", "table", "text"):
        found = attributes.get(f"{prefix}:{wanted}")
        if found is not None:
            return found
    return None


def _count(text: str | None) -> int:
    return int(text) if text and text.isdigit() and len(text) < 9 else 1
