"""The controls of the simulator: each bug put in on purpose is found within a few seeds."""

from __future__ import annotations

import pytest

from tests.simulation.ground import Ground
from tests.simulation.run import simulate
from tests.simulation.seeded_bugs import BUGS

SEEDS = (1006, 3, 6, 7, 8, 9)


@pytest.mark.parametrize("bug", BUGS)
def test_control_a_bug_is_found(ground: Ground, bug: str) -> None:
    for number, seed in enumerate(SEEDS, 1):
        with BUGS[bug]():
            outcome = simulate(ground, seed)
        if outcome.broken:
            print(f"{bug}: found by {number} seeds, the last {seed}: {outcome.broken[0]}")
            return
    raise AssertionError(f"{bug}: not found by {SEEDS}")
