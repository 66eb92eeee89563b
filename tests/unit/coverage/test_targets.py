"""Whom a programme is for, as far as the population can be told of them."""

from __future__ import annotations

import pytest

from ibr.coverage.engine.targets import Target, countable
from ibr.coverage.population.model import ALL, EVERY_AGE, OPEN, Ages

# A census that asks about disability from five years on, as Kenya's does.
YOUNGEST_ASKED = 5


def people(
    area: str | None = None, sex: int = ALL, ages: Ages = EVERY_AGE, group: str = "all"
) -> int | None:
    if group == "disability" and ages.first < YOUNGEST_ASKED:
        return None
    return 100


def nobody(
    area: str | None = None, sex: int = ALL, ages: Ages = EVERY_AGE, group: str = "all"
) -> int | None:
    return None


@pytest.mark.parametrize(
    ("ages", "becomes"),
    [
        (EVERY_AGE, Ages(5, OPEN)),
        (Ages(0, 17), Ages(5, 17)),
        (Ages(3, 64), Ages(5, 64)),
    ],
)
def test_a_group_that_is_counted_from_five_on_is_narrowed(ages: Ages, becomes: Ages) -> None:
    target = countable(Target(ages=ages, disability=True, is_known=True), people)
    assert (target.ages, target.is_whole) == (becomes, False)


@pytest.mark.parametrize(
    "target",
    [
        Target(ages=Ages(5, OPEN), disability=True),
        Target(ages=Ages(18, 64), disability=True),
        Target(ages=Ages(0, 17)),
        Target(),
        # Nobody of these ages was asked, so there is nothing to divide by.
        Target(ages=Ages(0, 4), disability=True),
    ],
)
def test_what_can_be_told_or_not_at_all_stays(target: Target) -> None:
    assert countable(target, people) == target


def test_without_any_figures_the_group_stays_whole() -> None:
    target = Target(disability=True, is_known=True)
    assert countable(target, nobody) == target
