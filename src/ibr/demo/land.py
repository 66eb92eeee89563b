"""The shape of the made-up country: polygons that tile it, with borders shared exactly.

The land is a fine grid of cells. Regions and then districts grow over the cells from a few seeds,
at a speed that varies from cell to cell, so each is in one piece and no two overlap. A border is a
chain of grid corners; corners are smoothed and edges bent once for the whole country, before any
ring is read off, so neighbours get the very same points and a region is the outline of its cells.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import msgspec

Cell = tuple[int, int]
Corner = tuple[int, int]
Point = tuple[float, float]
Ring = tuple[Point, ...]

WIDTH, HEIGHT = 96, 80
# Open ocean: no neighbour on a world map is mistaken for a party to anything shown here.
WEST, SOUTH, DEGREES_PER_CELL = -27.0, -7.5, 0.075
SMOOTHINGS = 2
REGIONS = 8


class Land(msgspec.Struct, frozen=True):
    """Which district (region number, district number) every cell of land belongs to."""

    districts: dict[Cell, tuple[int, int]]
    corners: dict[Corner, Point]
    bends: dict[tuple[Corner, Corner], Point]

    def outline(self, cells: Iterable[Cell]) -> tuple[Ring, ...]:
        """The closed rings of a set of cells: the outer, counter-clockwise, then any holes."""
        rings = [self._drawn(ring) for ring in _rings(cells)]
        rings.sort(key=area, reverse=True)
        return tuple(rings)

    def _drawn(self, ring: Sequence[Corner]) -> Ring:
        points: list[Point] = []
        for here, there in zip(ring, [*ring[1:], ring[0]], strict=True):
            points.append(self.corners[here])
            points.append(self.bends[_edge(here, there)])
        points.append(points[0])
        return tuple(points)


def area(ring: Ring) -> float:
    """The signed area of a closed ring in square degrees; positive when counter-clockwise."""
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(ring)) / 2


def make_land(rng: random.Random) -> Land:
    """The land, divided into eight regions of four to six districts."""
    land = _coast(rng)
    speed = {cell: 0.35 + rng.random() ** 2 * 1.9 for cell in sorted(land)}
    regions = _grown(_region_seeds(land, rng), land, speed)
    districts: dict[Cell, tuple[int, int]] = {}
    for region in range(REGIONS):
        cells = sorted(cell for cell, owner in regions.items() if owner == region)
        count = max(4, min(6, round(len(cells) / 80)))
        seeds = _spread(cells, count, rng)
        for cell, district in _grown(seeds, set(cells), speed).items():
            districts[cell] = (region, district)
    corners = _smoothed(districts, rng)
    bends: dict[tuple[Corner, Corner], Point] = {}
    for here, there in sorted(_borders(districts)):
        (x1, y1), (x2, y2) = corners[here], corners[there]
        bend = rng.uniform(-0.17, 0.17)
        bends[here, there] = (
            round((x1 + x2) / 2 + (y2 - y1) * bend, 5),
            round((y1 + y2) / 2 - (x2 - x1) * bend, 5),
        )
    return Land(districts, corners, bends)


def _coast(rng: random.Random) -> set[Cell]:
    """Land cells: a lopsided blob with bays and capes, kept to its one largest piece."""
    waves = [
        (k, rng.uniform(0.4, 1.0) * 0.23 / k**0.8, rng.uniform(0, math.tau)) for k in range(2, 27)
    ]
    land = set()
    for column in range(2, WIDTH - 2):
        for row in range(2, HEIGHT - 2):
            x = (column + 0.5 - WIDTH / 2) / (WIDTH / 2)
            y = (row + 0.5 - HEIGHT / 2) / (HEIGHT / 2)
            angle, radius = math.atan2(y, x), math.hypot(x, y)
            reach = 0.74 * (1 + sum(size * math.sin(k * angle + phase) for k, size, phase in waves))
            if radius < min(0.97, max(0.34, reach)):
                land.add((column, row))
    return _largest_piece(land)


def _largest_piece(cells: set[Cell]) -> set[Cell]:
    left, best = set(cells), set[Cell]()
    while left:
        start = min(left)
        piece, edge = {start}, [start]
        while edge:
            for near in _beside(edge.pop()):
                if near in left and near not in piece:
                    piece.add(near)
                    edge.append(near)
        left -= piece
        best = max(best, piece, key=len)
    return best


def _region_seeds(land: set[Cell], rng: random.Random) -> list[Cell]:
    """The capital's region near the middle, the others round it clockwise from the north."""
    middle_column = sum(column for column, _ in land) / len(land)
    middle_row = sum(row for _, row in land) / len(land)
    seeds = [min(sorted(land), key=lambda c: math.dist(c, (middle_column, middle_row)))]
    for turn in range(REGIONS - 1):
        angle = math.pi / 2 - (turn + rng.uniform(-0.15, 0.15)) * math.tau / (REGIONS - 1)
        along = [
            cell
            for step in range(200)
            if (
                cell := (
                    int(middle_column + math.cos(angle) * step / 2),
                    int(middle_row + math.sin(angle) * step / 2),
                )
            )
            in land
        ]
        seeds.append(along[int(len(along) * rng.uniform(0.62, 0.74))])
    return seeds


