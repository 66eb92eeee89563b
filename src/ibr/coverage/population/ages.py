"""Ages as files write them: single years, bands, an open top, totals, not stated. Pure."""

from __future__ import annotations

import re
from typing import Final

from ibr.coverage.population.model import EVERY_AGE, OPEN, UNSTATED, Ages

_EVERY: Final = frozenset(("total", "all", "allages", "alle", "ensemble", "everybody"))
_UNSTATED: Final = frozenset(
    ("notstated", "unknown", "ns", "notspecified", "nonstated", "nondeclare", "missing")
)
_YEARS: Final = r"(?:y|yr|yrs|year|years|ans)?"
_BAND: Final = re.compile(rf"(\d{{1,3}})(?:-|–|_|to|a){{1,2}}(\d{{1,3}}){_YEARS}")
_SINGLE: Final = re.compile(rf"(\d{{1,3}}){_YEARS}")
_OPEN: Final = re.compile(
    rf"(\d{{1,3}}){_YEARS}(?:\+|-|plus|andover|andabove|andmore|orover|ormore|over|etplus){_YEARS}"
)
_BELOW: Final = re.compile(rf"(?:<|under|below|lessthan|moinsde)(\d{{1,3}}){_YEARS}")
_ABOVE: Final = re.compile(rf"(?:>=|≥|>|over|above|from)(\d{{1,3}}){_YEARS}")
_OLDEST: Final = 150


def ages_of(written: str) -> Ages | None:
    """The ages that a cell or a part of a title names; None where it names none.

    `>5` counts as 5 and over, as statistics offices mean it.
    """
    text = re.sub(r"[\s.]", "", written.casefold())
    bare = text.removeprefix("aged").removeprefix("ages").removeprefix("age")
    text = bare.lstrip("_-:").rstrip("_:") or text
    if text in _EVERY:
        return EVERY_AGE
    if text in _UNSTATED:
        return UNSTATED
    if found := _BAND.fullmatch(text):
        return _band(int(found[1]), int(found[2]))
    if found := _SINGLE.fullmatch(text):
        return _band(int(found[1]), int(found[1]))
    if found := _OPEN.fullmatch(text):
        return _band(int(found[1]), OPEN)
    if found := _BELOW.fullmatch(text):
        return _band(0, int(found[1]) - 1)
    if found := _ABOVE.fullmatch(text):
        return _band(int(found[1]), OPEN)
    return None


def _band(first: int, last: int) -> Ages | None:
    if first > _OLDEST or last < first or (last > _OLDEST and last != OPEN):
        return None
    return Ages(first, last)
