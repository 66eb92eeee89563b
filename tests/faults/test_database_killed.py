"""kill -9 of PostgreSQL in the middle of deliveries: the registry stays, and loses nothing."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.faults.senders import new_town
from tests.registry_process import RegistryProcess

ROUNDS = 10
LARGE = 5_500
WORKS_AGAIN_SECONDS = 10


@pytest.fixture
def registry() -> Iterator[RegistryProcess]:
    running = RegistryProcess()
    try:
        yield running
    finally:
        running.stop()


def test_nothing_acknowledged_is_lost_when_the_database_is_killed(
    registry: RegistryProcess,
) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    town = new_town(registry, 4)
    registry.start()
    longest = 0.0
    for number in range(ROUNDS):
        large = town.message(LARGE) if number in (0, 4, 7) else None
        town.refused.clear()
        with town.sending(large=large):
            time.sleep(chance.uniform(0.2, 2.0 if large else 1.0))
            registry.kill_database()
            time.sleep(0.3)
            _says_that_it_cannot(registry)
        registry.start_database()
        assert town.refused, "nobody was refused while the database was away"
        for answer in town.refused:
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["retry-after"]) > 0
        longest = max(longest, town.message(1).post_until_acknowledged(WORKS_AGAIN_SECONDS))
        assert town.lost() == 0, f"seed {seed}, round {number}"
        town.check_half_done()
        for sent in town.sent:
            if not sent.acknowledged:
                sent.post_until_acknowledged(60)
    town.check_all_there()
    assert registry.process is not None
    assert registry.process.poll() is None
    print(f"seed {seed}: {len(town.sent)} messages, works again within {longest:.2f} s")


def _says_that_it_cannot(registry: RegistryProcess) -> None:
    """Alive, not ready, and saying when to come again."""
    assert httpx.get(f"{registry.url}/health/live", timeout=5).status_code == 200
    ready = httpx.get(f"{registry.url}/health/ready", timeout=10)
    assert ready.status_code == 503
    assert int(ready.headers["retry-after"]) > 0


def test_a_database_that_confirms_too_early_would_be_seen(registry: RegistryProcess) -> None:
    """The control: with synchronous_commit off the test above must lose something."""
    town = new_town(registry, 4)
    registry.start()
    # The registry refuses to start on such a server, so it becomes one afterwards.
    registry.rows("alter system set synchronous_commit = off")
    registry.rows("select pg_reload_conf()")
    for _ in range(8):
        with town.sending():
            time.sleep(1.0)
            registry.kill_database()
        registry.start_database()
        if town.lost():
            break
        town.message(1).post_until_acknowledged(WORKS_AGAIN_SECONDS)
    assert town.lost() > 0
