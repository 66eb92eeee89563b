"""Figures over months as lines. Lines differ by their dashes as well as by their colour."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import groupby

import msgspec
from markupsafe import Markup

from ibr.web.charts.svg import Frame, element, picture, ticks
from ibr.web.written import Written

WIDTH, HEIGHT = 560, 250
MOST_LINES = 4
_START, _END, _TOP, _BOTTOM = 56, 548, 16, 212


class Line(msgspec.Struct, frozen=True):
    """One line: its name and a figure for each period, None where there is none."""

    name: str
    values: Sequence[float | None]


def line_trend(
    key: str,
    periods: Sequence[str],
    lines: Sequence[Line],
    title: str,
    about: str,
    *,
    written: Written,
    short: Callable[[float], str],
    full: Callable[[float], str],
    partial: Collection[int] = (),
) -> Markup:
    """The lines from the oldest period to the newest, on an axis that begins at nothing.

    `periods` are as a reader writes them; `partial` are the places of those that are not yet
    fully reported: their points are hollow.
    """
    frame = Frame(WIDTH, written.language.mirrored)
    known = [value for line in lines for value in line.values if value is not None]
    marks = _marks(max(known, default=0))
    scale = (_BOTTOM - _TOP) / marks[-1]
    step = (_END - _START) / max(1, len(periods) - 1)
    drawn = []
    for mark in marks:
        y = _BOTTOM - mark * scale
        drawn.append(frame.line(_START, y, _END, y, class_="grid" if mark else "base"))
        drawn.append(frame.text(_START - 8, y + 4, short(mark), class_="axis", text_anchor="end"))
    drawn += _periods(frame, periods, step)
    for number, line in enumerate(lines[:MOST_LINES]):
        places = [
            None if value is None else (frame.x(_START + at * step), _BOTTOM - value * scale)
            for at, value in enumerate(line.values)
        ]
        drawn.append(element("path", d=broken_path(places), class_=f"line line-{number + 1}"))
        for at, place in enumerate(places):
            if place is not None:
                told = f"{line.name}, {periods[at]}: {full(line.values[at] or 0.0)}"
                kind = f"dot dot-{number + 1}" + (" partial" if at in partial else "")
                drawn.append(
                    element(
                        "circle",
                        element("title", told),
                        cx=place[0],
                        cy=place[1],
                        r="3.2",
                        class_=kind,
                    )
                )
    return picture(f"{key}--trend", WIDTH, HEIGHT, title, about, *drawn)


def _marks(largest: float) -> Sequence[float]:
    """Round figures for the axis: whole ones, but for shares and other small figures."""
    if 0 < largest <= 4:
        return tuple(each / 1000 for each in ticks(largest * 1000))
    return ticks(largest)


def _periods(frame: Frame, periods: Sequence[str], step: float) -> list[Markup]:
    drawn = []
    last = len(periods) - 1
    for at, name in enumerate(periods):
        if (last - at) % 6 == 0 or last < 6:
            minor = (last - at) % 12 != 0 and last >= 6
            anchor = "end" if at == last and last else "middle"
            drawn.append(
                frame.text(
                    _START + at * step,
                    _BOTTOM + 22,
                    name,
                    class_="axis minor" if minor else "axis",
                    text_anchor=anchor,
                )
            )
    return drawn


def broken_path(places: Sequence[tuple[float, float] | None]) -> str:
    """A line through places that breaks where there is none."""
    pieces = []
    for there, group in groupby(places, key=lambda place: place is not None):
        if there:
            pieces.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in filter(None, group)))
    return "".join(pieces)


def line_key(names: Sequence[str], partial: str = "") -> Markup:
    """What the lines are called; `partial` is said beside a hollow point."""
    lines = [
        element("li", _sample(element("path", d="M1 9H33", class_=f"line line-{at + 1}")), name)
        for at, name in enumerate(names[:MOST_LINES])
    ]
    if partial:
        dot = element("circle", cx=17, cy=9, r=4, class_="dot dot-1 partial")
        lines.append(element("li", _sample(dot), partial))
    return element("ul", *lines, class_="key lines")


def _sample(inside: Markup) -> Markup:
    return element("svg", inside, viewBox="0 0 34 18", aria_hidden="true", focusable="false")
