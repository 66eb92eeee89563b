"""How long a failed job waits, and when it is given up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibr.jobs.model import MOST_ATTEMPTS, Job, is_last, wait_before


@pytest.mark.parametrize(
    ("attempt", "longest"), [(1, 2), (2, 4), (3, 8), (10, 1024), (12, 3600), (500, 3600)]
)
def test_it_doubles_up_to_an_hour(attempt: int, longest: float) -> None:
    assert wait_before(attempt, lambda: 1.0) == longest
    assert wait_before(attempt, lambda: 0.0) == longest / 2


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_it_is_never_nothing_and_never_more_than_an_hour(attempt: int, chance: float) -> None:
    assert 1 <= wait_before(attempt, lambda: chance) <= 3600


def test_two_jobs_that_failed_together_come_back_apart() -> None:
    waits = {wait_before(8) for _ in range(100)}
    assert len(waits) > 90


def _job(attempts: int, every: int | None) -> Job:
    return Job(
        job_id=1,
        kind="kind",
        arguments={},
        attempts=attempts,
        every_seconds=every,
        lease_token="token",
    )


def test_work_done_once_is_given_up_and_the_schedule_never_is() -> None:
    assert not is_last(_job(MOST_ATTEMPTS - 1, None))
    assert is_last(_job(MOST_ATTEMPTS, None))
    assert not is_last(_job(MOST_ATTEMPTS * 10, 15))
