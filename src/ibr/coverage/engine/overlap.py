"""Overlaps between programmes in a month: who is in both, in how many, in which exactly.

Distinct people do not add up over programmes, so sets of people are intersected. How flows are
counted stands in flows.py, programmes that exclude or complete each other in pairs_in_force.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np
from pyroaring import BitMap

from ibr.coverage.catalogue.overlap import VERSIONS
from ibr.coverage.engine.flows import count_flows
from ibr.coverage.engine.members import Members, numbers_in
from ibr.coverage.engine.pairs_in_force import Confirmed, count_pairs
from ibr.coverage.figures.model import Cell, FigureTable, breakdown_of, count_cell, share_cell
from ibr.periods import Month

MANY: Final = 4
"""Whoever is in so many programmes or more is counted together."""
_WORD: Final = 60

Found = dict[tuple[str, str], list[Cell]]


def count_overlaps(
    members: Members, month: Month, confirmed: Confirmed | None = None
) -> list[FigureTable]:
    """O1 to O7 and D1 to D4 of a month.

    `members` is opened once for a run and handed in for each of its months. Without `confirmed`
    nothing is said of confirmed overlaps, which is not the same as none.
    """
    members.turn_to(month)
    reached = {members.by_id[number].code: people for number, people in members.of(month).items()}
    found = {
        **_both(reached),
        **_how_many(members, reached),
        ("O5", "combination"): _combinations(reached),
        **count_pairs(members, month, confirmed),
        **count_flows(members, month),
    }
    return tables(found, str(month))


def tables(found: Mapping[tuple[str, str], Sequence[Cell]], period: str) -> list[FigureTable]:
    """Cells by indicator and breakdown as tables of the catalogue's version, in order of keys."""
    return [
        FigureTable(
            indicator=indicator,
            version=VERSIONS[indicator],
            period=period,
            breakdown=breakdown,
            cells=tuple(sorted(cells, key=lambda cell: cell.key)),
        )
        for (indicator, breakdown), cells in found.items()
    ]


def _both(reached: Mapping[str, BitMap]) -> Found:
    """O1, O2 and O3 of every two programmes that share somebody."""
    pair = breakdown_of("programme", "with")
    counts, shares, jaccard = list[Cell](), list[Cell](), list[Cell]()
    sizes = {code: len(people) for code, people in reached.items()}
    for one, two in combinations(sorted(reached), 2):
        shared = reached[one].intersection_cardinality(reached[two])
        if shared:
            counts.append(count_cell((one, two), shared))
            shares.append(share_cell((one, two), shared, sizes[one]))
            shares.append(share_cell((two, one), shared, sizes[two]))
            jaccard.append(share_cell((one, two), shared, sizes[one] + sizes[two] - shared))
    return {("O1", pair): counts, ("O2", pair): shares, ("O3", pair): jaccard}


def _how_many(members: Members, reached: Mapping[str, BitMap]) -> Found:
    """O4: people by the number of their programmes, in all and by area and sex."""
    people = members.people
    held = np.zeros(len(people.there), dtype=np.uint16)
    for each in reached.values():
        held[numbers_in(each)] += 1
    whose = np.flatnonzero(held)
    several = np.minimum(held[whose], MANY)
    areas = [(area,) for area in people.areas]
    return {
        ("O4", "programmes"): _spread([()], np.zeros(len(whose), dtype=np.int64), several),
        ("O4", breakdown_of("area1", "programmes")): _spread(areas, people.area1[whose], several),
        ("O4", breakdown_of("sex", "programmes")): _spread(
            [(str(sex),) for sex in range(4)], people.sex[whose], several
        ),
    }


def _spread(groups: Sequence[tuple[str, ...]], group: Any, several: Any) -> list[Cell]:
    counts = np.bincount(
        group.astype(np.int64) * (MANY + 1) + several, minlength=len(groups) * (MANY + 1)
    )
    return [
        count_cell((*groups[place // (MANY + 1)], name_of(place % (MANY + 1))), int(counts[place]))
        for place in np.flatnonzero(counts).tolist()
    ]


def name_of(programmes: int) -> str:
    """How many programmes, as the dimension `programmes` writes it."""
    return f"{MANY}+" if programmes >= MANY else str(programmes)


def _combinations(reached: Mapping[str, BitMap]) -> list[Cell]:
    """O5: people by the very set of their programmes.

    Each person's set is a word of bits; of each word that occurs, one person says what it stands
    for.
    """
    if not reached:
        return []
    codes = sorted(reached)
    size = max(people.max() for people in reached.values()) + 1
    key = np.zeros(size, dtype=np.int64)
    for begin in range(0, len(codes), _WORD):
        word = np.zeros(size, dtype=np.int64)
        for bit, code in enumerate(codes[begin : begin + _WORD]):
            word[numbers_in(reached[code])] |= 1 << bit
        # Two words make one key as soon as both are counted through.
        key = word if begin == 0 else _counted_through(key) * size + _counted_through(word)
    _, one_of, counts = np.unique(key, return_index=True, return_counts=True)
    found = []
    for person, count in zip(one_of.tolist(), counts.tolist(), strict=True):
        own = [code for code in codes if person in reached[code]]
        if own:
            found.append(count_cell(("+".join(own),), count))
    return found


def _counted_through(values: Any) -> Any:
    """The same with small numbers in place of large ones, equal where they were equal."""
    return np.unique(values, return_inverse=True)[1].astype(np.int64)
