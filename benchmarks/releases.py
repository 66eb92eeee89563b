"""How much processor time it takes to protect a month's default release and to attack it.

    .venv/bin/python benchmarks/releases.py [people] [areas] [programmes]

Draws people with programmes, counts every table of the default choice with numpy, and says what
is hidden, what that cost and what the attack finds. Reads and writes no database.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ibr.coverage.figures.model import (
    AGE_BANDS,
    Cell,
    FigureTable,
    count_cell,
    dimensions_of,
    share_cell,
)
from ibr.disclosure.model import by_key
from ibr.publish.releases.chosen import DEFAULT, complete
from ibr.publish.releases.hiding import Readers, decide, found_out
from ibr.publish.releases.model import RULES, Name, Shape
from ibr.publish.releases.systems import Tables, systems

PERIOD = "2026-10"
Codes = NDArray[np.int64]


def month(people: int, areas: int, programmes: int, seed: int = 1) -> tuple[Tables, Shape]:
    """The tables of a made-up month, and the functions of its programmes."""
    rng = np.random.default_rng(seed)
    sizes = rng.lognormal(0, 0.8, areas)
    facts: dict[str, tuple[Codes, list[str]]] = {
        "area1": (
            rng.choice(areas + 1, people, p=[*(0.995 * sizes / sizes.sum()), 0.005]),
            [*(f"A{n:02d}" for n in range(areas)), ""],
        ),
        "sex": (rng.choice(3, people, p=[0.46, 0.535, 0.005]), ["1", "2", "0"]),
        "age": (
            np.minimum(rng.exponential(5.5, people).astype(np.int64), 17),
            [*AGE_BANDS, ""],
        ),
    }
    names = [f"P{n:02d}" for n in range(1, programmes + 1)]
    functions = {name: (str(1 + n % 8),) for n, name in enumerate(names)}
    main = rng.choice(programmes, people, p=_falling(programmes))
    second = rng.choice(programmes, people, p=_falling(programmes)[::-1])
    takes = rng.random(people) < 0.1
    member = np.zeros((people, programmes), dtype=bool)
    member[np.arange(people), main] = True
    member[np.flatnonzero(takes), second[takes]] = True
    kinds = sorted({each[0] for each in functions.values()})
    of_function = np.stack(
        [member[:, [functions[n][0] == kind for n in names]].any(axis=1) for kind in kinds], axis=1
    )
    tables: dict[Name, FigureTable] = {}
    for breakdown in _breakdowns():
        groups: list[tuple[str | None, NDArray[np.bool_]]] = [(None, np.ones(people, dtype=bool))]
        first = dimensions_of(breakdown)[:1]
        if first == ("programme",):
            groups = [(name, member[:, n]) for n, name in enumerate(names)]
        elif first == ("function",):
            groups = [(kind, of_function[:, n]) for n, kind in enumerate(kinds)]
        rest = [each for each in dimensions_of(breakdown) if each in facts]
        cells = [
            count_cell((*((code,) if code else ()), *key), count)
            for code, who in groups
            for key, count in _counted(facts, rest, who)
        ]
        tables["N1", breakdown] = _table("N1", breakdown, cells)
        if first not in (("programme",), ("function",)):
            shares = [
                share_cell(c.key, c.numerator, None if "" in c.key else (c.numerator or 0) * 40)
                for c in cells
            ]
            tables["C2", breakdown] = _table("C2", breakdown, shares)
    _overlaps(tables, member, names)
    return tables, Shape(functions)


def _falling(count: int) -> NDArray[np.float64]:
    weights = np.exp(-np.arange(count) / 4.0)
    found: NDArray[np.float64] = weights / weights.sum()
    return found


def _breakdowns() -> list[str]:
    return sorted({breakdown for code, breakdown in complete(DEFAULT) if code == "N1"})


def _counted(
    facts: dict[str, tuple[Codes, list[str]]], names: list[str], who: NDArray[np.bool_]
) -> list[tuple[tuple[str, ...], int]]:
    if not names:
        return [((), int(who.sum()))] if who.any() else []
    stacked = np.stack([facts[name][0][who] for name in names], axis=1)
    keys, counts = np.unique(stacked, axis=0, return_counts=True)
    return [
        (tuple(facts[name][1][at] for name, at in zip(names, key, strict=True)), int(count))
        for key, count in zip(keys, counts, strict=True)
    ]


def _overlaps(tables: dict[Name, FigureTable], member: NDArray[np.bool_], names: list[str]) -> None:
    rows, counts = np.unique(member, axis=0, return_counts=True)
    sets = {
        tuple(name for name, held in zip(names, row, strict=True) if held): int(count)
        for row, count in zip(rows, counts, strict=True)
    }
    numbers: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for held, count in sets.items():
        numbers[str(len(held)) if len(held) < 4 else "4+"] += count
        for one, other in combinations(held, 2):
            pairs[one, other] += count
    joined = [count_cell(("+".join(held),), count) for held, count in sets.items()]
    tables["O5", "combination"] = _table("O5", "combination", joined)
    tables["O4", "programmes"] = _table(
        "O4", "programmes", [count_cell((code,), count) for code, count in sorted(numbers.items())]
    )
    both = [count_cell(pair, pairs[pair]) for pair in combinations(names, 2)]
    tables["O1", "programme*with"] = _table("O1", "programme*with", both)


def _table(indicator: str, breakdown: str, cells: list[Cell]) -> FigureTable:
    return FigureTable(
        indicator=indicator, version=1, period=PERIOD, breakdown=breakdown, cells=tuple(cells)
    )


def main(people: int = 1_000_000, areas: int = 47, programmes: int = 20) -> None:
    """Protects and attacks, and says what it took."""
    tables, shape = month(people, areas, programmes)
    choice = tuple(each for each in complete(DEFAULT) if each in tables)
    made = systems(tables, choice, shape, {})
    for name, release in made.items():
        begun = time.process_time()
        done = decide({name: release}, [Readers(RULES["public"])])
        chosen = time.process_time() - begun
        begun = time.process_time()
        found = found_out({name: release}, done.hidden, Readers(RULES["public"]))
        took = time.process_time() - begun
        reasons = Counter(done.hidden[name].values())
        print(
            f"{name}: {len(by_key(release)):,} figures, {dict(reasons)} hidden, "
            f"{len(done.known_before)} known before; choosing {chosen:.1f} s, attack {took:.1f} s "
            f"with {len(found)} found",
            flush=True,
        )


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
