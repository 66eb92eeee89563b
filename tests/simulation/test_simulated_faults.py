"""A few histories of faults on every change; `make simulate` runs as many as one has time for."""

from __future__ import annotations

import os
import random

from tests.simulation.ground import Ground
from tests.simulation.run import simulate

# One that is always the same, and one by chance, which a failure names.
KNOWN = 7
BY_CHANCE = int(os.environ.get("IBR_TEST_SEED", random.SystemRandom().randrange(10**6)))


def test_no_promise_is_broken_and_a_seed_is_one_history(ground: Ground) -> None:
    one, again = simulate(ground, KNOWN), simulate(ground, KNOWN)
    print(one.told())
    assert not one.broken, one.told()
    # Faults did happen, and what was sent was taken in all the same.
    assert sum(one.happened.values()) > 10
    assert one.acknowledged > 10
    assert one.last_lines == again.last_lines
    assert one.trace == again.trace


def test_no_promise_is_broken_by_faults_that_nobody_chose(ground: Ground) -> None:
    outcome = simulate(ground, BY_CHANCE)
    print(outcome.told())
    assert not outcome.broken, outcome.told()
