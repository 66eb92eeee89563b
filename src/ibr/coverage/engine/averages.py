"""A1 and A4: how much a beneficiary is given in a month, and what that is worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ibr.coverage.engine.cells import Key, Sheet, average_cell, per_month
from ibr.coverage.figures.model import Cell, FigureTable, value_of
from ibr.coverage.reference.model import ReferenceAmount

Sums = tuple[Mapping[Key, Mapping[int, int]], Mapping[Key, int]]
"""Of each key the minor units by months between benefits, and how many people they are for."""


def average_tables(
    sheet: Sheet, sums: Mapping[str, Sums], references: Sequence[ReferenceAmount]
) -> Iterable[FigureTable]:
    """A1 by every breakdown, and A4 by programme."""
    for breakdown, (minor, people) in sums.items():
        cells = [
            average_cell(key, per_month(by_cycle), people[key], _currency(breakdown, key))
            for key, by_cycle in minor.items()
        ]
        yield sheet.table("A1", breakdown, cells)
    minor, people = sums["programme*currency"]
    cells = [
        _held_against(key, per_month(by_cycle), people[key], each)
        for key, by_cycle in minor.items()
        for each in references
        if each.currency == key[-1]
    ]
    sources = tuple(sorted({f"{e.kind}: {e.source}, from {e.valid_from}" for e in references}))
    yield sheet.table("A4", "programme*currency*part", cells, sources)


def _currency(breakdown: str, key: Key) -> str:
    return key[breakdown.split("*").index("currency")]


def _held_against(key: Key, minor: int, people: int, reference: ReferenceAmount) -> Cell:
    """The average over the reference: what was given, over the reference for each of them."""
    whole = people * reference.minor
    return Cell((*key, reference.kind), minor, whole, value_of(minor, whole))
