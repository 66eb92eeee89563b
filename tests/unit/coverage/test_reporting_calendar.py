"""Which report a month is in, when it is due, and when it is late: as sentences."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from ibr.coverage.engine.operations.cells import quantile
from ibr.coverage.engine.operations.reports.model import Arrived, Reporter
from ibr.coverage.engine.operations.reports.rules import (
    Calendar,
    calendars,
    how_complete,
    late_of,
    reports_of,
)
from ibr.periods import Month, read_month

AT = datetime(2026, 11, 20, 3, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def programme(**further: Any) -> Reporter:
    return Reporter(**{"programme_id": 1, "code": "OAP", "known_at": LONG_AGO} | further)


def came(*months: str, at: datetime = AT, programme_id: int = 1) -> list[Arrived]:
    return [Arrived(programme_id, read_month(each), at) for each in months]


@pytest.mark.parametrize(
    ("length", "reported", "month", "first", "last"),
    [
        (1, (), "2026-06", "2026-06", "2026-06"),
        # Nothing came yet: the quarters of the calendar year.
        (3, (), "2026-06", "2026-04", "2026-06"),
        (3, (), "2026-07", "2026-07", "2026-09"),
        # Reports for January, April and July: a quarter ends with these.
        (3, ("2026-01", "2026-04", "2026-07"), "2026-06", "2026-05", "2026-07"),
        # One that named another month does not move the others.
        (3, ("2026-01", "2026-04", "2026-06"), "2026-06", "2026-05", "2026-07"),
        # Of as many the newest.
        (2, ("2026-01", "2026-04"), "2026-07", "2026-07", "2026-08"),
        (12, ("2025-03",), "2025-04", "2025-04", "2026-03"),
    ],
)
def test_a_month_is_in_the_report_of_its_cycle(
    length: int, reported: tuple[str, ...], month: str, first: str, last: str
) -> None:
    calendar = Calendar(programme(cycle_months=length), came(*reported))
    cycle = calendar.cycle_of(read_month(month))
    assert (str(cycle.first), str(cycle.last)) == (first, last)
    assert cycle.covers(read_month(month))


@pytest.mark.parametrize(
    ("further", "reported", "month", "due"),
    [
        ({}, (), "2026-10", True),
        # It has not ended.
        ({}, (), "2026-11", False),
        ({"cycle_months": 3}, (), "2026-10", False),
        ({"cycle_months": 3}, (), "2026-09", True),
        ({"valid_from": date(2026, 7, 15)}, (), "2026-07", True),
        ({"valid_from": date(2026, 7, 15)}, ("2026-01",), "2026-06", False),
        ({"valid_to": date(2026, 7, 15)}, (), "2026-07", True),
        ({"valid_to": date(2026, 7, 15)}, (), "2026-08", False),
        # Since when there is a programme is not known: since the catalogue has it, or it reported.
        ({"known_at": datetime(2026, 7, 15, tzinfo=UTC)}, (), "2026-06", False),
        ({"known_at": datetime(2026, 7, 15, tzinfo=UTC)}, ("2026-05",), "2026-06", True),
    ],
)
def test_a_report_is_due_when_its_cycle_is_over(
    further: dict[str, Any], reported: tuple[str, ...], month: str, due: bool
) -> None:
    calendar = Calendar(programme(**further), came(*reported))
    assert (calendar.report_for(read_month(month), AT) is not None) is due


@pytest.mark.parametrize(
    ("received", "on_time", "lag"),
    [
        (datetime(2026, 10, 15, 23, 59, tzinfo=UTC), True, 15),
        (datetime(2026, 10, 16, tzinfo=UTC), False, 16),
        (datetime(2026, 9, 28, tzinfo=UTC), True, -2),
    ],
)
def test_a_report_has_fifteen_days(received: datetime, on_time: bool, lag: int) -> None:
    calendar = Calendar(programme(), came("2026-09", at=received))
    report = calendar.report_for(Month(2026, 9), AT)
    assert report is not None
    assert (report.on_time, report.lag_days) == (on_time, lag)


def test_the_first_of_several_deliveries_counts() -> None:
    first, second = datetime(2026, 10, 3, tzinfo=UTC), datetime(2026, 10, 30, tzinfo=UTC)
    calendar = Calendar(
        programme(cycle_months=3), came("2026-07", at=second) + came("2026-09", at=first)
    )
    report = calendar.report_for(Month(2026, 8), AT)
    assert report is not None
    assert report.first_at == first


def test_what_is_missing_is_said_once_for_each_cycle_the_longest_first() -> None:
    known = calendars(
        [programme(), programme(programme_id=2, code="FOOD", cycle_months=3)],
        came("2026-08", "2026-10"),
    )
    found = [
        (each.code, each.first_month, each.last_month, each.days) for each in late_of(known, AT, 5)
    ]
    assert found == [
        ("FOOD", "2026-04", "2026-06", 128),
        ("OAP", "2026-06", "2026-06", 128),
        ("OAP", "2026-07", "2026-07", 97),
        ("FOOD", "2026-07", "2026-09", 36),
        ("OAP", "2026-09", "2026-09", 36),
    ]


def test_a_missing_report_is_late_only_after_its_last_day() -> None:
    known = calendars([programme(report_days=20)], came("2026-08", "2026-09"))
    assert late_of(known, AT, 3) == []
    [late] = late_of(known, datetime(2026, 11, 21, tzinfo=UTC), 1)
    assert (late.days, late.due_on, late.last_at) == (1, date(2026, 11, 20), AT)


def test_nothing_due_is_no_completeness() -> None:
    known = calendars([programme(), programme(programme_id=2, code="FOOD")], came("2026-10"))
    assert how_complete(reports_of(known, Month(2026, 11), AT)) == {}
    full = how_complete(reports_of(known, Month(2026, 10), AT))
    assert {code: (each.received, each.expected) for code, each in full.items()} == {
        None: (1, 2),
        "OAP": (1, 1),
        "FOOD": (0, 1),
    }


@pytest.mark.parametrize(
    ("values", "half", "nine"),
    [([7], 7, 7), ([1, 2], 1, 2), ([3, 1, 2], 2, 3), (list(range(10, 0, -1)), 5, 9)],
)
def test_a_quantile_is_one_of_the_values(values: list[int], half: int, nine: int) -> None:
    assert (quantile(values, (1, 2)), quantile(values, (9, 10))) == (half, nine)
