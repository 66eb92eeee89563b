"""Which further figures to hide: quickly, one alternative table after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from ibr.disclosure.alternatives import SLIGHT, Aim, Move, Problem, cheapest, hidden_columns
from ibr.disclosure.linear import Flags, Indices, Unknowns
from ibr.disclosure.neighbours import WIDTHS, Neighbours

# From how many hidden figures on only the near ones are tried first, and how near that is.
MANY = 300
HOPS = 4
# After how many tries it is asked whether trying the hidden ones first is of use: once in so many.
FIRST_TRIES = 100
RARELY = 8


class Cover:
    """The figures hidden so far, and for each aim the alternative table that meets it."""

    def __init__(self, unknowns: Unknowns, hidden: Flags) -> None:
        self.unknowns = unknowns
        self.hidden = hidden.copy()
        self.first = hidden.copy()
        self.neighbours = Neighbours(unknowns)
        self.moves: list[Move] = []
        self.meets: dict[int, int] = {}  # number of an aim: number of the move that meets it
        self.tried = self.found = 0
        self.unmet: list[Aim] = []  # no table whatever meets it: it was known beforehand

    def all_of(self, aims: list[Aim]) -> None:
        """Meets every aim, hiding what that takes."""
        shares = self._shares(aims)
        for number, aim in enumerate(aims):
            if number in self.meets:
                continue
            move = self._found(aim)
            if move is None:
                self.unmet.append(aim)
                move = self._as_far_as_possible(aim)
            if move is None:
                continue
            self._take(move, number, aims, shares)

    def _shares(self, aims: list[Aim]) -> Any:
        """For each aim a row that says what share of it a move of all figures reaches."""
        found = [(i, at, v / aim.need) for i, aim in enumerate(aims) for at, v in aim.form.items()]
        rows, columns, data = zip(*found, strict=True) if found else ((), (), ())
        return sparse.csr_matrix((data, (rows, columns)), shape=(len(aims), len(self.hidden)))

    def _take(self, move: Move, number: int, aims: list[Aim], shares: Any) -> None:
        moved = move.columns[np.abs(move.steps) > 0]
        self.hidden[moved] = True
        self.moves.append(move)
        self.meets[number] = len(self.moves) - 1
        reached = shares @ move.spread(len(self.hidden))
        for other in np.flatnonzero(reached >= 1 - SLIGHT).tolist():
            if aims[other].doubt.measure == aims[number].doubt.measure:
                self.meets.setdefault(other, len(self.moves) - 1)

    def _found(self, aim: Aim) -> Move | None:
        # What is hidden already costs nothing; in large tables only what lies near is tried, and
        # where that has nearly always failed so far, it is not tried first: the figures near by,
        # among which the hidden ones cost nothing either, are tried next in any case.
        if self.tried < FIRST_TRIES or self.found * RARELY > self.tried:
            self.tried += 1
            if (move := self._within(aim, self._hidden_near(aim))) is not None:
                self.found += 1
                return move
        for width, steps in WIDTHS:
            columns = self.neighbours.around(list(aim.form), width, steps, self.hidden)
            if (move := self._within(aim, columns)) is not None:
                return move
        return self._within(aim, np.flatnonzero(self.unknowns.free).astype(np.int64))

    def _hidden_near(self, aim: Aim) -> Indices:
        """The hidden figures that share a sum with the aim's, or with one that does, and so on."""
        columns = hidden_columns(self.unknowns, self.hidden)
        if len(columns) <= MANY:
            return columns
        rows = self.unknowns.rows_of(aim.doubt.measure)
        marks = rows.touches[:, columns]
        reached = np.isin(columns, list(aim.form))
        for _ in range(HOPS):
            lines = (marks @ reached.astype(np.float64)) > 0
            reached |= (marks.T @ lines.astype(np.float64)) > 0
            if reached.sum() > MANY:
                break
        return columns[reached]

    def _within(self, aim: Aim, columns: Indices) -> Move | None:
        problem = Problem(self.unknowns.rows_of(aim.doubt.measure), columns)
        cost = np.where(self.hidden[columns], 0.0, self.unknowns.cost[columns])
        return cheapest(problem, aim, cost, whole_numbers=aim.doubt.measure == "count")

    def _as_far_as_possible(self, aim: Aim) -> Move | None:
        """Where others or earlier releases tell more already, all the doubt that is left."""
        low, high = 0.0, abs(aim.need)
        best = None
        sign = 1 if aim.need > 0 else -1
        while high - low > max(1.0, 0.01 * abs(aim.need)):
            middle = np.ceil((low + high) / 2)
            less = Aim(aim.doubt, aim.form, sign * middle)
            move = self._within(less, np.flatnonzero(self.unknowns.free).astype(np.int64))
            if move is None:
                high = middle - 1 if aim.doubt.measure == "count" else middle
            else:
                best, low = move, middle
            if high <= low:
                break
        if best is None and high >= 1:
            less = Aim(aim.doubt, aim.form, sign * 1.0)
            best = self._within(less, np.flatnonzero(self.unknowns.free).astype(np.int64))
        return best

    def give_back(self, aims: list[Aim], tries: int) -> None:
        """Shows again what no alternative table needs, then what the tables can do without."""
        self._drop_unused()
        extra = np.flatnonzero(self.hidden & ~self.first)
        order = sorted(extra.tolist(), key=lambda at: (-self.unknowns.cost[at], at))
        for at in order[:tries]:
            if self.hidden[at]:
                self._without(at, aims)

    def _drop_unused(self) -> None:
        used = self.first.copy()
        for number in set(self.meets.values()):
            move = self.moves[number]
            used[move.columns[np.abs(move.steps) > 0]] = True
        self.hidden = used

    def _without(self, at: int, aims: list[Aim]) -> None:
        """Tries to meet every aim that needs a figure without it."""
        needing = [
            aim for aim, number in sorted(self.meets.items()) if self._moves(self.moves[number], at)
        ]
        trial = self.hidden.copy()
        trial[at] = False
        columns = hidden_columns(self.unknowns, trial)
        found: dict[int, Move] = {}
        for number in needing:
            aim = aims[number]
            if aim in self.unmet:
                return
            problem = Problem(self.unknowns.rows_of(aim.doubt.measure), columns)
            whole = aim.doubt.measure == "count"
            move = cheapest(problem, aim, np.zeros(len(columns)), whole_numbers=whole)
            if move is None:
                return
            found[number] = move
        for number, move in found.items():
            self.moves.append(move)
            self.meets[number] = len(self.moves) - 1
        self._drop_unused()

    @staticmethod
    def _moves(move: Move, at: int) -> bool:
        place = int(np.searchsorted(move.columns, at))
        return (
            place < len(move.columns) and move.columns[place] == at and abs(move.steps[place]) > 0
        )
