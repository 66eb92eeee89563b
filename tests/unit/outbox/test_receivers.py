"""How much a receiver is given at once: more when it answers, little when it fails."""

from __future__ import annotations

from ibr.outbox.model import Receiver
from ibr.outbox.receivers import FAILURES_TO_OPEN, FIRST_REST, LONGEST_REST, Receivers

GOOD: Receiver = (1, "https://good.example")
BAD: Receiver = (2, "https://bad.example")


def test_a_receiver_nobody_knows_gets_as_many_as_may_be_sent_at_once() -> None:
    receivers = Receivers(4)
    assert receivers.rooms(0) == {}
    assert [receivers.may_send(GOOD, sending) for sending in (0, 3, 4)] == [True, True, False]


def test_a_receiver_that_answers_gets_more_ahead_and_never_more_at_once() -> None:
    receivers = Receivers(4)
    for _ in range(100):
        receivers.answered(GOOD)
    assert receivers.rooms(0)[GOOD] == 32
    assert not receivers.may_send(GOOD, 4)


def test_what_is_in_hand_takes_room() -> None:
    receivers = Receivers(4)
    receivers.claimed(GOOD)
    assert receivers.rooms(0)[GOOD] == 3
    for _ in range(3):
        receivers.claimed(GOOD)
    assert receivers.rooms(0)[GOOD] == 0
    for _ in range(4):
        receivers.let_go(GOOD)
    assert receivers.rooms(0)[GOOD] == 4


def test_a_receiver_that_fails_gets_one_at_a_time() -> None:
    receivers = Receivers(4)
    receivers.failed(BAD, 0)
    assert receivers.rooms(0)[BAD] == 1
    assert receivers.may_send(BAD, 0)
    assert not receivers.may_send(BAD, 1)
    receivers.answered(BAD)
    assert receivers.may_send(BAD, 3)


def test_after_ten_failures_in_a_row_a_receiver_rests() -> None:
    receivers = Receivers(4)
    for _ in range(FAILURES_TO_OPEN - 1):
        receivers.failed(BAD, 100)
    assert not receivers.rests(BAD, 100)
    receivers.failed(BAD, 100)
    assert receivers.rests(BAD, 100 + FIRST_REST - 0.1)
    assert receivers.rooms(100)[BAD] == 0
    assert not receivers.rests(BAD, 100 + FIRST_REST)
    assert receivers.rooms(100 + FIRST_REST)[BAD] == 1
    assert not receivers.rests(GOOD, 100)


def test_the_rest_grows_and_one_answer_ends_it() -> None:
    receivers = Receivers(4)
    for _ in range(FAILURES_TO_OPEN + 20):
        receivers.failed(BAD, 0)
    assert receivers.rests(BAD, LONGEST_REST - 1)
    assert not receivers.rests(BAD, LONGEST_REST)
    receivers.answered(BAD)
    receivers.failed(BAD, 1_000)
    assert not receivers.rests(BAD, 1_000)


def test_one_failure_among_answers_is_no_row_of_failures() -> None:
    receivers = Receivers(4)
    for _ in range(50):
        receivers.failed(BAD, 0)
        receivers.answered(BAD)
    assert not receivers.rests(BAD, 0)
