"""The made-up country's calendar: twenty-four months that end with October 2026."""

from __future__ import annotations

from datetime import date, timedelta

from ibr.periods import Month

MONTHS = 24
LAST = Month(2026, 10)
FIRST = LAST.plus(1 - MONTHS)
LAST_DAY = LAST.plus(1).first - timedelta(days=1)


def month_at(index: int) -> Month:
    """The month of an index; 0 is the first of the window and negative ones come before it."""
    return FIRST.plus(index)


def index_of(day: date) -> int:
    """The index of the month that holds a day."""
    return (day.year - FIRST.year) * 12 + day.month - FIRST.month


def day_in(index: int, day: int) -> date:
    """A day of the month of an index; every month is treated as having 28 days to choose from."""
    month = month_at(index)
    return date(month.year, month.month, min(day, 28))


def age_at(birth: date, day: date) -> int:
    """Completed years of age on a day; negative before birth."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
