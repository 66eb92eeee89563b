"""How good a linkage is: pairs and clusters held against what is true. Pure counting."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final, Literal

import msgspec

from ibr.identity.model import Appearance, Pair, Weighed

NORMAL_95: Final = 1.959963984540054
"""How many standard deviations hold 95 % of a normal distribution."""

BANDS: Final = (-10.0, -5.0, -2.0, 0.0, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0)
"""Edges of the bands of weight in which links are compared with the truth and sampled."""

Part = Literal["precision", "recall"]


class Interval(msgspec.Struct, frozen=True, array_like=True):
    """From and to: where the true share lies with 95 % confidence."""

    low: float
    high: float


class Counted(msgspec.Struct, frozen=True):
    """Pairs found, true pairs, and those that are both."""

    right: int
    found: int
    true: int

    @property
    def false(self) -> int:
        """Found and not true."""
        return self.found - self.right

    @property
    def missed(self) -> int:
        """True and not found."""
        return self.true - self.right

    @property
    def precision(self) -> float | None:
        """Of what was found, the share that is true; None where nothing was found."""
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Of what is true, the share that was found; None where nothing is true."""
        return self.right / self.true if self.true else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both; None where there is nothing to find and nothing found."""
        both = self.found + self.true
        return 2 * self.right / both if both else None


class Measured(msgspec.Struct, frozen=True, omit_defaults=True):
    """A count of pairs with its shares as they are written down, to four decimals."""

    right: int
    found: int
    true: int
    precision: float | None
    recall: float | None
    f1: float | None
    precision_interval: Interval | None = None
    recall_interval: Interval | None = None


class Band(msgspec.Struct, frozen=True):
    """Pairs whose weight lies from `low` up to below `high`."""

    low: float | None
    high: float | None
    pairs: int
    same: int
    """Of those, the pairs that truly are one person."""
    expected: float | None
    """The share that the weights promise: the mean of their probabilities."""
    seen: float | None
    """The share that there is."""
    interval: Interval | None


class ClusterMeasures(msgspec.Struct, frozen=True):
    """How whole people were found, not only pairs of their records."""

    people: int
    """True people who have an appearance."""
    clusters: int
    """Persons as found, those of one appearance among them."""
    exactly_right: float | None
    """Of the true people, the share found whole and alone."""
    several_exactly_right: float | None
    """The same among those with more than one appearance."""
    largest: int
    mixed: int
    """Clusters that hold appearances of more than one true person."""
    precision: float | None
    """B-cubed: of the others found with an appearance, itself among them, the share that belongs
    with it, as a mean over all appearances."""
    recall: float | None
    """B-cubed: of those who belong with an appearance, the share that was found with it."""


def wilson(right: int, of: int, z: float = NORMAL_95) -> Interval | None:
    """Wilson's interval of a share; None of nothing. It holds where the share is near 0 or 1, as
    precision is, and where the plain interval would end beyond them."""
    if of <= 0:
        return None
    share, squared = right / of, z * z
    middle = (share + squared / (2 * of)) / (1 + squared / of)
    half = z / (1 + squared / of) * (share * (1 - share) / of + squared / (4 * of * of)) ** 0.5
    # At the ends rounding must not push the share itself out of its interval.
    return Interval(min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half)))


def measured(counted: Counted) -> Measured:
    """A count with its shares, rounded as they are published."""
    return Measured(
        right=counted.right,
        found=counted.found,
        true=counted.true,
        precision=rounded(counted.precision),
        recall=rounded(counted.recall),
        f1=rounded(counted.f1),
        precision_interval=_rounded(wilson(counted.right, counted.found)),
        recall_interval=_rounded(wilson(counted.right, counted.true)),
    )


def rounded(share: float | None) -> float | None:
    """Four decimals: more would pretend to know more."""
    return None if share is None else round(share, 4)


def _rounded(interval: Interval | None) -> Interval | None:
    return None if interval is None else Interval(round(interval.low, 4), round(interval.high, 4))


def in_order(one: Appearance, other: Appearance) -> Pair:
    """A pair with the smaller first."""
    return (one, other) if one < other else (other, one)


def pairs_within(groups: Iterable[Sequence[Appearance]]) -> set[Pair]:
    """Every pair of appearances that stand in one group."""
    return {pair for group in groups for pair in combinations(sorted(group), 2)}


def true_pairs(truth: Mapping[Appearance, Hashable]) -> set[Pair]:
    """Every pair of appearances of one true person."""
    people: dict[Hashable, list[Appearance]] = defaultdict(list)
    for appearance, person in truth.items():
        people[person].append(appearance)
    return pairs_within(people.values())


def count(found: set[Pair], true: set[Pair]) -> Counted:
    """What was found against what is true, pair by pair."""
    return Counted(len(found & true), len(found), len(true))


def count_by(
    found: set[Pair], true: set[Pair], strata: Callable[[Pair], Iterable[str]]
) -> dict[str, Counted]:
    """The same within every stratum; a pair counts in each that `strata` names for it."""
    right: Counter[str] = Counter()
    all_found: Counter[str] = Counter()
    all_true: Counter[str] = Counter()
    for pair in found | true:
        is_found, is_true = pair in found, pair in true
        for stratum in strata(pair):
            all_found[stratum] += is_found
            all_true[stratum] += is_true
            right[stratum] += is_found and is_true
    return {
        stratum: Counted(right[stratum], all_found[stratum], all_true[stratum])
        for stratum in sorted(all_found.keys() | all_true.keys())
    }


def of_clusters(
    clusters: Iterable[Sequence[Appearance]], truth: Mapping[Appearance, Hashable]
) -> ClusterMeasures:
    """Whole people. An appearance that stands in no cluster is a cluster of its own, and one
    whose truth nobody knows is left out."""
    groups = _complete(clusters, truth)
    sizes = Counter(truth.values())
    exact = several = mixed = 0
    shared = recalled = 0.0
    for group in groups:
        parts = Counter(truth[each] for each in group)
        mixed += len(parts) > 1
        if len(parts) == 1 and sizes[truth[group[0]]] == len(group):
            exact += 1
            several += len(group) > 1
        for person, part in parts.items():
            shared += part * part / len(group)
            recalled += part * part / sizes[person]
    with_several = sum(size > 1 for size in sizes.values())
    return ClusterMeasures(
        people=len(sizes),
        clusters=len(groups),
        exactly_right=rounded(exact / len(sizes)) if sizes else None,
        several_exactly_right=rounded(several / with_several) if with_several else None,
        largest=max(map(len, groups), default=0),
        mixed=mixed,
        precision=rounded(shared / len(truth)) if truth else None,
        recall=rounded(recalled / len(truth)) if truth else None,
    )


def _complete(
    clusters: Iterable[Sequence[Appearance]], truth: Mapping[Appearance, Hashable]
) -> list[list[Appearance]]:
    known = [[each for each in cluster if each in truth] for cluster in clusters]
    groups = [group for group in known if group]
    placed = {each for group in groups for each in group}
    return groups + [[each] for each in truth if each not in placed]


def probability(weight: float) -> float:
    """The chance that a pair of this weight (log2 of the odds) is one person."""
    if weight >= 0:
        against: float = 2.0 ** -min(weight, 500.0)
        return 1 / (1 + against)
    odds: float = 2.0 ** max(weight, -500.0)
    return odds / (1 + odds)


def band_of(weight: float, edges: Sequence[float] = BANDS) -> int:
    """The number of the band of a weight, 0 for below the lowest edge."""
    return sum(weight >= edge for edge in edges)


def calibration(
    weighed: Iterable[Weighed], same: Callable[[Pair], bool], edges: Sequence[float] = BANDS
) -> list[Band]:
    """Whether a weight means what it says: what was promised and what is seen, band by band."""
    pairs, right = [0] * (len(edges) + 1), [0] * (len(edges) + 1)
    promised = [0.0] * (len(edges) + 1)
    for each in weighed:
        band = band_of(each.weight, edges)
        pairs[band] += 1
        right[band] += same((each.low, each.high))
        promised[band] += probability(each.weight)
    return [
        Band(
            low=low,
            high=high,
            pairs=pairs[band],
            same=right[band],
            expected=rounded(promised[band] / pairs[band]) if pairs[band] else None,
            seen=rounded(right[band] / pairs[band]) if pairs[band] else None,
            interval=_rounded(wilson(right[band], pairs[band])),
        )
        for band, (low, high) in enumerate(_spans(edges))
    ]


def _spans(edges: Sequence[float]) -> Iterator[tuple[float | None, float | None]]:
    yield from zip((None, *edges), (*edges, None), strict=True)


def furthest_below(
    strata: Mapping[str, Counted], whole: Counted, at_least: int
) -> tuple[str, float] | None:
    """The stratum whose F1 lies furthest below the whole's, and by how much. Strata of fewer than
    `at_least` true pairs say too little to be compared."""
    if whole.f1 is None:
        return None
    behind = [
        (whole.f1 - each.f1, name)
        for name, each in strata.items()
        if each.true >= at_least and each.f1 is not None
    ]
    if not behind:
        return None
    gap, name = max(behind)
    return name, round(gap, 4)
