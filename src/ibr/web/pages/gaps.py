"""Gaps: areas and groups of people that no programme reaches, and how unequal programmes are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from litestar import Response
from markupsafe import Markup

from ibr.coverage.figures.model import AGE_BANDS, NO_DENOMINATOR, Cell, FigureTable
from ibr.questions.frozen_figures import Wanted
from ibr.web.answers import page
from ibr.web.charts.bars import Side, beside_one, marked, spread, two_sided
from ibr.web.charts.choropleth import MapArea, choropleth, legend, outlines
from ibr.web.charts.classes import classes_of
from ibr.web.exact import of_value
from ibr.web.sheet import Sheet, opened, say_nothing
from ibr.web.visit import Visit

MEN, WOMEN = "1", "2"
PARITIES: Final = ("women_men", "disabled_others")
WANTED: Final = (
    Wanted(("C5",), ("", "area1", "area2", "sex*age", "programme", "programme*area1")),
    Wanted(("C1",), ("programme", "programme*area1", "programme*sex*age")),
    Wanted(("C2",), ("", "area1", "area2")),
    Wanted(("C6", "C7"), ("part", "programme*part")),
    Wanted(("N1",), ("", "area1", "sex", "age", "programme")),
)


class Missed(msgspec.Struct, frozen=True):
    """A group: how many it has, how many of them nobody reaches."""

    code: str
    name: str
    gap: Cell | None
    bar: Markup
    leads_to: str | None = None


class Parity(msgspec.Struct, frozen=True):
    """One group's coverage over the other's."""

    name: str
    code: str
    cell: Cell
    bar: Markup


class Equality(msgspec.Struct, frozen=True):
    """The least and the best reached area, and how far apart all areas are."""

    name: str
    code: str
    lowest: Cell | None
    highest: Cell | None
    variation: Cell | None
    bar: Markup


class Unknown(msgspec.Struct, frozen=True):
    """People reached of whom something is not known, so that no group has them."""

    what: str
    count: int
    of: int


async def show(visit: Visit) -> Response[str]:
    title, area = visit.say("Gaps"), visit.query.get("area", "")
    sheet = await opened(visit, title, WANTED, {"area": area})
    if isinstance(sheet, Response):
        return sheet
    inside = frozenset(each.code for each in sheet.seen.named.inside(area)) if area else frozenset()
    if area and area not in sheet.seen.named.areas:
        why = visit.say("There is no area with this code. Choose one of the list.")
        return say_nothing(visit, title, why, 404, back="/gaps")
    areas = _areas(sheet)
    return page(
        visit,
        "gaps.html",
        sheet=sheet,
        area=area,
        whole=_whole(sheet),
        areas=areas,
        districts=_districts(sheet, inside),
        drawn=_map(sheet, areas),
        picture=_sex_and_age(sheet),
        ages=_ages(sheet),
        programmes=_programmes(sheet),
        parity=_parity(sheet),
        equality=_equality(sheet),
        unknown=_unknown(sheet),
        not_counted=_not_counted(sheet),
        sources=sheet.sources(
            sheet.seen.table("C5", "programme" if sheet.programme else ""),
            sheet.seen.table("C5", "area1"),
        ),
    )


def _whole(sheet: Sheet) -> Cell | None:
    if sheet.programme:
        return sheet.seen.cell("C5", "programme", sheet.programme)
    return sheet.seen.cell("C5", "")


def _missed(code: str, name: str, gap: Cell | None, leads_to: str | None = None) -> Missed:
    return Missed(code, name, gap, marked(of_value(gap), 1.0), leads_to)


def _worst_first(found: Sequence[Missed]) -> list[Missed]:
    """Most of the group missed first; groups of unknown size last."""
    return sorted(found, key=lambda each: (-(of_value(each.gap) or -1.0), each.code))


def _areas(sheet: Sheet) -> list[Missed]:
    breakdown, skip = ("programme*area1", 1) if sheet.programme else ("area1", 0)
    cells = [
        each
        for each in sheet.seen.cells("C5", breakdown)
        if not sheet.programme or each.key[0] == sheet.programme
    ]
    known = {each.parent for each in sheet.seen.named.areas.values()}
    return _worst_first(
        [
            _missed(
                each.key[skip],
                sheet.area_name(each.key[skip]),
                each,
                sheet.address(area=each.key[skip]) if each.key[skip] in known else None,
            )
            for each in cells
        ]
    )


def _map(sheet: Sheet, areas: Sequence[Missed]) -> dict[str, Markup]:
    """The map of the gaps by area, with its shapes and its legend; empty without outlines."""
    known = sheet.seen.named.areas
    drawn = [
        MapArea(
            code=each.code,
            outline=known[each.code].outline,
            value=of_value(each.gap),
            said=f"{each.name}: {sheet.share(each.gap)}",
            label=sheet.w.percent(of_value(each.gap)),
            address=f"#area-{each.code}",
            centre=known[each.code].centre,
        )
        for each in areas
        if each.code in known
    ]
    say = sheet.visit.say
    classes = classes_of([each.value for each in drawn if each.value is not None])
    made = choropleth(
        "gap-map",
        drawn,
        classes,
        say("Share of people whom no programme reaches, by area"),
        say("Each area is shaded by its gap and leads to its row in the table beside the map."),
    )
    shapes = outlines([(each.code, each.outline) for each in drawn if each.outline])
    return {
        "map": made,
        "shapes": shapes if made else Markup(""),
        "legend": legend(
            classes,
            sheet.w.percent,
            say("of the group not reached"),
            say("Not known") if any(each.value is None for each in drawn) else "",
        ),
    }


def _districts(sheet: Sheet, inside: frozenset[str]) -> list[Missed]:
    """The areas in the chosen one; they are counted over all programmes only."""
    cells = [each for each in sheet.seen.cells("C5", "area2") if each.key[0] in inside]
    return _worst_first(
        [_missed(each.key[0], sheet.area_name(each.key[0]), each) for each in cells]
    )


def _by_sex_and_age(sheet: Sheet) -> tuple[FigureTable | None, tuple[str, ...]]:
    """Gaps of everybody; of a programme the table there is says who is reached."""
    if sheet.programme:
        return sheet.seen.table("C1", "programme*sex*age"), (sheet.programme,)
    return sheet.seen.table("C5", "sex*age"), ()


def _ages(sheet: Sheet) -> list[tuple[str, Cell | None, Cell | None]]:
    """Women and men of each age band, the oldest first; bands that nobody is in are left out."""
    table, key = _by_sex_and_age(sheet)
    if table is None:
        return []
    rows = [
        (
            sheet.age_name(band),
            table.by_key.get((*key, WOMEN, band)),
            table.by_key.get((*key, MEN, band)),
        )
        for band in reversed(AGE_BANDS)
    ]
    return [each for each in rows if each[1] or each[2]]


def _sex_and_age(sheet: Sheet) -> Markup | None:
    rows = _ages(sheet)
    if not rows:
        return None
    say, w = sheet.visit.say, sheet.w
    women, men = say("Women and girls"), say("Men and boys")
    title = (
        say("Share of the target group reached, by sex and age")
        if sheet.programme
        else say("Share that no programme reaches, by sex and age")
    )
    values = [of_value(cell) or 0.0 for row in rows for cell in row[1:]]
    return two_sided(
        "gap-pyramid",
        [
            Side(
                name,
                of_value(left),
                of_value(right),
                f"{women}, {name}: {sheet.share(left)}",
                f"{men}, {name}: {sheet.share(right)}",
            )
            for name, left, right in rows
        ],
        title,
        say("Women to one side, men to the other. The table holds the same numbers."),
        left=women,
        right=men,
        short=w.percent,
        mirrored=w.language.mirrored,
        # Shares are drawn up to the whole, so that a small gap looks small.
        largest=max(1.0, *values),
    )


def _programmes(sheet: Sheet) -> list[tuple[Missed, Cell | None]]:
    """Each programme's target group: who of it is not reached, and the coverage of it."""
    coverage = sheet.seen.table("C1", "programme")
    cells = {each.key[0]: each for each in sheet.seen.cells("C5", "programme")}
    reached = coverage.by_key if coverage else {}
    codes = sorted(cells.keys() | {key[0] for key in reached})
    own = [code for code in codes if not sheet.programme or code == sheet.programme]
    missed = [
        _missed(code, sheet.programme_name(code), cells.get(code), sheet.address(programme=code))
        for code in own
    ]
    return [(each, reached.get((each.code,))) for each in _worst_first(missed)]


