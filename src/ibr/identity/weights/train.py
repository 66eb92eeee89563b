"""Weights learned from pairs of which both records carry the foundational number.

Whether the numbers are equal says whether the pair is one person; a logistic regression on the
levels of everything else says how much each level counts. Levels that were seen too rarely stay
near the weights to begin with. The number itself is held out and weighed afterwards, so that pairs
without it, most of them, are weighed right. Numbers are mistyped and borrowed, so different ones
are believed only as far as everything else allows. The same pairs always give the same weights.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ibr.identity.weights.comparisons import COMPARISONS, FALLING, SEX, UIN
from ibr.identity.weights.model import LevelWeight, LinkageModel, Weights

Levels = NDArray[np.uint8]
"""One row for each pair, one column for each comparison."""
Numbers = NDArray[np.float64]

FEWEST: Final = 400
"""Pairs with equal numbers below which nothing is learned."""
PULL: Final = 1.0
"""How strongly a level is held to where it began, in pairs worth of doubt."""
STEPS: Final = 40
ENOUGH: Final = 1e-7
MOST_BITS: Final = 20.0
FOLD: Final = 5
WRONG: Final = 0.02
"""Share of the pairs of one person whose numbers differ, before anything was learned of it."""
WRONG_AS_IF_SEEN: Final = 50.0
"""Pairs that this first guess counts for."""
MOST_WRONG: Final = 0.1
"""Numbers are never held for worse than this: somebody has to be believed."""
ROUNDS: Final = 8
SETTLED: Final = 2e-5
BAND: Final = 2
_UIN_COLUMN: Final = COMPARISONS.index(UIN)
_SAME, _NEAR, _DIFFERENT = 1, 2, 3


class Trained(NamedTuple):
    """A model and how it was learned."""

    model: LinkageModel
    said: dict[str, Any]
    """Plain figures: pairs, folds, calibration. None of them tells of a person."""


class Patterns(NamedTuple):
    """Pairs counted by their levels."""

    levels: Levels
    same: Numbers
    other: Numbers


def patterns_of(levels: Levels, same: NDArray[np.bool_]) -> Patterns:
    """Equal rows of levels once each, with how many were one person and how many two."""
    unique, places = np.unique(levels, axis=0, return_inverse=True)
    places = places.reshape(-1)
    size = len(unique)
    return Patterns(
        unique,
        np.bincount(places, weights=same, minlength=size).astype(float),
        np.bincount(places, weights=~same, minlength=size).astype(float),
    )


def columns_of(levels: Levels) -> Numbers:
    """A column of ones, then one column for each level that weighs: all but "unknown"."""
    found = [np.ones((len(levels), 1))]
    for place, comparison in enumerate(COMPARISONS):
        if place != _UIN_COLUMN:
            known = np.arange(1, len(comparison.levels) + 1)
            found.append((levels[:, place : place + 1] == known).astype(float))
    return np.hstack(found)


def fit(
    patterns: Patterns, start: Numbers, pull: float = PULL, begin: Numbers | None = None
) -> Numbers:
    """The weights, in natural units, by Newton's method on a ridge that pulls to `start`. Where it
    begins makes it quicker and changes nothing."""
    columns = columns_of(patterns.levels)
    count = patterns.same + patterns.other
    penalty = np.full(columns.shape[1], pull)
    penalty[0] = 1e-6  # How likely a pair is at all is free.

    def doubt(at: Numbers) -> float:
        odds = columns @ at
        seen = patterns.same @ np.logaddexp(0, -odds) + patterns.other @ np.logaddexp(0, odds)
        return float(seen + 0.5 * penalty @ (at - start) ** 2)

    weights = (start if begin is None else begin).copy()
    now = doubt(weights)
    for _ in range(STEPS):
        likely = _logistic(columns @ weights)
        slope = columns.T @ (patterns.same - count * likely) - penalty * (weights - start)
        curve = (columns.T * (count * likely * (1 - likely))) @ columns + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        # A whole step may leap over the best place and back for ever: it is halved until it helps.
        while (after := doubt(weights + step)) > now and float(np.abs(step).max()) > ENOUGH:
            step /= 2
        weights, now = weights + step, after
        if float(np.abs(step).max()) < ENOUGH:
            break
    return weights


def believed(patterns: Patterns, start: Numbers) -> tuple[Patterns, Numbers]:
    """The pairs as far as their numbers can be believed, and the weights learned from them.

    A mistyped or borrowed number makes two of one person. How often that happens and the weights
    are found in turn, each from the other: a pair with different numbers counts as one person as
    far as everything else, and the share of such numbers, say that it is. Equal numbers are
    believed: two people hardly ever bear one.
    """
    columns = columns_of(patterns.levels)
    weights, now, wrong = fit(patterns, start), patterns, WRONG
    for _ in range(ROUNDS):
        likely = _logistic(columns @ weights)
        one_person = patterns.other * likely * wrong / (likely * wrong + 1 - likely)
        now = Patterns(patterns.levels, patterns.same + one_person, patterns.other - one_person)
        weights = fit(now, start, begin=weights)
        before, guessed = wrong, WRONG * WRONG_AS_IF_SEEN
        found = (float(one_person.sum()) + guessed) / (float(now.same.sum()) + WRONG_AS_IF_SEEN)
        wrong = min(MOST_WRONG, found)
        if abs(wrong - before) < SETTLED:
            break
    return now, weights


def _logistic(odds: Numbers) -> Numbers:
    found: Numbers = 1.0 / (1.0 + np.exp(-np.clip(odds, -60, 60)))
    return found


def vector_of(model: LinkageModel) -> Numbers:
    """The model's weights as `fit` uses them: the prior, then every level but of the number."""
    bits = [model.prior]
    for weights, comparison in zip(model.weights, COMPARISONS, strict=True):
        if comparison is not UIN:
            bits += [level.bits for level in weights.levels[1:]]
    return np.array(bits) * math.log(2)


