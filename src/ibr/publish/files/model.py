"""What goes into one file of figures, whoever it is for, and one row of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec

from ibr.coverage.catalogue.model import Indicator
from ibr.coverage.figures.model import FigureTable
from ibr.publish.files.labels import Labels

Audience = Literal["internal", "partners", "public"]
Status = Literal["shown", "hidden", "no_value"]
STATUSES: Final[dict[str, str]] = {
    "shown": "the figure stands in the row",
    "hidden": "withheld, so that nobody can be recognised",
    "no_value": "it cannot be worked out; the notes say why",
}
NOT_KNOWN: Final = "_U"
"""Stands in a file where the registry does not know the code; an empty field means all of them."""
TableName = tuple[str, str, str]
"""Indicator, breakdown and period."""


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """What one file holds.

    `hidden` are the keys of figures that are withheld, by table. They stand in every form as rows
    without a figure; their figures must not be in `tables`, and would not be written if they were.
    """

    title: str
    audience: Audience
    tables: tuple[FigureTable, ...]
    indicators: Mapping[str, Indicator]
    labels: Labels
    hidden: Mapping[TableName, frozenset[tuple[str, ...]]] = {}
    licence: str = ""
    release_no: int | None = None

    @property
    def known_at(self) -> datetime | None:
        """The newest moment that any of its figures is known as of."""
        return max((t.as_known_at for t in self.tables if t.as_known_at), default=None)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One figure as every form writes it; `codes` and `names` stand by dimension."""

    table: FigureTable
    name: str
    unit: str
    codes: dict[str, str]
    names: dict[str, str]
    numerator: int | None
    denominator: int | None
    value: str | None
    status: Status
    notes: tuple[str, ...]
