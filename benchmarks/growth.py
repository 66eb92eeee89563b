"""How figures grow with the data: `python -m benchmarks.growth --people 100000 300000 1000000`.

Each size runs `benchmarks.figures` in a process of its own, so that none inherits another's memory.
The processor time of a run, its snapshot included, is drawn against the number of people, both axes
logarithmic, with a line that grows as the data does: `docs/figures-growth.svg`, shown in
docs/performance.md.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

PICTURE: Final = Path(__file__).parents[1] / "docs" / "figures-growth.svg"
_WIDTH, _HEIGHT = 720, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 190, 24, 52
# Readable in black and white too: each line has its own mark and its name at its end.
_LINES: Final = (
    ("full", "24 months", "#1f4e79", ""),
    ("more", "one month more", "#a63d00", "7 4"),
)
_ABOUT: Final = "Seconds of processor time by number of people, both axes logarithmic"


def measured(people: int) -> dict[str, Any]:
    """What `benchmarks.figures` found for so many people."""
    command = [sys.executable, "-m", "benchmarks.figures", "--people", str(people), "--json"]
    ran = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = msgspec.json.decode(ran.stdout.splitlines()[-1])
    return found


def picture(found: Sequence[Mapping[str, Any]]) -> str:
    """The SVG of all sizes; `found` holds people and seconds of each of the lines."""
    sizes = [each["people"] for each in found]
    seconds = [each[name] for each in found for name, *_ in _LINES]
    across = _Scale(min(sizes), max(sizes), _LEFT, _WIDTH - _RIGHT)
    up = _Scale(min(seconds), max(seconds), _HEIGHT - _BOTTOM, _TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{_ABOUT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        *_axes(across, up, sizes),
        *_as_the_data(across, up, found),
    ]
    for name, title, colour, dashes in _LINES:
        points = [(across(each["people"]), up(each[name])) for each in found]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" '
            f'stroke-dasharray="{dashes}"/>'
        )
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in points]
        x, y = points[-1]
        parts.append(f'<text x="{x + 10:.1f}" y="{y + 4:.1f}" fill="{colour}">{title}</text>')
    return "\n".join([*parts, "</svg>", ""])


class _Scale:
    """A logarithmic axis from one number to another, drawn from one place to another."""

    def __init__(self, low: float, high: float, begin: float, end: float) -> None:
        self.low = 10 ** math.floor(math.log10(low))
        self.high = 10 ** math.ceil(math.log10(high))
        self._begin, self._long = begin, end - begin
        self._decades = math.log10(self.high / self.low) or 1.0

    def __call__(self, value: float) -> float:
        return self._begin + self._long * math.log10(value / self.low) / self._decades

    def tens(self) -> Iterator[float]:
        value = self.low
        while value <= self.high:
            yield value
            value *= 10


def _axes(across: _Scale, up: _Scale, sizes: Sequence[int]) -> Iterator[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    for value in up.tens():
        y = up(value)
        yield f'<line x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g} s</text>'
    for size in sizes:
        x = across(size)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom}" stroke="#ddd"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{size:,}</text>'
    middle = (_LEFT + right) / 2
    yield f'<text x="{middle}" y="{_HEIGHT - 10}" text-anchor="middle">people</text>'


def _as_the_data(across: _Scale, up: _Scale, found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line that grows as the number of people does, from the first full run on."""
    first, last = found[0], found[-1]
    reached = first["full"] * last["people"] / first["people"]
    points = ((across(first["people"]), up(first["full"])), (across(last["people"]), up(reached)))
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    yield f'<polyline points="{path}" fill="none" stroke="#999" stroke-width="1"/>'
    x, y = points[1]
    yield f'<text x="{x + 10:.1f}" y="{y + 4:.1f}" fill="#666">as the data grows</text>'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, nargs="*", default=[2_000, 6_000])
    parser.add_argument("--known", type=Path, help="lines of JSON measured before, drawn too")
    parser.add_argument("--keep", action="store_true", help="write docs/figures-growth.svg")
    given = parser.parse_args()
    known = given.known.read_bytes().splitlines() if given.known else []
    found: list[dict[str, Any]] = [msgspec.json.decode(line) for line in known if line.strip()]
    for people in sorted(given.people):
        found.append(measured(people))
        print(msgspec.json.encode(found[-1]).decode(), flush=True)
    found.sort(key=lambda each: int(each["people"]))
    first, last = found[0], found[-1]
    times = last["people"] / first["people"]
    for name, title, *_ in _LINES:
        print(f"{times:.0f} times the people: {last[name] / first[name]:.1f} times for {title}")
    if given.keep:
        PICTURE.write_text(picture(found), encoding="utf-8")


if __name__ == "__main__":
    main()