def prior_shift(scores: Numbers, likely: float) -> float:
    """By how much the prior must move, in natural units, for pairs like these: their weights say
    how many are one person, and that again what to expect of them. `likely` is the share among
    the pairs that were learned from."""
    if not len(scores):
        return 0.0
    share = likely
    for _ in range(200):
        shift = math.log(share / (1 - share)) - math.log(likely / (1 - likely))
        new = float(np.clip(_logistic(scores + shift).mean(), 1e-6, 1 - 1e-6))
        if abs(new - share) < 1e-9:
            break
        share = new
    return math.log(share / (1 - share)) - math.log(likely / (1 - likely))


def train(
    levels: Levels, found_otherwise: NDArray[np.bool_], start: LinkageModel, bands: dict[int, int]
) -> Trained | None:
    """A model learned from candidate pairs, or None where too few of them tell enough.

    `found_otherwise` says which pairs share a key besides that of the number itself: only those
    are like the pairs that have no number.
    """
    number = levels[:, _UIN_COLUMN]
    labelled = found_otherwise & ((number == _SAME) | (number == _DIFFERENT))
    known, same = _without_number(levels[labelled]), number[labelled] == _SAME
    patterns = patterns_of(known, same)
    seen, unlike = float(patterns.same.sum()), float(patterns.other.sum())
    if seen < FEWEST or unlike < FEWEST:
        return None
    began = vector_of(start)
    sure, weights = believed(patterns, began)
    free = found_otherwise & (number == 0)
    one_person = float(sure.same.sum()) / (seen + unlike)
    shift = prior_shift(_scores(levels[free], weights), one_person)
    about = _number_weights(levels, found_otherwise, weights, shift)
    model = _model_of(weights, shift, about, patterns, start, bands)
    said = {
        "pairs_same": int(seen),
        "pairs_other": int(unlike),
        "pairs_other_not_believed": round(float(sure.same.sum()) - seen, 1),
        "pairs_without_number": int(free.sum()),
        "held_out": held_out(known, same, began),
    }
    return Trained(model, said)


def held_out(levels: Levels, same: NDArray[np.bool_], start: Numbers) -> list[dict[str, Any]]:
    """How well the weights foretell pairs that they were not learned from: every fifth pair is
    left out, weighed by what the others taught, and counted by bands of weight."""
    left_out = np.arange(len(same)) % FOLD == 0
    _, weights = believed(patterns_of(levels[~left_out], same[~left_out]), start)
    odds = _scores(levels[left_out], weights)
    bands = np.clip(np.floor(odds / math.log(2) / BAND), -4, 4).astype(int)
    found = []
    for band in range(-4, 5):
        here = bands == band
        if here.any():
            found.append(
                {
                    "from_bits": band * BAND,
                    "pairs": int(here.sum()),
                    "same": int(same[left_out][here].sum()),
                    "expected": round(float(_logistic(odds[here]).sum()), 1),
                }
            )
    return found


def _without_number(levels: Levels) -> Levels:
    found = levels.copy()
    found[:, _UIN_COLUMN] = 0
    return found


def _scores(levels: Levels, weights: Numbers) -> Numbers:
    """The odds of each pair without the number, in natural units."""
    found = np.full(len(levels), weights[0])
    first = 1
    for place, comparison in enumerate(COMPARISONS):
        if place == _UIN_COLUMN:
            continue
        table = np.concatenate(([0.0], weights[first : first + len(comparison.levels)]))
        found += table[levels[:, place]]
        first += len(comparison.levels)
    return found


