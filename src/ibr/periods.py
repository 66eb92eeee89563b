"""Reporting periods: calendar months, written `2026-10`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import msgspec

from ibr.errors import NotUnderstood

_WRITTEN = re.compile(r"\d{4}-\d{2}", re.ASCII)


class Month(msgspec.Struct, frozen=True, order=True):
    """One calendar month."""

    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def start(self) -> datetime:
        """The first moment of the month in UTC."""
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    def plus(self, months: int) -> Month:
        """The month so many months later, or earlier where `months` is negative."""
        count = self.year * 12 + self.month - 1 + months
        return Month(count // 12, count % 12 + 1)


def month_of(day: date) -> Month:
    return Month(day.year, day.month)


def read_month(text: str) -> Month:
    """`2026-10` as a month; NotUnderstood for anything else."""
    try:
        if not _WRITTEN.fullmatch(text):
            raise ValueError
        year, month = text.split("-")
        value = Month(int(year), int(month))
        value.first  # noqa: B018 -- a month that is no month fails here
    except ValueError:
        raise NotUnderstood(
            "period.invalid", f"'{text[:20]}' is not a month; write it as 2026-10."
        ) from None
    return value