def _parity(sheet: Sheet) -> list[Parity]:
    """The most unequal first; one is equal."""
    found = []
    for part in PARITIES:
        cell = sheet.seen.cell("C6", "part", part)
        if cell and not sheet.programme:
            found.append(_ratio(sheet.visit.say("All programmes"), part, cell))
    rest = [
        _ratio(sheet.programme_name(each.key[0]), each.key[1], each)
        for each in sheet.seen.cells("C6", "programme*part")
        if not sheet.programme or each.key[0] == sheet.programme
    ]
    return found + sorted(rest, key=lambda each: (each.code, of_value(each.cell) or 99.0))


def _ratio(name: str, part: str, cell: Cell) -> Parity:
    return Parity(name, part, cell, beside_one(of_value(cell)))


def _equality(sheet: Sheet) -> list[Equality]:
    """All programmes first, then each, the most unequal first."""
    all_of, each_of = sheet.seen.table("C7", "part"), sheet.seen.table("C7", "programme*part")
    rows = []
    if all_of and not sheet.programme:
        rows.append(_apart(sheet.visit.say("All programmes"), "", all_of, ()))
    if each_of:
        codes = sorted({cell.key[0] for cell in each_of.cells})
        own = [
            _apart(sheet.programme_name(code), code, each_of, (code,))
            for code in codes
            if not sheet.programme or code == sheet.programme
        ]
        rows += sorted(own, key=lambda each: -_distance(each))
    return rows


