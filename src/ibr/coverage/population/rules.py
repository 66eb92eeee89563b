"""How many people of a sex and some ages an area's figures say there are. Pure.

Nothing is invented: a sex or an area that the figures do not tell apart is refused. Ages are put
together of the bands there are; where a band is cut, its years count as equally many, and that is
said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from ibr.coverage.population.model import (
    ALL,
    EVERY_AGE,
    MEN,
    OPEN,
    OTHER,
    SEX_WORDS,
    UNSTATED,
    WOMEN,
    Ages,
    Cell,
)
from ibr.errors import NotFound

_DAYS_OF_A_YEAR: Final = 365.25


class Value(msgspec.Struct, frozen=True):
    """A number of people, and what is to be said of how it was made."""

    people: float
    split: bool = False
    unstated: int = 0
    """People of no stated age, who are not in it."""
    areas: int = 1
    """Over how many areas it was added up."""
    both_sexes: bool = False
    """Whether men and women were added up, where the figures do not tell everybody."""

    def notes(self) -> tuple[str, ...]:
        """The same in sentences."""
        said = []
        if self.split:
            said.append("A band of ages was split as if all years in it were equally many.")
        if self.both_sexes:
            said.append("Men and women were added up.")
        if self.unstated:
            said.append(f"Left out for having no stated age: {self.unstated:,}.")
        if self.areas > 1:
            said.append(f"Added up over {self.areas} areas.")
        return tuple(said)


def sum_of(parts: Sequence[Value]) -> Value:
    """The values of several areas as one."""
    return Value(
        sum(part.people for part in parts),
        any(part.split for part in parts),
        sum(part.unstated for part in parts),
        sum(part.areas for part in parts),
        any(part.both_sexes for part in parts),
    )


class Point(msgspec.Struct, frozen=True):
    """A number of people on the day of a set of figures."""

    day: date
    value: Value
    used: frozenset[int]


def people_in(cells: Mapping[Cell, int], sex: int, ages: Ages, *, split: bool) -> Value:
    """The people of a sex and some ages by one area's figures; NotFound where they do not say."""
    counted = cells.get((sex, ages))
    if counted is not None:
        return Value(counted, unstated=_unstated(cells, sex, ages))
    mine = {band: people for (which, band), people in cells.items() if which == sex}
    unstated = _unstated(cells, sex, ages)
    whole = _put_together(mine, ages)
    if whole is not None:
        rest = mine.get(UNSTATED, 0) if ages == EVERY_AGE else 0
        return Value(whole + rest, unstated=unstated)
    if sex == ALL:
        both = _of_both_sexes(cells, ages)
        if both is not None:
            return both
    if split and mine:
        cut = _split(mine, ages)
        if cut is not None:
            return Value(cut, True, unstated)
    raise _not_said(cells, sex, ages)


def _unstated(cells: Mapping[Cell, int], sex: int, ages: Ages) -> int:
    """People whose age is not stated, who may be of these ages and are not counted among them."""
    return 0 if ages in (EVERY_AGE, UNSTATED) else cells.get((sex, UNSTATED), 0)


def _put_together(mine: Mapping[Ages, int], ages: Ages) -> int | None:
    """The sum of bands that cover the ages exactly, the widest first; None where none do."""
    inside = [b for b in mine if ages.first <= b.first and b.last <= ages.last and b != UNSTATED]
    by_first: dict[int, list[Ages]] = {}
    for band in inside:
        by_first.setdefault(band.first, []).append(band)
    done: dict[int, int | None] = {}

    # From the last year backwards, so that each beginning is looked at once.
    for first in sorted(by_first, reverse=True):
        done[first] = None
        for band in sorted(by_first[first], key=lambda each: -each.last):
            if band.last == ages.last:
                done[first] = mine[band]
                break
            rest = done.get(band.last + 1) if band.last != OPEN else None
            if rest is not None:
                done[first] = mine[band] + rest
                break
    return done.get(ages.first)


def _of_both_sexes(cells: Mapping[Cell, int], ages: Ages) -> Value | None:
    parts, unstated = [], 0
    for sex in (MEN, WOMEN):
        mine = {band: people for (which, band), people in cells.items() if which == sex}
        whole = mine.get(ages, _put_together(mine, ages))
        if whole is None:
            return None
        parts.append(whole)
        unstated += _unstated(cells, sex, ages)
    return Value(sum(parts) + cells.get((OTHER, ages), 0), unstated=unstated, both_sexes=True)


def _split(mine: Mapping[Ages, int], ages: Ages) -> float | None:
    """The ages out of the narrowest bands that cover them, cut where they must be.

    None where there is a gap, or where an open top would have to be cut.
    """
    people, age = 0.0, ages.first
    while age <= ages.last:
        bands = [b for b in mine if b.first <= age <= b.last and b not in (UNSTATED, EVERY_AGE)]
        if not bands:
            return None
        band = min(bands, key=lambda each: each.last - each.first)
        if band.last == OPEN:
            return people + mine[band] if band.first == age and ages.last == OPEN else None
        last = min(band.last, ages.last)
        people += mine[band] * (last - age + 1) / (band.last - band.first + 1)
        age = last + 1
    return people


def _not_said(cells: Mapping[Cell, int], sex: int, ages: Ages) -> NotFound:
    has_sex = any(which == sex for which, _ in cells)
    if sex != ALL and not has_sex:
        return NotFound(
            "population.no_sex", f"The figures do not tell {SEX_WORDS[sex]} apart from others."
        )
    if sex != ALL and ages != EVERY_AGE and (ALL, ages) in cells:
        return NotFound(
            "population.no_sex_by_age",
            f"The figures tell ages and sexes, but not ages {ages} of {SEX_WORDS[sex]}.",
        )
    return NotFound(
        "population.no_ages",
        f"The figures do not tell {SEX_WORDS[sex]} of ages {ages}, and no band can be split for "
        "it.",
    )


def on_day(points: list[Point], day: date, way: str) -> tuple[float, tuple[str, ...], float]:
    """The number on a day by the points there are: between two of them, else the nearest one's.

    With it what is to be said, and how many years away the nearest figures are.
    """
    ordered = sorted(points, key=lambda each: each.day)
    before = [each for each in ordered if each.day <= day]
    after = [each for each in ordered if each.day >= day]
    if before and after:
        first, last = before[-1], after[0]
        if first.day == last.day:
            return first.value.people, (), 0.0
        return _between(first, last, day, way)
    nearest = before[-1] if before else after[0]
    years = round(abs((day - nearest.day).days) / _DAYS_OF_A_YEAR, 1)
    said = f"The figures of {nearest.day} are used unchanged, {years:g} years away."
    if years > LONGEST_HELD:
        said += " That is long: the population has changed since."
    return nearest.value.people, (said,), years


LONGEST_HELD: Final = 5
"""From more years than these on, that a figure is held from another year is said loudly."""


def _between(
    first: Point, last: Point, day: date, way: str
) -> tuple[float, tuple[str, ...], float]:
    share = (day - first.day).days / (last.day - first.day).days
    start, end = first.value.people, last.value.people
    geometric = way == "geometric" and start > 0 and end > 0
    people = start * (end / start) ** share if geometric else start + (end - start) * share
    kind = "geometrically" if geometric else "linearly"
    return people, (f"Interpolated {kind} between {first.day} and {last.day}.",), 0.0
