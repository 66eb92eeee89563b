"""Frozen figures: a table of cells for one indicator, one period and one breakdown."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import cached_property
from typing import Any, Final, Literal

import msgspec

from ibr.errors import NotUnderstood
from ibr.periods import Month, read_month

Dimension = Literal[
    "programme",
    "function",
    "benefit_type",
    "area1",
    "area2",
    "series",
    "sex",
    "age",
    "disability",
    "with",
    "to",
    "combination",
    "programmes",
    "currency",
    "field",
    "part",
]
DIMENSIONS: Final[dict[str, str]] = {
    "programme": "code of the programme",
    "function": "social_protection_functions of the standard, as a number",
    "benefit_type": "benefit_type of the standard, as a number",
    "area1": "code of an area of the first level below the country; empty where not known",
    "area2": "code of an area of the second level; empty where not known",
    "series": "the series of SDG indicator 1.3.1, as a number",
    "sex": "1 male, 2 female, 3 other, 0 not known",
    "age": "five years of age as 0-4 up to 80+; empty where not known",
    "disability": "1 reported as living with a disability, 0 as not, empty where not known",
    "with": "the second programme of a pair",
    "to": "the programme gone to; `new`, `left` and `none` for no programme",
    "combination": "codes of programmes in order, joined by +",
    "programmes": "how many programmes: 1, 2, 3 or 4+",
    "currency": "ISO 4217 code",
    "field": "the name of a reported field",
    "part": "the part of a whole that the indicator's page names",
}
"""Ways to break a figure down, in the order in which they stand in a key."""

AGE_BANDS: Final = (*(f"{first}-{first + 4}" for first in range(0, 80, 5)), "80+")
OVER_100: Final = "over_100"
NO_DENOMINATOR: Final = "no_denominator"
PARTLY_KNOWN: Final = "partly_known"
NOTES: Final[dict[str, str]] = {
    OVER_100: "more than the whole: check the denominator and look for duplicates",
    NO_DENOMINATOR: "no figure to divide by was imported",
    PARTLY_KNOWN: "the registry knows only part of this; the indicator's limits say which",
}
_YEAR: Final = re.compile(r"\d{4}", re.ASCII)


class Period(msgspec.Struct, frozen=True, order=True):
    """A calendar month or year: its first and last month, both within."""

    first: Month
    last: Month

    def __str__(self) -> str:
        """`2026-10` for a month, `2026` for a year."""
        return str(self.first) if self.first == self.last else f"{self.first.year:04d}"

    @property
    def is_year(self) -> bool:
        return self.first != self.last

    @property
    def last_day(self) -> date:
        return date.fromordinal(self.last.plus(1).first.toordinal() - 1)

    @property
    def middle(self) -> date:
        """The day that denominators are taken of."""
        begin, end = self.first.first.toordinal(), self.last.plus(1).first.toordinal()
        return date.fromordinal((begin + end) // 2)


def month_period(month: Month) -> Period:
    return Period(month, month)


def year_period(year: int) -> Period:
    return Period(Month(year, 1), Month(year, 12))


def read_period(text: str) -> Period:
    """`2026-10` or `2026` as a period; NotUnderstood for anything else."""
    if _YEAR.fullmatch(text) and text != "0000":
        return year_period(int(text))
    return month_period(read_month(text))


def breakdown_of(*dimensions: str) -> str:
    """Dimensions as a breakdown is written: in their order, joined by `*`; empty for the total."""
    unknown = set(dimensions) - DIMENSIONS.keys()
    if unknown or len(set(dimensions)) != len(dimensions):
        raise NotUnderstood(
            "figures.breakdown", f"Figures can be broken down by {', '.join(DIMENSIONS)}."
        )
    return "*".join(each for each in DIMENSIONS if each in dimensions)


def dimensions_of(breakdown: str) -> tuple[str, ...]:
    return tuple(breakdown.split("*")) if breakdown else ()


class Cell(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One figure.

    `key` has one code for each dimension of the breakdown. `numerator` and `denominator` are whole
    numbers (persons, households, minor units of money); empty where there is none or where none
    is known. `value` is the figure as it is shown everywhere, a decimal in plain digits; empty
    where it cannot be worked out. `notes` are keys of NOTES.
    """

    key: tuple[str, ...]
    numerator: int | None
    denominator: int | None
    value: str | None
    notes: tuple[str, ...] = ()


