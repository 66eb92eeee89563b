"""Cells gathered into tables, one for each breakdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ibr.coverage.figures.model import Cell, FigureTable, breakdown_of, month_period
from ibr.periods import Month

VERSION = 1
"""Of the definitions in this folder; the catalogue carries the same."""


class Tables:
    """The tables of one month; a table without a cell is none."""

    def __init__(self, month: Month) -> None:
        self._period = str(month_period(month))
        self._cells: dict[tuple[str, str], list[Cell]] = {}

    def add(self, indicator: str, dimensions: Sequence[str], cells: Iterable[Cell]) -> None:
        """Adds cells of a breakdown; their keys are in the order in which dimensions stand."""
        found = list(cells)
        if found:
            self._cells.setdefault((indicator, breakdown_of(*dimensions)), []).extend(found)

    def made(self) -> list[FigureTable]:
        return [
            FigureTable(
                indicator=indicator,
                version=VERSION,
                period=self._period,
                breakdown=breakdown,
                cells=tuple(sorted(cells, key=lambda cell: cell.key)),
            )
            for (indicator, breakdown), cells in sorted(self._cells.items())
        ]


def value_cell(key: tuple[str, ...], value: int, of: int | None, notes: Sequence[str] = ()) -> Cell:
    """A cell of a whole number that is no part of anything, as days; `of` is how many it is of."""
    return Cell(key, None, of, str(value), tuple(notes))


def quantile(values: Sequence[int], share: tuple[int, int]) -> int:
    """The smallest value that at least so large a share of them does not exceed: one of them."""
    parts, whole = share
    place = max(1, -(-len(values) * parts // whole))
    return sorted(values)[place - 1]
