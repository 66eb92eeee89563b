"""A release as it is built, signed, published and withdrawn, and its tables as readers see them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal

import msgspec

from ibr.coverage.catalogue.model import Indicator
from ibr.coverage.figures.model import FigureTable
from ibr.disclosure.model import Rule

Audience = Literal["public", "partners"]
State = Literal["built", "signed", "published", "withdrawn"]
AUDIENCES: Final[tuple[Audience, ...]] = ("public", "partners")
RULES: Final[dict[str, Rule]] = {
    # One receiver has at most half of a cell's money, and nobody comes within a tenth of it.
    "public": Rule(minimum=10, dominance=50, estimate=10),
    "partners": Rule(minimum=5, dominance=60, estimate=10),
}
SIGNATURES: Final = 2
Key = tuple[str, ...]
Name = tuple[str, str]
"""An indicator and a breakdown."""


class Shape(msgspec.Struct, frozen=True):
    """What codes have to do with each other: functions of programmes, regions of districts."""

    functions: dict[str, tuple[str, ...]] = {}
    parents: dict[str, str] = {}


class HiddenFigure(msgspec.Struct, array_like=True, frozen=True):
    """A figure that is not shown, and why; the reason is for officers only."""

    key: Key
    why: str


class ReleasedTable(msgspec.Struct, frozen=True):
    """A table with the figures that are shown, and the keys of those that are not."""

    table: FigureTable
    hidden: tuple[HiddenFigure, ...] = ()

    @property
    def name(self) -> Name:
        return self.table.indicator, self.table.breakdown

    @property
    def hidden_keys(self) -> frozenset[Key]:
        return frozenset(each.key for each in self.hidden)


class Signature(msgspec.Struct, frozen=True):
    """Who stands for a release, and when that was said."""

    officer_id: int
    officer_name: str
    signed_at: datetime


class ReleaseHead(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about a release but its tables.

    `after` are the releases that readers had when it was built: it holds only together with them.
    `known_before` says what nothing can hide any more, in words; a person must look at those.
    """

    release_no: int
    audience: Audience
    state: State
    periods: tuple[str, ...]
    choice: tuple[Name, ...]
    minimum: int
    shape: Shape
    definitions: tuple[Indicator, ...]
    licence: str
    note: str
    as_of_run: int
    after: tuple[int, ...]
    known_before: tuple[str, ...]
    looked_by: str | None
    digest: bytes
    tables: int
    shown: int
    hidden: int
    built_at: datetime
    built_by: str
    published_at: datetime | None
    published_by: str | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_reason: str | None

    @property
    def was_published(self) -> bool:
        """Whether readers ever had it; what is out stays out, withdrawn or not."""
        return self.published_at is not None


class CalendarEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A release that is to come: of which period, on which day."""

    entry_no: int
    audience: Audience
    period: str
    due_on: date
    note: str
    release_no: int | None


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """What a release says otherwise than the one before it about the same table.

    `before` and `after` are the total, where both show it.
    """

    release_no: int
    before_release: int
    indicator: str
    period: str
    breakdown: str
    figures_changed: int
    before: str | None
    after: str | None
