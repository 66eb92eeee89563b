"""How the figures of one indicator are written: to the last digit where they are read, short where
they are drawn."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec
from markupsafe import Markup, escape

from ibr.coverage.catalogue.model import Indicator
from ibr.coverage.figures.model import Cell
from ibr.periods import read_month
from ibr.publish.files.labels import Labels
from ibr.questions.map_of_areas import MapOfAreas
from ibr.web import exact
from ibr.web.figure_codes import NOTE
from ibr.web.written import Written

_INDEX = re.compile(r"_(?:\{([^{}]*)\}|(\w+))")
_MINUS = "\u2212"


def labels_of(written: Written, places: MapOfAreas) -> Labels:
    """The names of programmes, areas and other codes in the reader's language."""
    return Labels(
        language=written.language.code,
        programmes={code: written.name(names, code) for code, names in places.programmes.items()},
        areas={each.code: written.name(each.names, each.code) for each in places.areas.values()},
        code_name=written.code,
    )


def period_name(written: Written, period: str, *, short: bool = False) -> str:
    """A month or a year as a reader writes it."""
    if "-" not in period:
        return period
    month = read_month(period)
    return written.short_month(month) if short else written.month(month)


class Writing(msgspec.Struct, frozen=True):
    """Writes figures of one indicator, those of money in one currency."""

    written: Written
    indicator: Indicator
    currency: str

    def value(self, cell: Cell | None) -> str:
        """A figure to the last digit; a dash where there is none."""
        return self.text(cell.value if cell else None)

    def text(self, value: str | None) -> str:
        if self.indicator.unit == "share":
            return exact.percent(self.written, value)
        if self.indicator.unit == "money" and self.currency:
            return exact.money(self.written, value, self.currency)
        return exact.number(self.written, value)

    def short(self, value: float) -> str:
        """A figure for an axis, a legend or a map."""
        if self.indicator.unit == "share":
            return short_percent(self.written, value)
        if self.indicator.unit == "ratio" or (value % 1 and value < 10):
            return self.written.two_places(value)
        return self.written.short(value)

    def numerator(self, cell: Cell | None) -> str:
        if cell is None or cell.numerator is None:
            return exact.NONE
        if self.indicator.unit == "money" and self.currency:
            return self.written.money(cell.numerator, self.currency)
        return self.written.count(cell.numerator)

    def denominator(self, cell: Cell | None) -> str:
        if cell is None or cell.denominator is None:
            return exact.NONE
        return self.written.count(cell.denominator)

    def notes(self, cell: Cell | None) -> list[str]:
        """What must be known with a figure, in sentences."""
        return [self.written.code(NOTE, each) for each in (cell.notes if cell else ())]

    def difference(self, now: Cell | None, then: Cell | None, points: str) -> str:
        """How much the first is above the second; `points` stand behind a difference of shares."""
        if now is None or then is None or now.value is None or then.value is None:
            return exact.NONE
        apart = Decimal(now.value) - Decimal(then.value)
        sign = "+" if apart > 0 else _MINUS if apart < 0 else ""
        size = abs(apart)
        if self.indicator.unit == "share":
            return f"{sign}{exact.number(self.written, format(size.scaleb(2), 'f'))} {points}"
        return sign + self.text(format(size, "f"))


def short_percent(written: Written, value: float) -> str:
    """A share with at most one decimal. What is not the whole never looks as if it were."""
    rounded = round(value, 3)
    if (rounded >= 1) != (value >= 1):
        rounded = 0.999
    text = f"{rounded:.3f}"
    return exact.percent(written, text[:-1] if text.endswith("0") else text)


def scope(
    labels: Labels, codes: Mapping[str, str], breakdown: Sequence[str], everybody: str
) -> str:
    """What a figure is of, by the dimensions that its table has: what it leaves out is not said."""
    said = []
    for name in breakdown:
        if name in codes and name != "currency":
            text = labels.of(name, codes[name])
            said.append(age_name(text) if name == "age" else text)
    return " · ".join(said) or everybody


def sentence(text: str) -> str:
    """A text of the catalogue with a capital in front, where it stands for itself."""
    return text[:1].upper() + text[1:]


def with_indices(symbols: str) -> Markup:
    """A formula with what stands behind an underscore set lower: `D_p` and `N_{t-1}`."""
    return Markup(_INDEX.sub(r"<sub>\1\2</sub>", str(escape(symbols))))  # noqa: S704 - escaped


def age_name(band: str) -> str:
    return band.replace("-", "–")
