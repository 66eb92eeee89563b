"""Months of benefits as the two series that are drawn."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ibr.periods import Month
from ibr.questions.country import MonthGiven
from ibr.web.written import major


class Series(msgspec.Struct, frozen=True):
    """Benefits by month, and their value in the currency that most of the money is in."""

    benefits: list[tuple[Month, float]]
    currency: str | None
    money: list[tuple[Month, float]]

    @property
    def empty(self) -> bool:
        return not any(value for _, value in self.benefits)


def series_of(months: Sequence[MonthGiven]) -> Series:
    """Only one currency is drawn: sums of different currencies cannot stand on one axis."""
    sums: dict[str, float] = {}
    for each in months:
        for code, minor in each.money.items():
            sums[code] = sums.get(code, 0) + float(major(minor, code))
    currency = max(sums, key=lambda code: sums[code], default=None)
    money = [
        (each.month, float(major(each.money.get(currency, 0), currency)) if currency else 0.0)
        for each in months
    ]
    return Series([(each.month, float(each.benefits)) for each in months], currency, money)