class Completeness(msgspec.Struct, frozen=True):
    """Reports received for the period of those that were due."""

    received: int
    expected: int


class NotReported(msgspec.Struct, array_like=True, frozen=True, order=True):
    """A programme whose report was due and had not come: its code, the last day of the report."""

    programme: str
    due_on: date


class FigureTable(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All figures of one indicator for one period in one breakdown, as one run froze them.

    `sources` name the denominators: who published them, of which year, by which method.
    `not_reported` are the programmes whose reports it lacks, which completeness only counts; None
    where that was not noted.
    """

    indicator: str
    version: int
    period: str
    breakdown: str
    cells: tuple[Cell, ...]
    run_no: int = 0
    as_known_at: datetime | None = None
    completeness: Completeness | None = None
    sources: tuple[str, ...] = ()
    not_reported: tuple[NotReported, ...] | None = None

    @property
    def dimensions(self) -> tuple[str, ...]:
        return dimensions_of(self.breakdown)

    @cached_property
    def by_key(self) -> dict[tuple[str, ...], Cell]:
        return {cell.key: cell for cell in self.cells}


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run: from what, by which code, for which periods, with what became of it."""

    run_no: int
    kind: str
    state: str
    snapshot_no: int | None
    as_known_at: datetime
    first_month: str
    last_month: str
    inputs: dict[str, Any]
    code_version: str
    started_at: datetime
    finished_at: datetime | None
    tables: int
    cells: int
    seconds: dict[str, float]
    reason: str
    asked_by: str


class Restated(msgspec.Struct, frozen=True, kw_only=True):
    """A table that a run froze anew with other figures: what changed, and why.

    `largest_change` is the largest difference of a value, as a decimal. `why` are sentences.
    """

    run_no: int
    before_run: int
    indicator: str
    period: str
    breakdown: str
    cells_changed: int
    cells: int
    value_before: str | None
    value_after: str | None
    largest_change: str | None
    why: tuple[str, ...]


def digest_lines(digests: Mapping[tuple[str, str, str], bytes]) -> str:
    """The digests of tables by indicator, breakdown and period, a line for each, in order."""
    return "".join(
        f"{digest.hex()} {indicator}|{breakdown}|{period}\n"
        for (indicator, breakdown, period), digest in sorted(digests.items())
    )


def whole_digest(digests: Mapping[tuple[str, str, str], bytes]) -> str:
    """SHA-256 of those lines: what is sealed of all the figures of a run."""
    return hashlib.sha256(digest_lines(digests).encode()).hexdigest()


def value_of(
    numerator: int | None, denominator: int | None, *, times: int = 1, decimals: int = 4
) -> str | None:
    """Numerator over denominator as a decimal in plain digits, halves to the even digit.

    The one division of every figure, so that it is the same to the last digit wherever it is read.
    """
    if numerator is None or not denominator:
        return None
    with localcontext() as exact:
        # Precise enough that rounding happens once, at the decimals that are kept.
        exact.prec = 60
        whole = Decimal(numerator * times) / Decimal(denominator)
        return format(whole.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN), "f")


def share_cell(
    key: tuple[str, ...],
    numerator: int | None,
    denominator: int | None,
    *,
    times: int = 1,
    decimals: int = 4,
    notes: Sequence[str] = (),
) -> Cell:
    """A cell of a share, with the word where it is more than the whole or has nothing below."""
    said = list(notes)
    if denominator is None or denominator == 0:
        said.append(NO_DENOMINATOR)
    elif numerator is not None and numerator > denominator:
        said.append(OVER_100)
    value = value_of(numerator, denominator, times=times, decimals=decimals)
    return Cell(key, numerator, denominator, value, tuple(dict.fromkeys(said)))


def count_cell(key: tuple[str, ...], count: int, notes: Sequence[str] = ()) -> Cell:
    """A cell of a count, which is its own value."""
    return Cell(key, count, None, str(count), tuple(notes))
