"""Bars inside the cells of a table, and two sides of one axis.

A bar in a cell stands beside its number, so it is hidden from screen readers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log2

import msgspec
from markupsafe import Markup

from ibr.periods import Month
from ibr.web.charts.svg import Frame, element, picture, ticks
from ibr.web.written import Written

PARTS = 4
"""How many parts of a whole have a shade of their own."""
_FOUR_TIMES = 2.0


def _in_cell(kind: str, *inside: Markup, width: int = 100) -> Markup:
    return element(
        "svg",
        *inside,
        viewBox=f"0 0 {width} 8",
        preserveAspectRatio="none",
        aria_hidden="true",
        focusable="false",
        class_=f"meter {kind}",
    )


def _box(x: float, width: float, kind: str) -> Markup:
    return element("rect", x=x, width=max(0.0, width), height="8", class_=kind)


def _mark(x: float) -> Markup:
    return element("line", x1=x, x2=x, y1="0", y2="8", class_="meter-mark")


def marked(value: float | None, largest: float, mark: float = 1.0) -> Markup:
    """A bar with a line where the whole is: what goes beyond it is more than there should be."""
    top = max(largest, mark) or 1.0
    inside = [_box(0, 100, "meter-ground")]
    if value is not None:
        inside.append(_box(0, 100 * min(value, mark) / top, "meter-value"))
        inside.append(_box(100 * mark / top, 100 * (value - mark) / top, "meter-more"))
    if top > mark:
        inside.append(_mark(100 * mark / top))
    return _in_cell("marked", *inside)


def parts(values: Sequence[float], whole: float) -> Markup:
    """Parts of a whole one after another, each in its shade."""
    inside, at = [_box(0, 100, "meter-ground")], 0.0
    for number, value in enumerate(values):
        width = 100 * value / whole if whole else 0.0
        inside.append(_box(at, width, f"part-{min(number + 1, PARTS)}"))
        at += width
    return _in_cell("parts", *inside)


def both_ways(less: float, more: float, largest: float) -> Markup:
    """What went to one side of a line, what came to the other."""
    scale = 50 / largest if largest else 0.0
    return _in_cell(
        "both-ways",
        _box(0, 100, "meter-ground"),
        _box(50 - less * scale, less * scale, "meter-less"),
        _box(50, more * scale, "meter-value"),
        _mark(50),
    )


def spread(lowest: float, highest: float, middle: float | None, largest: float) -> Markup:
    """From the lowest to the highest, with a line at the whole."""
    scale = 100 / largest if largest else 0.0
    inside = [_box(0, 100, "meter-ground")]
    inside.append(_box(lowest * scale, max(1.0, (highest - lowest) * scale), "meter-value"))
    if middle is not None:
        inside.append(_mark(middle * scale))
    return _in_cell("spread", *inside)


def beside_one(ratio: float | None) -> Markup:
    """How far a ratio is from one: half as much and twice as much stand equally far from it."""
    inside = [_box(0, 100, "meter-ground")]
    if ratio is not None:
        # Four times and a quarter are the ends; beyond them nobody measures by eye.
        away = max(-_FOUR_TIMES, min(_FOUR_TIMES, log2(ratio))) if ratio > 0 else -_FOUR_TIMES
        end = 50 + away * 25
        kind = "meter-value" if away >= 0 else "meter-less"
        inside.append(_box(min(50, end), max(1.0, abs(end - 50)), kind))
    return _in_cell("beside-one", *inside, _mark(50))


def sparkline(values: Sequence[float | None]) -> Markup:
    """Months as one small line from nothing to the largest; a month without a figure is a gap."""
    known = [each for each in values if each is not None]
    largest = max(known, default=0) or 1.0
    step = 96 / max(1, len(values) - 1)
    path, pen_up = "", True
    for number, value in enumerate(values):
        if value is None:
            pen_up = True
            continue
        path += f"{'M' if pen_up else 'L'}{2 + number * step:.0f} {22 - 20 * value / largest:.1f}"
        pen_up = False
    return element(
        "svg",
        element("path", d="M0 23.5H100", class_="base"),
        element("path", d=path, class_="line"),
        viewBox="0 0 100 24",
        preserveAspectRatio="none",
        aria_hidden="true",
        focusable="false",
        class_="sparkline",
    )


class Side(msgspec.Struct, frozen=True):
    """A row of a picture with two sides: its name, both values, and what they say."""

    name: str
    left: float | None
    right: float | None
    left_told: str
    right_told: str


WIDTH, _MIDDLE, _GAP, _TOP, _ROW = 560, 280, 34, 34, 22


def two_sided(
    key: str,
    rows: Sequence[Side],
    title: str,
    about: str,
    *,
    left: str,
    right: str,
    short: Callable[[float], str],
    mirrored: bool,
    largest: float | None = None,
) -> Markup:
    """Bars from the middle outwards; where a value is not known there is a hatched stump."""
    frame = Frame(WIDTH, mirrored)
    known = [each for row in rows for each in (row.left, row.right) if each is not None]
    top = largest or max(known, default=0) or 1.0
    scale = (_MIDDLE - _GAP - 26) / top
    low = _TOP + len(rows) * _ROW
    drawn = [
        frame.text(_MIDDLE - _GAP, 20, left, class_="legend women", text_anchor="end"),
        frame.text(_MIDDLE + _GAP, 20, right, class_="legend men"),
    ]
    for mark in (0.0, top / 2, top):
        for side in (-1, 1):
            x = _MIDDLE + side * (_GAP + mark * scale)
            drawn.append(frame.line(x, _TOP, x, low, class_="grid" if mark else "base"))
            drawn.append(frame.text(x, low + 20, short(mark), class_="axis", text_anchor="middle"))
    for number, row in enumerate(rows):
        y = _TOP + number * _ROW + 2
        for side, kind, value, told in (
            (-1, "women", row.left, row.left_told),
            (1, "men", row.right, row.right_told),
        ):
            length = 12.0 if value is None else value * scale
            x = _MIDDLE + _GAP if side > 0 else _MIDDLE - _GAP - length
            what = "unknown" if value is None else kind
            drawn.append(frame.box(x, y, length, _ROW - 4, class_=what, title=told))
        drawn.append(
            frame.text(_MIDDLE, y + 13, row.name, class_="axis band", text_anchor="middle")
        )
    return picture(key, WIDTH, low + 28, title, about, *drawn)


class Passage(msgspec.Struct, frozen=True):
    """What came and what went in a month; None where that was not counted."""

    month: Month
    came: float | None
    went: float | None


_LEFT, _RIGHT, _HIGH, _LOW = 56, 712, 16, 246


def in_and_out(
    key: str, months: Sequence[Passage], title: str, about: str, *, came: str, went: str,
    written: Written,
) -> Markup:  # fmt: skip
    """Who came above a line, who went below it, and the difference as a dot, month by month."""
    frame = Frame(720, written.language.mirrored)
    up = ticks(max((each.came or 0 for each in months), default=0), 2)
    down = ticks(max((each.went or 0 for each in months), default=0), 2)
    scale = (_LOW - _HIGH) / (up[-1] + down[-1])
    base = _HIGH + up[-1] * scale
    width = (_RIGHT - _LEFT) / max(1, len(months))
    drawn = []
    for mark in (*up, *(-each for each in down[1:])):
        y = base - mark * scale
        drawn.append(frame.line(_LEFT, y, _RIGHT, y, class_="grid" if mark else "base"))
        drawn.append(
            frame.text(_LEFT - 8, y + 4, written.short(abs(mark)), class_="axis", text_anchor="end")
        )
    for number, each in enumerate(months):
        x = _LEFT + number * width
        if each.came is not None and each.went is not None:
            drawn += _passage(frame, each, x, width, base, scale, came, went, written)
        if (len(months) - 1 - number) % 6 == 0:
            anchor, at = ("end", x + width) if number == len(months) - 1 else ("middle", x)
            drawn.append(
                frame.text(
                    at,
                    _LOW + 24,
                    written.short_month(each.month),
                    class_="axis",
                    text_anchor=anchor,
                )
            )
    return picture(key, 720, _LOW + 34, title, about, *drawn)


def _passage(
    frame: Frame, each: Passage, x: float, width: float, base: float, scale: float, came: str,
    went: str, written: Written,
) -> list[Markup]:  # fmt: skip
    month, more, less = written.month(each.month), each.came or 0, each.went or 0
    net = base - (more - less) * scale
    return [
        frame.box(
            x + width * 0.14, base - more * scale, width * 0.72, more * scale, class_="came",
            title=f"{month}: {came}: {written.count(more)}",
        ),
        frame.box(
            x + width * 0.14, base, width * 0.72, less * scale, class_="went",
            title=f"{month}: {went}: {written.count(less)}",
        ),
        frame.line(x + width * 0.2, net, x + width * 0.8, net, class_="net"),
    ]  # fmt: skip
