"""The country at a glance: the few figures that a planner needs in two minutes, all frozen."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from ibr.coverage.figures.model import Cell, FigureTable
from ibr.periods import read_month
from ibr.questions.frozen_figures import FrozenFigures, Wanted
from ibr.questions.map_of_areas import AreaDrawn, MapOfAreas
from ibr.web import exact
from ibr.web.charts.choropleth import MapArea, choropleth, legend, outlines
from ibr.web.charts.classes import classes_of
from ibr.web.charts.line_trend import Line, line_key, line_trend
from ibr.web.explorer.view import View
from ibr.web.explorer.writing import short_percent
from ibr.web.figure_codes import NOTE
from ibr.web.visit import Visit

LEAD = "N1"
TREND = 24
EXTREMES = 3
WANTED = (
    Wanted(("N1", "N2", "C2"), ("",), TREND),
    Wanted(("N5",), ("currency",), 13),
    Wanted(("N1", "C2"), ("area1",)),
    Wanted(("N1", "C1"), ("programme",), 2),
    Wanted(("N5", "A1"), ("programme*currency",)),
)


class Total(msgspec.Struct, frozen=True):
    """A main figure with how it was a month and a year before."""

    title: str
    text: str
    made_of: str
    before: list[str]
    address: str


class ProgrammeLine(msgspec.Struct, frozen=True, kw_only=True):
    """One programme in the month."""

    code: str
    name: str
    people: int
    reached: str
    change: str
    coverage: str
    money: list[str]
    average: list[str]


class AreaLine(msgspec.Struct, frozen=True):
    """One region with its figure."""

    code: str
    name: str
    text: str
    address: str


class Glance(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on the first page that is frozen."""

    table: FigureTable | None
    totals: list[Total]
    trend: Markup
    trend_key: Markup
    trend_rows: list[tuple[str, str, str, str]]
    outlines: Markup
    drawing: Markup
    legend: Markup
    areas: list[AreaLine]
    by_share: bool
    programmes: list[ProgrammeLine]
    most: int

    @property
    def highest(self) -> list[AreaLine]:
        return self.areas[:EXTREMES] if len(self.areas) > 2 * EXTREMES else []

    @property
    def lowest(self) -> list[AreaLine]:
        return list(reversed(self.areas[-EXTREMES:])) if self.highest else []


