"""What does not fit in a list of areas: orphans, names twice, gaps and overlaps. Pure.

Gaps and overlaps are measured on the map as it is drawn, line by line of the square: a place that
two children cover is an overlap, one of the parent that none covers is a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from ibr.registry.areas.model import Area, Fault
from ibr.registry.areas.names import plain
from ibr.registry.areas.rules import SIDE, places_of
from ibr.registry.areas.topology import Place

SHOWN_FROM: Final = 0.005
"""The share of the whole from which a gap or an overlap is more than a rounded line."""

Span = tuple[float, float]


def faults_of(areas: Sequence[Area]) -> list[Fault]:
    """All that does not fit, in the order of the areas."""
    by_code = {area.code: area for area in areas}
    inside: dict[str | None, list[Area]] = {}
    for area in areas:
        inside.setdefault(area.parent, []).append(area)
    faults = [fault for area in areas for fault in _alone(area, by_code)]
    for parent, children in inside.items():
        faults += _twice(children)
        if len(children) > 1:
            faults += _on_the_map(by_code.get(parent or ""), children)
    return faults


def _alone(area: Area, by_code: dict[str, Area]) -> list[Fault]:
    above = by_code.get(area.parent or "")
    if area.parent and above is None:
        return [Fault("orphan", area.code, f"The area {area.parent} that it lies in has ended.")]
    if area.parent is None and area.level > 0 and any(a.level == 0 for a in by_code.values()):
        return [Fault("orphan", area.code, "It is not said in which area it lies.")]
    if above and above.level != area.level - 1:
        reason = f"It is of level {area.level} and lies in one of level {above.level}."
        return [Fault("level", area.code, reason)]
    return []


def _twice(children: Sequence[Area]) -> list[Fault]:
    seen: dict[tuple[int, str], str] = {}
    faults = []
    for area in children:
        for name in {plain(each) for each in area.names.values()}:
            first = seen.setdefault((area.level, name), area.code)
            if first != area.code:
                faults.append(Fault("name", area.code, f"{first} beside it has the same name."))
    return faults


def _on_the_map(parent: Area | None, children: Sequence[Area]) -> list[Fault]:
    drawn = [area for area in children if area.outline]
    if not drawn:
        return []
    name = parent.code if parent else ""
    undrawn = [area.code for area in children if not area.outline]
    faults = [Fault("outline", code, "It has no outline, its neighbours have.") for code in undrawn]
    spans = [_spans(places_of(area.outline or "")) for area in drawn]
    whole = _spans(places_of(parent.outline)) if parent and parent.outline else None
    covered = twice = gap = total = 0.0
    for y in range(SIDE):
        at_once = _times(part for area in spans for part in area.get(y, ()))
        covered += sum(end - start for start, end, times in at_once if times)
        twice += sum((times - 1) * (end - start) for start, end, times in at_once if times > 1)
        if whole:
            mine = whole.get(y, [])
            total += sum(end - start for start, end in mine)
            gap += _uncovered(mine, at_once)
    if twice > SHOWN_FROM * covered:
        faults.append(
            Fault("overlap", name, f"Areas in it cover {twice / covered:.1%} of it more than once.")
        )
    if whole and not undrawn and gap > SHOWN_FROM * total:
        faults.append(Fault("gap", name, f"No area in it covers {gap / total:.1%} of it."))
    return faults


def _spans(rings: Sequence[Sequence[Place]]) -> dict[int, list[Span]]:
    """Where the rings cover the middle of each line of the square (even-odd)."""
    crossings: dict[int, list[float]] = {}
    for ring in rings:
        for (x1, y1), (x2, y2) in pairwise(ring):
            low, high = (y1, y2) if y1 < y2 else (y2, y1)
            for y in range(int(low), int(high)):
                crossings.setdefault(y, []).append(x1 + (y + 0.5 - y1) * (x2 - x1) / (y2 - y1))
    return {
        y: list(zip(sorted(xs)[::2], sorted(xs)[1::2], strict=True)) for y, xs in crossings.items()
    }


def _times(spans: Iterable[Span]) -> list[tuple[float, float, int]]:
    """The line cut into pieces, and how many spans cover each."""
    turns = sorted(turn for start, end in spans for turn in ((start, 1), (end, -1)))
    pieces, depth = [], 0
    for (here, step), (there, _) in pairwise(turns):
        depth += step
        pieces.append((here, there, depth))
    return pieces


def _uncovered(mine: Sequence[Span], pieces: Sequence[tuple[float, float, int]]) -> float:
    length = 0.0
    for start, end in mine:
        length += end - start
        length -= sum(
            max(0.0, min(end, right) - max(start, left))
            for left, right, times in pieces
            if times > 0
        )
    return length
