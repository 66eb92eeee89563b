"""A cron expression is read as Quartz reads it, and refused in words that name the field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ibr.errors import NotUnderstood
from ibr.subscriptions.schedule import read_schedule

# A Sunday.
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def next_times(text: str, count: int, after: datetime = NOW) -> list[str]:
    schedule, moment, found = read_schedule(text), after, []
    for _ in range(count):
        following = schedule.next_after(moment)
        assert following is not None
        found.append(following.strftime("%Y-%m-%d %H:%M:%S"))
        moment = following
    return found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0 0 0 5,15 * ? *", ["2026-12-05 00:00:00", "2026-12-15 00:00:00"]),
        ("0 0 0 5,15 * ?", ["2026-12-05 00:00:00", "2026-12-15 00:00:00"]),
        ("0 0 6 ? * MON-FRI", ["2026-11-23 06:00:00", "2026-11-24 06:00:00"]),
        ("0 0 6 ? * 2-6", ["2026-11-23 06:00:00", "2026-11-24 06:00:00"]),
        ("0 0/20 12 * * ?", ["2026-11-22 12:20:00", "2026-11-22 12:40:00"]),
        ("0 0 22-2 * * ?", ["2026-11-22 22:00:00", "2026-11-22 23:00:00", "2026-11-23 00:00:00"]),
        ("0 0 0 1 NOV-FEB/2 ?", ["2027-01-01 00:00:00", "2027-11-01 00:00:00"]),
        ("0 0 0 L * ?", ["2026-11-30 00:00:00", "2026-12-31 00:00:00", "2027-01-31 00:00:00"]),
        ("0 0 0 L-3 * ?", ["2026-11-27 00:00:00", "2026-12-28 00:00:00"]),
        ("0 0 0 LW 1-5 ?", ["2027-01-29 00:00:00", "2027-02-26 00:00:00", "2027-03-31 00:00:00"]),
        ("0 0 0 15W 8 ?", ["2027-08-16 00:00:00", "2028-08-15 00:00:00"]),
        # Saturday the 1st gives way to Monday the 3rd, never to the month before.
        ("0 0 0 1W 5 ?", ["2027-05-03 00:00:00"]),
        ("0 0 0 ? * FRIL", ["2026-11-27 00:00:00", "2026-12-25 00:00:00"]),
        ("0 0 0 ? * 6#3", ["2026-12-18 00:00:00", "2027-01-15 00:00:00"]),
        ("0 0 0 ? * SUN#5", ["2026-11-29 00:00:00", "2027-01-31 00:00:00"]),
        ("0 0 0 ? * L", ["2026-11-28 00:00:00", "2026-12-05 00:00:00"]),
        ("0 0 0 29 2 ?", ["2028-02-29 00:00:00", "2032-02-29 00:00:00"]),
        ("0 0 0 1 1 ? 2030,2032", ["2030-01-01 00:00:00", "2032-01-01 00:00:00"]),
        ("  0  0 0 1 jan ? ", ["2027-01-01 00:00:00"]),
        ("*/30 * * * * *", ["2026-11-22 12:00:30", "2026-11-22 12:01:00"]),
    ],
)
def test_the_next_moments(text: str, wanted: list[str]) -> None:
    assert next_times(text, len(wanted)) == wanted


@pytest.mark.parametrize("text", ["0 0 0 31 2 ?", "0 0 0 1 1 ? 2020", "0 0 0 31W 2,4 ?"])
def test_a_schedule_that_never_comes_has_no_next_moment(text: str) -> None:
    assert read_schedule(text).next_after(NOW) is None


def test_a_moment_of_the_schedule_is_not_its_own_next_one() -> None:
    at = datetime(2026, 12, 5, tzinfo=UTC)
    schedule = read_schedule("0 0 0 5,15 * ?")
    assert schedule.next_after(at) == datetime(2026, 12, 15, tzinfo=UTC)
    assert schedule.next_after(at - timedelta(microseconds=1)) == at


def test_midnight_is_that_of_the_clock_the_schedule_is_read_by() -> None:
    schedule = read_schedule("0 0 0 5 * ?")
    east, west = timedelta(hours=7), timedelta(hours=-5)
    assert schedule.next_after(NOW, east) == datetime(2026, 12, 4, 17, tzinfo=UTC)
    assert schedule.next_after(NOW, west) == datetime(2026, 12, 5, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0 0 0 ? * MON-FRI", "0 0 0 ? * 2,3,4,5,6"),
        ("0 0 0 * * ?", "0 0 0 ? * *"),
        ("0 0 0 1-31 * ?", "0 0 0 * * *"),
        ("0 0 0 1 1/3 ?", "0 0 0 1 JAN,APR,JUL,OCT ? *"),
        ("0/5 0 0 * * ?", "/5 0 0 * * ?"),
    ],
)
def test_two_spellings_of_the_same_moments_are_equal(one: str, other: str) -> None:
    assert read_schedule(one) == read_schedule(other)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "write a Quartz cron expression"),
        ("", "write a Quartz cron expression"),
        ("0 0 6 * * ? " * 40, "write a Quartz cron expression"),
        ("* * * * *", "it has 5 fields and needs 6 or 7"),
        ("0 0 0 1 1 ? 2030 1", "it has 8 fields"),
        ("60 * * * * ?", "seconds: values are 0 to 59"),
        ("* 1-60 * * * ?", "minutes: values are 0 to 59"),
        ("0 0 24 * * ?", "hours: values are 0 to 23"),
        ("0 0 0 32 * ?", "day of month: values are 1 to 31"),
        ("0 0 0 0 * ?", "day of month: values are 1 to 31"),
        ("0 0 0 1 13 ?", "month: values are 1 to 12, or JAN to DEC"),
        ("0 0 0 1 FOO ?", "month: values are 1 to 12, or JAN to DEC"),
        ("0 0 0 ? * 8", "day of week: values are 1 to 7, or SUN to SAT"),
        ("0 0 0 ? * MO", "day of week: values are 1 to 7"),
        ("0 0 0 1 * ? 1969", "year: values are 1970 to 2099"),
        ("0 0 0 1 * ? 2030-2029", "year: the later year stands second"),
        ("0/0 0 0 * * ?", "seconds: the step after / is a number from 1 to 59"),
        ("0 0/x 0 * * ?", "minutes: the step after / is a number"),
        ("0 0 0 ? * ?", "not for both"),
        ("0 0 0 1 * MON", "and ? for the other one"),
        ("? 0 0 * * ?", "seconds: ? stands for a day only"),
        ("0 0 0 1,? * ?", "day of month: values are"),
        ("0 0 0 LX * ?", "day of month: L and W are written"),
        ("0 0 0 1-5W * ?", "day of month: L and W are written"),
        ("0 0 0 32W * ?", "day of month: values are 1 to 31"),
        ("0 0 0 L-31 * ?", "at most 30 days"),
        ("0 0 0 ? * 6#6", "day of week: # is written 6#3"),
        ("0 0 0 ? * #3", "day of week: # is written 6#3"),
        ("0 0 0 ? * 9L", "day of week: values are 1 to 7"),
        ("0,,5 0 0 * * ?", "seconds: values are"),
        ("0 0 0 C * ?", "day of month: values are"),
        ("٣ 0 0 * * ?", "letters that no cron expression has"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_field(text: object, said: str) -> None:
    with pytest.raises(NotUnderstood, match=r"^frequency\.frequency") as refused:
        read_schedule(text)
    assert said in refused.value.message
    assert refused.value.code == "subscription.schedule"
