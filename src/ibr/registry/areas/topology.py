"""Outlines simplified so that neighbours keep sharing their lines. Pure.

Rings are cut into arcs at the points where lines meet. Each arc is simplified once, whichever
ring it belongs to and in whichever direction (Visvalingam and Whyatt: the point whose triangle
with its two neighbours is smallest goes first), so what was one line stays one line.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

Place = tuple[float, float]
Line = tuple[Place, ...]
SMALLEST_TRIANGLE: Final = 1.5
"""In units of the square: a bend of a line that is smaller does not show on a screen."""


def simplified(
    rings: Sequence[Sequence[Place]], smallest: float = SMALLEST_TRIANGLE
) -> list[list[Place]]:
    """The closed rings, in whole places, each line simplified once for all rings that share it."""
    meeting = _meeting_points(rings)
    done: dict[Line, list[Place]] = {}
    result = []
    for ring in rings:
        drawn: list[Place] = []
        for arc in _arcs(ring, meeting):
            for place in _simple(arc, smallest, done):
                if not drawn or place != drawn[-1]:
                    drawn.append(place)
        result.append(drawn)
    return result


def _meeting_points(rings: Sequence[Sequence[Place]]) -> set[Place]:
    """The places with more than two neighbours over all rings: there lines meet or part."""
    beside: dict[Place, set[Place]] = {}
    for ring in rings:
        for one, other in pairwise(ring):
            if one != other:
                beside.setdefault(one, set()).add(other)
                beside.setdefault(other, set()).add(one)
    return {place for place, others in beside.items() if len(others) > 2}


def _arcs(ring: Sequence[Place], meeting: set[Place]) -> list[Line]:
    """The ring cut where lines meet; one without such a place is cut at two of its own, chosen by
    where they lie, so that the same ring is always cut alike."""
    open_ring = list(ring[:-1])
    cuts = [number for number, place in enumerate(open_ring) if place in meeting]
    if len(cuts) < 2:
        first = cuts[0] if cuts else open_ring.index(min(open_ring))
        x, y = open_ring[first]
        far = max(open_ring, key=lambda each: ((each[0] - x) ** 2 + (each[1] - y) ** 2, each))
        cuts = sorted({first, open_ring.index(far)})
    arcs = []
    for start, end in pairwise((*cuts, cuts[0] + len(open_ring))):
        arcs.append(tuple(open_ring[n % len(open_ring)] for n in range(start, end + 1)))
    return arcs


def _simple(arc: Line, smallest: float, done: dict[Line, list[Place]]) -> list[Place]:
    backward = arc[::-1]
    turned = backward < arc
    key = backward if turned else arc
    if key not in done:
        done[key] = [(round(x), round(y)) for x, y in _visvalingam(key, smallest)]
    return done[key][::-1] if turned else done[key]


def _triangle(one: Place, two: Place, three: Place) -> float:
    return (
        abs((two[0] - one[0]) * (three[1] - one[1]) - (three[0] - one[0]) * (two[1] - one[1])) / 2
    )


def _visvalingam(line: Line, smallest: float) -> list[Place]:
    """The line without the points whose triangles are smaller than `smallest`; its ends stay."""
    last = len(line) - 1
    before = list(range(-1, last))
    after = list(range(1, last + 2))
    size = [0.0] * (last + 1)
    queue: list[tuple[float, int]] = []
    for n in range(1, last):
        size[n] = _triangle(line[n - 1], line[n], line[n + 1])
        queue.append((size[n], n))
    heapq.heapify(queue)
    gone = bytearray(last + 1)
    while queue and queue[0][0] < smallest:
        area, n = heapq.heappop(queue)
        if gone[n] or area != size[n]:
            continue
        gone[n] = 1
        left, right = before[n], after[n]
        after[left], before[right] = right, left
        for each in (left, right):
            if 0 < each < last:
                # Never smaller than what went before it, or one bend would go point by point.
                now = _triangle(line[before[each]], line[each], line[after[each]])
                size[each] = max(area, now)
                heapq.heappush(queue, (size[each], each))
    return [place for n, place in enumerate(line) if not gone[n]]
