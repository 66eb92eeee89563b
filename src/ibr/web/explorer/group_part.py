"""A view by sex and age: panels of bars, and the table of the same figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

import msgspec
from markupsafe import Markup

from ibr.coverage.figures.model import AGE_BANDS, Cell
from ibr.web import exact
from ibr.web.charts.line_trend import line_key
from ibr.web.charts.small_multiples import Bar, Panel, SmallLines, bar_panels, line_panels
from ibr.web.explorer.drawing import Drawing, Export, Row
from ibr.web.explorer.gather import Column, Part
from ibr.web.explorer.view import SEXES
from ibr.web.explorer.writing import age_name

Group = tuple[str | None, str | None]
Cells = dict[Group, Cell]
# The first line is drawn in the colour that men have in the bars.
LINES = ("1", "2")
# Two periods are compared in the bars; a line needs one more.
FEWEST = 3


class Groups(msgspec.Struct, frozen=True, kw_only=True):
    """By sex and age: panels and one table."""

    drawing: Markup
    columns: list[str]
    rows: list[Row]
    exports: list[Export]
    place: str
    held_against: str


class OverTime(msgspec.Struct, frozen=True, kw_only=True):
    """By sex and age over the periods: a small picture for each age, and one table."""

    drawing: Markup
    key: Markup
    place: str
    columns: list[str]
    rows: list[Row]


def groups_of(draw: Drawing) -> Groups | None:
    """The figure by sex and age, held against the other area or period that was chosen."""
    explored, writing = draw.explored, draw.writing
    told = [explored.groups(each.area) for each in explored.columns]
    if not told[0][1]:
        return None
    # Where no area is told by sex and age, the country stands for both that are compared.
    columns = list(
        dict.fromkeys(
            Column(area, each.period)
            for (area, _), each in zip(told, explored.columns, strict=True)
        )
    )
    found = [_cells(draw, each, explored.groups(each.area)[1]) for each in columns]
    order = _order(key for cells in found for key in cells)
    names = [draw.column_name(each) for each in columns]
    panels = bar_panels(
        "groups",
        _panels(draw, found, order, names),
        draw.say("Bars on one scale. The table holds the same figures."),
        written=draw.written,
    )
    rows = [
        Row(
            code="",
            name=_name(draw, *key),
            values=[writing.value(cells.get(key)) for cells in found],
            numerator=writing.numerator(found[0].get(key)),
            denominator=writing.denominator(found[0].get(key)),
            notes=writing.notes(found[0].get(key)),
        )
        for key in order
    ]
    return Groups(
        drawing=panels,
        columns=names,
        rows=rows,
        exports=[draw.export(part, draw.view.period) for part in told[0][1]],
        place=draw.place(told[0][0]),
        held_against=names[1] if len(names) > 1 else "",
    )


def over_time_of(draw: Drawing) -> OverTime | None:
    """Women and men of each age over the periods, a small picture for each age on one scale."""
    explored, parts = draw.explored, draw.explored.groups_over_time
    area = explored.groups(draw.view.area)[0]
    periods = [each for each in explored.trend_periods if parts and explored.table(parts[0], each)]
    if len(periods) < FEWEST:
        return None
    found = [_cells(draw, Column(area, each), parts) for each in periods]
    order = _order(key for cells in found for key in cells if key[1])
    names = [draw.period(each, short=True) for each in periods]
    about = draw.say("From %(first)s to %(last)s. The table holds the same figures.") % {
        "first": names[0],
        "last": names[-1],
    }
    panels = [
        SmallLines(
            age_name(band),
            [[exact.of_value(cells.get((sex, band))) for cells in found] for sex in LINES],
            about,
        )
        for band in AGE_BANDS
        if any(age == band for _, age in order)
    ]
    return OverTime(
        drawing=line_panels("ages", panels, written=draw.written, short=draw.writing.short),
        key=line_key([_sex(draw, sex) for sex in LINES]),
        place=draw.place(area),
        columns=names,
        rows=[
            Row(
                code="",
                name=_name(draw, *key),
                values=[draw.writing.value(cells.get(key)) for cells in found],
            )
            for key in order
        ],
    )


def _cells(draw: Drawing, column: Column, parts: Sequence[Part]) -> Cells:
    """Cells by sex and age; None stands for both sexes, or for all ages."""
    codes = draw.explored.codes(column.area)
    fixed = {name: code for name, code in codes.items() if name not in ("sex", "age")}
    return {
        (own.get("sex"), own.get("age")): cell
        for part in parts
        for own, cell in draw.explored.parts_of(part, column.period, fixed)
    }


def _panels(
    draw: Drawing, found: Sequence[Cells], order: Sequence[Group], names: Sequence[str]
) -> list[Panel]:
    together = any(sex is not None and age is not None for sex, age in order)
    panels: dict[str, list[Bar]] = {}
    for sex, age in order:
        cell = found[0].get((sex, age))
        other = found[1].get((sex, age)) if len(found) > 1 else None
        if together:
            title, name = _sex(draw, sex), _age(draw, age)
        elif age is None:
            title, name = draw.say("By sex"), _sex(draw, sex)
        else:
            title, name = draw.say("By age"), _age(draw, age)
        value = exact.of_value(cell)
        panels.setdefault(title, []).append(
            Bar(
                name,
                value,
                draw.say("no figure") if value is None else draw.writing.short(value),
                exact.of_value(other),
                f"{names[1]}: {draw.writing.value(other)}" if len(names) > 1 else "",
            )
        )
    kinds = {_sex(draw, "2"): "women", _sex(draw, "1"): "men"} if together else {}
    return [Panel(title, bars, kinds.get(title, "")) for title, bars in panels.items()]


def _name(draw: Drawing, sex: str | None, age: str | None) -> str:
    said = [_sex(draw, sex)] if sex is not None else []
    said += [_age(draw, age)] if age is not None else []
    return ", ".join(said)


def _sex(draw: Drawing, sex: str | None) -> str:
    name = draw.labels.of("sex", sex or "0")
    return name[:1].upper() + name[1:]


def _age(draw: Drawing, age: str | None) -> str:
    return age_name(age) if age else draw.say("Not known")


def _order(keys: Iterable[Group]) -> list[Group]:
    """Women first as everywhere in the registry, ages from the youngest, the unknown last.

    Told together, each sex has every age that any has, so that panels stand row by row.
    """
    found = set(keys)
    if any(sex is not None and age is not None for sex, age in found):
        found = set(product({sex for sex, _ in found}, {age for _, age in found}))
    ages = {band: at for at, band in enumerate(AGE_BANDS)}
    sexes = {sex: at for at, sex in enumerate(SEXES)}
    return sorted(
        found,
        key=lambda key: (key[0] is None, sexes.get(key[0] or "", 9), ages.get(key[1] or "", 99)),
    )
