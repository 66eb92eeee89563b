"""Programmes against programmes as a table that is its own picture: each cell is its number on a
shade. Shades tell the same as the numbers, so nobody needs to see colours."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from math import floor, log10
from typing import Final

import msgspec
from markupsafe import Markup

from ibr.web.charts.svg import element

CLASSES: Final = 4
SHARES: Final = (0.01, 0.05, 0.2)
"""Where the classes of shares begin; the same in every month, so that months can be compared."""


class Head(msgspec.Struct, frozen=True):
    """The head of a row or column: its code, its name in full, where it leads, and what stands
    there instead of the code where a column is wide enough for words."""

    code: str
    name: str
    address: str | None = None
    words: str = ""


class Shown(msgspec.Struct, frozen=True):
    """A cell: its number as written, its value for the shade (none for no shade), its own class."""

    text: str
    value: float | None = None
    kind: str = ""


def counts_from(largest: float) -> tuple[float, ...]:
    """Where the classes of counts begin: powers of ten below the largest count."""
    if largest <= 0:
        return (1.0, 10.0, 100.0)
    top = floor(log10(largest))
    return tuple(float(10**power) for power in range(max(1, top - 2), max(1, top - 2) + 3))


def shade(value: float | None, bounds: Sequence[float]) -> int:
    """The class of a value: 0 for nothing, else 1 to 4."""
    return 0 if not value or value <= 0 else 1 + bisect_right(bounds, value)


def legend(bounds: Sequence[float], written: Callable[[float], str]) -> list[tuple[int, str]]:
    """Each class with its limits as they are written."""
    texts = [written(each) for each in bounds]
    found = [(1, f"< {texts[0]}")]
    found += [(n + 2, f"{texts[n]} – {texts[n + 1]}") for n in range(len(texts) - 1)]
    return [*found, (CLASSES, f"≥ {texts[-1]}")]


def heat_table(
    caption: str,
    corner: str,
    rows: Sequence[Head],
    columns: Sequence[Head],
    cell: Callable[[str, str], Shown],
    bounds: Sequence[float],
) -> Markup:
    """The table; `cell` gives what stands where the row and the column of two codes meet."""
    heads = [
        element("th", element("abbr", each.words or each.code, title=each.name), scope="col")
        for each in columns
    ]
    corner_cell = element("th", element("span", corner, class_="unseen"), scope="col")
    body = [_row(row, columns, cell, bounds) for row in rows]
    return element(
        "table",
        element("caption", caption, class_="unseen"),
        element("thead", element("tr", corner_cell, *heads)),
        element("tbody", *body),
        class_="heat",
    )


def _row(
    row: Head,
    columns: Sequence[Head],
    cell: Callable[[str, str], Shown],
    bounds: Sequence[float],
) -> Markup:
    name = element("bdi", row.name)
    inside = element("a", name, href=row.address) if row.address else name
    code = element("span", row.code, class_="code") if row.code != row.name else Markup("")
    cells = []
    for column in columns:
        shown = cell(row.code, column.code)
        number = shade(shown.value, bounds)
        kind = shown.kind or (f"h{number}" if number else None)
        cells.append(element("td", shown.text, class_=kind))
    return element("tr", element("th", inside, code, scope="row"), *cells)