def _apart(name: str, code: str, table: FigureTable, key: tuple[str, ...]) -> Equality:
    lowest, highest, variation = (
        table.by_key.get((*key, part)) for part in ("lowest", "highest", "variation")
    )
    low, high = of_value(lowest) or 0.0, of_value(highest) or 0.0
    return Equality(name, code, lowest, highest, variation, spread(low, high, None, max(1.0, high)))


def _distance(each: Equality) -> float:
    return (of_value(each.highest) or 0.0) - (of_value(each.lowest) or 0.0)


def _unknown(sheet: Sheet) -> list[Unknown]:
    """People reached that no area, sex or age has, since the registry was not told."""
    whole = sheet.seen.cell("N1", "")
    say = sheet.visit.say
    found = []
    for what, breakdown, codes in (
        (say("Area"), "area1", ("",)),
        (say("Sex"), "sex", ("0", "")),
        (say("Age"), "age", ("",)),
    ):
        cells = [sheet.seen.cell("N1", breakdown, code) for code in codes]
        count = sum(each.numerator or 0 for each in cells if each)
        if whole and sheet.seen.table("N1", breakdown):
            found.append(Unknown(what, count, whole.numerator or 0))
    return found


def _not_counted(sheet: Sheet) -> list[str]:
    """Areas and programmes whose gap is not known, since nothing was imported to divide by."""
    areas = [
        sheet.area_name(each.key[0])
        for each in sheet.seen.cells("C5", "area1")
        if NO_DENOMINATOR in each.notes or each.value is None
    ]
    counted = {
        each.key[0] for each in sheet.seen.cells("C5", "programme") if each.value is not None
    }
    programmes = [
        sheet.programme_name(each.key[0])
        for each in sheet.seen.cells("N1", "programme")
        if each.key[0] not in counted
    ]
    return [*areas, *programmes]
