"""What every reader gives: rows of text cells with their number, as often as asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final, Literal, Protocol

from ibr.errors import NotUnderstood, TooMuch

Format = Literal["csv", "xlsx", "ods", "parquet", "jsonl"]
Row = tuple[int, list[str]]
"""A row's number as a person counts it in the program it was made with, and its cells."""

MOST_COLUMNS: Final = 2_000
LONGEST_CELL: Final = 32_767
MOST_ROWS: Final = 20_000_000

__all__ = ["BinaryIO", "Format", "Reader", "Row", "too_much", "trimmed", "unreadable"]


class Reader(Protocol):
    """A file whose rows can be read from the start again and again, by one reader at a time."""

    @property
    def format(self) -> Format: ...
    @property
    def sheet(self) -> str | None:
        """The sheet that is read; None where the form has no sheets."""
        ...

    @property
    def sheets(self) -> Sequence[str]: ...
    @property
    def titled(self) -> bool:
        """Whether the form itself names its columns, so that the first row is their names."""
        ...

    def rows(self) -> Iterator[Row]:
        """Every row from the first on. NotUnderstood or TooMuch where the file cannot be read."""
        ...


def unreadable(reason: str) -> NotUnderstood:
    """The file as a whole cannot be read."""
    return NotUnderstood("file.unreadable", reason)


def too_much(reason: str) -> TooMuch:
    """The file is beyond what is read of one."""
    return TooMuch("file.large", reason)


def trimmed(number: int, cells: list[str]) -> Row:
    """A row without blanks around its cells and without empty cells at its end, within limits."""
    cells = [cell.strip() for cell in cells]
    while cells and not cells[-1]:
        cells.pop()
    if len(cells) > MOST_COLUMNS:
        raise too_much(
            f"Row {number} has {len(cells)} columns; a file may have {MOST_COLUMNS} at most."
        )
    if any(len(cell) > LONGEST_CELL for cell in cells):
        raise too_much(
            f"A cell of row {number} holds more than {LONGEST_CELL} signs. Is a quotation mark "
            "missing there?"
        )
    if number > MOST_ROWS:
        raise too_much(f"A file may have {MOST_ROWS} rows at most; send it in several files.")
    return number, cells
