"""The figures as numbered unknowns and their sums as sparse rows, to choose what to hide."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ibr.disclosure.model import Cell, Earlier, Key, Measure, Place, Release, Rule, by_key
from ibr.disclosure.rules import Doubt, is_blocked, known_least, resolve, sums_of
from ibr.errors import NotUnderstood

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]

# How much more everybody together costs than what they sum up to says.
WHOLE_COSTS = 10


class Rows:
    """For one measure: the figures, how far each may move, and what adds up to what."""

    def __init__(self, measure: Measure, size: int) -> None:
        self.measure = measure
        self.values: Floats = np.zeros(size)
        self.least: Floats = np.zeros(size)
        self.most: Floats = np.full(size, np.inf)
        self._equal: list[dict[int, float]] = []
        self._above: list[dict[int, float]] = []

    def equal(self, row: dict[int, float]) -> None:
        """A sum of figures that is always zero."""
        self._equal.append(row)

    def never_above(self, row: dict[int, float]) -> None:
        """A sum of figures that is never above zero."""
        self._above.append(row)

    def close(self) -> None:
        """Makes the matrices, and makes sure that the true figures fit them."""
        self.equals = _matrix(self._equal, len(self.values))
        self.bounds = _matrix(self._above, len(self.values))
        self.touches = abs(sparse.vstack([self.equals, self.bounds], format="csr"))
        self.room: Floats = -(self.bounds @ self.values)
        if np.any(np.abs(self.equals @ self.values) > 0.5) or np.any(self.room < -0.5):
            raise NotUnderstood(
                "disclosure.sums",
                "The parts of a total do not add up to it. Work all cells out from the same"
                " people, and say of a dimension where people stand twice that it is not additive.",
            )


def _matrix(rows: list[dict[int, float]], width: int) -> Any:
    at = [i for i, row in enumerate(rows) for _ in row]
    columns = [column for row in rows for column in row]
    data = [value for row in rows for value in row.values()]
    return sparse.csc_matrix((data, (at, columns)), shape=(len(rows), width), dtype=float)


class Unknowns:
    """Every figure of every release by number, in one order, with what hiding it costs."""

    def __init__(self, release: Release, rule: Rule, earlier: tuple[Earlier, ...]) -> None:
        self.release, self.rule, self.earlier = release, rule, earlier
        places = resolve(release, earlier)
        cells: dict[Place, Cell] = {}
        for place, cell in places.values():
            cells.setdefault(place, cell)
        self.places = sorted(cells)
        self.number = {place: i for i, place in enumerate(self.places)}
        self.at = {given: self.number[place] for given, (place, _) in places.items()}
        self.cells = [cells[place] for place in self.places]
        size = len(self.places)
        self.free: Flags = np.zeros(size, dtype=bool)
        self.hidden: Flags = np.zeros(size, dtype=bool)
        self.cost: Floats = np.zeros(size)
        self.deepest = max((len(key) for _, key in self.places), default=0)
        self._who_may_move()
        self.measures = [self._rows("count")]
        if any(cell.amount is not None for cell in self.cells):
            self.measures.append(self._rows("amount"))

    def _who_may_move(self) -> None:
        """A figure shown before, or a zero that anybody sees, can no longer be hidden."""
        known = set()
        for wave, each in enumerate(self.earlier, start=1):
            for key, cell in by_key(each.release).items():
                if key not in each.hidden and not cell.withheld:
                    known.add(self.at[wave, key])
        for i, ((wave, key), cell) in enumerate(zip(self.places, self.cells, strict=True)):
            seen_empty = (
                cell.count == 0
                and not cell.withheld
                and self.rule.zeros_shown
                and not is_blocked(key, self.rule.blocked)
            )
            self.free[i] = i not in known and not seen_empty
            self.hidden[i] = self.free[i] and (wave > 0 or cell.withheld)
            self.cost[i] = (1 + np.log2(1 + cell.count)) * self._weight(key)
            if wave == 0 and any(
                key in each.hidden and self.at.get((n, key)) == i
                for n, each in enumerate(self.earlier, start=1)
            ):
                self.cost[i] /= 16  # what was hidden before is missed least

    def _weight(self, key: Key) -> float:
        """A total costs more the more it sums up; everybody together is missed most of all."""
        breadth = self.deepest - len(key)
        return (1 + breadth * (breadth + 1) / 2) * (1 if key else WHOLE_COSTS)

    def _rows(self, measure: Measure) -> Rows:
        rows = Rows(measure, len(self.places))
        for i, ((_, key), cell) in enumerate(zip(self.places, self.cells, strict=True)):
            if measure == "count":
                rows.values[i] = cell.count
                rows.least[i] = known_least(key, cell, self.rule)
                rows.most[i] = np.inf if cell.base is None else cell.base
            else:
                rows.values[i] = cell.amount or 0
        for wave, each in enumerate((Earlier(self.release), *self.earlier)):
            self._add_sums(rows, wave, each)
        rows.close()
        return rows

    def _add_sums(self, rows: Rows, wave: int, each: Earlier) -> None:
        for total, parts, additive in sums_of(each.release):
            whole = self.at[wave, total]
            numbers = [self.at[wave, part] for part in parts]
            if rows.measure == "amount" and any(
                self.cells[number].amount is None for number in (whole, *numbers)
            ):
                continue
            row = {whole: 1.0} | dict.fromkeys(numbers, -1.0)
            if additive or rows.measure == "amount":
                rows.equal(row)
                continue
            rows.never_above(row)
            for number in numbers:
                rows.never_above({number: 1.0, whole: -1.0})
        if wave and each.relation == "contained":
            for key in by_key(each.release):
                if (0, key) in self.at:
                    rows.never_above({self.at[wave, key]: 1.0, self.at[0, key]: -1.0})

    def rows_of(self, measure: Measure) -> Rows:
        """The rows of one measure."""
        return next(each for each in self.measures if each.measure == measure)

    def form(self, doubt: Doubt) -> dict[int, float]:
        """A doubt's figures by number."""
        found: dict[int, float] = {}
        for place, sign in doubt.form:
            number = self.at[place]
            found[number] = found.get(number, 0) + sign
        return found
