"""A job and how it is done."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

LEASE_SECONDS: Final = 60
# A job begun so often without ever being done is given up; somebody must look at it.
MOST_ATTEMPTS: Final = 12
_FIRST_WAIT: Final = 2.0
_LONGEST_WAIT: Final = 3600.0


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One job that this worker holds a lease on."""

    job_id: int
    kind: str
    arguments: dict[str, Any]
    attempts: int
    every_seconds: int | None
    lease_token: str


# True from a handler: it has finished the job itself, in its own transaction.
Handler = Callable[[Job], Awaitable[bool | None]]


class LeaseLostError(Exception):
    """The job was given to another worker meanwhile; what was done here must not stay."""


class Every(msgspec.Struct, frozen=True):
    """A line of the schedule: this kind of job, again so many seconds after it was done."""

    kind: str
    seconds: int


def wait_before(attempt: int, chance: Callable[[], float] = random.random) -> float:
    """Seconds before the next attempt: doubling from two to an hour, half of it by chance.

    By chance, so that jobs that failed together do not come back together.
    """
    longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(attempt - 1, 20))
    return longest * (0.5 + chance() / 2)


def is_last(job: Job) -> bool:
    """Whether a failure of this attempt is the last one: what runs again and again never ends."""
    return job.every_seconds is None and job.attempts >= MOST_ATTEMPTS
