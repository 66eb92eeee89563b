"""XLSX read as a stream: one sheet's rows while its XML is unpacked, never the sheet as a whole."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

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
from ibr.files.reading.shared_texts import SharedTexts
from ibr.files.reading.xlsx_styles import date_styles, day_of_serial, number_text
from ibr.files.reading.zip_parts import XmlStream, ZipParts

_DIGITS: Final = "0123456789"


class _Sheet(msgspec.Struct, frozen=True):
    name: str
    part: str
    visible: bool


class _Book(msgspec.Struct):
    sheets: list[_Sheet] = []
    since_1904: bool = False
    texts: str = ""
    styles: str = ""


class XlsxRows:
    """The rows of one sheet: the one that is named, else the first that can be seen and has any."""

    format: Format = "xlsx"
    titled = False

    def __init__(self, file: BinaryIO, folder: Path | None, sheet: str | None = None) -> None:
        """`folder` takes, sealed, what of a large workbook must be found again."""
        self._parts = ZipParts(file)
        self._book = _read_book(self._parts)
        self._dates = date_styles(self._parts, self._book.styles)
        self._texts = SharedTexts(self._parts, self._book.texts, folder)
        self._columns: dict[str, int] = {}
        self.sheets = tuple(each.name for each in self._book.sheets if each.visible)
        self._sheet = self._chosen(sheet)
        self.sheet: str | None = self._sheet.name

    def _chosen(self, wanted: str | None) -> _Sheet:
        if wanted is not None:
            for each in self._book.sheets:
                if each.name == wanted:
                    return each
            raise unreadable("The workbook has no sheet of the name that the mapping says.")
        for each in self._book.sheets:
            if each.visible and next(self._rows_of(each), None) is not None:
                return each
        raise unreadable("The workbook has no sheet with anything in it.")

    def rows(self) -> Iterator[Row]:
        """Every row that has a cell, with the number that Excel shows."""
        return self._rows_of(self._sheet)

    def close(self) -> None:
        """Forgets what was set aside."""
        self._texts.close()

    def _rows_of(self, sheet: _Sheet) -> Iterator[Row]:
        reading = _Rows(self._texts, self._dates, self._columns, self._book.since_1904)
        stream = XmlStream(
            StartElementHandler=reading.start,
            EndElementHandler=reading.end,
            CharacterDataHandler=reading.data,
        )
        for _ in stream.feed(self._parts.pieces(sheet.part)):
            for number, cells in reading.ready:
                yield trimmed(number, cells)
            reading.ready.clear()


class _Rows:
    """Makes rows of what the XML parser finds."""

    def __init__(
        self, texts: SharedTexts, dates: frozenset[str], columns: dict[str, int], since_1904: bool
    ) -> None:
        self.ready: list[tuple[int, list[str]]] = []
        self._texts, self._dates, self._columns = texts, dates, columns
        self._since_1904 = since_1904
        self._row = 0
        self._cells: list[str] = []
        self._place = 0
        self._kind = "n"
        self._style = ""
        self._value: list[str] = []
        self._length = 0
        self._listening = False
        self._said = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        if tag == "c":
            self._begin_cell(attributes)
        elif tag in ("v", "t"):
            self._listening = not self._said
        elif tag == "row":
            number = attributes.get("r", "")
            self._row = int(number) if number.isdigit() and len(number) < 9 else self._row + 1
            if self._row > MOST_ROWS:
                raise too_much(f"A sheet may have {MOST_ROWS} rows at most.")
            self._cells = []
        elif tag == "rPh":
            self._said = True

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        letters = attributes.get("r", "").rstrip(_DIGITS)
        place = self._columns.get(letters) if letters else len(self._cells)
        if place is None:
            place = self._columns[letters] = _column(letters)
        self._place = place
        self._kind = attributes.get("t", "n")
        self._style = attributes.get("s", "")
        self._value.clear()
        self._length = 0

    def end(self, tag: str) -> None:
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        if tag in ("v", "t"):
            self._listening = False
        elif tag == "c":
            if self._value:
                cells = self._cells
                if self._place >= len(cells):
                    cells.extend([""] * (self._place - len(cells) + 1))
                cells[self._place] = self._text("".join(self._value))
            self._value.clear()
        elif tag == "row":
            if self._cells:
                self.ready.append((self._row, self._cells))
                self._cells = []
        elif tag == "rPh":
            self._said = False

    def data(self, text: str) -> None:
        if self._listening:
            self._length += len(text)
            if self._length <= 2 * LONGEST_CELL:
                self._value.append(text)

    def _text(self, value: str) -> str:
        kind = self._kind
        if kind == "s":
            if value.isdigit() and len(value) < 10 and int(value) < len(self._texts):
                return self._texts[int(value)]
            raise unreadable("The workbook is damaged: a cell's text is missing. Save it again.")
        if kind in ("n", ""):
            if self._style in self._dates:
                return day_of_serial(value, since_1904=self._since_1904)
            return number_text(value)
        if kind == "b":
            return "true" if value.strip() == "1" else "false"
        if kind == "d":
            return value.removesuffix("T00:00:00")
        return value


def _column(letters: str) -> int:
    if not letters.isascii() or not letters.isalpha() or len(letters) > 3:
        raise unreadable("The workbook is damaged: a cell's place cannot be read. Save it again.")
    place = 0
    for letter in letters.upper():
        place = place * 26 + ord(letter) - 64
    if place > MOST_COLUMNS:
        raise too_much(f"A file may have {MOST_COLUMNS} columns at most.")
    return place - 1


def _read_book(parts: ZipParts) -> _Book:
    """The sheets of a workbook, and where their texts and styles are."""
    if "xl/workbook.xml" not in parts.names:
        raise unreadable("The file is no XLSX workbook. Save it as XLSX, or as CSV.")
    book, named, targets = _Book(), [], dict[str, str]()

    def relation(_tag: str, attributes: dict[str, str]) -> None:
        if "Id" not in attributes:
            return
        target = posixpath.normpath(posixpath.join("xl", attributes.get("Target", "")))
        targets[attributes["Id"]] = target.lstrip("/")
        if attributes.get("Type", "").endswith("/sharedStrings"):
            book.texts = target.lstrip("/")
        elif attributes.get("Type", "").endswith("/styles"):
            book.styles = target.lstrip("/")

    def start(tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition(":")[2]
        if local == "workbookPr":
            book.since_1904 = attributes.get("date1904", "") in ("1", "true")
        elif local == "sheet":
            number = next((v for k, v in attributes.items() if k.endswith(":id")), "")
            hidden = attributes.get("state", "visible") != "visible"
            named.append((attributes.get("name", ""), number, not hidden))

    for name, handler in (("xl/_rels/workbook.xml.rels", relation), ("xl/workbook.xml", start)):
        if name in parts.names:
            for _ in XmlStream(StartElementHandler=handler).feed(iter([parts.whole(name)])):
                pass
    book.sheets = [
        _Sheet(name, targets[number], visible)
        for name, number, visible in named
        if targets.get(number) in parts.names
    ]
    return book
