"""From degrees to a drawing: areas projected into one square, whole numbers; pure.

An equirectangular projection at the country's middle latitude: for a country-sized map its error
is below what a screen shows, and neighbours keep sharing their borders exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from ibr.registry.areas.model import AreaRow, AreaShape, Point, Ring

SIDE = 1000


class Frame(msgspec.Struct, frozen=True):
    """How degrees become places in the square."""

    west: float
    north: float
    narrowing: float
    scale: float
    left: float
    top: float

    def place(self, point: Point) -> tuple[int, int]:
        """A point in the square, whole numbers."""
        x = (point[0] - self.west) * self.narrowing * self.scale + self.left
        y = (self.north - point[1]) * self.scale + self.top
        return round(x), round(y)


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


def outline(rings: Sequence[Ring], frame: Frame) -> str:
    """SVG path data of the rings; a place that repeats the one before it is left out."""
    parts = []
    for ring in rings:
        places: list[tuple[int, int]] = []
        for point in ring:
            place = frame.place(point)
            if not places or place != places[-1]:
                places.append(place)
        if len(places) > 3:
            parts.append("M" + "L".join(f"{x} {y}" for x, y in places[:-1]) + "Z")
    return "".join(parts)


def centre(ring: Ring, frame: Frame) -> tuple[float, float]:
    """The centre of gravity of the outer ring, where a label stands."""
    places = [frame.place(point) for point in ring]
    twice, x_sum, y_sum = 0.0, 0.0, 0.0
    for (x1, y1), (x2, y2) in pairwise(places):
        cross = x1 * y2 - x2 * y1
        twice += cross
        x_sum += (x1 + x2) * cross
        y_sum += (y1 + y2) * cross
    if abs(twice) < 1:
        return float(places[0][0]), float(places[0][1])
    return x_sum / (3 * twice), y_sum / (3 * twice)


def rows_of(areas: Sequence[AreaShape]) -> list[AreaRow]:
    """The areas as they are kept, parents before children."""
    frame = frame_of(areas)
    rows = []
    for area in sorted(areas, key=lambda each: (each.level, each.code)):
        drawn = outline(area.rings, frame) if frame and area.rings else None
        middle = centre(area.rings[0], frame) if frame and area.rings else (None, None)
        rows.append(
            AreaRow(
                area.code,
                area.parent,
                area.level,
                msgspec.json.encode(area.names).decode(),
                drawn or None,
                middle[0],
                middle[1],
                area.population,
            )
        )
    return rows
