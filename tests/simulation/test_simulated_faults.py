"""One history of faults on every change; `make simulate` runs as many as one has time for.

With IBR_TEST_SIMULATION=all one by chance too, and one twice.
"""

from __future__ import annotations

import os
import random

import pytest

from tests.simulation.ground import Ground
from tests.simulation.run import simulate

KNOWN = 7
# By chance, and named by a failure.
BY_CHANCE = int(os.environ.get("IBR_TEST_SEED", random.SystemRandom().randrange(10**6)))
needs_minutes = pytest.mark.skipif(
    os.environ.get("IBR_TEST_SIMULATION") != "all",
    reason="takes minutes; run with IBR_TEST_SIMULATION=all",
)


def test_no_promise_is_broken(ground: Ground) -> None:
    one = simulate(ground, KNOWN)
    print(one.told())
    assert not one.broken, one.told()
    # Faults did happen, and what was sent was taken in all the same.
    assert sum(one.happened.values()) > 10
    assert one.acknowledged > 10


@needs_minutes
def test_a_seed_is_one_history(ground: Ground) -> None:
    one, again = simulate(ground, KNOWN), simulate(ground, KNOWN)
    assert one.last_lines == again.last_lines
    assert one.trace == again.trace


@needs_minutes
def test_no_promise_is_broken_by_faults_that_nobody_chose(ground: Ground) -> None:
    outcome = simulate(ground, BY_CHANCE)
    print(outcome.told())
    assert not outcome.broken, outcome.told()
