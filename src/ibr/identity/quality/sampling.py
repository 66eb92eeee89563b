"""What a sample of reviewed pairs says of all pairs, and how large a sample must be. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from ibr.identity.quality.measures import NORMAL_95, Interval, rounded

_NEVER_EMPTY: Final = 1e-9


class Agreement(msgspec.Struct, frozen=True):
    """How far two reviewers of the same pairs agree."""

    pairs: int
    agreed: float | None
    by_chance: float | None
    """How far they would agree if each decided as often as they do, without looking."""
    kappa: float | None
    """Cohen's kappa: 1 always, 0 no better than by chance. None where both only ever gave the same
    one answer, so that nothing can be told from chance."""


class Stratum(msgspec.Struct, frozen=True):
    """One band of weight: all its pairs, those of them that were reviewed, those found the same."""

    name: str
    pairs: int
    reviewed: int
    same: int


class Estimate(msgspec.Struct, frozen=True):
    """A share of all pairs, as far as a sample can tell."""

    share: float | None
    interval: Interval | None
    pairs: int
    reviewed: int
    unseen: tuple[str, ...] = ()
    """Bands with pairs of which none was reviewed: they are outside the estimate."""


def agreement(opinions: Iterable[tuple[Hashable, Hashable]]) -> Agreement:
    """Two opinions on each pair: the share of agreement and Cohen's kappa."""
    both = list(opinions)
    if not both:
        return Agreement(0, None, None, None)
    agreed = sum(one == other for one, other in both) / len(both)
    first = Counter(one for one, _ in both)
    second = Counter(other for _, other in both)
    chance = sum(first[answer] * second[answer] for answer in first) / len(both) ** 2
    kappa = None if math.isclose(chance, 1) else (agreed - chance) / (1 - chance)
    return Agreement(len(both), rounded(agreed), rounded(chance), rounded(kappa))


def share_of_all(strata: Sequence[Stratum], z: float = NORMAL_95) -> Estimate:
    """The share of all pairs that are the same person, from a sample taken band by band.

    Each band counts by its pairs, not by how many of them were reviewed. Its variance is that of
    Wilson's midpoint: a band in which every reviewed pair was the same is not thereby certain.
    """
    seen = [each for each in strata if each.reviewed > 0 and each.pairs > 0]
    unseen = tuple(each.name for each in strata if each.reviewed == 0 and each.pairs > 0)
    pairs, reviewed = sum(each.pairs for each in seen), sum(each.reviewed for each in seen)
    if not pairs:
        return Estimate(None, None, 0, 0, unseen)
    share = total(seen) / pairs
    spread = z * math.sqrt(variance_of_total(seen, z)) / pairs
    interval = Interval(round(max(0.0, share - spread), 4), round(min(1.0, share + spread), 4))
    return Estimate(rounded(share), interval, pairs, reviewed, unseen)


def total(strata: Iterable[Stratum]) -> float:
    """How many pairs are the same person, in all bands together."""
    return sum(each.pairs * each.same / each.reviewed for each in strata if each.reviewed)


def variance_of_total(strata: Iterable[Stratum], z: float = NORMAL_95) -> float:
    """The variance of that number; a band reviewed to its last pair adds none."""
    variance = 0.0
    for each in strata:
        if not each.reviewed:
            continue
        likely = (each.same + z * z / 2) / (each.reviewed + z * z)
        unreviewed = max(0.0, 1 - each.reviewed / each.pairs)
        variance += each.pairs**2 * unreviewed * likely * (1 - likely) / each.reviewed
    return variance


def share_found(
    linked: Sequence[Stratum], others: Sequence[Stratum], z: float = NORMAL_95
) -> Estimate:
    """Of the pairs that are the same person, the share that was linked: recall among the pairs
    that were weighed at all. What no key brought together is in neither list."""
    inside = [each for each in linked if each.reviewed]
    outside = [each for each in others if each.reviewed]
    unseen = tuple(each.name for each in (*linked, *others) if not each.reviewed and each.pairs)
    found, missed = total(inside), total(outside)
    reviewed = sum(each.reviewed for each in (*inside, *outside))
    pairs = sum(each.pairs for each in (*inside, *outside))
    if found + missed <= _NEVER_EMPTY:
        return Estimate(None, None, pairs, reviewed, unseen)
    share = found / (found + missed)
    # The delta method: both numbers are estimates, and independent of each other.
    variance = missed**2 * variance_of_total(inside, z) + found**2 * variance_of_total(outside, z)
    spread = z * math.sqrt(variance) / (found + missed) ** 2
    interval = Interval(round(max(0.0, share - spread), 4), round(min(1.0, share + spread), 4))
    return Estimate(rounded(share), interval, pairs, reviewed, unseen)


def sample_size(share: float, within: float, of: int | None = None, z: float = NORMAL_95) -> int:
    """How many pairs to review so that a share near `share` is known within plus or minus
    `within`, of so many pairs or of any number."""
    needed = z * z * share * (1 - share) / within**2
    if of is not None:
        needed = needed / (1 + max(0.0, needed - 1) / of) if of else 0
    return math.ceil(round(needed, 6))


def sample_to_show(at_least: float, wrong: int = 0, confidence: float = 0.95) -> int:
    """How many pairs must be reviewed with no more than `wrong` mistakes among them, to show that
    the share of right ones is at least `at_least`."""
    number = max(wrong + 1, 1)
    while _at_most(wrong, number, 1 - at_least) > 1 - confidence:
        number += 1
    return number


def _at_most(wrong: int, of: int, chance: float) -> float:
    """The chance of no more than so many mistakes if each happens with this chance."""
    return sum(math.comb(of, k) * chance**k * (1 - chance) ** (of - k) for k in range(wrong + 1))


def spread_over(
    bands: Mapping[str, tuple[int, float]], reviewed: int, least: int = 10
) -> dict[str, int]:
    """How many pairs of each band to review: most where many are and where it is least certain.

    `bands` gives for each the number of its pairs and the share expected to be the same. Each band
    gets at least `least`, or all it has, so that none stays unseen.
    """
    wanted = {
        name: pairs * math.sqrt(max(0.02, share * (1 - share)))
        for name, (pairs, share) in bands.items()
    }
    whole = sum(wanted.values())
    return {
        name: min(pairs, max(least, round(reviewed * wanted[name] / whole))) if whole else 0
        for name, (pairs, _) in bands.items()
    }
