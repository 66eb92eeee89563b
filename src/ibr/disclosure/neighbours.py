"""Which figures to look at first for an alternative table: those near by in every dimension."""

from __future__ import annotations

from itertools import product

import numpy as np

from ibr.disclosure.linear import Flags, Indices, Unknowns
from ibr.disclosure.model import Key

# How many siblings of a code are looked at, and how many steps from it, before all figures are.
WIDTHS = ((4, 1), (8, 2))


class Neighbours:
    """The codes around a code, and from them the figures around a figure."""

    def __init__(self, unknowns: Unknowns) -> None:
        self.unknowns = unknowns
        self.names = sorted(each.name for each in unknowns.release.dimensions)
        self.whole = {each.name: each.whole for each in unknowns.release.dimensions}
        self.above: dict[tuple[str, str], list[tuple[str, ...]]] = {}
        self.below: dict[tuple[str, str], list[tuple[str, ...]]] = {}
        for dimension in unknowns.release.dimensions:
            for group in dimension.groups:
                self.below.setdefault((dimension.name, group.total), []).append(group.parts)
                for part in group.parts:
                    line = (group.total, *group.parts)
                    self.above.setdefault((dimension.name, part), []).append(line)
        self.waves = range(1 + len(unknowns.earlier))

    def around(self, numbers: list[int], width: int, steps: int, hidden: Flags) -> Indices:
        """The free figures in the neighbourhood, in this release and in earlier ones."""
        found: set[int] = set()
        for number in numbers:
            key = self.unknowns.places[number][1]
            codes = [self._codes(name, key, width, steps, hidden) for name in self.names]
            for chosen in product(*codes):
                near = tuple(
                    (name, code)
                    for name, code in zip(self.names, chosen, strict=True)
                    if code != self.whole[name]
                )
                places = (self.unknowns.number.get((wave, near)) for wave in self.waves)
                found.update(at for at in places if at is not None and self.unknowns.free[at])
        return np.array(sorted(found), dtype=np.int64)

    def _codes(self, name: str, key: Key, width: int, steps: int, hidden: Flags) -> list[str]:
        own = dict(key).get(name, self.whole[name])
        chosen = [own]
        edge = [own]
        for _ in range(steps):
            reached: list[str] = []
            for code in edge:
                for line in self.above.get((name, code), ()):
                    reached += [line[0], *self._best(name, key, line[1:], width, hidden)]
                for parts in self.below.get((name, code), ()):
                    reached += self._best(name, key, parts, 2 * width, hidden)
            # Parts of siblings too, so that a sum can move by its parts.
            totals = {line[0] for line in self.above.get((name, own), ())}
            for code in tuple(reached):
                for parts in self.below.get((name, code), ()):
                    if code not in totals:
                        reached += self._best(name, key, parts, width, hidden)
            edge = [code for code in dict.fromkeys(reached) if code not in chosen]
            chosen += edge
        return chosen

    def _best(
        self, name: str, key: Key, parts: tuple[str, ...], width: int, hidden: Flags
    ) -> list[str]:
        """The parts whose figure here is hidden already or costs least."""
        rest = [pair for pair in key if pair[0] != name]
        ranked = []
        for part in parts:
            at = self.unknowns.number.get((0, tuple(sorted([*rest, (name, part)]))))
            if at is not None and self.unknowns.free[at]:
                ranked.append((not hidden[at], self.unknowns.cost[at], part))
        return [part for _, _, part in sorted(ranked)[:width]]
