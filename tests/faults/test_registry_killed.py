"""kill -9 of the registry in the middle of deliveries: what was acknowledged is there, once."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.senders import Sent, Town, new_town
from tests.registry_process import RegistryProcess

ROUNDS = 10
# Rounds with a large delivery; in the first two of them the kill comes between two blocks.
_WITH_LARGE = (0, 2, 5)
# Two blocks, so that the registry can die between them.
LARGE = 5_500
_MIDDLE = "select 1 from ibr.delivery where state = 'received' and next_item > 0"
_UNFINISHED = "select 1 from ibr.delivery where state = 'received'"
# The worker leaves a delivery alone for half a minute, and looks every quarter: not in a test.
_HURRY = (
    "update ibr.delivery set received_at = received_at - interval '1 minute' "
    "where state = 'received'",
    "update ibr.job set due_at = now() where done_at is null and leased_until is null",
    "select pg_notify('ibr_job', '')",
)
# How long is between two blocks depends on the machine; a delivery is held there until the kill.
_HOLDS = (
    "create table held_between_blocks ()",
    """
    create function hold_between_blocks() returns trigger security definer language plpgsql as $$
    begin
        while exists (select from public.held_between_blocks) loop
            perform pg_sleep(0.01);
        end loop;
        return new;
    end $$
    """,
    """
    create trigger held before update on ibr.delivery for each row
    when (old.next_item > 0 and new.next_item > old.next_item)
    execute function hold_between_blocks()
    """,
)
_HOLD = "insert into held_between_blocks default values"
_LET_GO = "delete from held_between_blocks"


@pytest.fixture
def registry() -> Iterator[RegistryProcess]:
    running = RegistryProcess()
    try:
        yield running
    finally:
        running.stop()


def test_nothing_acknowledged_is_lost_when_the_registry_is_killed(
    registry: RegistryProcess,
) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    town = new_town(registry, 4)
    for statement in _HOLDS:
        registry.rows(statement)
    registry.start()
    in_the_middle = 0
    for number in range(ROUNDS):
        large = town.message(LARGE) if number in _WITH_LARGE else None
        between = number in (0, 2)
        if between:
            registry.rows(_HOLD)
        with town.sending(large=large):
            if between:
                _wait_for(registry, _MIDDLE, 120)
            else:
                time.sleep(chance.uniform(0.2, 3.0 if large else 1.0))
            registry.kill()
        registry.rows(_LET_GO)
        assert town.lost() == 0, f"seed {seed}, round {number}"
        town.check_half_done()
        left = bool(registry.rows(_UNFINISHED))
        in_the_middle += left
        # Starting is most of a round's time; only what was left half done needs a worker.
        registry.start("--role", "all" if left else "api")
        if left and number != 2:
            _let_the_worker_finish(registry)
        for sent in town.sent:
            if not sent.acknowledged:
                sent.post_until_acknowledged(60)
    town.check_all_there()
    _same_again(town)
    assert in_the_middle >= 2
    print(f"seed {seed}: {len(town.sent)} messages, {in_the_middle} deliveries cut in the middle")


def _let_the_worker_finish(registry: RegistryProcess) -> None:
    for statement in _HURRY:
        registry.rows(statement)
    _wait_for(registry, f"select 1 where not exists ({_UNFINISHED})", 60)


def _wait_for(registry: RegistryProcess, question: str, patience: float) -> None:
    deadline = time.monotonic() + patience
    while not registry.rows(question):
        assert time.monotonic() < deadline, f"{question}\n{registry.log()}"
        time.sleep(0.02)


def _same_again(town: Town) -> None:
    """What is sent again gets the answer of the first time, and changes nothing."""
    again: list[Sent] = [*town.sent[:20], *(each for each in town.sent if len(each.numbers) > 5)]
    for sent in again:
        sent.acknowledged = False
        sent.post_until_acknowledged(10)
    town.check_all_there()


def test_answering_before_the_commit_would_be_seen() -> None:
    """The control: with this fault the test above must lose something."""
    registry = RegistryProcess([str(Path(__file__).with_name("answers_early.py")), "serve"])
    try:
        town = new_town(registry, 4)
        for _ in range(5):
            registry.start("--role", "api")
            with town.sending():
                time.sleep(2.0)
                registry.kill()
            if town.lost():
                break
        assert town.lost() > 0
    finally:
        registry.stop()
