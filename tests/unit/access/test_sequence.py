"""Numbers one after the other are noticed; numbers as people come are not."""

from __future__ import annotations

import random

from ibr.access.budgets.sequence import Trails


def share(values: list[str]) -> float:
    trails = Trails()
    return sum(trails.follow("partner", 1, [value])[0] for value in values) / len(values)


def test_counting_upwards_is_a_sequence() -> None:
    assert share([f"UIN{n:09d}" for n in range(1_000)]) > 0.99


def test_counting_downwards_in_steps_is_one_too() -> None:
    assert share([f"{n}" for n in range(9_000, 1_000, -3)]) > 0.99


def test_a_check_digit_hides_nothing() -> None:
    assert share([f"{n}{n * 7 % 10}" for n in range(10_000, 11_000)]) > 0.99


def test_a_letter_at_the_end_hides_nothing() -> None:
    assert share([f"{n}{'ABCDEFG'[n % 7]}" for n in range(10_000, 11_000)]) > 0.99


def test_four_connections_at_once_hide_nothing() -> None:
    chance = random.Random(1)
    numbers = list(range(2_000))
    mixed = [
        number
        for start in range(0, 2_000, 4)
        for number in chance.sample(numbers[start : start + 4], 4)
    ]
    assert share([f"{n:010d}" for n in mixed]) > 0.95


def test_people_as_they_come_are_no_sequence() -> None:
    chance = random.Random(2)
    assert share([f"{chance.randrange(10**8):09d}" for _ in range(1_000)]) < 0.01


def test_a_small_country_is_no_sequence() -> None:
    chance = random.Random(3)
    assert share([f"{n:09d}" for n in chance.sample(range(5_000), 2_000)]) < 0.2


def test_the_same_person_again_is_no_step() -> None:
    assert share(["123456789"] * 100) == 0


def test_askers_and_kinds_of_number_are_kept_apart() -> None:
    trails = Trails()
    assert trails.follow("partner", 1, ["A100"]) == (False,)
    assert trails.follow("partner", 2, ["A101"]) == (False,)
    assert trails.follow("partner", 1, ["B101"]) == (False,)
    assert trails.follow("partner", 1, ["A101", "A102"]) == (True, True)


def test_what_is_no_number_is_no_step() -> None:
    assert Trails().follow("partner", 1, ["ABC", "1" * 64, ""]) == (False, False, False)


def test_many_askers_take_no_more_memory() -> None:
    trails = Trails()
    for asker in range(10_000):
        trails.follow("partner", asker, ["1"])
    assert len(trails._last) <= 4_096
