"""Which row holds the names of the columns, below titles and merged cells; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from ibr.files.mapping.guess import meaning_of
from ibr.files.mapping.model import words_of
from ibr.files.reading.model import Row

LOOKED_AT: Final = 40
_NUMBER: Final = re.compile(r"[-+]?[\d.,\s/:T-]+")
# Words with which a line of sums begins; its other cells are numbers.
_TOTALS: Final = frozenset(
    ("total", "totals", "grand total", "sub total", "subtotal", "sum", "totaux", "total general")
    + ("somme", "suma", "totales", "jumla", "jumla kuu", "ensemble", "total paid", "total amount")
)


class Heading(msgspec.Struct, frozen=True):
    """The row with the columns' names, whether the row above names groups of them, the names."""

    row: int
    rows: Literal[1, 2]
    titles: list[str]


def find_heading(start: Sequence[Row]) -> Heading | None:
    """The heading among the first rows of a file; None where no row looks like one."""
    best: tuple[float, int] | None = None
    for place, (_, cells) in enumerate(start[:LOOKED_AT]):
        score = _likeness(cells)
        if score > 0 and (best is None or score > best[0]):
            best = (score, place)
    if best is None:
        return None
    place = best[1]
    number, cells = start[place]
    above = start[place - 1][1] if place and start[place - 1][0] == number - 1 else []
    if _names_groups(above, cells):
        return Heading(number, 2, titles_of(cells, above))
    return Heading(number, 1, titles_of(cells))


def _likeness(cells: Sequence[str]) -> float:
    """How much a row looks like the names of columns: words that are known, all different, no
    numbers."""
    filled = [cell for cell in cells if cell]
    if len(filled) < 2:
        return 0.0
    numbers = sum(bool(_NUMBER.fullmatch(cell)) for cell in filled)
    known = sum(meaning_of(cell).sure for cell in filled)
    different = len({words_of(cell) for cell in filled})
    return 3 * known + 0.1 * different - 2 * numbers - 0.2 * (len(filled) - different)


def _names_groups(above: Sequence[str], cells: Sequence[str]) -> bool:
    """Whether the row above spans several columns each: it is emptier, and its cells stand over
    names that would otherwise come twice."""
    over = [cell for cell in above if cell]
    if len(over) < 2 or len(over) >= len([cell for cell in cells if cell]):
        return False
    names = [words_of(cell) for cell in cells if cell]
    return len(set(names)) < len(names)


def titles_of(cells: Sequence[str], above: Sequence[str] = ()) -> list[str]:
    """A name for every column, each another: `Head / Name` below a group, `Name (2)` where it
    comes again, `Column 7` where there is none."""
    titles: list[str] = []
    group = ""
    for place in range(max(len(cells), len(above))):
        if place < len(above) and above[place]:
            group = above[place]
        cell = cells[place] if place < len(cells) else ""
        title = " ".join(f"{group} / {cell}".split()) if group and cell else " ".join(cell.split())
        title = title or f"Column {place + 1}"
        wanted, again = title, 2
        while title in titles:
            title = f"{wanted} ({again})"
            again += 1
        titles.append(title[:200])
    return titles


def is_total(cells: Sequence[str]) -> bool:
    """Whether a row is a line of sums: its first word says so and it names nobody."""
    filled = [cell for cell in cells if cell]
    if not filled or words_of(filled[0]) not in _TOTALS:
        return False
    return all(_NUMBER.fullmatch(cell) or words_of(cell) in _TOTALS for cell in filled[1:])
