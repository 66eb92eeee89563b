"""For small tables, the hidden figures that cost least of all, after Fischetti and Salazar.

Two programs take turns. One chooses what to hide at the least cost among all choices that keep the
inequalities found so far. The other plays the reader: where a figure can be known too well, its
dual says which figures would have put it in doubt, and that becomes the next inequality.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import optimize, sparse

from ibr.disclosure.alternatives import SLIGHT, Aim
from ibr.disclosure.linear import Flags, Floats, Rows, Unknowns

# Beyond these the search may take longer than a page can wait; work is counted, never time, so
# that the same table is always answered the same.
LARGEST = 120
MOST_AIMS = 30
ROUNDS = 25
NODES = 50

Cut = tuple[Floats, float]


def least_hidden(unknowns: Unknowns, first: Flags, aims: list[Aim], quick: Flags) -> Flags | None:
    """The cheapest choice, at most as dear as the quick one; nothing where it takes too long."""
    if int(unknowns.free.sum()) > LARGEST or len(aims) > MOST_AIMS:
        return None
    cost: Floats = np.where(first, 0, np.ceil(100 * unknowns.cost))
    ceiling = float(cost[quick].sum())
    cuts: list[Cut] = []
    chosen = first
    for _ in range(ROUNDS):
        fresh = [cut for aim in aims if (cut := _cut(unknowns, chosen, aim)) is not None]
        if not fresh:
            return chosen
        cuts += fresh
        answer = _choose(unknowns, first, cuts, cost)
        if answer is None:
            return None
        if float(cost[answer].sum()) >= ceiling:
            return quick
        chosen = answer
    return None


def _choose(unknowns: Unknowns, first: Flags, cuts: list[Cut], cost: Floats) -> Flags | None:
    """The cheapest choice that keeps every inequality so far; costs are in whole hundredths."""
    lower = first.astype(float)
    upper = np.where(unknowns.free, 1.0, lower)
    matrix = sparse.csr_matrix(np.array([cut for cut, _ in cuts]))
    needs = np.array([need for _, need in cuts])
    answer: Any = optimize.milp(
        cost,
        integrality=np.ones(len(cost)),
        bounds=optimize.Bounds(lower, upper),
        constraints=[optimize.LinearConstraint(matrix, needs - SLIGHT, np.inf)],
        options={"node_limit": NODES},
    )
    if answer.status != 0:
        return None
    chosen: Flags = answer.x > 0.5
    return chosen


def _cut(unknowns: Unknowns, hidden: Flags, aim: Aim) -> Cut | None:
    """What must be hidden besides, if a reader can hold a form closer than its aim."""
    rows = unknowns.rows_of(aim.doubt.measure)
    unit = abs(aim.need)
    goal = np.zeros(len(hidden))
    for number, value in aim.signed.items():
        goal[number] = value
    down, up = (rows.values - rows.least) / unit, (rows.most - rows.values) / unit
    answer: Any = optimize.linprog(
        -goal,
        A_ub=rows.bounds if rows.bounds.shape[0] else None,
        b_ub=rows.room / unit if rows.bounds.shape[0] else None,
        A_eq=rows.equals if rows.equals.shape[0] else None,
        b_eq=np.zeros(rows.equals.shape[0]) if rows.equals.shape[0] else None,
        bounds=np.column_stack([np.where(hidden, -down, 0.0), np.where(hidden, up, 0.0)]),
        method="highs-ds",
    )
    # Staying as it is always fits, so where there is no highest value it grows without end.
    if answer.status != 0 or -answer.fun >= 1 - SLIGHT:
        return None
    return _inequality(unknowns, rows, goal, answer, (down, up), unit)


def _inequality(
    unknowns: Unknowns,
    rows: Rows,
    goal: Floats,
    answer: Any,
    reach: tuple[Floats, Floats],
    unit: float,
) -> Cut | None:
    """From the dual: how far each figure, once hidden, could carry the form."""
    price = goal.copy()
    spare = 0.0
    if rows.equals.shape[0]:
        price = price + rows.equals.T @ answer.eqlin.marginals
    if rows.bounds.shape[0]:
        slopes = np.minimum(answer.ineqlin.marginals, 0.0)
        price = price + rows.bounds.T @ slopes
        spare = float(-(slopes @ rows.room) / unit)
    price[np.abs(price) < 1e-9] = 0
    down, up = reach
    need = 1.0 - spare
    if need <= SLIGHT:
        return None
    with np.errstate(invalid="ignore"):
        carry = np.where(price > 0, price * up, np.where(price < 0, -price * down, 0.0))
    cut: Floats = np.where(unknowns.free, np.minimum(np.nan_to_num(carry, posinf=need), need), 0.0)
    return cut, need
