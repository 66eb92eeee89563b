"""Where an outline lies on the map: the smallest rectangle around it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import msgspec

_PART: Final = re.compile(r"[MmLlHhVvZz]|-?\d+(?:\.\d+)?(?:[eE]-?\d+)?")
# Only path commands and numbers ever reach a page, whatever an import put into the table.
DRAWABLE: Final = re.compile(r"[MmLlHhVvZz0-9\s,.eE+-]+")


class Box(msgspec.Struct, frozen=True):
    """A rectangle of the map."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def wider(self, share: float) -> Box:
        """The rectangle with a margin around it."""
        margin = share * max(self.width, self.height, 1.0)
        return Box(self.left - margin, self.top - margin, self.right + margin, self.bottom + margin)

    def squarer(self) -> Box:
        """The rectangle grown at its short side, so that a long narrow area has its neighbours."""
        side = max(self.width, self.height)
        x, y = (side - self.width) / 2, (side - self.height) / 2
        return Box(self.left - x, self.top - y, self.right + x, self.bottom + y)


def box_around(outlines: Iterable[str]) -> Box | None:
    """The rectangle around outlines; None where there are none."""
    places = [place for outline in outlines for place in _places(outline)]
    if not places:
        return None
    xs, ys = [x for x, _ in places], [y for _, y in places]
    return Box(min(xs), min(ys), max(xs), max(ys))


def _places(outline: str) -> list[tuple[float, float]]:
    """Every place that an outline goes through."""
    places: list[tuple[float, float]] = []
    x = y = start_x = start_y = 0.0
    command = ""
    waiting: list[float] = []
    for part in _PART.findall(outline):
        if part in "Zz":
            x, y = start_x, start_y
        elif part.isalpha():
            command, waiting = part, []
        else:
            waiting.append(float(part))
            if len(waiting) < (1 if command in "HhVv" else 2):
                continue
            x, y = _moved(command, waiting, x, y)
            if command in "Mm":
                start_x, start_y = x, y
                # What follows a move without a letter of its own is a line.
                command = "l" if command == "m" else "L"
            places.append((x, y))
            waiting = []
    return places


def _moved(command: str, by: list[float], x: float, y: float) -> tuple[float, float]:
    if command in "Hh":
        return (by[0] if command == "H" else x + by[0]), y
    if command in "Vv":
        return x, (by[0] if command == "V" else y + by[0])
    return (by[0], by[1]) if command.isupper() else (x + by[0], y + by[1])
