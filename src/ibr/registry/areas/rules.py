"""From degrees to a drawing: areas projected into one square, whole numbers; pure.

An equirectangular projection at the country's middle latitude: for a country-sized map its error
is below what a screen shows, and neighbours keep sharing their borders exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np

from ibr.registry.areas.model import AreaRow, AreaShape, Point
from ibr.registry.areas.topology import Place, simplified

SIDE = 1000
_STEPS = 20


class Frame(msgspec.Struct, frozen=True):
    """How degrees become places in the square."""

    west: float
    north: float
    narrowing: float
    scale: float
    left: float
    top: float

    def exact(self, point: Point) -> Place:
        """A point in the square."""
        x = (point[0] - self.west) * self.narrowing * self.scale + self.left
        y = (self.north - point[1]) * self.scale + self.top
        return x, y

    def holds(self, areas: Sequence[AreaShape]) -> bool:
        """Whether all the shapes lie in the square, but for a sliver at its edge."""
        return all(
            -SIDE / 50 <= each <= SIDE * 51 / 50
            for area in areas
            for ring in area.rings
            for point in ring
            for each in self.exact(point)
        )


def frame_of(areas: Sequence[AreaShape]) -> Frame | None:
    """The frame that fits all areas; None when none has a shape."""
    points = [point for area in areas for ring in area.rings for point in ring]
    if not points:
        return None
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    narrowing = math.cos(math.radians((south + north) / 2))
    width, height = (east - west) * narrowing, north - south
    scale = SIDE / max(width, height, 1e-9)
    return Frame(
        west, north, narrowing, scale, (SIDE - width * scale) / 2, (SIDE - height * scale) / 2
    )


def path_of(rings: Sequence[Sequence[Place]]) -> str:
    """SVG path data of closed rings in whole places: each step from the place before it."""
    parts = []
    for ring in rings:
        first = ring[0]
        steps = [f"{round(b[0] - a[0])} {round(b[1] - a[1])}" for a, b in pairwise(ring[:-1])]
        text = f"M{round(first[0])} {round(first[1])}"
        if steps:
            text += "l" + " ".join(steps).replace(" -", "-")
        parts.append(text + "Z")
    return "".join(parts)


def places_of(path: str) -> list[list[Place]]:
    """The closed rings of an outline as `path_of` wrote it."""
    rings = []
    for part in path.split("Z"):
        if not part:
            continue
        start, _, steps = part.removeprefix("M").partition("l")
        numbers = [int(each) for each in start.split()]
        ring: list[Place] = [(numbers[0], numbers[1])]
        moves = [int(each) for each in steps.replace("-", " -").split()]
        for dx, dy in zip(moves[::2], moves[1::2], strict=True):
            ring.append((ring[-1][0] + dx, ring[-1][1] + dy))
        rings.append([*ring, ring[0]])
    return rings


def size_of(ring: Sequence[Place]) -> float:
    """The area that a closed ring encloses."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))) / 2


def label_point(rings: Sequence[Sequence[Place]]) -> Place:
    """A place inside the area, far from its borders: where a label stands.

    A grid is laid over the largest ring, and laid again more finely around the best place.
    """
    largest = np.array(max(rings, key=size_of), dtype=float)
    lines = [np.array(ring, dtype=float) for ring in rings]
    (left, top), (right, bottom) = largest.min(axis=0), largest.max(axis=0)
    best = (float(largest[0][0]), float(largest[0][1]))
    depth = -math.inf
    for _ in range(4):
        xs, ys = np.linspace(left, right, _STEPS), np.linspace(top, bottom, _STEPS)
        grid = np.array([(x, y) for x in xs for y in ys])
        depths = _depths(grid, lines)
        number = int(depths.argmax())
        if depths[number] > depth:
            depth, best = float(depths[number]), (float(grid[number][0]), float(grid[number][1]))
        wide, high = (right - left) / _STEPS, (bottom - top) / _STEPS
        left, right = best[0] - wide, best[0] + wide
        top, bottom = best[1] - high, best[1] + high
    return round(best[0], 1), round(best[1], 1)


def _depths(grid: np.ndarray, lines: Sequence[np.ndarray]) -> np.ndarray:
    """How far inside the rings each place lies; negative outside (even-odd, as it is filled)."""
    inside = np.zeros(len(grid), dtype=bool)
    nearest = np.full(len(grid), np.inf)
    x, y = grid[:, :1], grid[:, 1:]
    for ring in lines:
        a, b = ring[:-1], ring[1:]
        ax, ay, bx, by = a[:, 0], a[:, 1], b[:, 0], b[:, 1]
        dx, dy = bx - ax, by - ay
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing = ((ay > y) != (by > y)) & (x < ax + dx * (y - ay) / dy)
        inside ^= crossing.sum(axis=1) % 2 == 1
        length = np.maximum(dx * dx + dy * dy, 1e-12)
        along = np.clip(((x - ax) * dx + (y - ay) * dy) / length, 0, 1)
        away = np.hypot(x - ax - along * dx, y - ay - along * dy).min(axis=1)
        nearest = np.minimum(nearest, away)
    return np.where(inside, nearest, -nearest)


def rows_of(areas: Sequence[AreaShape], frame: Frame | None = None) -> list[AreaRow]:
    """The areas as they are kept, parents before children, their lines simplified together."""
    ordered = sorted(areas, key=lambda each: (each.level, each.code))
    frame = frame or frame_of(ordered)
    drawn = _drawn(ordered, frame) if frame else {}
    rows = []
    for area in ordered:
        rings = drawn.get(area.code)
        middle = label_point(rings) if rings else (None, None)
        rows.append(
            AreaRow(
                area.code,
                area.parent,
                area.level,
                msgspec.json.encode(area.names).decode(),
                path_of(rings) if rings else None,
                middle[0],
                middle[1],
                area.population,
            )
        )
    return rows


def _drawn(areas: Sequence[AreaShape], frame: Frame) -> dict[str, list[list[Place]]]:
    """The rings of each area that has a shape, in whole places of the square."""
    owners = [area.code for area in areas for ring in area.rings]
    exact = [[frame.exact(point) for point in ring] for area in areas for ring in area.rings]
    drawn: dict[str, list[list[Place]]] = {}
    for code, ring in zip(owners, simplified(exact), strict=True):
        if len(ring) > 3:
            drawn.setdefault(code, []).append(ring)
    for code, ring in zip(owners, exact, strict=True):
        if code not in drawn:
            # Too small to show: a square of three by three stands for it, so that it can be hit.
            x, y = (round(sum(p[n] for p in ring[:-1]) / (len(ring) - 1)) for n in (0, 1))
            corners = ((-1, -1), (2, -1), (2, 2), (-1, 2), (-1, -1))
            drawn[code] = [[(x + dx, y + dy) for dx, dy in corners]]
    return drawn
