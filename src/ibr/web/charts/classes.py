"""Classes of a map: from which figure to which a shade reaches, at round figures. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec

CLASSES: Final = 5
"""More shades of one colour are not told apart."""
_ROUND: Final = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)
_SKEWED: Final = 4.0


class Class(msgspec.Struct, frozen=True):
    """One shade: the figures from `low` up to `high`, which only the last one holds itself."""

    shade: int
    low: float
    high: float


def classes_of(values: Sequence[float]) -> list[Class]:
    """The classes of figures, the lowest first; one when all are alike, none without figures.

    Classes are equally wide. Where few areas hold nearly everything, as with counts of people,
    equal widths would leave one area in the deepest shade and all others in the palest: there each
    class holds as many areas.
    """
    if not values:
        return []
    ordered = sorted(values)
    low, high = ordered[0], ordered[-1]
    if math.isclose(low, high, rel_tol=1e-6, abs_tol=1e-9):
        return [Class(CLASSES - 1, low, high)]
    middle = ordered[len(ordered) // 2]
    skewed = low >= 0 and high > _SKEWED * max(middle, high / 1000) and len(ordered) > CLASSES
    limits = _alike(ordered) if skewed else _even(low, high)
    pairs = list(pairwise(limits))
    # The deepest shade is always used for the most, so that a map with two classes is readable.
    first = CLASSES - len(pairs) + 1
    return [Class(first + number, *each) for number, each in enumerate(pairs)]


def shade_of(value: float | None, classes: Sequence[Class]) -> int:
    """The shade of a figure; 0 where there is none."""
    if value is None or not classes:
        return 0
    return next((each.shade for each in classes if value < each.high), classes[-1].shade)


def _even(low: float, high: float) -> list[float]:
    size = 10 ** math.floor(math.log10((high - low) / CLASSES))
    for step in (each * times for times in (size, 10 * size) for each in _ROUND):
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first <= CLASSES:
            return [round(number * step, 10) for number in range(first, last + 1)]
    return [low, high]


def _alike(ordered: Sequence[float]) -> list[float]:
    places = [ordered[len(ordered) * part // CLASSES] for part in range(1, CLASSES)]
    limits = [_rounded(ordered[0], down=True), *map(_rounded, places)]
    limits.append(max(_rounded(ordered[-1], up=True), *limits))
    return sorted(set(limits))


def _rounded(value: float, *, down: bool = False, up: bool = False) -> float:
    """A figure with its two first digits."""
    if value <= 0:
        return 0.0
    size = 10 ** (math.floor(math.log10(value)) - 1)
    way = math.floor if down else math.ceil if up else round
    return float(way(value / size) * size)
