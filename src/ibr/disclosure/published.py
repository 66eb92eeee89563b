"""Everything published, written as one linear program as a patient reader would write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy import optimize, sparse

from ibr.disclosure.model import (
    Cell,
    Earlier,
    Key,
    Measure,
    Place,
    Release,
    Rule,
    Shown,
    Table,
    by_key,
)
from ibr.disclosure.rules import is_blocked, known_least


class View(Struct, frozen=True):
    """What a reader has: the shape of the tables, the figures shown, the shares, the past.

    The true figures of hidden cells stand in `release` too; they are used only to say which parts
    are there at all, which denominators are public, and what the rule promises to keep in doubt.
    """

    release: Release
    rule: Rule
    shown: Mapping[Key, Shown]
    ratios: tuple[tuple[Key, Key, float, float], ...] = ()
    earlier: tuple[Earlier, ...] = ()


class Solver:
    """The linear program of one measure over everything published."""

    def __init__(self, view: View, measure: Measure, *, before: bool = False) -> None:
        """With `before`, what could be known without the new release's figures."""
        self.view, self.measure = view, measure
        self.columns: dict[Place, int] = {}
        self.low: list[float] = []
        self.high: list[float] = []
        self.same: dict[Place, Place] = {}
        self.lines: list[tuple[dict[int, float], float, float]] = []
        self._figures(before)
        for wave, each in enumerate((Earlier(view.release), *view.earlier)):
            self._tables(wave, each.release)
            if wave and each.relation == "contained":
                self._growth(wave, each)
        for over, under, value, half in () if before or measure == "amount" else view.ratios:
            self._share(over, under, value, half)
        self._close()

    def _figures(self, before: bool) -> None:
        """A column for each figure, with what is printed of it as its bounds."""
        first: dict[tuple[Key, int, int | None], Place] = {}
        for wave, each in enumerate((Earlier(self.view.release), *self.view.earlier)):
            for key, cell in by_key(each.release).items():
                place = (wave, key)
                if each.relation == "same":
                    place = first.setdefault((key, cell.count, cell.amount), place)
                self.same[wave, key] = place
                if place not in self.columns:
                    self._figure(place, cell)
                at = self.columns[place]
                true = cell.count if self.measure == "count" else cell.amount
                if wave and key not in each.hidden and not cell.withheld and true is not None:
                    self._pin(at, true, 0)
                if not wave and not before and (shown := self.view.shown.get(key)) is not None:
                    value = shown.count if self.measure == "count" else shown.amount
                    if value is not None:
                        self._pin(at, value, shown.half if self.measure == "count" else 0)

    def _figure(self, place: Place, cell: Cell) -> None:
        """What is known of a figure without its being printed: the rule and the denominator."""
        key, rule = place[1], self.view.rule
        self.columns[place] = len(self.low)
        least, most = 0.0, float("inf")
        if self.measure == "count":
            least = float(known_least(key, cell, rule))
            most = most if cell.base is None else float(cell.base)
        judged = rule.zeros_shown and not cell.withheld and not is_blocked(key, rule.blocked)
        if judged and not cell.count:
            most = 0.0
        self.low.append(least)
        self.high.append(most)

    def _pin(self, at: int, value: float, half: int) -> None:
        self.low[at] = max(self.low[at], value - half)
        self.high[at] = min(self.high[at], value + half)

    def column(self, wave: int, key: Key) -> int:
        """Where a figure stands."""
        return self.columns[self.same[wave, key]]

    def _tables(self, wave: int, release: Release) -> None:
        """Every line of every table, read off cell by cell."""
        whole = {each.name: each.whole for each in release.dimensions}
        for table in release.tables:
            at: dict[tuple[str, ...], int] = {}
            blank = set()
            for cell in table.cells:
                pairs = zip(table.dimensions, cell.codes, strict=True)
                key = tuple(sorted(pair for pair in pairs if pair[1] != whole[pair[0]]))
                at[cell.codes] = self.column(wave, key)
                if self.measure == "amount" and cell.amount is None:
                    blank.add(cell.codes)
            self._lines(release, table, at, blank)

    def _lines(
        self,
        release: Release,
        table: Table,
        at: dict[tuple[str, ...], int],
        blank: set[tuple[str, ...]],
    ) -> None:
        described = {each.name: each for each in release.dimensions}
        for axis, name in enumerate(table.dimensions):
            rests: dict[str, list[tuple[str, ...]]] = {}
            for codes in at:
                rests.setdefault(codes[axis], []).append(codes)
            for group in described[name].groups:
                for codes in rests.get(group.total, ()):
                    ends = (group.total, *group.parts)
                    line = [(*codes[:axis], code, *codes[axis + 1 :]) for code in ends]
                    there = [each for each in line if each in at]
                    if len(there) > 1 and not blank.intersection(there):
                        self._line([at[each] for each in there], described[name].adds_up(group))

    def _line(self, numbers: list[int], additive: bool) -> None:
        total, *parts = numbers
        row = dict.fromkeys(parts, 1.0)
        row[total] = -1.0
        if additive or self.measure == "amount":
            self.lines.append((row, 0.0, 0.0))
            return
        self.lines.append((row, 0.0, np.inf))
        for part in parts:
            self.lines.append(({total: 1.0, part: -1.0}, 0.0, np.inf))

    def _growth(self, wave: int, each: Earlier) -> None:
        for key in by_key(each.release):
            if (0, key) in self.same and self.column(0, key) != self.column(wave, key):
                row = {self.column(0, key): 1.0, self.column(wave, key): -1.0}
                self.lines.append((row, 0.0, np.inf))

    def _share(self, over: Key, under: Key, value: float, half: float) -> None:
        """A share with its rounding, multiplied out: it bounds one figure by the other."""
        top, bottom = self.column(0, over), self.column(0, under)
        self.lines.append(({top: 1.0, bottom: -(value - half)}, 0.0, np.inf))
        self.lines.append(({top: 1.0, bottom: -(value + half)}, -np.inf, 0.0))

    def _close(self) -> None:
        """Puts known figures in, so that only unknown ones are left to solve for."""
        low, high = np.array(self.low), np.array(self.high)
        self.unknown = np.flatnonzero(high - low > 0)
        self.known = np.where(high - low > 0, 0.0, low)
        open_, above = low[self.unknown], high[self.unknown]
        data: list[float] = []
        where: list[tuple[int, int]] = []
        lower: list[float] = []
        upper: list[float] = []
        number = {int(column): i for i, column in enumerate(self.unknown)}
        for row, least, most in self.lines:
            fixed = sum(value * self.known[c] for c, value in row.items())
            left = {number[c]: value for c, value in row.items() if c in number}
            if left:
                data += list(left.values())
                where += [(len(lower), column) for column in left]
                lower.append(least - fixed)
                upper.append(most - fixed)
        shape = (len(lower), len(self.unknown))
        pairs = np.array(where, dtype=int).reshape(-1, 2).T
        self.matrix = sparse.csr_matrix((np.array(data, dtype=float), pairs), shape=shape)
        self.sides = (np.array(lower), np.array(upper))
        self.box = (open_, above)
        self.number = number
        self._parts()

    def _parts(self) -> None:
        """Unknowns that share no line know nothing of each other and are solved apart."""
        size = len(self.unknown)
        graph = self.matrix.T @ self.matrix
        self.part: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        if size:
            self.part = sparse.csgraph.connected_components(graph, directed=False)[1]

    def part_of(self, column: int) -> int | None:
        """Which part an unknown belongs to; none where it is known."""
        at = self.number.get(column)
        return None if at is None else int(self.part[at])

    def program(self, part: int) -> tuple[Any, ...]:
        """The lines of one part, between which sides they lie, and the box of its unknowns."""
        columns = np.flatnonzero(self.part == part)
        matrix = self.matrix[:, columns]
        rows = np.unique(matrix.tocsc().indices)
        lower, upper = self.sides[0][rows], self.sides[1][rows]
        return columns, matrix[rows], lower, upper, self.box[0][columns], self.box[1][columns]

    def extreme(self, form: Mapping[int, float], sign: int) -> float:
        """The highest (1) or lowest (-1) value of a sum of figures."""
        fixed = sum(value * self.known[c] for c, value in form.items())
        moving = {self.number[c]: value for c, value in form.items() if c in self.number}
        total = fixed
        for part in {int(self.part[c]) for c in moving}:
            inside = {c: v for c, v in moving.items() if self.part[c] == part}
            total += self._solve(part, inside, sign)
        return float(total)

    def _solve(self, part: int, form: Mapping[int, float], sign: int) -> float:
        columns, matrix, lower, upper, least, most = self.program(part)
        goal = np.zeros(len(columns))
        for column, value in form.items():
            goal[np.searchsorted(columns, column)] = -sign * value
        unit = self.unit(lower, upper)
        answer = solve(goal, matrix, (lower / unit, upper / unit), (least / unit, most / unit))
        if answer.status == 3:
            return sign * float("inf")
        if answer.status != 0:
            raise ArithmeticError("What is published contradicts itself.")
        return float(-sign * answer.fun * unit)

    def unit(self, lower: Any, upper: Any) -> float:
        """Money is solved for in units of its own size, persons one by one."""
        if self.measure == "count":
            return 1.0
        sizes = np.abs(np.concatenate([lower, upper]))
        sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
        return float(np.median(sizes)) / 100 if len(sizes) else 1.0


def solve(goal: Any, matrix: Any, sides: tuple[Any, Any], box: tuple[Any, Any]) -> Any:
    """The least value of a goal over lines between two sides, unknowns within a box."""
    answer = _solve(goal, matrix, sides, box, presolve=True)
    if answer.status in {0, 3}:
        return answer
    # The preparation may stop at "infeasible or unbounded" without saying which of the two.
    return _solve(goal, matrix, sides, box, presolve=False)


def _solve(
    goal: Any, matrix: Any, sides: tuple[Any, Any], box: tuple[Any, Any], *, presolve: bool
) -> Any:
    lower, upper = sides
    equal = lower == upper
    above, below = ~equal & np.isfinite(upper), ~equal & np.isfinite(lower)
    return optimize.linprog(
        goal,
        A_ub=sparse.vstack([matrix[above], -matrix[below]], format="csr"),
        b_ub=np.concatenate([upper[above], -lower[below]]),
        A_eq=matrix[equal],
        b_eq=lower[equal],
        bounds=np.column_stack(box),
        method="highs",
        options={"presolve": presolve},
    )
