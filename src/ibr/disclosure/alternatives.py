"""Another table that fits everything shown: the proof that a hidden figure is in doubt."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from scipy import optimize, sparse

from ibr.disclosure.linear import Flags, Floats, Indices, Rows, Unknowns
from ibr.disclosure.rules import Doubt

SLIGHT = 1e-6


class Aim(Struct, frozen=True):
    """A doubt's one side: by how much the true value has to be exceeded, or fallen short of."""

    doubt: Doubt
    form: dict[int, float]
    need: float

    @property
    def signed(self) -> dict[int, float]:
        """The form turned so that it has to grow by the size of the need."""
        sign = 1 if self.need > 0 else -1
        return {number: sign * value for number, value in self.form.items()}


def aims_of(unknowns: Unknowns, found: list[Doubt]) -> list[Aim]:
    """Each side of each doubt that is not met by the true figures already."""
    aims = []
    for doubt in found:
        form = unknowns.form(doubt)
        for need in (doubt.high - doubt.value, doubt.low - doubt.value):
            if abs(need) > SLIGHT:
                aims.append(Aim(doubt, form, need))
    return sorted(aims, key=lambda aim: (aim.doubt.measure, -abs(aim.need), aim.doubt.form))


class Move(Struct, frozen=True):
    """By how much each figure of an alternative table differs from the true one."""

    columns: Indices
    steps: Floats

    def spread(self, size: int) -> Floats:
        """The same over all figures."""
        found = np.zeros(size)
        found[self.columns] = self.steps
        return found


class Problem:
    """The rows of one measure narrowed to some figures, all others staying as they are."""

    def __init__(self, rows: Rows, columns: Indices) -> None:
        self.columns = columns
        equals = rows.equals[:, columns]
        self.equals = equals[np.unique(equals.indices)]
        bounds = rows.bounds[:, columns]
        touched = np.unique(bounds.indices)
        self.bounds, self.room = bounds[touched], rows.room[touched]
        self.down = rows.values[columns] - rows.least[columns]
        self.up = rows.most[columns] - rows.values[columns]

    def form(self, form: dict[int, float]) -> Floats:
        """A form over these figures; what is not among them cannot move."""
        found = np.zeros(len(self.columns))
        at = np.searchsorted(self.columns, list(form))
        for place, (number, value) in zip(at, form.items(), strict=True):
            if place < len(self.columns) and self.columns[place] == number:
                found[place] = value
        return found


def cheapest(problem: Problem, aim: Aim, cost: Floats, whole_numbers: bool) -> Move | None:
    """The alternative table that meets an aim and moves least that is shown; none if there is none.

    Figures move up and down separately so that moving either way costs. All is measured in units
    of the need, so that money is no harder to solve than persons.
    """
    size, unit = len(problem.columns), abs(aim.need)
    form = problem.form(aim.signed)
    if not form.any():
        return None
    both = [sparse.hstack([each, -each], format="csc") for each in (problem.equals, problem.bounds)]
    upper = np.concatenate([problem.up, problem.down]) / unit
    reach = sparse.csc_matrix(-np.concatenate([form, -form]))
    above = sparse.vstack([both[1], reach], format="csc")
    room = np.concatenate([problem.room / unit, [-1.0]])
    twice = np.concatenate([cost, cost]) + SLIGHT
    bounds = np.column_stack([np.zeros(2 * size), upper])
    answer: Any = optimize.linprog(
        twice,
        A_ub=above,
        b_ub=room,
        A_eq=both[0],
        b_eq=np.zeros(both[0].shape[0]),
        bounds=bounds,
        method="highs-ds",
    )
    if answer.status != 0:
        return None
    steps = (answer.x[:size] - answer.x[size:]) * unit
    if whole_numbers and np.any(np.abs(steps - np.round(steps)) > 1e-4):
        return _in_whole_numbers(problem, twice, above, room * unit, upper * unit, both[0])
    if whole_numbers:
        steps = np.round(steps)
    steps[np.abs(steps) < SLIGHT * unit] = 0
    return Move(problem.columns, steps)


def _in_whole_numbers(
    problem: Problem, cost: Floats, above: Any, room: Floats, upper: Floats, equals: Any
) -> Move | None:
    """The same in whole persons, where the quick way cut some of them in pieces."""
    size = len(problem.columns)
    constraints = [optimize.LinearConstraint(above, -np.inf, room)]
    if equals.shape[0]:
        constraints.append(optimize.LinearConstraint(equals, 0, 0))
    answer: Any = optimize.milp(
        cost,
        integrality=np.ones(2 * size),
        bounds=optimize.Bounds(0, upper),
        constraints=constraints,
        options={"node_limit": 5000},
    )
    if answer.x is None:
        return None
    return Move(problem.columns, np.round(answer.x[:size] - answer.x[size:]))


def hidden_columns(unknowns: Unknowns, hidden: Flags) -> Indices:
    """The figures that may differ for a reader."""
    return np.flatnonzero(hidden & unknowns.free).astype(np.int64)
