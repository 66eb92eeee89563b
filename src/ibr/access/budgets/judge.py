"""Which counts are an alarm. Pure, so that an officer can be shown why, and a test every edge."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import msgspec

from ibr.access.budgets.model import Used

# Every rule by name; docs/explanation/budgets.md says what each is for, with an example.
USED_UP: Final = "used_up"
SEQUENTIAL: Final = "sequential"
GUESSING: Final = "guessing"
LOW_HIT_RATE: Final = "low_hit_rate"
NEVER_KNOWN: Final = "never_known"
AT_NIGHT: Final = "at_night"
OUT_OF_REACH: Final = "out_of_reach"
MANY_ASKERS: Final = "many_askers"
NEAR_THE_LIMIT: Final = "near_the_limit"
PROTECTED_OPENED: Final = "protected_opened"
RULES: Final = (
    GUESSING,
    SEQUENTIAL,
    USED_UP,
    LOW_HIT_RATE,
    NEVER_KNOWN,
    NEAR_THE_LIMIT,
    OUT_OF_REACH,
    AT_NIGHT,
    MANY_ASKERS,
    PROTECTED_OPENED,
)

# The order in which the counts of an alarm are told.
FACTS: Final = (
    "people",
    "found",
    "in_sequence",
    "unknown",
    "outside",
    "at_night",
    "askers",
    "days",
    "records",
    "today",
    "allowed",
    "refused",
)

# Fewer people than this in an hour say nothing about how somebody asks.
ENOUGH: Final = {"partner": 200, "officer": 30}
_IN_SEQUENCE: Final = 0.5
_GUESSED: Final = 0.1
# An applicant is often in no programme yet, so a partner's low rate is told of late and low.
_MANY: Final = {"partner": 1_000, "officer": 60}
_LOW: Final = {"partner": 0.01, "officer": 0.1}
NEVER: Final = 0.9
NIGHTLY: Final = 5
OUTSIDE: Final = 5
HALF: Final = 0.5
ASKERS: Final = 6
NEAR: Final = 0.8
NEAR_DAYS: Final = 5
SPAN_DAYS: Final = 7


class Once(msgspec.Struct, frozen=True):
    """What is told of once."""

    day: date
    rule: str
    kind: str
    id: int


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule says of an asker, with the counts it says it from."""

    rule: str
    kind: str
    id: int
    day: date
    hour: int
    facts: dict[str, int]
    subject: bytes | None = None

    @property
    def once(self) -> Once:
        return Once(self.day, self.rule, self.kind, self.id)


def judge(used: Used, at: datetime) -> list[Alarm]:
    """What the counts of one account say, as they stand at a moment."""
    kind = used.account.kind
    facts = {
        "people": used.hour_people,
        "found": used.hour_found,
        "in_sequence": used.hour_in_sequence,
        "today": used.people,
        "allowed": used.allowed,
    }
    rules = []
    enough = used.hour == at.hour and used.hour_people >= ENOUGH.get(kind, 200)
    stepwise = enough and used.hour_in_sequence >= _IN_SEQUENCE * used.hour_people
    if stepwise and used.hour_found <= _GUESSED * used.hour_people:
        rules.append(GUESSING)
    elif stepwise:
        rules.append(SEQUENTIAL)
    many = used.hour == at.hour and used.hour_people >= _MANY.get(kind, 1_000)
    if many and used.hour_found < _LOW.get(kind, 0.01) * used.hour_people:
        rules.append(LOW_HIT_RATE)
    if used.refused:
        rules.append(USED_UP)
        facts["refused"] = used.refused
    if kind == "officer" and used.at_night >= NIGHTLY:
        rules.append(AT_NIGHT)
        facts["at_night"] = used.at_night
    return [
        Alarm(
            rule=rule,
            kind=kind,
            id=used.account.id,
            day=used.account.day,
            hour=at.hour,
            facts=facts,
        )
        for rule in rules
    ]


def never_known(people: int, unknown: int) -> bool:
    """Whether nearly nobody of those asked about is known anywhere in the registry."""
    return people >= ENOUGH["partner"] and unknown >= NEVER * people


def out_of_reach(people: int, outside: int) -> bool:
    """Whether an officer mostly looks for people who are known, and none of theirs."""
    return outside >= OUTSIDE and outside >= HALF * people


def near_the_limit(days: list[tuple[int, int]]) -> bool:
    """Whether of the days given, each as people and allowed, many came close to the budget.

    Who stays below the budget every day is told of by no rule of a single day.
    """
    close = [people for people, allowed in days if allowed and people >= NEAR * allowed]
    return len(close) >= NEAR_DAYS