class Drawer:
    """Draws the first page for one reader."""

    def __init__(self, visit: Visit, seen: FrozenFigures, places: MapOfAreas) -> None:
        self.visit = visit
        self.seen = seen
        self.places = places
        self.w = visit.written
        self.say = visit.say

    def glance(self) -> Glance:
        trend, key, rows = self._trend()
        indicator, cells = self._area_cells()
        regions = self.places.by_level[1]
        values = [value for each in cells.values() if (value := exact.of_value(each)) is not None]
        classes = classes_of(values)
        share = indicator == "C2"
        programmes = self._programmes()
        return Glance(
            table=self.seen.table(LEAD),
            totals=self._totals(),
            trend=trend,
            trend_key=key,
            trend_rows=rows,
            outlines=outlines([(each.code, each.outline) for each in regions if each.outline]),
            drawing=choropleth(
                "choropleth--country",
                self._drawn(regions, cells, share),
                classes,
                self.say("People reached by region"),
                self.say("Each region is a link to its own figures in the coverage explorer."),
            ),
            legend=legend(
                classes,
                (lambda value: short_percent(self.w, value)) if share else self.w.short,
                self.say("of the people who live there") if share else self.say("people"),
                self.say("no figure") if len(values) < len(regions) else "",
            ),
            areas=self._area_lines(regions, cells, share),
            by_share=share,
            programmes=programmes,
            most=max((each.people for each in programmes), default=0),
        )

    def _month(self, back: int) -> str:
        return str(read_month(self.seen.period).plus(-back))

    def _totals(self) -> list[Total]:
        totals = [
            self._total("N1", self.say("People reached directly")),
            self._total("N2", self.say("People reached, with their households")),
            self._total("C2", self.say("Of the population")),
            *self._money_totals(),
        ]
        return [each for each in totals if each is not None]

    def _total(self, code: str, title: str) -> Total | None:
        cell = self.seen.cell(code, "")
        if cell is None:
            return None
        share = code == "C2"
        text = exact.percent(self.w, cell.value) if share else exact.number(self.w, cell.value)
        # Why there is no share is said in its place.
        made_of = " ".join(self.w.code(NOTE, each) for each in cell.notes)
        if cell.denominator is not None and cell.numerator is not None:
            made_of = self.say("%(count)s of %(whole)s") % {
                "count": self.w.count(cell.numerator),
                "whole": self.w.count(cell.denominator),
            }
        address = View(indicator=code, period=self.seen.period).address()
        return Total(title, text, made_of, self._before(code, (), cell, share=share), address)

    def _money_totals(self) -> list[Total]:
        cells = sorted(self.seen.cells("N5", "currency"), key=lambda each: -(each.numerator or 0))
        return [
            Total(
                self.say("Money given"),
                self.w.short_money(cell.numerator or 0, cell.key[0]),
                exact.money(self.w, cell.value, cell.key[0]),
                self._before("N5", cell.key, cell, share=False, breakdown="currency"),
                View(indicator="N5", period=self.seen.period, currency=cell.key[0]).address(),
            )
            for cell in cells
        ]

    def _before(
        self, code: str, key: Sequence[str], now: Cell, *, share: bool, breakdown: str = ""
    ) -> list[str]:
        """How much more or less it is than a year and a month before. The year stands first: where
        programmes pay every second or third month, one month is not like the other."""
        said = []
        for back, words in ((12, self.say("in a year")), (1, self.say("since the month before"))):
            then = self.seen.cell(code, breakdown, *key, period=self._month(back))
            change = self._change(now, then, share=share)
            if change:
                said.append(f"{change} {words}")
        return said

    def _change(self, now: Cell, then: Cell | None, *, share: bool) -> str:
        """A change of a share in points, any other in percent of what was."""
        new, old = exact.of_value(now), exact.of_value(then)
        if new is None or old is None or (not share and old == 0):
            return ""
        apart = 100 * (new - old) if share else 100 * (new / old - 1)
        size = self.w.decimal(abs(apart))
        sign = "+" if apart > 0.05 else "\u2212" if apart < -0.05 else "\u00b1"
        return f"{sign}{size} {self.say('points')}" if share else f"{sign}{size}\u00a0%"

    def _trend(self) -> tuple[Markup, Markup, list[tuple[str, str, str, str]]]:
        months = self.seen.last(TREND)
        names = [
            self.say("reached directly"),
            self.say("with their households"),
        ]
        cells = [
            [self.seen.cell(code, "", period=each) for each in months] for code in ("N1", "N2")
        ]
        lines = [
            Line(name, [exact.of_value(each) for each in own])
            for name, own in zip(names, cells, strict=True)
            if any(own)
        ]
        partial = {at for at, month in enumerate(months) if self._is_partial(month)}
        drawing = line_trend(
            "lines",
            [self.w.short_month(read_month(each)) for each in months],
            lines,
            self.say("People reached by month"),
            self.say("Lines over the months. The table holds the same figures."),
            written=self.w,
            short=self.w.short,
            full=self.w.count,
            partial=partial,
        )
        hollow = self.say("not all reports received") if partial else ""
        rows = [
            (
                self.w.month(read_month(month)),
                self._counted(cells[0][at]),
                self._counted(cells[1][at]),
                hollow if at in partial else "",
            )
            for at, month in reversed(list(enumerate(months)))
        ]
        return drawing, line_key([each.name for each in lines], hollow), rows

    def _counted(self, cell: Cell | None) -> str:
        return exact.count(self.w, cell) if cell else exact.NONE

    def _is_partial(self, month: str) -> bool:
        table = self.seen.table(LEAD, "", month)
        complete = table.completeness if table else None
        return complete is not None and complete.received < complete.expected

    def _area_cells(self) -> tuple[str, dict[str, Cell]]:
        """Coverage by region; people where no population was imported to divide by."""
        for code in ("C2", "N1"):
            found = {each.key[0]: each for each in self.seen.cells(code, "area1") if each.key[0]}
            if any(each.value is not None for each in found.values()):
                return code, found
        return "N1", {}

    def _text(self, cell: Cell | None, *, share: bool) -> str:
        return exact.share(self.w, cell) if share else exact.count(self.w, cell)

    def _address(self, code: str, *, share: bool) -> str:
        indicator = "C2" if share else "N1"
        return View(indicator=indicator, period=self.seen.period, area=code).address()

    def _drawn(
        self, regions: Sequence[AreaDrawn], cells: dict[str, Cell], share: bool
    ) -> list[MapArea]:
        drawn = []
        for each in regions:
            value = exact.of_value(cells.get(each.code))
            name = self.w.name(each.names, each.code)
            text = self._text(cells.get(each.code), share=share)
            short = short_percent(self.w, value or 0) if share else self.w.short(value or 0)
            drawn.append(
                MapArea(
                    code=each.code,
                    outline=each.outline,
                    value=value,
                    said=f"{name}: {self.say('no figure') if value is None else text}",
                    label="" if value is None else short,
                    address=self._address(each.code, share=share),
                    centre=each.centre,
                )
            )
        return drawn

    def _area_lines(
        self, regions: Sequence[AreaDrawn], cells: dict[str, Cell], share: bool
    ) -> list[AreaLine]:
        """The regions with a figure, the highest first."""
        known = [each for each in regions if exact.of_value(cells.get(each.code)) is not None]
        known.sort(key=lambda each: -(exact.of_value(cells[each.code]) or 0.0))
        return [
            AreaLine(
                each.code,
                self.w.name(each.names, each.code),
                self._text(cells[each.code], share=share),
                self._address(each.code, share=share),
            )
            for each in known
        ]

    def _programmes(self) -> list[ProgrammeLine]:
        money: dict[str, list[str]] = {}
        average: dict[str, list[str]] = {}
        for code, found in (("N5", money), ("A1", average)):
            for cell in self.seen.cells(code, "programme*currency"):
                programme, currency = cell.key
                text = exact.money(self.w, cell.value, currency)
                found.setdefault(programme, []).append(text)
        lines = []
        for cell in self.seen.cells("N1", "programme"):
            code = cell.key[0]
            before = self.seen.cell("N1", "programme", code, period=self._month(1))
            lines.append(
                ProgrammeLine(
                    code=code,
                    name=self.w.name(self.places.programmes.get(code, {}), code),
                    people=cell.numerator or 0,
                    reached=exact.count(self.w, cell),
                    change=self._change(cell, before, share=False),
                    coverage=exact.share(self.w, self.seen.cell("C1", "programme", code)),
                    money=money.get(code, []),
                    average=average.get(code, []),
                )
            )
        return sorted(lines, key=lambda each: (-each.people, each.code))