def _spread(cells: Sequence[Cell], count: int, rng: random.Random) -> list[Cell]:
    """Seeds far from each other: each is the best of some random candidates."""
    seeds = [rng.choice(cells)]
    while len(seeds) < count:
        candidates = [cell for cell in rng.sample(cells, min(18, len(cells))) if cell not in seeds]
        seeds.append(max(candidates, key=lambda c: min(math.dist(c, seed) for seed in seeds)))
    return seeds


def _grown(seeds: Sequence[Cell], land: set[Cell], speed: Mapping[Cell, float]) -> dict[Cell, int]:
    owner: dict[Cell, int] = {}
    queue = [(0.0, cell, number) for number, cell in enumerate(seeds)]
    heapq.heapify(queue)
    while queue:
        spent, cell, number = heapq.heappop(queue)
        if cell in owner:
            continue
        owner[cell] = number
        for near in _beside(cell):
            if near in land and near not in owner:
                heapq.heappush(queue, (spent + speed[near], near, number))
    return owner


def _beside(cell: Cell) -> tuple[Cell, Cell, Cell, Cell]:
    column, row = cell
    return (column + 1, row), (column - 1, row), (column, row + 1), (column, row - 1)


def _sides(cell: Cell) -> tuple[tuple[Corner, Corner], ...]:
    """The four sides of a cell, counter-clockwise, so the cell lies on the left of each."""
    x, y = cell
    a, b, c, d = (x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)
    return (a, b), (b, c), (c, d), (d, a)


def _edge(here: Corner, there: Corner) -> tuple[Corner, Corner]:
    return (here, there) if here < there else (there, here)


def _borders(districts: Mapping[Cell, tuple[int, int]]) -> set[tuple[Corner, Corner]]:
    """Every side with different districts, or land and sea, on its two hands."""
    seen: dict[tuple[Corner, Corner], set[tuple[int, int]]] = {}
    both: set[tuple[Corner, Corner]] = set()
    for cell, owner in districts.items():
        for here, there in _sides(cell):
            edge = _edge(here, there)
            if edge in seen:
                both.add(edge)
            seen.setdefault(edge, set()).add(owner)
    return {edge for edge, owners in seen.items() if len(owners) == 2 or edge not in both}


def _smoothed(districts: Mapping[Cell, tuple[int, int]], rng: random.Random) -> dict[Corner, Point]:
    """Where each corner on a border lies. Corners where three areas meet move with the others."""
    near: dict[Corner, list[Corner]] = {}
    for here, there in sorted(_borders(districts)):
        near.setdefault(here, []).append(there)
        near.setdefault(there, []).append(here)
    place = {c: (c[0] + rng.uniform(-0.28, 0.28), c[1] + rng.uniform(-0.28, 0.28)) for c in near}
    for _ in range(SMOOTHINGS):
        moved = {}
        for corner, others in near.items():
            x = sum(place[other][0] for other in others) / len(others)
            y = sum(place[other][1] for other in others) / len(others)
            moved[corner] = ((place[corner][0] + x) / 2, (place[corner][1] + y) / 2)
        place = moved
    return {
        corner: (
            round(WEST + x * DEGREES_PER_CELL, 5),
            round(SOUTH + y * DEGREES_PER_CELL, 5),
        )
        for corner, (x, y) in place.items()
    }


def _rings(cells: Iterable[Cell]) -> list[list[Corner]]:
    """Rings of the cells' outline: sides that two of the cells share cancel out."""
    sides: dict[tuple[Corner, Corner], None] = {}
    for cell in cells:
        for here, there in _sides(cell):
            if (there, here) in sides:
                del sides[there, here]
            else:
                sides[here, there] = None
    following: dict[Corner, list[Corner]] = {}
    for here, there in sorted(sides):
        following.setdefault(here, []).append(there)
    rings = []
    while following:
        start = min(following)
        ring, before, here = [start], start, following[start][0]
        _used(following, start, here)
        while here != start:
            ring.append(here)
            before, here = here, _turned(before, here, following[here])
            _used(following, before, here)
        rings.append(ring)
    return rings


def _turned(before: Corner, here: Corner, ways: Sequence[Corner]) -> Corner:
    """Where cells touch only at a corner, turn right, so that a hole becomes a ring of its own."""
    if len(ways) == 1:
        return ways[0]
    dx, dy = here[0] - before[0], here[1] - before[1]
    return (here[0] + dy, here[1] - dx)


def _used(following: dict[Corner, list[Corner]], here: Corner, there: Corner) -> None:
    following[here].remove(there)
    if not following[here]:
        del following[here]
