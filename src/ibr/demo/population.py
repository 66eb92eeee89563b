"""How many people live in each district, by sex and age: the denominators of coverage."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Literal

import msgspec

from ibr.demo.areas import District

AGE_GROUPS: tuple[tuple[int, int | None], ...] = (
    *((age, age + 4) for age in range(0, 80, 5)),
    (80, None),
)
# A young country: each five-year group is smaller than the one before it by this factor.
_SHRINKING = 0.885
_OLD_SHRINKING = 0.86


class Count(msgspec.Struct, frozen=True):
    """The people of one district, sex and age group; `age_to` is included, None for and over."""

    area: str
    sex: Literal["female", "male"]
    age_from: int
    age_to: int | None
    people: int


def make_population(
    districts: Sequence[District], people: int, rng: random.Random
) -> tuple[Count, ...]:
    """Counts that add up to exactly `people`; regions and the country are sums of districts."""
    shares: list[tuple[str, Literal["female", "male"], tuple[int, int | None], float]] = []
    for district in districts:
        growth = rng.uniform(-0.015, 0.015)
        women = rng.uniform(0.495, 0.52)
        for number, group in enumerate(AGE_GROUPS):
            size = (_SHRINKING - growth) ** number * _OLD_SHRINKING ** max(0, number - 12)
            # Women outlive men, so their share rises in the oldest groups.
            share = min(0.68, women + max(0, number - 10) * 0.018)
            shares.append((district.code, "female", group, district.weight * size * share))
            shares.append((district.code, "male", group, district.weight * size * (1 - share)))
    whole = sum(share for *_, share in shares)
    exact = [share / whole * people for *_, share in shares]
    counts = [math.floor(value) for value in exact]
    # The people lost to rounding down go where the most was cut off.
    by_rest = sorted(range(len(exact)), key=lambda i: counts[i] - exact[i])
    for index in by_rest[: people - sum(counts)]:
        counts[index] += 1
    return tuple(
        Count(area, sex, group[0], group[1], count)
        for (area, sex, group, _), count in zip(shares, counts, strict=True)
    )
