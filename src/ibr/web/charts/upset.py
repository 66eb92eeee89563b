"""Exact combinations of programmes as an UpSet picture: a bar for each combination, and below it
the programmes that make it up, as dots joined by a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from markupsafe import Markup

from ibr.web.charts.svg import Frame, element, picture, ticks

WIDTH = 760
_NAMES, _START, _END = 8, 236, 752
_TOP, _BARS, _ROW = 22, 150, 24
_LONGEST_NAME = 30


class Combination(msgspec.Struct, frozen=True):
    """Codes of programmes, how many people have exactly these, and what is said of it."""

    codes: tuple[str, ...]
    count: float
    told: str


class Row(msgspec.Struct, frozen=True):
    """A programme of the picture."""

    code: str
    name: str


def upset(
    key: str,
    rows: Sequence[Row],
    combinations: Sequence[Combination],
    title: str,
    about: str,
    *,
    short: Callable[[float], str],
    mirrored: bool,
) -> Markup:
    """The combinations from the most frequent on; the programmes from the one in most of them."""
    frame = Frame(WIDTH, mirrored)
    base = _TOP + _BARS
    height = base + 14 + len(rows) * _ROW + 6
    width = min(46.0, (_END - _START) / max(1, len(combinations)))
    marks = ticks(max((each.count for each in combinations), default=0), 3)
    scale = _BARS / marks[-1]
    place = {row.code: base + 14 + number * _ROW + _ROW / 2 for number, row in enumerate(rows)}
    drawn = _ground(frame, rows, place, marks, scale, short, _START + width * len(combinations))
    middles = [_START + (number + 0.5) * width for number in range(len(combinations))]
    drawn.append(_empty(frame, middles, place))
    for number, each in enumerate(combinations):
        drawn.append(_column(frame, each, _START + number * width, width, scale, place, short))
    return picture(key, WIDTH, round(height), title, about, *drawn)


def _ground(
    frame: Frame,
    rows: Sequence[Row],
    place: dict[str, float],
    marks: Sequence[float],
    scale: float,
    short: Callable[[float], str],
    end: float,
) -> list[Markup]:
    base = _TOP + _BARS
    drawn = []
    for mark in marks:
        y = base - mark * scale
        drawn.append(frame.line(_START, y, end, y, class_="grid" if mark else "base"))
        drawn.append(frame.text(_START - 8, y + 4, short(mark), class_="axis", text_anchor="end"))
    for number, row in enumerate(rows):
        y = place[row.code]
        if number % 2 == 0:
            drawn.append(frame.box(0, y - _ROW / 2, end, _ROW, class_="stripe"))
        drawn.append(frame.text(_NAMES, y + 4.5, shortened(row.name), class_="row-name"))
    return drawn


def _column(
    frame: Frame,
    each: Combination,
    x: float,
    width: float,
    scale: float,
    place: dict[str, float],
    short: Callable[[float], str],
) -> Markup:
    """A bar with its number, the dots of its programmes, and the line through them."""
    base, middle = _TOP + _BARS, x + width / 2
    high = each.count * scale
    own = sorted(place[code] for code in each.codes)
    inside = [
        element("title", each.told),
        frame.box(x + width * 0.18, base - high, width * 0.64, high, class_="bar last", rx="1.5"),
        frame.text(middle, base - high - 5, short(each.count), class_="axis", text_anchor="middle"),
    ]
    if len(own) > 1:
        inside.append(frame.line(middle, own[0], middle, own[-1], class_="joint"))
    inside += [element("circle", cx=frame.x(middle), cy=y, r="5.5", class_="dot") for y in own]
    return element("g", *inside, class_="combination")


def _empty(frame: Frame, columns: Sequence[float], place: dict[str, float]) -> Markup:
    """A pale dot at every crossing, as one line of no length with round ends: a circle each would
    make the page twice as large."""
    path = "".join(f"M{frame.x(x):.0f} {y:.0f}h0" for x in columns for y in place.values())
    return element("path", d=path, class_="empty-dots")


def shortened(name: str, longest: int = _LONGEST_NAME) -> str:
    """A name that stays inside its column; the table below has it in full."""
    return name if len(name) <= longest else name[: longest - 1].rstrip() + "…"
