"""A view drawn for one reader: names, the main figure, what it is compared with, files."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import msgspec

from ibr.coverage.figures.model import Cell, dimensions_of
from ibr.publish.files.labels import Labels
from ibr.questions.map_of_areas import AreaDrawn
from ibr.web.dimension_words import DIMENSION
from ibr.web.explorer.gather import Column, Explored, Part
from ibr.web.explorer.view import ADDRESS, View
from ibr.web.explorer.writing import Writing, labels_of, period_name, scope
from ibr.web.written import Written

FORMS = ("csv", "xlsx", "parquet")
Say = Callable[[str], str]


class Export(msgspec.Struct, frozen=True):
    """A table of figures as files."""

    breakdown: str
    period: str
    links: list[tuple[str, str]]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a table: a figure for each period or column, and what it is made of."""

    code: str
    name: str
    address: str = ""
    values: list[str]
    size: float | None = None
    change: str = ""
    numerator: str = ""
    denominator: str = ""
    notes: list[str] = []
    marked: bool = False


class Compared(msgspec.Struct, frozen=True):
    """A place with its figures in one or two periods, and how they differ."""

    name: str
    figures: list[str]
    made_of: list[str]
    change: str
    left_out: str
    missing: str


class Drawing:
    """What all parts of the page need of a view."""

    def __init__(self, explored: Explored, written: Written, say: Say) -> None:
        self.explored = explored
        self.view: View = explored.view
        self.say = say
        self.written = written
        self.writing = Writing(written, explored.indicator, explored.view.currency)
        self.labels: Labels = labels_of(written, explored.places)

    @property
    def name(self) -> str:
        """What is shown, in the reader's language."""
        return self.explored.indicator.name.in_language(self.labels.language)

    def place(self, area: str) -> str:
        return self.labels.areas.get(area, area) if area else self.say("The whole country")

    def period(self, period: str, *, short: bool = False) -> str:
        return period_name(self.written, period, short=short)

    def into(self, area: str) -> str:
        """The address of the same view of one area, written short: a map has hundreds of them."""
        return self.view.address(area=area, and_area="", level="1").removeprefix(ADDRESS)

    def column_name(self, column: Column) -> str:
        """A column by what tells it from the others."""
        names = []
        if self.view.and_area:
            names.append(self.place(column.area))
        if self.view.and_period or not names:
            names.append(self.period(column.period, short=True))
        return ", ".join(names)

    def scope_of(self, part: Part | None, area: str, inside: str = "") -> str:
        """What a figure is of: only what its table tells apart, whatever else was asked; `inside`
        is the area where the table's own areas lie."""
        dimensions = dimensions_of(part.breakdown) if part else ()
        codes = self.explored.codes(area)
        return scope(self.labels, codes, dimensions, self.place(area or inside))

    def export(self, part: Part, period: str) -> Export:
        links = []
        for form in FORMS:
            asked = {
                "indicator": self.view.indicator,
                "breakdown": part.breakdown,
                "period": period,
                "form": form,
            }
            links.append((form.upper(), f"/figures/file?{urlencode(asked, safe='*')}"))
        return Export(part.breakdown, period, links)

    def compared(self) -> list[Compared]:
        """The figure in each place and period; one line with one figure without comparison."""
        found = []
        for area in (self.view.area, *filter(None, (self.view.and_area,))):
            part = self.explored.whole(area)
            columns = [each for each in self.explored.columns if each.area == area]
            cells = [self.explored.figure(each) for each in columns]
            change = self.change(cells[0], cells[1]) if len(cells) > 1 else ""
            found.append(
                Compared(
                    self.scope_of(part, area),
                    [self.writing.value(each) for each in cells],
                    [self.made_of(each) for each in cells],
                    change,
                    self.left_out(part),
                    self._missing(part, cells[0]),
                )
            )
        return found

    def left_out(self, part: Part | None) -> str:
        """What was asked for and is not counted together with the rest, in words."""
        names = part.left_out if part else ()
        return ", ".join(self.written.code(DIMENSION, each) for each in names)

    def _missing(self, part: Part | None, cell: Cell | None) -> str:
        """Why there is no figure, where there is none."""
        if part is None:
            return self.say("This is not counted for what you chose. Choose fewer things.")
        if cell is None:
            return self.say("Nothing was counted here in this period.")
        return ""

    def areas_to_choose(self) -> list[AreaDrawn]:
        """The regions, each followed by its districts where it is the one that is shown: all
        districts of a country would make a list that nobody reads."""
        places = self.explored.places
        near = {
            region.code
            for area in (self.view.area, self.view.and_area)
            if (region := places.region_of(area))
        }
        found: list[AreaDrawn] = []
        for region in sorted(places.by_level[1], key=lambda each: self.place(each.code)):
            found.append(region)
            if region.code in near:
                found += sorted(places.inside(region.code), key=lambda each: self.place(each.code))
        return found

    def between_areas(self) -> list[str]:
        """How far the first area is above the second, in each period."""
        if not self.view.and_area:
            return []
        cells = [self.explored.figure(each) for each in self.explored.columns]
        return [self.change(cells[at], cells[at + 1]) for at in range(0, len(cells), 2)]

    def change(self, now: Cell | None, then: Cell | None) -> str:
        return self.writing.difference(now, then, self.say("points"))

    def made_of(self, cell: Cell | None) -> str:
        """What a figure is made of: so many of so many."""
        if cell is None or cell.numerator is None or cell.denominator is None:
            return ""
        return self.say("%(count)s of %(whole)s") % {
            "count": self.writing.numerator(cell),
            "whole": self.writing.denominator(cell),
        }
