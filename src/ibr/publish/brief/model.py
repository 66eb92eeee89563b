"""What a brief is drawn from: a place, a period, and the tables that say something of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from ibr.coverage.catalogue.model import Indicator
from ibr.coverage.figures.model import Cell, FigureTable, breakdown_of, dimensions_of
from ibr.publish.files.labels import Labels
from ibr.publish.files.model import Audience, TableName

AREA_OF_LEVEL: Final = {0: None, 1: "area1", 2: "area2"}
COUNTED: Final = frozenset({"N1", "N2", "N3", "N4", "N5"})
"""Of these, whoever is in no cell of a table is nobody; of a share there is none."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The country or an area of its two uppermost levels, with the areas directly inside it."""

    level: int
    code: str
    name: str
    parts: tuple[tuple[str, str], ...] = ()

    @property
    def dimension(self) -> str | None:
        """The dimension that figures of such a place are broken down by; None for the country."""
        return AREA_OF_LEVEL[self.level]


class Seen(msgspec.Struct, frozen=True):
    """One figure of a brief: shown with its cell, hidden, or none."""

    state: Literal["shown", "hidden", "none"]
    cell: Cell | None = None

    @property
    def value(self) -> str | None:
        return self.cell.value if self.cell else None

    @property
    def size(self) -> float:
        """How long a bar for it is; what is not shown has none."""
        return float(self.value or 0)


NOTHING: Final = Seen("none")
HIDDEN: Final = Seen("hidden")


class BriefData(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a brief says."""

    place: Place
    period: str
    periods: tuple[str, ...]
    """The periods of the trend, the oldest first; the last one is the brief's own."""
    audience: Audience
    tables: Mapping[TableName, FigureTable]
    hidden: Mapping[TableName, frozenset[tuple[str, ...]]]
    labels: Labels
    indicators: Mapping[str, Indicator]
    release_no: int | None = None
    licence: str = ""

    @property
    def language(self) -> str:
        return self.labels.language

    def figure(
        self,
        indicator: str,
        codes: Mapping[str, str] | None = None,
        *,
        period: str | None = None,
        here: bool = True,
    ) -> Seen:
        """One figure of this place; of `here=False` the codes name the place themselves."""
        wanted = dict(codes or {})
        if here and self.place.dimension:
            wanted[self.place.dimension] = self.place.code
        breakdown = breakdown_of(*wanted)
        key = tuple(wanted[each] for each in dimensions_of(breakdown))
        name = (indicator, breakdown, period or self.period)
        table = self.tables.get(name)
        if key in self.hidden.get(name, frozenset()):
            return HIDDEN
        if table is None:
            return NOTHING
        cell = table.by_key.get(key)
        if cell is None:
            return Seen("shown", Cell(key, 0, None, "0")) if indicator in COUNTED else NOTHING
        return Seen("shown", cell) if cell.value is not None else Seen("none", cell)

    def codes(self, indicator: str, dimension: str) -> list[str]:
        """The codes of a dimension that this place has figures with, hidden ones too."""
        place = self.place.dimension
        breakdown = breakdown_of(dimension, *([place] if place else []))
        dimensions = dimensions_of(breakdown)
        name = (indicator, breakdown, self.period)
        table = self.tables.get(name)
        keys = {*(table.by_key if table else ()), *self.hidden.get(name, frozenset())}
        at = dimensions.index(dimension)
        return sorted(
            {
                key[at]
                for key in keys
                if place is None or key[dimensions.index(place)] == self.place.code
            }
        )

    @property
    def main(self) -> FigureTable | None:
        """The table that the brief's date and completeness are those of."""
        breakdown = breakdown_of(*([self.place.dimension] if self.place.dimension else []))
        return self.tables.get(("N1", breakdown, self.period))
