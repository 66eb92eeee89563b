"""Days of birth and death, as precise as they are known."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from ibr.reported.parts import PRECISION_MONTH, PRECISION_YEAR
from ibr.reported.values import read_day

YEAR, MONTH, DAY = (len(said) for said in ("2000", "2000-12", "2000-12-31"))
"""How long a date is that is known to the year, the month, the day."""
_REMEMBERED: Final = 131_072


@lru_cache(maxsize=_REMEMBERED)
def day_of(text: str) -> str:
    """`1990-04-05`, `1990-04` or `1990`; empty where it is no date."""
    read = read_day(text)
    if read is None:
        return ""
    day, precision = read
    written = day.isoformat()
    if precision == PRECISION_YEAR:
        return written[:YEAR]
    return written[:MONTH] if precision == PRECISION_MONTH else written


def year_of(day: str) -> int:
    """The year, 0 where the day is not known."""
    return int(day[:YEAR]) if day else 0
