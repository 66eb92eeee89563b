"""Which counts are an alarm: worked examples, each beside one that is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ibr.access.budgets.judge import judge, near_the_limit, never_known, out_of_reach
from ibr.access.budgets.model import Account, Used

AT = datetime(2026, 11, 23, 12, 15, tzinfo=UTC)


def used(kind: str = "partner", **counts: Any) -> Used:
    account = Account(AT.date(), kind, 7, "")
    counts.setdefault("hour", 12)
    return Used(account=account, **counts)


@pytest.mark.parametrize(
    ("counted", "rules"),
    [
        # A ministry checks 400 applicants, as they come, a third of them enrolled somewhere.
        (used(hour_people=400, hour_found=130, hour_in_sequence=8), []),
        # A script counts upwards through numbers, most of which nobody has.
        (used(hour_people=400, hour_found=4, hour_in_sequence=399), ["guessing"]),
        # A district enrols people whose numbers were issued one after the other.
        (used(hour_people=400, hour_found=300, hour_in_sequence=390), ["sequential"]),
        # Too few to say anything.
        (used(hour_people=199, hour_found=0, hour_in_sequence=198), []),
        # The same counts of an hour that is over.
        (used(hour=11, hour_people=400, hour_found=4, hour_in_sequence=399), []),
        # Stolen lists: in no order, and nobody is found.
        (used(hour_people=1_000, hour_found=9), ["low_hit_rate"]),
        (used(hour_people=1_000, hour_found=10), []),
        (used("officer", hour_people=60, hour_found=5), ["low_hit_rate"]),
        (used("officer", hour_people=60, hour_found=6), []),
        (used("officer", hour_people=30, hour_found=0, hour_in_sequence=15), ["guessing"]),
        (used("officer", hour_people=30, hour_found=0, hour_in_sequence=14), []),
        (used(refused=1), ["used_up"]),
        (used("officer", at_night=5), ["at_night"]),
        (used("officer", at_night=4), []),
        # Systems work at night.
        (used(at_night=500), []),
    ],
)
def test_the_rules_of_counts(counted: Used, rules: list[str]) -> None:
    assert [each.rule for each in judge(counted, AT)] == rules


def test_an_alarm_says_its_counts_and_nobody() -> None:
    alarm = judge(used(hour_people=400, hour_in_sequence=400, people=900, allowed=1_000), AT)[0]
    assert alarm.facts["people"] == 400
    assert alarm.facts["today"] == 900
    assert alarm.subject is None


@pytest.mark.parametrize(
    ("people", "unknown", "told"), [(200, 180, True), (200, 179, False), (199, 199, False)]
)
def test_people_known_nowhere(people: int, unknown: int, told: bool) -> None:
    assert never_known(people, unknown) is told


@pytest.mark.parametrize(
    ("people", "outside", "told"), [(10, 5, True), (11, 5, False), (4, 4, False)]
)
def test_people_out_of_reach(people: int, outside: int, told: bool) -> None:
    assert out_of_reach(people, outside) is told


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ([(999, 1_000)] * 7, True),
        ([(800, 1_000)] * 5 + [(0, 1_000)] * 2, True),
        ([(800, 1_000)] * 4, False),
        ([(799, 1_000)] * 7, False),
        ([(0, 0)] * 7, False),
    ],
)
def test_the_slow_one_is_seen_over_the_week(days: list[tuple[int, int]], told: bool) -> None:
    assert near_the_limit(days) is told
