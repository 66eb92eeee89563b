"""What goes wrong in a run, when, and how often: all of it drawn from the seed."""

from __future__ import annotations

import random
from typing import Final, Literal

import msgspec

# What becomes of one statement, or of the process that sends it.
#   lost_before: the connection breaks before the statement arrives
#   lost_after:  it was carried out, and the connection breaks before anybody hears of it
#   full:        PostgreSQL has no room (SQLSTATE 53100)
#   slow:        it took too long and was cancelled (SQLSTATE 57014)
#   killed_before, killed_after: kill -9 of the process, before or after the statement
#   paused:      kill -STOP, and SIGCONT some time later
#   crash:       PostgreSQL itself dies, with every connection there is
Fault = Literal[
    "lost_before",
    "lost_after",
    "full",
    "slow",
    "killed_before",
    "killed_after",
    "paused",
    "crash",
]
FAULTS: Final[tuple[Fault, ...]] = (
    "lost_before",
    "lost_after",
    "full",
    "slow",
    "killed_before",
    "killed_after",
    "paused",
    "crash",
)
# An acknowledgement that is lost right after the commit is the most interesting of all.
_COMMITS_COUNT: Final = 6.0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How likely each fault is at one statement, and what else happens in this run."""

    rates: dict[str, float]
    jumps: int
    """How often somebody sets the clock, back or forth."""
    longest_jump: int
    slow_receivers: float
    failing_receivers: float
    deliveries: int
    questions: int
    impatient: float
    """How often a sender gives up although it heard nothing."""
    again: float
    """How often a message is sent once more although it was answered."""


def plan_of(chance: random.Random) -> Plan:
    """The faults of one run: some runs have many of one kind, some a few of every kind."""
    level = chance.choice((0.0005, 0.002, 0.005))
    rates = {fault: level * chance.choice((0.0, 1.0, 1.0, 3.0)) for fault in FAULTS}
    rates["crash"] /= 6
    return Plan(
        rates=rates,
        jumps=chance.choice((0, 0, 1, 2)),
        longest_jump=chance.choice((5, 60, 600)),
        slow_receivers=chance.choice((0.0, 0.1, 0.3)),
        failing_receivers=chance.choice((0.0, 0.1, 0.4)),
        deliveries=chance.randrange(12, 22),
        questions=chance.randrange(4, 10),
        impatient=chance.choice((0.0, 0.05, 0.2)),
        again=chance.choice((0.1, 0.3)),
    )


def drawn(plan: Plan, chance: random.Random, *, commits: bool) -> Fault | None:
    """The fault that meets this statement, if any does."""
    dice = chance.random()
    if commits:
        dice /= _COMMITS_COUNT
    for fault in FAULTS:
        dice -= plan.rates[fault]
        if dice < 0:
            return fault
    return None
