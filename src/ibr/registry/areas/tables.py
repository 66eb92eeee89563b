"""A file with rows and columns, read as text: CSV with commas, semicolons or tabs. Pure."""

from __future__ import annotations

import csv
import re
from io import StringIO
from typing import Final

import msgspec

from ibr.errors import NotUnderstood, TooMuch

LARGEST: Final = 50_000_000
_BLANK: Final = frozenset(("", "-", "–", "na", "n/a", "nan", "null", ".", ".."))
_GROUPED: Final = re.compile(r"-?\d{1,3}([,\u00a0\u202f ]\d{3})+([.]0{1,2})?")
_WHOLE: Final = re.compile(r"-?\d+([.,]0{1,2})?")


class Table(msgspec.Struct, frozen=True):
    """The names of the columns and the rows below them; each cell is stripped of its blanks."""

    header: list[str]
    rows: list[list[str]]


def decode(content: bytes, encoding: str = "utf-8") -> str:
    """The text of a file; a sentence that says what to do where it is no text in that encoding."""
    if len(content) > LARGEST:
        raise TooMuch("file.large", f"The file may have {LARGEST // 1_000_000} MB at most.")
    name = "utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding
    try:
        text = content.decode(name)
    except LookupError:
        raise _unreadable("There is no such encoding. Common ones are utf-8 and cp1252.") from None
    except UnicodeDecodeError:
        raise _unreadable(
            f"The file is not in {encoding}. Save it in UTF-8, or name its encoding: "
            "--encoding cp1252"
        ) from None
    if "\0" in text:
        raise _unreadable("The file holds signs that are no text. Save it as CSV in UTF-8.")
    return text


def read_table(content: bytes, encoding: str = "utf-8") -> Table:
    """The table of a CSV file. Every row must have as many cells as there are columns."""
    text = decode(content, encoding)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        raise _unreadable("The file is no CSV: a quotation mark is not closed.") from None
    rows = [[cell.strip() for cell in row] for row in rows]
    if not rows or not any(rows[0]):
        raise _unreadable("The file is empty, or its first row names no columns.")
    header = rows[0]
    if len(set(header)) < len(header):
        raise _unreadable("A column stands twice in the first row. Give each its own name.")
    body = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        if len(row) != len(header):
            raise _unreadable(
                f"Row {number} has {len(row)} cells and the first row {len(header)}. "
                "Is the file whole?"
            )
        body.append(row)
    if not body:
        raise _unreadable("The file has no row below the names of its columns.")
    return Table(header, body)


def whole_number(cell: str) -> int | None:
    """A count: None where the cell is blank; ValueError where it is no whole number.

    `892781.0` and `892,781` are whole numbers; `1234.5` is none, and neither is a negative one.
    """
    if cell.casefold() in _BLANK:
        return None
    if _GROUPED.fullmatch(cell):
        cell = re.sub(r"[,\u00a0\u202f ]", "", cell)
    if not _WHOLE.fullmatch(cell):
        raise ValueError("is no whole number")
    value = int(re.split(r"[.,]", cell)[0])
    if value < 0:
        raise ValueError("is less than nobody")
    return value


def is_number(cell: str) -> bool:
    """Whether a cell holds a number or nothing."""
    return cell.casefold() in _BLANK or bool(
        re.fullmatch(r"[-+]?[\d,\u00a0\u202f ]*[.,]?\d+", cell)
    )


def _unreadable(reason: str) -> NotUnderstood:
    return NotUnderstood("file.table", reason)
