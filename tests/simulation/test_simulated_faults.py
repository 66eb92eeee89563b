"""One history of faults on every change; `make simulate` runs as many as one has time for.

With IBR_TEST_SIMULATION=all one by chance too, and each of them twice.
"""

from __future__ import annotations

import os
import random

import pytest

from tests.simulation.ground import Ground
from tests.simulation.run import simulate

ALL = os.environ.get("IBR_TEST_SIMULATION") == "all"
SEEDS = {
    "known": 7,
    # By chance, and named by a failure.
    "by chance": int(os.environ.get("IBR_TEST_SEED", random.SystemRandom().randrange(10**6))),
}


@pytest.mark.parametrize("seed", SEEDS if ALL else ("known",))
def test_no_promise_is_broken(ground: Ground, seed: str) -> None:
    one = simulate(ground, SEEDS[seed])
    print(one.told())
    assert not one.broken, one.told()
    # Faults did happen, and what was sent was taken in all the same.
    assert sum(one.happened.values()) > 10
    assert one.acknowledged > 10
    if ALL:
        again = simulate(ground, SEEDS[seed])
        assert one.last_lines == again.last_lines
        assert one.trace == again.trace
