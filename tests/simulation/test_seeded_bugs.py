"""The controls of the simulator: each bug put in on purpose is found within a few seeds.

Two of them on every change; all of them with IBR_TEST_SIMULATION=all, which takes minutes.
"""

from __future__ import annotations

import os

import pytest

from tests.simulation.ground import Ground
from tests.simulation.run import simulate
from tests.simulation.seeded_bugs import BUGS

SEEDS = (1006, 3, 6, 7, 8, 9)


ALWAYS = ("acknowledged before the commit", "idempotency key forgotten")
ALL = os.environ.get("IBR_TEST_SIMULATION") == "all"


@pytest.mark.parametrize("bug", BUGS if ALL else ALWAYS)
def test_control_a_bug_is_found(ground: Ground, bug: str) -> None:
    for number, seed in enumerate(SEEDS, 1):
        with BUGS[bug]():
            outcome = simulate(ground, seed)
        if outcome.broken:
            print(f"{bug}: found by {number} seeds, the last {seed}: {outcome.broken[0]}")
            return
    raise AssertionError(f"{bug}: not found by {SEEDS}")
