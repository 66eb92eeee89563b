"""Plain records of population: ages, figures, sources, and a denominator with where it is from."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import msgspec

ALL: Final = 0
MEN: Final = 1
WOMEN: Final = 2
OTHER: Final = 3
"""Other or not stated: what is in a total and neither in men nor in women."""
OPEN: Final = 999
GROUPS: Final = ("all", "disability", "poor", "births", "unemployed", "households")
METHODS: Final = ("census", "projection", "survey")
SEX_WORDS: Final = {ALL: "everybody", MEN: "men", WOMEN: "women", OTHER: "other or not stated"}


class Ages(msgspec.Struct, frozen=True, order=True):
    """Completed years of age from the first to the last; OPEN for and over, -1 for not stated."""

    first: int
    last: int

    def __str__(self) -> str:
        if self == EVERY_AGE:
            return "all ages"
        if self == UNSTATED:
            return "age not stated"
        if self.last == OPEN:
            return f"{self.first}+"
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


EVERY_AGE: Final = Ages(0, OPEN)
UNSTATED: Final = Ages(-1, -1)

Cell = tuple[int, Ages]
"""A sex and an age band: what a figure is of, inside an area."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How a file of figures is to be entered."""

    year: int | None
    source: str
    method: str = "census"
    group: str = "all"
    day: date | None = None
    """The day that the figures are of; else the middle of the year."""
    level: int | None = None
    uncertainty: float | None = None
    licence: str = ""
    ages: Ages | None = None
    """The ages of all figures that name none."""
    columns: dict[str, str] = {}
    accept_close: bool = False
    accept_differences: bool = False
    dry_run: bool = False


class Count(msgspec.Struct, frozen=True):
    """One figure of a file, before its area is known; None where its cell is blank."""

    row: int
    path: tuple[str, ...]
    codes: tuple[str, ...]
    year: int | None
    sex: int
    ages: Ages
    people: int | None


class Problem(msgspec.Struct, frozen=True):
    """Why a file does not go in."""

    row: int | None
    what: str
    reason: str


class Difference(msgspec.Struct, frozen=True):
    """A sum that is not what it should be."""

    area: str
    what: str
    told: int
    added: int

    @property
    def large(self) -> bool:
        """Whether it is more than what rounding or somebody of no stated sex explains."""
        return abs(self.told - self.added) > max(10, 0.005 * max(self.told, self.added))

    def __str__(self) -> str:
        return f"{self.area}: {self.what}: {self.told:,} told, {self.added:,} by adding up"


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file of figures."""

    rows: int
    figures: int
    areas: int
    total: dict[str, int]
    """Everybody of all ages, by year and level of area."""
    fields: dict[str, str]
    notes: list[str]
    differences: list[str]
    problems: list[Problem]
    sources: list[int] = []
    unchanged: bool = False
    dry_run: bool = False


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A set of figures that was imported."""

    number: int
    year: int
    day: date
    group: str
    source: str
    method: str
    uncertainty: float | None
    licence: str | None
    file_name: str
    file_digest: str
    figures: int
    told: list[str]
    imported_at: datetime
    imported_by: str


class Used(msgspec.Struct, frozen=True):
    """A set of figures that a denominator was made of."""

    number: int
    year: int
    source: str
    method: str
    uncertainty: float | None


class Denominator(msgspec.Struct, frozen=True, kw_only=True):
    """How many people of a group there are on a day, and how that is known."""

    people: int
    areas: tuple[str, ...]
    sex: int
    ages: Ages
    group: str
    day: date
    used: tuple[Used, ...]
    how: tuple[str, ...]
    """In sentences: interpolated, held from another year, split within a band, added up."""
    years_away: float
    """How far the nearest figures are from the day; 0 where it lies between two."""
    split: bool
    """Whether ages were split inside a band as if all years in it were equally many."""

    @property
    def uncertainty(self) -> float | None:
        """The largest of the sources' in percent; None where one of them does not know its own."""
        known = [each.uncertainty for each in self.used]
        return None if None in known else max((each for each in known if each), default=0.0)
