"""Finds the place of a brief and the tables that it needs, in frozen figures or in a release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ibr.coverage.catalogue.model import Indicator
from ibr.coverage.figures.model import FigureTable, breakdown_of, read_period
from ibr.db.pool import Connection
from ibr.errors import NotFound, NotUnderstood
from ibr.publish.brief.model import AREA_OF_LEVEL, BriefData, Place
from ibr.publish.figures_from import Source
from ibr.publish.files.labels import Labels
from ibr.publish.files.model import TableName
from ibr.registry.areas.list_areas import every_area

TREND: Final = 24
INDICATORS: Final = ("N1", "N2", "N3", "N4", "N5", "C1", "C2", "C3", "C5", "A1", "SDG131")
# What a brief shows besides the place itself, each broken down by the place as well.
_BESIDE: Final = (
    (),
    ("programme",),
    ("programme", "currency"),
    ("currency",),
    ("function",),
    ("function", "currency"),
    ("sex",),
    ("sex", "age"),
)
_OF_THE_COUNTRY: Final = ("area1", "series")
_OF_A_REGION: Final = ("area2",)


async def place_of(connection: Connection, code: str, period: str, labels: Labels) -> Place:
    """The area of this code as it is in a period, the country for none; NotFound, NotUnderstood."""
    day = read_period(period).last_day
    areas = [each for each in await every_area(connection) if each.on(day)]
    country = next((each for each in areas if each.level == 0), None)
    if not code or (country is not None and code == country.code):
        name = labels.areas.get(country.code, "") if country else ""
        inside = tuple((a.code, labels.areas[a.code]) for a in areas if a.level == 1)
        return Place(level=0, code="", name=name, parts=inside)
    found = next((each for each in areas if each.code == code), None)
    if found is None:
        raise NotFound("area.unknown", "There is no area with this code. See: ibr areas list")
    if found.level not in AREA_OF_LEVEL:
        raise NotUnderstood(
            "brief.area", "Briefs are made of the country and of its two uppermost levels of areas."
        )
    inside = tuple((a.code, labels.areas[a.code]) for a in areas if a.parent == code)
    return Place(level=found.level, code=code, name=labels.areas[code], parts=inside)


async def gather(
    connection: Connection,
    source: Source,
    *,
    area: str,
    period: str,
    labels: Labels,
    indicators: Mapping[str, Indicator],
) -> BriefData:
    """Everything that a brief says; NotFound where nothing was worked out for the period."""
    place = await place_of(connection, area, period, labels)
    periods = await _trend(connection, source, period)
    found = await source.tables(connection, INDICATORS, _breakdowns(place), [period])
    own = breakdown_of(*([place.dimension] if place.dimension else []))
    before = await source.tables(connection, ("N1", "C2"), [own], periods[:-1])
    tables: dict[TableName, FigureTable] = {
        (t.indicator, t.breakdown, t.period): t for t in (*before.tables, *found.tables)
    }
    if ("N1", own, period) not in tables:
        raise NotFound(
            "brief.none",
            "No figures were worked out for this area and period. See: ibr indicators runs",
        )
    return BriefData(
        place=place,
        period=period,
        periods=periods,
        audience=source.audience,
        tables=tables,
        hidden={**before.hidden, **found.hidden},
        labels=labels,
        indicators=indicators,
        release_no=found.release_no,
        licence=found.licence,
    )


async def _trend(connection: Connection, source: Source, period: str) -> tuple[str, ...]:
    """Periods of the same kind up to the one asked for, the oldest first."""
    if read_period(period).is_year:
        last = int(period)
        return tuple(f"{year:04d}" for year in range(max(1, last - 9), last + 1))
    months = [each for each in await source.periods(connection, "N1") if each < period]
    return (*months[1 - TREND :], period)


def _breakdowns(place: Place) -> list[str]:
    """Every breakdown that the brief of such a place may show; not all of them are worked out."""
    own = [place.dimension] if place.dimension else []
    found = [breakdown_of(*own, *beside) for beside in _BESIDE]
    inside = {0: _OF_THE_COUNTRY, 1: _OF_A_REGION}.get(place.level, ())
    return list(dict.fromkeys([*found, *inside]))
