"""The areas of a view: maps, legend, and the table of the same figures."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from ibr.coverage.figures.model import Cell
from ibr.questions.map_of_areas import AreaDrawn
from ibr.web import exact
from ibr.web.charts.choropleth import MapArea, choropleth, legend, outlines
from ibr.web.charts.classes import Class, classes_of
from ibr.web.dimension_words import DIMENSION
from ibr.web.explorer.drawing import Drawing, Export, Row
from ibr.web.explorer.gather import Part
from ibr.web.explorer.view import AREA

Cells = dict[str, Cell | None]


class MapShown(msgspec.Struct, frozen=True):
    """One map, of one period."""

    name: str
    drawing: Markup


class Areas(msgspec.Struct, frozen=True, kw_only=True):
    """The areas: maps, legend and the table of the same figures."""

    title: str
    scope: str
    outlines: Markup
    maps: list[MapShown]
    legend: Markup
    rows: list[Row]
    periods: list[str]
    left_out: str
    export: Export


def areas_of(draw: Drawing) -> Areas | None:
    """The map of the areas in the place that is shown, and their table."""
    explored, view, part = draw.explored, draw.view, draw.explored.areas_part
    if part is None:
        return None
    region = explored.places.region_of(view.area)
    shown = explored.places.by_level[explored.map_level]
    if region and explored.map_level == 2:
        shown = [each for each in shown if each.parent == region.code]
    around = _around(draw, region)
    periods = [each for each in (view.period, view.and_period) if each]
    cells = [_cells(draw, part, shown, period) for period in periods]
    every = [exact.of_value(cell) for found in cells for cell in found.values()]
    classes = classes_of([value for value in every if value is not None])
    return Areas(
        title=_title(draw, region),
        scope=draw.scope_of(part, "", region.code if region else ""),
        outlines=outlines([(each.code, each.outline) for each in (*shown, *around)]),
        maps=[
            MapShown(
                draw.period(period),
                _map(draw, f"map-{at}", _drawn(draw, shown, cells[at]), classes, period, around),
            )
            for at, period in enumerate(periods)
        ],
        legend=legend(
            classes,
            draw.writing.short,
            view.currency,
            draw.say("no figure") if _has_gaps(shown, cells) else "",
        ),
        rows=_rows(draw, shown, cells),
        periods=[draw.period(each, short=True) for each in periods],
        left_out=_left_out(draw, part, region),
        export=draw.export(part, view.period),
    )


def _left_out(draw: Drawing, part: Part, region: AreaDrawn | None) -> str:
    """What was asked for and is not on the map."""
    names = [draw.left_out(part)] if part.left_out else []
    if draw.explored.map_level == 1 and (region or draw.view.level == "2"):
        names.append(draw.written.code(DIMENSION, AREA[2]))
    return ", ".join(names)


def _has_gaps(shown: Sequence[AreaDrawn], cells: Sequence[Cells]) -> bool:
    return any(exact.of_value(found[each.code]) is None for found in cells for each in shown)


def _title(draw: Drawing, region: AreaDrawn | None) -> str:
    if draw.explored.map_level == 1:
        return draw.say("By region")
    if region is None:
        return draw.say("By district")
    return draw.say("Districts of %(region)s") % {"region": draw.place(region.code)}


def _cells(draw: Drawing, part: Part, shown: Sequence[AreaDrawn], period: str) -> Cells:
    explored, codes = draw.explored, draw.view.fixed()
    if explored.table(part, period) is None:
        return {each.code: None for each in shown}
    dimension = AREA[explored.map_level]
    found: Cells = {
        each.code: explored.cell(part, codes | {dimension: each.code}, period) for each in shown
    }
    if not draw.view.area or explored.map_level == 1:
        # People whose area nobody knows are in the country's figure and in no area's.
        unknown = explored.cell(part, codes | {dimension: ""}, period)
        if unknown and unknown.numerator:
            found[""] = unknown
    return found


def _around(draw: Drawing, region: AreaDrawn | None) -> list[AreaDrawn]:
    """The other regions, pale, so that it is seen where in the country the districts lie."""
    if region is None or draw.explored.map_level == 1:
        return []
    every = draw.explored.places.by_level[1]
    return [each for each in every if each.outline and each.code != region.code]


def _drawn(draw: Drawing, shown: Sequence[AreaDrawn], cells: Cells) -> list[MapArea]:
    view = draw.view
    drawn = []
    for each in shown:
        cell = cells[each.code]
        value = exact.of_value(cell)
        said = draw.say("no figure") if value is None else draw.writing.value(cell)
        drawn.append(
            MapArea(
                code=each.code,
                outline=each.outline,
                value=value,
                said=f"{draw.place(each.code)}: {said}",
                label="" if value is None else draw.writing.short(value),
                address=draw.into(each.code),
                centre=each.centre,
                marked=each.code in (view.area, view.and_area),
            )
        )
    return drawn


def _map(
    draw: Drawing,
    key: str,
    drawn: Sequence[MapArea],
    classes: Sequence[Class],
    period: str,
    around: Sequence[AreaDrawn],
) -> Markup:
    return choropleth(
        f"choropleth--{key}",
        drawn,
        classes,
        f"{draw.name}, {draw.period(period)}",
        draw.say("Each area is a link to its own figures. The table holds the same figures."),
        around=[each.code for each in around],
    )


def _rows(draw: Drawing, shown: Sequence[AreaDrawn], cells: Sequence[Cells]) -> list[Row]:
    view, writing = draw.view, draw.writing
    rows = []
    for code in [each.code for each in shown] + ([""] if "" in cells[0] else []):
        own = [found.get(code) for found in cells]
        rows.append(
            Row(
                code=code,
                name=draw.place(code) if code else draw.say("Area not known"),
                address=draw.into(code) if code else "",
                values=[writing.value(each) for each in own],
                size=exact.of_value(own[0]),
                change=draw.change(own[0], own[1]) if len(own) > 1 else "",
                numerator=writing.numerator(own[0]),
                denominator=writing.denominator(own[0]),
                notes=writing.notes(own[0]),
                marked=bool(code) and code in (view.area, view.and_area),
            )
        )
    # The highest first, what has no figure last: the table is read as a ranking.
    return sorted(rows, key=lambda row: (row.size is None, -(row.size or 0.0), row.name))
