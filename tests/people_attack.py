"""A reader who thinks of people and not of tables: an attack that shares nothing with the releases.

Everybody is in one area, has one sex and an exact set of programmes. How many there are of each
such kind is unknown; every printed figure is a sum over kinds. What can then be known of a hidden
figure is a linear program over kinds of people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, combinations, product
from typing import Any

import msgspec
import numpy as np
from scipy import optimize

from ibr.coverage.figures.model import Cell, FigureTable, count_cell, dimensions_of
from ibr.publish.releases.model import Name, ReleasedTable

Kind = tuple[str, str, frozenset[str]]
"""Area, sex, programmes."""


class World(msgspec.Struct, frozen=True):
    """The kinds of people that there may be, and what programmes are for."""

    areas: tuple[str, ...]
    sexes: tuple[str, ...]
    functions: Mapping[str, tuple[str, ...]]

    @property
    def kinds(self) -> list[Kind]:
        names = sorted(self.functions)
        some = chain.from_iterable(combinations(names, n) for n in range(1, len(names) + 1))
        return [
            (area, sex, frozenset(held))
            for area, sex, held in product(self.areas, self.sexes, list(some))
        ]

    def counts(self, kind: Kind, name: Name, key: tuple[str, ...]) -> bool:
        """Whether a kind of people is counted in a figure."""
        area, sex, held = kind
        given = dict(zip(dimensions_of(name[1]), key, strict=True))
        if "combination" in given:
            return "+".join(sorted(held)) == given["combination"]
        if "programmes" in given:
            number = str(len(held)) if len(held) < 4 else "4+"
            return number == given["programmes"]
        return (
            given.get("area1", area) == area
            and given.get("sex", sex) == sex
            and ("programme" not in given or given["programme"] in held)
            and ("with" not in given or given["with"] in held)
            and (
                "function" not in given
                or any(given["function"] in self.functions[each] for each in held)
            )
        )


def table(world: World, people: Mapping[Kind, int], name: Name) -> FigureTable:
    """A table counted kind by kind; pairs of programmes stand in it even where they are empty."""
    codes = {
        "area1": world.areas,
        "sex": world.sexes,
        "programme": tuple(sorted(world.functions)),
        "with": tuple(sorted(world.functions)),
        "function": tuple(sorted({f for some in world.functions.values() for f in some})),
        "programmes": ("1", "2", "3", "4+"),
        "combination": tuple(sorted({"+".join(sorted(held)) for _, _, held in people})),
    }
    cells: list[Cell] = []
    for key in product(*(codes[each] for each in dimensions_of(name[1]))):
        if "with" in name[1] and key[0] >= key[1]:
            continue
        count = sum(n for kind, n in people.items() if world.counts(kind, name, key))
        if count or "with" in name[1]:
            cells.append(count_cell(key, count))
    return FigureTable(
        indicator=name[0], version=1, period="2026-10", breakdown=name[1], cells=tuple(cells)
    )


class Reader:
    """What the printed tables say of how many there are of each kind."""

    def __init__(self, world: World, printed: Iterable[ReleasedTable]) -> None:
        self.world, self.kinds = world, world.kinds
        self.equal: list[list[float]] = []
        self.values: list[float] = []
        self.least: list[list[float]] = []
        for each in printed:
            every = table(world, dict.fromkeys(self.kinds, 1), each.name)
            for cell in every.cells:
                row = self.row(each.name, cell.key)
                if cell.key in each.hidden_keys:
                    # Zeros are printed, so what is hidden is not zero.
                    self.least.append(row)
                    continue
                shown = each.table.by_key.get(cell.key)
                self.equal.append(row)
                self.values.append(float(shown.numerator or 0) if shown else 0.0)

    def row(self, name: Name, key: tuple[str, ...]) -> list[float]:
        return [float(self.world.counts(kind, name, key)) for kind in self.kinds]

    def least_by_zeros(self, name: Name, key: tuple[str, ...]) -> float:
        """What the zeros alone tell: zeros are printed, so what is hidden counts somebody."""
        nobody = [row for row, value in zip(self.equal, self.values, strict=True) if not value]
        answer: Any = optimize.linprog(
            np.array(self.row(name, key)),
            A_eq=np.array(nobody) if nobody else None,
            b_eq=np.zeros(len(nobody)) if nobody else None,
            A_ub=-np.array(self.least) if self.least else None,
            b_ub=-np.ones(len(self.least)) if self.least else None,
            bounds=(0, None),
            method="highs",
        )
        return float(answer.fun)

    def reach(self, name: Name, key: tuple[str, ...]) -> tuple[float, float]:
        """The lowest and the highest that a figure can be."""
        ends = []
        for sign in (1, -1):
            answer: Any = optimize.linprog(
                sign * np.array(self.row(name, key)),
                A_eq=np.array(self.equal),
                b_eq=np.array(self.values),
                A_ub=-np.array(self.least) if self.least else None,
                b_ub=-np.ones(len(self.least)) if self.least else None,
                bounds=(0, None),
                method="highs",
            )
            ends.append(np.inf * sign * -1 if answer.status == 3 else sign * answer.fun)
            assert answer.status in {0, 3}, answer.message
        return ends[0], ends[1]
