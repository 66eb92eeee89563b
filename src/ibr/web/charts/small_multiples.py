"""The same small picture many times on one scale: bars by group, and lines over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from markupsafe import Markup

from ibr.web.charts.line_trend import broken_path
from ibr.web.charts.svg import Frame, element, picture
from ibr.web.written import Written

_WIDTH, _NAMES, _ROW, _TOP, _SAID = 300, 58, 19, 4, 64
_SMALL_WIDTH, _SMALL_HEIGHT = 160, 74


class Bar(msgspec.Struct, frozen=True):
    """One bar: `mark` is the figure it is held against, `said` what a reader reads at its end."""

    name: str
    value: float | None
    said: str
    mark: float | None = None
    marked: str = ""


class Panel(msgspec.Struct, frozen=True):
    """One picture of bars."""

    name: str
    bars: Sequence[Bar]
    kind: str = ""


def bar_panels(key: str, panels: Sequence[Panel], about: str, *, written: Written) -> Markup:
    """Panels of bars side by side, all on the scale of the longest bar among them."""
    values = [
        value
        for panel in panels
        for bar in panel.bars
        for value in (bar.value, bar.mark)
        if value is not None
    ]
    largest = max(values, default=0.0) or 1.0
    drawn = [
        _figure(panel.name, _bars(f"{key}-{number}", panel, about, largest, written=written))
        for number, panel in enumerate(panels)
    ]
    return element("div", *drawn, class_="panels")


def _bars(key: str, panel: Panel, about: str, largest: float, *, written: Written) -> Markup:
    frame = Frame(_WIDTH, written.language.mirrored)
    scale = (_WIDTH - _NAMES - _SAID) / largest
    height = _TOP + len(panel.bars) * _ROW + 4
    drawn = [frame.line(_NAMES, 0, _NAMES, height, class_="base")]
    for number, bar in enumerate(panel.bars):
        y = _TOP + number * _ROW
        drawn.append(
            frame.text(_NAMES - 6, y + 13, bar.name, class_="axis band", text_anchor="end")
        )
        length = (bar.value or 0.0) * scale
        if bar.value is not None:
            told = f"{panel.name}, {bar.name}: {bar.said}"
            kind = f"panel-bar {panel.kind}".strip()
            drawn.append(frame.box(_NAMES, y + 3, length, _ROW - 6, class_=kind, title=told))
        end = max(length, (bar.mark or 0.0) * scale) + _NAMES + 5
        if bar.mark is not None:
            at = _NAMES + bar.mark * scale
            drawn.append(
                element(
                    "g",
                    element("title", bar.marked),
                    frame.line(at, y + 1, at, y + _ROW - 1, class_="held"),
                )
            )
        drawn.append(frame.text(end, y + 13, bar.said, class_="axis"))
    return picture(f"{key}--panel", _WIDTH, height, panel.name, about, *drawn)


class SmallLines(msgspec.Struct, frozen=True):
    """One small picture of lines over the same periods."""

    name: str
    lines: Sequence[Sequence[float | None]]
    said: str


def line_panels(
    key: str,
    panels: Sequence[SmallLines],
    *,
    written: Written,
    short: Callable[[float], str],
) -> Markup:
    """Small pictures of lines, all on one scale, with the highest figure written once each."""
    every = [value for each in panels for line in each.lines for value in line if value is not None]
    largest = max(every, default=0.0) or 1.0
    drawn = [
        _figure(each.name, _lines(f"{key}-{number}", each, largest, written=written, short=short))
        for number, each in enumerate(panels)
    ]
    return element("div", *drawn, class_="panels small")


def _lines(
    key: str, panel: SmallLines, largest: float, *, written: Written, short: Callable[[float], str]
) -> Markup:
    frame = Frame(_SMALL_WIDTH, written.language.mirrored)
    low, high = _SMALL_HEIGHT - 4, 14
    drawn = [
        frame.line(0, low, _SMALL_WIDTH, low, class_="base"),
        frame.line(0, high, _SMALL_WIDTH, high, class_="grid"),
        frame.text(0, high - 3, short(largest), class_="axis"),
    ]
    for number, line in enumerate(panel.lines):
        step = _SMALL_WIDTH / max(1, len(line) - 1)
        places = [
            None if value is None else (frame.x(at * step), low - value * (low - high) / largest)
            for at, value in enumerate(line)
        ]
        drawn.append(element("path", d=broken_path(places), class_=f"line line-{number + 1}"))
    return picture(f"{key}--small", _SMALL_WIDTH, _SMALL_HEIGHT, panel.name, panel.said, *drawn)


def _figure(name: str, drawing: Markup) -> Markup:
    return element("figure", element("figcaption", element("h3", name)), drawing)
