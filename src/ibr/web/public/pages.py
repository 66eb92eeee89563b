"""The pages of the public site: what is published, how it was made, and where to get it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from litestar import Response
from markupsafe import Markup

from ibr.coverage.figures.model import NO_DENOMINATOR, OVER_100, PARTLY_KNOWN, FigureTable
from ibr.disclosure.model import PUBLIC as PUBLIC_RULE
from ibr.errors import NotFound
from ibr.periods import Month, read_month
from ibr.publish.releases import read, site
from ibr.publish.releases.model import RULES, CalendarEntry, ReleasedTable, ReleaseHead
from ibr.web import exact
from ibr.web.charts.choropleth import MapArea, choropleth, legend, outlines
from ibr.web.charts.classes import classes_of
from ibr.web.charts.line_trend import Line, line_trend
from ibr.web.public.answers import page
from ibr.web.public.shelf import figures_of, month_of, reader_of, shelf_of
from ibr.web.public.tables import Drawn, Figure, Reader, drawn
from ibr.web.public.topics import FIRST, TOPICS
from ibr.web.visit import Visit

MONTHS_OF_TREND = 24
FORMS = ("csv", "json", "sdmx", "parquet")


class Around(msgspec.Struct, frozen=True):
    """What every page says of the month it shows."""

    month: Month | None
    months: tuple[Month, ...]
    head: ReleaseHead | None
    table: ReleasedTable | None
    lacking: FigureTable | None = None
    names: dict[str, dict[str, str]] = {}


async def start(visit: Visit) -> Response[bytes]:
    """The first page: the main figures, the map, the trend."""
    shelf = await shelf_of(visit)
    period = month_of(visit, shelf)
    reader = await reader_of(visit, shelf)
    tables = await figures_of(visit, FIRST, [period] if period else [])
    months = [each for each in shelf.months if not period or each <= period][-MONTHS_OF_TREND:]
    trend = await figures_of(visit, [("N1", "")], months)
    reached = [reader.figure(trend.get(("N1", "", each)), ()) for each in months]
    money = tables.get(("N5", "currency", period))
    return page(
        visit,
        "start.html",
        around=_around(shelf, period, tables, reader),
        reached=reader.figure(tables.get(("N1", "", period)), ()),
        share=reader.figure(tables.get(("C2", "", period)), ()),
        reports=reader.figure(tables.get(("R1", "", period)), ()),
        money=[
            reader.figure(money, key)
            for key in sorted([*money.table.by_key, *money.hidden_keys] if money else [])
        ],
        programmes=len(_keys(tables.get(("N1", "programme", period)))),
        map=_map(visit, shelf, reader, tables.get(("C2", "area1", period)), period),
        trend=_trend(visit, months, reached),
        trend_rows=list(zip([read_month(each) for each in months], reached, strict=True)),
        topics=TOPICS.values(),
        next_due=next((each for each in shelf.calendar if each.release_no is None), None),
    )


async def topic(visit: Visit) -> Response[bytes]:
    """One subject: its tables and pictures for a month."""
    found = TOPICS.get(visit.path("topic"))
    if found is None:
        raise NotFound("address.unknown", "Nothing is here.")
    shelf = await shelf_of(visit)
    period = month_of(visit, shelf)
    reader = await reader_of(visit, shelf)
    names = sorted({column.name for each in found.sections for column in each.columns})
    tables = await figures_of(visit, names, [period] if period else [])
    sections = [drawn(each, tables, period, reader) for each in found.sections]
    maps = {
        each.section.key: _map(visit, shelf, reader, tables.get(("C2", "area1", period)), period)
        for each in sections
        if each.section.picture == "map"
    }
    return page(
        visit,
        "topic.html",
        around=_around(shelf, period, tables, reader),
        topic=found,
        sections=[each for each in sections if each.lines],
        maps=maps,
        definitions=shelf.definitions,
        notes=_notes(visit, sections),
    )


async def releases(visit: Visit) -> Response[bytes]:
    """Every release, the newest first, and the calendar of those to come."""
    shelf = await shelf_of(visit)
    return page(visit, "releases.html", releases=shelf.releases, calendar=_to_come(shelf))


async def release(visit: Visit) -> Response[bytes]:
    """One release: what is in it, what it changed, its files."""
    shelf = await shelf_of(visit)
    head = shelf.release(int(visit.path("number")))
    async with visit.services.database.reading.transaction((), frozen=True) as connection:
        changes = await read.changes(connection, head)
        tables = await read.tables_of(connection, head.release_no)
        signed = await read.signed_by(connection, head.release_no)
    found = [each.table for each in tables]
    return page(
        visit,
        "release.html",
        lacking_tables=_lacking_of(found),
        names=_names(found, await reader_of(visit, shelf)),
        head=head,
        changes=changes,
        tables=tables,
        signed=len(signed),
        definitions=shelf.definitions,
        forms=FORMS,
        months=[read_month(each) for each in head.periods],
    )


async def methods(visit: Visit) -> Response[bytes]:
    """How figures are made and protected, with every definition."""
    shelf = await shelf_of(visit)
    return page(
        visit,
        "methods.html",
        definitions=shelf.definitions.values(),
        minimum=PUBLIC_RULE.minimum,
        rule=RULES["public"],
    )


async def data(visit: Visit) -> Response[bytes]:
    """Open data: every release in every form, the interface, the licence."""
    shelf = await shelf_of(visit)
    standing = [each for each in shelf.releases if each.state == "published"]
    licence = standing[0].licence if standing else visit.services.settings.release_licence
    return page(visit, "data.html", releases=standing, forms=FORMS, licence=licence)


def _to_come(shelf: site.Shelf) -> list[CalendarEntry]:
    return [each for each in shelf.calendar if each.release_no is None]


def _around(
    shelf: site.Shelf,
    period: str,
    tables: dict[tuple[str, str, str], ReleasedTable],
    reader: Reader,
) -> Around:
    number = max(
        (each.release_no for each in shelf.standing if each.period == period), default=None
    )
    found = [each.table for each in tables.values()]
    return Around(
        read_month(period) if period else None,
        tuple(read_month(each) for each in reversed(shelf.months)),
        shelf.release(number) if number is not None else None,
        next(iter(tables.values()), None),
        next(iter(_lacking_of(found)), None),
        _names(found, reader),
    )


def _lacking_of(tables: Sequence[FigureTable]) -> list[FigureTable]:
    """Of each month one table that notes whose reports it lacks."""
    return list({each.period: each for each in tables if each.not_reported}.values())


def _names(tables: Sequence[FigureTable], reader: Reader) -> dict[str, dict[str, str]]:
    """What the programmes are called that the tables lack."""
    codes = {gone.programme for each in tables for gone in each.not_reported or ()}
    return {each: {"en": reader.name("programme", each)} for each in sorted(codes)}


def _keys(table: ReleasedTable | None) -> list[tuple[str, ...]]:
    return [*table.table.by_key, *table.hidden_keys] if table else []


def _map(
    visit: Visit, shelf: site.Shelf, reader: Reader, table: ReleasedTable | None, period: str
) -> dict[str, Markup]:
    """The regions by the share of their people who are reached, with its key; empty without."""
    drawn_areas = [each for each in shelf.areas if each.outline]
    if table is None or not drawn_areas:
        return {}
    hidden = visit.say("not shown")
    areas = []
    for each in drawn_areas:
        figure = reader.figure(table, (each.code,), nobody=False)
        said = hidden if figure.hidden else figure.written
        areas.append(
            MapArea(
                code=each.code,
                outline=each.outline,
                value=figure.value,
                said=f"{reader.name('area1', each.code)}: {said}",
                label="" if figure.hidden else figure.written,
                address=f"/public/{visit.language.code}/coverage?month={period}#row-{each.code}",
                centre=each.centre,
            )
        )
    classes = classes_of([each.value for each in areas if each.value is not None])
    title = visit.say("Share of the population who received a benefit")
    about = visit.say("The table below holds the same figures.")

    def share(value: float) -> str:
        return exact.percent(visit.written, format(value, ".4f"))

    return {
        "outlines": outlines([(each.code, each.outline) for each in drawn_areas]),
        "map": choropleth("coverage-map", areas, classes, title, about),
        "key": legend(classes, share, title, visit.say("Not shown, or not known")),
    }


def _trend(visit: Visit, months: Sequence[str], reached: Sequence[Figure]) -> Markup:
    if len(months) < 2:
        return Markup("")
    written = visit.written
    name = visit.say("People who received a benefit")
    return line_trend(
        "reached",
        [written.short_month(read_month(each)) for each in months],
        [Line(name, [each.value for each in reached])],
        name,
        visit.say("A month each; the table below holds the same figures."),
        written=written,
        short=written.short,
        full=written.count,
    )


def _notes(visit: Visit, sections: Sequence[Drawn]) -> list[str]:
    """What is to be said of figures of this page, each once."""
    found = {
        note
        for each in sections
        for line in each.lines
        for figure in line.figures
        for note in figure.notes
    }
    words = {
        OVER_100: visit.say("More than the whole: the population may be out of date."),
        NO_DENOMINATOR: visit.say("Where there is a dash, no figure to divide by is known."),
        PARTLY_KNOWN: visit.say("The registry knows only part of this; the definition says which."),
    }
    return [words[each] for each in sorted(found) if each in words]
