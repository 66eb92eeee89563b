"""A view over time: lines, and the table of the same figures."""

from __future__ import annotations

import msgspec
from markupsafe import Markup

from ibr.web import exact
from ibr.web.charts.line_trend import Line, line_key, line_trend
from ibr.web.explorer.drawing import Drawing, Row
from ibr.web.explorer.gather import Column


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """Lines over periods and the table behind them."""

    drawing: Markup
    key: Markup
    names: list[str]
    rows: list[Row]


def trend_of(draw: Drawing) -> Trend | None:
    """The figure over time, of one or two areas; nothing for a single period."""
    explored = draw.explored
    areas = [draw.view.area, *filter(None, (draw.view.and_area,))]
    periods = [
        period
        for period in explored.trend_periods
        if any(explored.table(explored.whole(area), period) for area in areas)
    ]
    if len(periods) < 2:
        return None
    cells = [[explored.figure(Column(area, period)) for period in periods] for area in areas]
    names = [draw.scope_of(explored.whole(area), area) for area in areas]
    partial = {at for at, period in enumerate(periods) if _is_partial(draw, period)}
    hollow = draw.say("not all reports received") if partial else ""
    drawing = line_trend(
        "lines",
        [draw.period(each, short=True) for each in periods],
        [
            Line(name, [exact.of_value(each) for each in own])
            for name, own in zip(names, cells, strict=True)
        ],
        f"{draw.name}: {', '.join(names)}",
        draw.say("A line over the periods. The table holds the same figures."),
        written=draw.written,
        short=draw.writing.short,
        full=draw.writing.short,
        partial=partial,
    )
    rows = [
        Row(
            code=period,
            name=draw.period(period),
            address=draw.view.address(period=period),
            values=[draw.writing.value(own[at]) for own in cells],
            notes=[hollow] if at in partial else [],
        )
        for at, period in reversed(list(enumerate(periods)))
    ]
    named = names if len(names) > 1 else []
    key = line_key(named, hollow) if named or hollow else Markup("")
    return Trend(drawing=drawing, key=key, names=names, rows=rows)


def _is_partial(draw: Drawing, period: str) -> bool:
    """Whether reports of a period are still missing."""
    table = draw.explored.table(draw.explored.whole(draw.view.area), period)
    complete = table.completeness if table else None
    return complete is not None and complete.received < complete.expected
