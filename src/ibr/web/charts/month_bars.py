"""A value a month, as bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from ibr.periods import Month
from ibr.web.charts.svg import Frame, element, picture, ticks
from ibr.web.written import Written

WIDTH, HEIGHT = 560, 240
_START, _END, _TOP, _BOTTOM = 56, 552, 14, 206


def month_bars(
    key: str,
    values: Sequence[tuple[Month, float]],
    title: str,
    about: str,
    *,
    written: Written,
    short: Callable[[float], str],
    full: Callable[[float], str],
) -> Markup:
    """Bars from the oldest month to the newest, the last one marked."""
    frame = Frame(WIDTH, written.language.mirrored)
    marks = ticks(max((value for _, value in values), default=0))
    scale = (_BOTTOM - _TOP) / marks[-1]
    width = (_END - _START) / max(1, len(values))
    drawn = [*_ground(frame, marks, scale, short)]
    for number, (month, value) in enumerate(values):
        x = _START + number * width
        last = number == len(values) - 1
        drawn.append(
            frame.box(
                x + width * 0.14,
                _BOTTOM - value * scale,
                width * 0.72,
                value * scale,
                class_="bar last" if last else "bar",
                rx="1.5",
                title=f"{written.month(month)}: {full(value)}",
            )
        )
        if (len(values) - 1 - number) % 6 == 0:
            minor = "axis minor" if (len(values) - 1 - number) % 12 else "axis"
            # The newest month's words end at the edge, so that they stay inside the picture.
            anchor, at = ("end", x + width) if last else ("middle", x + width / 2)
            drawn.append(
                frame.text(
                    at, _BOTTOM + 22, written.short_month(month), class_=minor, text_anchor=anchor
                )
            )
    return picture(key, WIDTH, HEIGHT, title, about, *drawn)


def _ground(
    frame: Frame, marks: Sequence[float], scale: float, short: Callable[[float], str]
) -> list[Markup]:
    drawn = []
    for mark in marks:
        y = _BOTTOM - mark * scale
        drawn.append(frame.line(_START, y, _END, y, class_="grid" if mark else "base"))
        drawn.append(frame.text(_START - 8, y + 4, short(mark), class_="axis", text_anchor="end"))
    return [element("g", *drawn)]
