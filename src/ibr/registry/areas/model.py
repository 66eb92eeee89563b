"""An administrative area with its shape."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

Point = Sequence[float]
Ring = Sequence[Point]


class AreaShape(msgspec.Struct, frozen=True, kw_only=True):
    """An area as it is imported; rings are longitude and latitude in degrees (GeoJSON)."""

    code: str
    parent: str | None
    level: int
    names: dict[str, str]
    rings: Sequence[Ring] = ()
    population: int | None = None


class AreaRow(msgspec.Struct, frozen=True):
    """An area as it is kept: its outline as SVG path data in a square of 1000 by 1000."""

    code: str
    parent: str | None
    level: int
    names: str
    outline: str | None
    centre_x: float | None
    centre_y: float | None
    population: int | None
