"""A file looked at as a whole: its heading, its rows counted, what its columns hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

import msgspec

from ibr.errors import NotUnderstood
from ibr.files.mapping.dates import OrderSigns
from ibr.files.mapping.headers import Heading, find_heading, is_total, titles_of
from ibr.files.mapping.numbers import PointSigns, lost_digits
from ibr.files.mapping.targets import aim_of
from ibr.files.reading.model import Reader, Row

SAMPLE: Final = 1_000
MOST_WORDS: Final = 300


class Start(msgspec.Struct, frozen=True):
    """The beginning of a file: its heading and the first rows below."""

    heading: Heading
    rows: list[Row]

    def column(self, place: int) -> list[str]:
        """The cells of one column."""
        return [cells[place] if place < len(cells) else "" for _, cells in self.rows]


class Held(msgspec.Struct):
    """What one column holds over the whole file, as far as its target needs to know."""

    filled: int = 0
    order: OrderSigns | None = None
    points: PointSigns | None = None
    words: Counter[str] | None = None
    lost: int = 0


class Looked(msgspec.Struct):
    """What the whole file holds. `rows` counts those with records, without blanks and totals;
    `width` is the number of cells of the widest."""

    rows: int = 0
    totals: int = 0
    width: int = 0
    columns: dict[int, Held] = {}


def begin(reader: Reader, header: int | None = None, header_rows: int = 1) -> Start:
    """The heading, found or as told, and the rows below it. NotUnderstood where there is none."""
    rows = list(islice(reader.rows(), SAMPLE))
    if reader.titled:
        heading = Heading(0, 1, titles_of(rows[0][1] if rows else ()))
    elif header is None:
        found = find_heading(rows)
        if found is None:
            raise NotUnderstood(
                "file.heading",
                "No row of the file names its columns. Put a row with their names on top, or say "
                "in a mapping which row it is.",
            )
        heading = found
    else:
        by_number = dict(rows)
        above = by_number.get(header - 1, []) if header_rows == 2 else []
        if header not in by_number:
            raise NotUnderstood("file.heading", f"Row {header} of the file is empty or missing.")
        heading = Heading(header, 2 if header_rows == 2 else 1, titles_of(by_number[header], above))
    body = [row for row in rows if row[0] > heading.row and any(row[1]) and not is_total(row[1])]
    if not heading.titles or not body:
        raise NotUnderstood("file.rows", "The file has no row below the names of its columns.")
    return Start(heading, body)


def body_of(reader: Reader, heading_row: int) -> Iterator[Row]:
    """Every row below the heading, blank ones and lines of sums too."""
    for row in reader.rows():
        if row[0] > heading_row:
            yield row


def look_through(reader: Reader, heading_row: int, targets: Mapping[int, str]) -> Looked:
    """Reads the whole file once for what only all of a column's cells together can say."""
    looked = Looked(columns={place: _held(target) for place, target in targets.items()})
    watched = list(looked.columns.items())
    for _, cells in body_of(reader, heading_row):
        if not cells:
            continue
        looked.width = max(looked.width, len(cells))
        if is_total(cells):
            looked.totals += 1
            continue
        looked.rows += 1
        width = len(cells)
        for place, held in watched:
            if place < width and cells[place]:
                _count(held, cells[place])
    return looked


def _held(target: str) -> Held:
    aim = aim_of(target)
    if aim.kind in ("day", "moment"):
        return Held(order=OrderSigns())
    if aim.kind == "money":
        return Held(points=PointSigns())
    if aim.kind in ("code", "area", "truth"):
        return Held(words=Counter())
    return Held()


def _count(held: Held, cell: str) -> None:
    held.filled += 1
    if held.order is not None:
        held.order.add(cell)
    elif held.points is not None:
        held.points.add(cell)
    elif held.words is not None:
        if cell in held.words or len(held.words) < MOST_WORDS:
            held.words[cell] += 1
    elif "E" in cell or "e" in cell:
        held.lost += lost_digits(cell)


def places_of(titles: Sequence[str]) -> dict[str, int]:
    """Each column's place by its name."""
    return {title: place for place, title in enumerate(titles)}
