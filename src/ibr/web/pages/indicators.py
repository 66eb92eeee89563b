"""The indicator library: what each figure means, how it is worked out, what it was last."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec
from litestar import Response
from markupsafe import Markup

from ibr.coverage.catalogue.all import BY_CODE, INDICATORS
from ibr.coverage.catalogue.model import Indicator
from ibr.coverage.figures.model import FigureTable, dimensions_of
from ibr.errors import NotFound
from ibr.publish.files.labels import Labels
from ibr.questions.indicator_library import (
    OneIndicator,
    newest_totals,
    one_indicator,
)
from ibr.questions.map_of_areas import map_of_areas
from ibr.web import exact
from ibr.web.answers import page
from ibr.web.charts.line_trend import Line, line_trend
from ibr.web.dimension_words import DIMENSION
from ibr.web.explorer.drawing import FORMS
from ibr.web.explorer.view import View, with_areas
from ibr.web.explorer.writing import Writing, labels_of, period_name, sentence, with_indices
from ibr.web.visit import Visit

FAMILIES = ("N", "C", "SDG", "A", "O", "D", "P", "R", "Q", "K", "S")


class Listed(msgspec.Struct, frozen=True):
    """An indicator in the list, with its newest figure where it has a total."""

    indicator: Indicator
    newest: str


class Breakdown(msgspec.Struct, frozen=True):
    """One way an indicator is broken down, and its newest figures as files."""

    words: str
    yearly: bool
    files: list[tuple[str, str]]


class Value(msgspec.Struct, frozen=True):
    """A figure of one period, with how complete it is and which run froze it."""

    period: str
    lines: list[tuple[str, str]]
    completeness: str
    run_no: int
    as_known: str

    @property
    def named(self) -> dict[str, str]:
        """The lines by their names."""
        return dict(self.lines)


async def show(visit: Visit) -> Response[str]:
    """All indicators by family, with their newest totals."""
    services = visit.services
    newest = await newest_totals(services.database.reading, visit.asker(), INDICATORS)
    totals = newest.totals.values() if newest else ()
    families: dict[str, list[Listed]] = {}
    for each in INDICATORS:
        table = newest.totals.get(each.code) if newest else None
        cell = table.cells[0] if table and table.cells else None
        text = Writing(visit.written, each, "").value(cell) if cell else ""
        families.setdefault(family_of(each.code), []).append(Listed(each, text))
    return page(
        visit,
        "indicators.html",
        families={name: families[name] for name in FAMILIES if name in families},
        month=period_name(visit.written, newest.month) if newest else "",
        count=len(INDICATORS),
        newest=next((e for e in totals if e.not_reported), None),
        names=(
            await map_of_areas(services.database.reading, services.kept, visit.asker())
        ).programmes,
    )


def family_of(code: str) -> str:
    """The letters that an indicator's code begins with."""
    return "SDG" if code.startswith("SDG") else code[:1]


async def show_one(visit: Visit) -> Response[str]:
    """One indicator in full."""
    indicator = BY_CODE.get(visit.path("code").upper())
    if indicator is None:
        raise NotFound("indicator.unknown", "There is no indicator with this code.")
    services, asker = visit.services, visit.asker()
    known = await one_indicator(services.database.reading, asker, indicator)
    places = await map_of_areas(services.database.reading, services.kept, asker)
    writer = _Writer(visit, indicator, labels_of(visit.written, places))
    values = [writer.value(each) for each in reversed(known.trend)]
    return page(
        visit,
        "indicator.html",
        indicator=indicator,
        symbols=with_indices(indicator.symbols),
        sentence=sentence,
        known=known,
        names=places.programmes,
        values=values,
        has_total="" in indicator.breakdowns,
        shown_by=writer.words(known.trend[0].breakdown) if known.trend else "",
        trend=writer.trend(known.trend),
        breakdowns=writer.breakdowns(known),
        restated=[
            (
                each,
                period_name(visit.written, each.period),
                writer.words(each.breakdown),
                writer.text(each.value_before),
                writer.text(each.value_after),
            )
            for each in known.restated
        ],
        explorer=(
            View(indicator=indicator.code).address() if indicator.code in with_areas([indicator])
            else ""
        ),
        example=writer.text(indicator.example.value or None),
    )  # fmt: skip


class _Writer:
    """Writes one indicator's figures for one reader."""

    def __init__(self, visit: Visit, indicator: Indicator, labels: Labels) -> None:
        self.visit = visit
        self.indicator = indicator
        self.labels = labels
        self.writing = Writing(visit.written, indicator, "")

    def text(self, value: str | None) -> str:
        return self.writing.text(value)

    def words(self, breakdown: str) -> str:
        """A breakdown in words."""
        names = [self.visit.written.code(DIMENSION, each) for each in dimensions_of(breakdown)]
        return self.visit.say(" by ").join(names) or self.visit.say("in all")

    def value(self, table: FigureTable) -> Value:
        complete = table.completeness
        said = ""
        if complete:
            said = self.visit.say("%(received)s of %(expected)s reports") % {
                "received": self.visit.written.count(complete.received),
                "expected": self.visit.written.count(complete.expected),
            }
        return Value(
            period_name(self.visit.written, table.period),
            self._lines(table),
            said,
            table.run_no,
            self.visit.written.moment(table.as_known_at),
        )

    def _lines(self, table: FigureTable) -> list[tuple[str, str]]:
        lines = []
        names = table.dimensions
        for cell in table.cells:
            currency = cell.key[names.index("currency")] if "currency" in names else ""
            name = ", ".join(
                self.labels.of(each, code)
                for each, code in zip(names, cell.key, strict=True)
                if each != "currency"
            )
            writing = msgspec.structs.replace(self.writing, currency=currency)
            lines.append((name or currency, writing.value(cell)))
        return lines

    def trend(self, tables: Sequence[FigureTable]) -> Markup:
        """The total over the months, where there is one."""
        values = [exact.of_value(each.by_key.get(())) for each in tables]
        if len([each for each in values if each is not None]) < 2:
            return Markup("")
        name = self.indicator.name.in_language(self.visit.language.code)
        return line_trend(
            "lines",
            [period_name(self.visit.written, each.period, short=True) for each in tables],
            [Line(name, values)],
            name,
            self.visit.say("A line over the months. The table holds the same figures."),
            written=self.visit.written,
            short=self.writing.short,
            full=self.writing.short,
        )

    def breakdowns(self, known: OneIndicator) -> list[Breakdown]:
        """Every breakdown of the definition, with files of the newest month where it is counted."""
        found = []
        for each in self.indicator.breakdowns:
            files = []
            if each in known.counted:
                for form in FORMS:
                    asked = {
                        "indicator": self.indicator.code,
                        "breakdown": each,
                        "period": known.months[-1],
                        "form": form,
                    }
                    files.append((form.upper(), f"/figures/file?{urlencode(asked, safe='*')}"))
            found.append(Breakdown(self.words(each), each in self.indicator.yearly, files))
        return found
