"""Who moved from which programme to which between two months, as bands from left to right.

A country has more programmes than bands can be followed: the largest keep their own node, the
others become one, whatever their number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec
from markupsafe import Markup

from ibr.web.charts.svg import Frame, element, picture
from ibr.web.charts.upset import shortened

MOST = 10
"""Nodes on a side; more cannot be told apart."""
WIDTH = 820
_LEFT, _RIGHT, _NODE = 262, 546, 12
_TOP, _GAP, _HEIGHT = 34, 12, 380
_HIGHEST = 70
_LONGEST_NAME = 27


class Move(msgspec.Struct, frozen=True):
    """People who left one programme and came to another."""

    source: str
    target: str
    count: int


class Words(msgspec.Struct, frozen=True):
    """How nodes are named and bands are told."""

    name: Callable[[str], str]
    told: Callable[[str, str, int], str]
    short: Callable[[float], str]
    before: str
    after: str


REST = ""
"""The node of all programmes that have none of their own; no programme has an empty code."""


def folded(moves: Sequence[Move], most: int = MOST) -> list[Move]:
    """The moves with small programmes made one on each side; nobody is left out.

    What moved among the small ones alone is a move like the others here, and not drawn: it would
    hide the rest and tell nothing.
    """
    sources = _largest(Counter(), moves, "source", most)
    targets = _largest(Counter(), moves, "target", most)
    sums: Counter[tuple[str, str]] = Counter()
    for each in moves:
        source = each.source if each.source in sources else REST
        target = each.target if each.target in targets else REST
        sums[source, target] += each.count
    return [Move(source, target, count) for (source, target), count in sums.items()]


def among_the_small(moves: Sequence[Move]) -> int:
    """How many moved among programmes that have no node of their own."""
    return sum(each.count for each in folded(moves) if each.source == each.target == REST)


def _largest(sums: Counter[str], moves: Sequence[Move], side: str, most: int) -> set[str]:
    for each in moves:
        sums[getattr(each, side)] += each.count
    # One that would stand alone in the rest keeps its name.
    keep = most if len(sums) > most + 1 else most + 1
    ordered = sorted(sums, key=lambda code: (-sums[code], code))
    return set(ordered[:keep])


class _Side:
    """The nodes of one side: where each stands, and how far it is filled already."""

    def __init__(self, moves: Sequence[Move], side: str, scale: float) -> None:
        sums: Counter[str] = Counter()
        for each in moves:
            sums[getattr(each, side)] += each.count
        self.sums = sums
        self.order = sorted(sums, key=lambda code: (code == REST, -sums[code], code))
        self.top: dict[str, float] = {}
        y = float(_TOP)
        for code in self.order:
            self.top[code] = y
            y += max(3.0, sums[code] * scale) + _GAP
        self.end = y
        self.filled = dict(self.top)

    def take(self, code: str, height: float) -> float:
        at = self.filled[code]
        self.filled[code] = at + height
        return at


def flows(
    key: str, moves: Sequence[Move], title: str, about: str, *, words: Words, mirrored: bool
) -> Markup:
    """The picture; its bands are as thick as the number of people who moved."""
    own = [each for each in folded(moves) if not (each.source == each.target == REST)]
    frame = Frame(WIDTH, mirrored)
    whole = sum(each.count for each in own) or 1.0
    nodes_of = max(len({each.source for each in own}), len({each.target for each in own}))
    scale = min(_HEIGHT, nodes_of * _HIGHEST) / whole
    left, right = _Side(own, "source", scale), _Side(own, "target", scale)
    place = {code: at for at, code in enumerate(right.order)}
    start = {code: at for at, code in enumerate(left.order)}
    bands, nodes = [], []
    for each in sorted(own, key=lambda move: (start[move.source], place[move.target])):
        thick = max(0.8, each.count * scale)
        one, two = left.take(each.source, thick), right.take(each.target, thick)
        told = words.told(each.source, each.target, each.count)
        bands.append(_band(frame, one, two, thick, told, f"band n{start[each.source] % 4 + 1}"))
    for side, x, anchor in ((left, _LEFT, "end"), (right, _RIGHT, "start")):
        for code in side.order:
            nodes += _node(frame, side, code, x, anchor, scale, words)
    heads = [
        frame.text(_LEFT + _NODE, 18, words.before, class_="legend", text_anchor="end"),
        frame.text(_RIGHT, 18, words.after, class_="legend"),
    ]
    height = round(max(left.end, right.end)) + 6
    return picture(key, WIDTH, height, title, about, *heads, *bands, *nodes)


def _band(frame: Frame, one: float, two: float, thick: float, told: str, kind: str) -> Markup:
    """A band that leaves and arrives level."""
    x1, x2 = frame.x(_LEFT + _NODE), frame.x(_RIGHT)
    middle = (x1 + x2) / 2
    path = (
        f"M{x1:.0f} {one:.1f}C{middle:.0f} {one:.1f} {middle:.0f} {two:.1f} {x2:.0f} {two:.1f}"
        f"v{thick:.1f}C{middle:.0f} {two + thick:.1f} {middle:.0f} {one + thick:.1f} "
        f"{x1:.0f} {one + thick:.1f}z"
    )
    return element("path", element("title", told), d=path, class_=kind)


def _node(
    frame: Frame, side: _Side, code: str, x: float, anchor: str, scale: float, words: Words
) -> list[Markup]:
    high = max(3.0, side.sums[code] * scale)
    y = side.top[code]
    # The box of the left side ends where its bands begin.
    text_x = x - 8 if anchor == "end" else x + _NODE + 8
    said = f"{shortened(words.name(code), _LONGEST_NAME)} · {words.short(side.sums[code])}"
    return [
        frame.box(x, y, _NODE, high, class_="node"),
        frame.text(text_x, y + high / 2 + 4.5, said, class_="row-name", text_anchor=anchor),
    ]
