"""What somebody asks for in an address or a command, checked before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from ibr.coverage.catalogue.model import Indicator
from ibr.coverage.figures.model import (
    DIMENSIONS,
    Period,
    breakdown_of,
    dimensions_of,
    read_period,
)
from ibr.errors import NotFound, NotUnderstood
from ibr.publish.files.model import NOT_KNOWN

MOST_INDICATORS: Final = 12
MOST_BREAKDOWNS: Final = 12
MOST_PERIODS: Final = 60
MOST_PER_PAGE: Final = 5000


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which figures: `periods` empty for the newest; `where` are the codes wanted by dimension."""

    indicators: tuple[str, ...]
    breakdowns: tuple[str, ...] = ("",)
    periods: tuple[str, ...] = ()
    where: dict[str, frozenset[str]] = {}


class Paging(msgspec.Struct, frozen=True):
    """Which page of so many rows, counted from 1."""

    page: int = 1
    size: int = 1000


def read_asked(
    query: Mapping[str, str], known: Mapping[str, Indicator], indicators: str | None = None
) -> Asked:
    """What a query asks for; NotUnderstood or NotFound say what has to be mended."""
    codes = _listed(indicators or query.get("indicator", ""))
    if not codes or len(codes) > MOST_INDICATORS:
        raise NotUnderstood(
            "figures.indicator", f"Name one indicator or up to {MOST_INDICATORS}, as N1,C2."
        )
    if any(code not in known for code in codes):
        raise NotFound(
            "figures.indicator_unknown",
            "There is no such indicator. The library of indicators lists all of them.",
        )
    breakdowns = _breakdowns(query.get("breakdown", ""))
    if len(breakdowns) > MOST_BREAKDOWNS:
        raise NotUnderstood(
            "figures.breakdowns", f"Ask for at most {MOST_BREAKDOWNS} breakdowns at a time."
        )
    return Asked(
        indicators=codes,
        breakdowns=breakdowns,
        periods=_periods(query.get("period", "")),
        where=_where(query, breakdowns),
    )


def read_paging(query: Mapping[str, str]) -> Paging:
    """The page asked for; NotUnderstood where it is no number in its bounds."""
    try:
        found = Paging(int(query.get("page", "1")), int(query.get("size", "1000")))
    except ValueError:
        found = Paging(0, 0)
    if not (1 <= found.page <= 100_000 and 1 <= found.size <= MOST_PER_PAGE):
        raise NotUnderstood(
            "figures.page", f"Pages count from 1 and hold from 1 to {MOST_PER_PAGE} figures."
        )
    return found


def _listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))


def _breakdowns(text: str) -> tuple[str, ...]:
    """Breakdowns with their dimensions in the order in which figures are kept."""
    written = (each.strip() for each in text.split(","))
    return tuple(dict.fromkeys(breakdown_of(*dimensions_of(each)) for each in written))


def _periods(text: str) -> tuple[str, ...]:
    """`2026-10`, `2026`, several with commas, or from the first to the last as 2026-01..2026-10."""
    found: dict[str, None] = {}
    for each in _listed(text):
        first, dots, last = each.partition("..")
        if not dots:
            found[str(read_period(first))] = None
            continue
        found |= dict.fromkeys(_span(read_period(first.strip()), read_period(last.strip())))
    if len(found) > MOST_PERIODS:
        raise _too_many()
    return tuple(found)


def _span(first: Period, last: Period) -> list[str]:
    if first.is_year != last.is_year or first > last:
        raise NotUnderstood(
            "figures.span", "A span goes from an earlier month to a later one, as 2026-01..2026-10."
        )
    step = 12 if first.is_year else 1
    years, months = last.first.year - first.first.year, last.first.month - first.first.month
    count = (years * 12 + months) // step + 1
    if count > MOST_PERIODS:
        raise _too_many()
    return [
        str(Period(first.first.plus(n * step), first.last.plus(n * step))) for n in range(count)
    ]


def _too_many() -> NotUnderstood:
    return NotUnderstood("figures.periods", f"Ask for at most {MOST_PERIODS} periods at a time.")


def _where(query: Mapping[str, str], breakdowns: tuple[str, ...]) -> dict[str, frozenset[str]]:
    there = {each for breakdown in breakdowns for each in dimensions_of(breakdown)}
    wanted = {each: query[each] for each in DIMENSIONS if _listed(query.get(each, ""))}
    if wanted.keys() - there:
        raise NotUnderstood(
            "figures.where",
            "Figures can be narrowed only by what they are broken down by. Add it to breakdown.",
        )
    return {
        dimension: frozenset("" if code == NOT_KNOWN else code for code in _listed(text))
        for dimension, text in wanted.items()
    }
