"""Cells made of counts and money, and tables made of cells: the same for every engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from typing import Final

from ibr.coverage.catalogue.all import BY_CODE
from ibr.coverage.figures.model import (
    Cell,
    FigureTable,
    Period,
    count_cell,
    value_of,
)
from ibr.reported.values import minor_digits

Key = tuple[str, ...]
_DIGITS: Final = 2
"""Behind the point, of a code that is no currency."""


class Sheet:
    """Makes the tables of one period, their cells in one order."""

    def __init__(self, period: Period) -> None:
        self._period = str(period)

    def table(
        self, indicator: str, breakdown: str, cells: Iterable[Cell], sources: tuple[str, ...] = ()
    ) -> FigureTable:
        return FigureTable(
            indicator=indicator,
            version=BY_CODE[indicator].version,
            period=self._period,
            breakdown=breakdown,
            cells=tuple(sorted(cells, key=lambda cell: cell.key)),
            sources=sources,
        )


def count_cells(counts: Mapping[Key, int]) -> list[Cell]:
    """Counts as cells; nobody is no cell, but for the total, which is always told."""
    return [count_cell(key, count) for key, count in counts.items() if count or not key]


def digits_of(currency: str) -> int:
    """Digits behind the point of a currency (CLDR)."""
    found = minor_digits(currency)
    return _DIGITS if found is None else found


def money_cell(key: Key, minor: int, currency: str) -> Cell:
    """Money in minor units as a cell in units of its currency."""
    digits = digits_of(currency)
    return Cell(key, minor, None, value_of(minor, 10**digits, decimals=digits))


def average_cell(key: Key, minor: int, people: int, currency: str) -> Cell:
    """Money for each of some people, in units of its currency."""
    digits = digits_of(currency)
    return Cell(key, minor, people, value_of(minor, people * 10**digits, decimals=digits))


def per_month(minor_by_cycle: Mapping[int, int]) -> int:
    """Money for one month: each programme's divided by the months between two of its benefits,
    added up, and rounded once to whole minor units."""
    exact = sum((Fraction(minor, cycle) for cycle, minor in minor_by_cycle.items()), Fraction(0))
    return round(exact)


def variation_of(shares: Iterable[tuple[int, int]]) -> str | None:
    """How unlike some shares are: their standard deviation over their mean; none where nobody is
    reached anywhere."""
    exact = [Fraction(part, whole) for part, whole in shares]
    mean = sum(exact, Fraction(0)) / len(exact) if exact else Fraction(0)
    if not mean:
        return None
    spread = sum(((each - mean) ** 2 for each in exact), Fraction(0)) / len(exact) / mean**2
    with localcontext() as precise:
        precise.prec = 60
        root = (Decimal(spread.numerator) / Decimal(spread.denominator)).sqrt()
        return format(root.quantize(Decimal("0.0001"), ROUND_HALF_EVEN), "f")
