"""R1 to R4 and R6, what is complete and what is late, in plain Python over the tables' rows."""

from __future__ import annotations

import calendar
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ibr.coverage.figures.model import value_of
from ibr.periods import Month, month_of, read_month

Row = dict[str, Any]
Figures = dict[tuple[str, str, tuple[str, ...]], str | None]
"""Indicator, breakdown and key with the value."""


class PlainReports:
    """What was due, what came, and what was taken of it, as known at a moment."""

    def __init__(
        self,
        programmes: Sequence[Row],
        deliveries: Sequence[Row],
        refused: Sequence[Row],
        at: datetime,
    ) -> None:
        self.programmes = sorted(programmes, key=lambda each: each["code"])
        self.codes = {each["programme_id"]: each["code"] for each in programmes}
        self.at = at
        self.refused = refused
        self.deliveries = [
            each | {"month": self._month(each)}
            for each in deliveries
            if each["state"] == "done"
            and each["mode"] != "void"
            and each["received_at"] <= at
            and each["done_at"] <= at
        ]

    def _month(self, delivery: Row) -> Month:
        if delivery["cycle"] and re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", delivery["cycle"]):
            return read_month(delivery["cycle"])
        return month_of(delivery["as_of"].astimezone(UTC).date())

    def _of(self, programme: Row) -> list[Row]:
        number = programme["programme_id"]
        return [each for each in self.deliveries if number in each["programme_ids"]]

    def _cycle(self, programme: Row, month: Month) -> list[Month]:
        """The months of the report that a month is in: tried in every step, the one that fits most
        reports as the last month of a cycle, of as many the one with the newest report."""
        length = programme["cycle_months"]
        reported = {each["month"] for each in self._of(programme)}
        if not reported:
            # The calendar year's own step: a month that ends a cycle counted from year 0.
            number = 13 * length - 1
            reported = {Month(number // 12, number % 12 + 1)}
        best: tuple[int, Month, Month] | None = None
        for step in range(length):
            last = month.plus(step)
            fits = [each for each in reported if months_between(each, last) % length == 0]
            if fits and (best is None or (len(fits), max(fits)) > best[:2]):
                best = len(fits), max(fits), last
        assert best is not None
        return [best[2].plus(-back) for back in range(length)][::-1]

    def _is_due(self, programme: Row, month: Month, cycle: list[Month]) -> bool:
        begins = programme["valid_from"]
        if begins is None:
            known = month_of(programme["known_at"].date())
            begins = min([known, *(each["month"] for each in self._of(programme))]).first
        ends = programme["valid_to"] or date.max
        return month_of(begins) <= month <= month_of(ends) and self.at.date() > last_day(cycle[-1])

    def reports(self, month: Month) -> list[tuple[Row, list[Month], datetime | None]]:
        found = []
        for programme in self.programmes:
            cycle = self._cycle(programme, month)
            if self._is_due(programme, month, cycle):
                came = [e["received_at"] for e in self._of(programme) if e["month"] in cycle]
                found.append((programme, cycle, min(came, default=None)))
        return found

    def completeness(self, month: Month) -> dict[str | None, tuple[int, int]]:
        reports = self.reports(month)
        if not reports:
            return {}
        single: dict[str | None, tuple[int, int]] = {
            programme["code"]: (0 if came is None else 1, 1) for programme, _, came in reports
        }
        return single | {None: (sum(came is not None for _, _, came in reports), len(reports))}

    def late(self, months: int) -> list[tuple[str, str, str, int]]:
        """Code, first and last month, and days since it was due."""
        found = set()
        for back in range(months + 1):
            for programme, cycle, came in self.reports(month_of(self.at.date()).plus(-back)):
                due = last_day(cycle[-1]) + timedelta(days=programme["report_days"])
                days = (self.at.date() - due).days
                if came is None and days > 0:
                    found.add((programme["code"], str(cycle[0]), str(cycle[-1]), days))
        return sorted(found, key=lambda each: (-each[3], each[0]))

    def figures(self, month: Month) -> Figures:
        return self._rates(month) | self._taken(month)

    def _rates(self, month: Month) -> Figures:
        found: Figures = {}
        all_came, all_in_time, lags = [], [], []
        for programme, cycle, came in self.reports(month):
            key = (programme["code"],)
            all_came.append(came is not None)
            found["R1", "programme", key] = value_of(int(came is not None), 1)
            due = last_day(cycle[-1]) + timedelta(days=programme["report_days"])
            if self.at.date() > due:
                all_in_time.append(came is not None and came.date() <= due)
                found["R2", "programme", key] = value_of(int(all_in_time[-1]), 1)
            if came is not None:
                lags.append((came.date() - last_day(cycle[-1])).days)
                found["R3", "programme*part", (*key, "p50")] = str(lags[-1])
                found["R3", "programme*part", (*key, "p90")] = str(lags[-1])
        for name, values in (("R1", all_came), ("R2", all_in_time)):
            if values:
                found[name, "", ()] = value_of(sum(values), len(values))
        for part, share in (("p50", 50), ("p90", 90)):
            if lags:
                found["R3", "part", (part,)] = str(least_covering(lags, share))
        return found

    def _taken(self, month: Month) -> Figures:
        found: Figures = {}
        here = [
            each
            for each in self.deliveries
            if each["month"] == month
            and (not each["programme_ids"] or set(each["programme_ids"]) & self.codes.keys())
        ]
        groups: dict[tuple[str, tuple[str, ...]], list[Row]] = {("", ()): here}
        for each in here:
            if len(each["programme_ids"]) == 1 and each["programme_ids"][0] in self.codes:
                key = (self.codes[each["programme_ids"][0]],)
                groups.setdefault(("programme", key), []).append(each)
        for (breakdown, key), deliveries in groups.items():
            found |= self._taken_of(breakdown, key, deliveries)
        return found

    def _taken_of(self, breakdown: str, key: tuple[str, ...], deliveries: Sequence[Row]) -> Figures:
        found: Figures = {}
        sent = sum(each["records"] for each in deliveries)
        if sent:
            taken = sent - sum(each["refused"] for each in deliveries)
            found["R4", breakdown, key] = value_of(taken, sent)
        fields: dict[str, int] = defaultdict(int)
        numbers = {each["delivery_id"] for each in deliveries}
        for each in self.refused:
            if each["delivery_id"] in numbers:
                fields[each["field"] or ""] += 1
        for field, count in fields.items():
            found["R4", f"{breakdown}*field".strip("*"), (*key, field)] = value_of(count, sent)
        told = [each for each in deliveries if each["control_total"] is not None]
        declared = sum(each["control_total"] for each in told)
        if breakdown and declared:
            read = sum(each["records"] for each in told)
            found["R6", breakdown, key] = value_of(read, declared)
        return found


def least_covering(values: Sequence[int], percent: int) -> int:
    """The least of the values that so many of a hundred of them do not exceed."""
    for value in sorted(values):
        if sum(each <= value for each in values) * 100 >= percent * len(values):
            return value
    raise AssertionError


def last_day(month: Month) -> date:
    return date(month.year, month.month, calendar.monthrange(month.year, month.month)[1])


def months_between(one: Month, other: Month) -> int:
    return (other.year - one.year) * 12 + other.month - one.month
