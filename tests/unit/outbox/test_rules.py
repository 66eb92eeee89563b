"""When a message is tried again and when it is given up, on a clock and a chance of our own."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import pairwise

import pytest

from ibr.outbox.model import InHand, Settled, Try
from ibr.outbox.rules import MOST_TRIES, WAITS, settled, wait_after

SCHEDULE = [2, 10, 30, 60, 5 * 60, 30 * 60, 2 * 3600, 6 * 3600, 12 * 3600, 24 * 3600, 24 * 3600]
MIDDLE = 0.5


def message(attempts: int) -> InHand:
    return InHand(
        message_no=1,
        partner_id=1,
        origin="https://spmis.example.org",
        kind="on-search",
        address="https://spmis.example.org/callback",
        message_id="m",
        transaction_id="t",
        correlation_id=None,
        programmes=(),
        stream=None,
        sealed=b"",
        attempts=attempts,
    )


def after(attempts: int, tried: Try, chance: float = MIDDLE) -> Settled:
    return settled(message(attempts), tried, lambda: chance)


def failed(seconds: float = 0) -> Try:
    return Try(outcome="http_503", again=True, after=timedelta(seconds=seconds))


def test_the_schedule_is_the_decided_one() -> None:
    waits = [after(tries, failed()).wait for tries in range(1, MOST_TRIES)]
    assert waits == [timedelta(seconds=seconds) for seconds in SCHEDULE]
    assert timedelta(days=2.5) < sum(waits, timedelta(0)) < timedelta(days=3)


def test_after_the_last_try_a_message_is_dead() -> None:
    assert after(MOST_TRIES - 1, failed()).state == "waiting"
    last = after(MOST_TRIES, failed())
    assert (last.state, last.outcome, last.wait) == ("dead", "http_503", None)


@pytest.mark.parametrize("tries", range(1, MOST_TRIES))
def test_chance_moves_a_wait_by_a_fifth_at_most(tries: int) -> None:
    shortest, longest = wait_after(tries, lambda: 0.0), wait_after(tries, lambda: 1.0)
    assert shortest == WAITS[tries - 1] * 0.8
    assert longest == WAITS[tries - 1] * 1.2


def test_messages_that_failed_together_come_back_apart() -> None:
    chance = random.Random(7)
    waits = sorted(settled(message(4), failed(), chance.random).wait for _ in range(200))
    assert len(set(waits)) == 200
    assert waits[-1] - waits[0] > timedelta(seconds=15)
    assert max(b - a for a, b in pairwise(waits)) < timedelta(seconds=3)


def test_a_receivers_wish_is_honoured_up_to_an_hour() -> None:
    assert after(1, failed(120)).wait == timedelta(seconds=120)
    assert after(1, failed(86_400)).wait == timedelta(hours=1)
    # Our own wait is longer here, and stands.
    assert after(7, failed(120)).wait == timedelta(hours=2)


def test_what_is_refused_is_dead_at_once() -> None:
    refused = after(1, Try(outcome="http_404"))
    assert (refused.state, refused.outcome) == ("dead", "http_404")


def test_what_is_delivered_or_withdrawn_is_settled() -> None:
    assert after(3, Try(outcome="ack", delivered=True)).state == "delivered"
    assert after(MOST_TRIES, Try(outcome="ack", delivered=True)).state == "delivered"
    assert after(1, Try(outcome="withdrawn", withdrawn=True)).state == "withdrawn"


def test_what_was_not_sent_does_not_count_even_the_last_time() -> None:
    for attempts in (1, MOST_TRIES, MOST_TRIES + 3):
        kept = after(attempts, Try(outcome="", made=False, after=timedelta(seconds=15)))
        assert (kept.state, kept.counts, kept.wait) == ("waiting", False, timedelta(seconds=15))
        assert kept.outcome is None
