"""A reader who adds, subtracts and solves: how closely can each hidden figure be known?

This is written on its own, from the tables as readers have them, and shares nothing with the code
that chooses what to hide except the model and the rule. It is the judge of that code.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any

import numpy as np
from msgspec import Struct
from scipy import sparse

from ibr.disclosure.model import Key, Measure, by_key
from ibr.disclosure.published import Solver, View, solve
from ibr.disclosure.rules import Doubt, doubts, is_small, sums_of

NEAR = 1e-5


class Interval(Struct, frozen=True):
    """The lowest and the highest value that fits everything published."""

    low: float
    high: float


class Breach(Struct, frozen=True):
    """A figure, or a sum of some, that can be known more closely than the rule allows."""

    doubt: Doubt
    low: float
    high: float


class _Side(Struct, frozen=True):
    """One end of a doubt: `sign` times the form must be able to reach `goal`."""

    doubt: Doubt
    form: dict[int, float]
    sign: int
    goal: float


def intervals(
    view: View, measure: Measure = "count", keys: Iterable[Key] | None = None
) -> dict[Key, Interval]:
    """For each cell that is not shown, or each that is asked for, how closely it can be known."""
    solver = Solver(view, measure)
    wanted = by_key(view.release) if keys is None else keys
    return {
        key: Interval(solver.extreme({at: 1.0}, -1), solver.extreme({at: 1.0}, 1))
        for key in wanted
        if key not in view.shown
        for at in (solver.column(0, key),)
    }


def breaches(view: View) -> list[Breach]:
    """Everything that is known more closely than the rule allows, and was not so before.

    What earlier releases, public denominators and the zeros tell without the new figures is not
    the new release's doing, and is left aside here; `protect` names it.
    """
    wanted = [*doubts(view.release, view.rule, view.earlier), *small_groups(view)]
    found = []
    for measure in ("count", "amount"):
        asked = [doubt for doubt in wanted if doubt.measure == measure]
        if not asked:
            continue
        solver = Solver(view, measure)
        missed = {id(side.doubt): side.doubt for side in _missed(solver, asked)}
        if missed:
            alone = Solver(view, measure, before=True)
            found += [
                breach
                for doubt in missed.values()
                if (breach := _judged(doubt, solver, alone)) is not None
            ]
    return found


def small_groups(view: View) -> list[Doubt]:
    """Small cells of one line taken together, while together they are still too few."""
    cells = by_key(view.release)
    found = {}
    for _, parts, additive in sums_of(view.release):
        small = [
            part for part in parts if cells[part].count and is_small(cells[part].count, view.rule)
        ]
        if not additive:
            continue
        for group in {tuple(small), *combinations(small[:6], 2)}:
            value = sum(cells[part].count for part in group)
            if len(group) > 1 and value < view.rule.minimum:
                form = tuple(((0, part), 1) for part in group)
                found[form] = Doubt("count", form, 0, value, value, view.rule.far, "small")
    return list(found.values())


def _sides(solver: Solver, doubt: Doubt) -> list[_Side]:
    form: dict[int, float] = {}
    for (wave, key), sign in doubt.form:
        at = solver.column(wave, key)
        form[at] = form.get(at, 0.0) + sign
    return [
        _Side(doubt, form, 1, doubt.high - doubt.constant),
        _Side(doubt, form, -1, doubt.constant - doubt.low),
    ]


def _short(reached: float, goal: float) -> bool:
    return reached < goal - NEAR * max(1.0, abs(goal))


def _missed(solver: Solver, asked: list[Doubt]) -> list[_Side]:
    """The sides that no table reaches: many are asked for at once, the rest one by one."""
    sides = [side for doubt in asked for side in _sides(solver, doubt)]
    by_part: dict[int, list[_Side]] = {}
    alone: list[_Side] = []
    for side in sides:
        parts = {solver.part_of(column) for column in side.form}
        if len(parts) == 1 and (part := parts.pop()) is not None:
            by_part.setdefault(part, []).append(side)
        else:
            alone.append(side)
    for part, left in sorted(by_part.items()):
        rest = left
        while len(rest) > 2:
            still = _together(solver, part, rest)
            if len(still) == len(rest):
                break
            rest = still
        alone += rest
    return [
        side
        for side in alone
        if _short(side.sign * solver.extreme(side.form, side.sign), side.goal)
    ]


def _together(solver: Solver, part: int, sides: list[_Side]) -> list[_Side]:
    """One table that reaches as many sides as it can; returns those that it does not reach."""
    columns, matrix, lower, upper, least, most = solver.program(part)
    size, count = len(columns), len(sides)
    unit = solver.unit(lower, upper)
    place = {int(solver.unknown[column]): i for i, column in enumerate(columns)}
    rows, where, data, room = [], [], [], []
    for i, side in enumerate(sides):
        for column, value in side.form.items():
            rows.append(i)
            where.append(place[column])
            data.append(-side.sign * value)
        room.append(0.0)
    forms = sparse.csr_matrix((data, (rows, where)), shape=(count, size))
    lines = sparse.vstack(
        [
            sparse.hstack([matrix, sparse.csr_matrix((matrix.shape[0], count))]),
            sparse.hstack([forms, sparse.identity(count)]),
        ],
        format="csr",
    )
    goals = np.array([side.goal for side in sides]) / unit
    none = np.full(count, -np.inf)
    answer: Any = solve(
        np.concatenate([np.zeros(size), -np.ones(count)]),
        lines,
        (np.concatenate([lower / unit, none]), np.concatenate([upper / unit, room])),
        (np.concatenate([least / unit, none]), np.concatenate([most / unit, goals])),
    )
    if answer.status != 0:
        return sides
    reached = -(forms @ answer.x[:size])
    return [
        side for side, value, goal in zip(sides, reached, goals, strict=True) if _short(value, goal)
    ]


def _judged(doubt: Doubt, solver: Solver, alone: Solver) -> Breach | None:
    """Whether the new figures are to blame for what can be known."""
    ends = []
    blame = False
    for side in _sides(solver, doubt):
        reached = side.sign * solver.extreme(side.form, side.sign)
        ends.append(side.sign * reached + doubt.constant)
        if _short(reached, side.goal):
            form = next(each.form for each in _sides(alone, doubt) if each.sign == side.sign)
            most = side.sign * alone.extreme(form, side.sign)
            blame = blame or _short(reached, min(most, side.goal))
    return Breach(doubt, ends[1], ends[0]) if blame else None