def _number_weights(
    levels: Levels, found_otherwise: NDArray[np.bool_], weights: Numbers, shift: float
) -> list[LevelWeight]:
    """What the number says: how often it is the same, near or different in pairs of one person,
    against those of two. Which they are is told by the rest and by an equal number together, so
    that careless records do not speak against their equal numbers. A different number has no say
    in that: it would confirm itself, and part for good whose number was borrowed."""
    number = levels[:, _UIN_COLUMN]
    kept = found_otherwise & (number > 0)
    scores, number = _scores(levels[kept], weights), number[kept]
    said, first = np.zeros(len(UIN.levels) + 1), None
    for _ in range(ROUNDS):
        likely = _logistic(scores + said[number])
        same = np.bincount(number, weights=likely, minlength=len(said))
        other = np.bincount(number, weights=1 - likely, minlength=len(said))
        said = np.log((same + 0.5) / (same.sum() + 1.5))
        said -= np.log((other + 0.5) / (other.sum() + 1.5))
        first = said[_DIFFERENT] if first is None else first
        said[_DIFFERENT] = first
    # Pairs with two numbers are one person more or less often than others: that is said here.
    return [
        LevelWeight(
            name,
            _rounded(float(said[level] - shift) / math.log(2)),
            float(same[level]),
            float(other[level]),
        )
        for level, name in enumerate(UIN.levels, 1)
    ]


def _rounded(bits: float) -> float:
    return round(max(-MOST_BITS, min(MOST_BITS, bits)), 4)


def _model_of(
    weights: Numbers,
    shift: float,
    about_number: list[LevelWeight],
    patterns: Patterns,
    start: LinkageModel,
    bands: dict[int, int],
) -> LinkageModel:
    found: list[Weights] = []
    first = 1
    for place, comparison in enumerate(COMPARISONS):
        unknown = LevelWeight("unknown", 0.0)
        if comparison is UIN:
            found.append(Weights(comparison.name, (unknown, *about_number)))
            continue
        levels = [unknown]
        for number, name in enumerate(comparison.levels, 1):
            here = patterns.levels[:, place] == number
            levels.append(
                LevelWeight(
                    name,
                    _rounded(float(weights[first]) / math.log(2)),
                    float(patterns.same[here].sum()),
                    float(patterns.other[here].sum()),
                )
            )
            first += 1
        found.append(Weights(comparison.name, tuple(levels)))
    found, moved = _evened(found)
    return LinkageModel(
        standard=start.standard,
        method="anchored",
        prior=_rounded((float(weights[0]) + shift) / math.log(2) - moved),
        weights=tuple(found),
        bands=bands,
        review=start.review,
        link=start.link,
        most_in_block=start.most_in_block,
        most_in_cluster=start.most_in_cluster,
    )


def _evened(found: list[Weights]) -> tuple[list[Weights], float]:
    """The same with runs of levels that never rise, and the bits that sex gave to the prior.

    Nearly every record says the sex, so the data cannot tell "same sex" from the prior; the bits
    are parted as if the pairs of two people had been compared alone.
    """
    evened, moved = [], 0.0
    for each in found:
        levels = list(each.levels)
        for run in FALLING.get(each.comparison, ()):
            _never_rise(levels, run)
        if each.comparison == SEX.name:
            seen = sum(level.other for level in levels) or 1.0
            share = sum(level.other / seen * 2.0**level.bits for level in levels[1:])
            moved = -math.log2(share) if share > 0 else 0.0
            levels[1:] = [_with(level, level.bits + moved) for level in levels[1:]]
        evened.append(Weights(each.comparison, tuple(levels)))
    return evened, moved


def _never_rise(levels: list[LevelWeight], run: tuple[str, ...]) -> None:
    """Levels that weigh more than a stronger one get the mean of both, by how often each was
    seen."""
    places = [place for place, level in enumerate(levels) if level.level in run]
    pools: list[tuple[float, float, list[int]]] = []
    for place in places:
        level = levels[place]
        bits, seen, members = level.bits, level.same + level.other + 1.0, [place]
        while pools and pools[-1][0] < bits:
            before, count, earlier = pools.pop()
            bits = (bits * seen + before * count) / (seen + count)
            seen, members = seen + count, earlier + members
        pools.append((bits, seen, members))
    for bits, _, members in pools:
        for place in members:
            levels[place] = _with(levels[place], bits)


def _with(level: LevelWeight, bits: float) -> LevelWeight:
    return LevelWeight(level.level, _rounded(bits), level.same, level.other)
