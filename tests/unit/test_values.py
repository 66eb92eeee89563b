"""Dates and money as partners write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibr.reported.parts import PRECISION_DAY, PRECISION_MONTH, PRECISION_YEAR
from ibr.reported.values import read_day, read_moment, read_money, write_money

offsets = st.integers(-14 * 60, 14 * 60).map(lambda east: timezone(timedelta(minutes=east)))
CURRENCIES = ("USD", "KHR", "JPY", "TND", "XAF")


@given(st.datetimes(datetime(1850, 1, 2), datetime(2200, 12, 30), timezones=offsets))
def test_every_moment_is_read_as_it_was_written(moment: datetime) -> None:
    assert read_moment(moment.isoformat()) == moment


@given(st.dates(date(1850, 1, 1), date(2200, 12, 31)))
def test_every_day_is_read_as_it_was_written(day: date) -> None:
    assert read_day(day.isoformat()) == (day, PRECISION_DAY)
    assert read_day(day.strftime("%d.%m.%Y")) == (day, PRECISION_DAY)


@given(st.text(max_size=30))
def test_whatever_is_written_nothing_breaks(text: str) -> None:
    read_moment(text)
    read_day(text)
    read_money(text, "USD")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("02.05.2024", datetime(2024, 5, 2, tzinfo=UTC)),
        ("1980-04-12T00:00", datetime(1980, 4, 12, tzinfo=UTC)),
        ("1995-09-21T11:20:00", datetime(1995, 9, 21, 11, 20, tzinfo=UTC)),
        ("2026-01-10T00:00:00+02:00", datetime(2026, 1, 9, 22, tzinfo=UTC)),
        ("2026-01-10", datetime(2026, 1, 10, tzinfo=UTC)),
        (" 2026-01-10T00:00:00Z ", datetime(2026, 1, 10, tzinfo=UTC)),
    ],
)
def test_the_samples_dates_are_read(text: str, moment: datetime) -> None:
    assert read_moment(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-02-30",
        "31.02.2024",
        "2026-13-01",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1849-12-31",
        "2201-01-01",
        "infinity",
        "now",
        "２０２６-01-10",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_moment(text) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1995", (date(1995, 1, 1), PRECISION_YEAR)),
        ("1995-09", (date(1995, 9, 1), PRECISION_MONTH)),
        ("1995-09-21T23:00:00-05:00", (date(1995, 9, 21), PRECISION_DAY)),
        ("1995-13", None),
        ("0000", None),
    ],
)
def test_a_birthday_is_as_exact_as_it_is_known(text: str, day: tuple[date, int] | None) -> None:
    assert read_day(text) == day


@given(st.integers(0, 10**12), st.sampled_from(CURRENCIES))
def test_money_is_read_as_it_is_written(value: int, currency: str) -> None:
    assert read_money(write_money(value, currency), None) == (value, currency)


@pytest.mark.parametrize(
    ("text", "money"),
    [
        ("USD 50.00", (5000, "USD")),
        ("50 USD", (5000, "USD")),
        ("USD50", (5000, "USD")),
        ("50", (5000, "USD")),
        ("50.5", (5050, "USD")),
        ("50.100", (5010, "USD")),
        ("JPY 50", (50, "JPY")),
        ("TND 1.234", (1234, "TND")),
        ("50.001", None),
        ("JPY 50.5", None),
        ("-50", None),
        ("USD 50 EUR", None),
        ("ABC 50", None),
        ("1e3", None),
        ("1,000", None),
        ("５０", None),
        ("", None),
        ("NaN", None),
    ],
)
def test_money_is_exact_or_refused(text: str, money: tuple[int, str] | None) -> None:
    assert read_money(text, "USD") == money


def test_an_amount_without_any_currency_is_none() -> None:
    assert read_money("50", None) is None
