"""Random cron expressions: the next moment is the one that stepping through time comes to first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from ibr.subscriptions.model import Frequency
from ibr.subscriptions.rules import moments
from ibr.subscriptions.schedule import read_schedule

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
HORIZON = timedelta(days=3 * 366)

# Each part of an expression comes with what it means, said of one moment; nothing is parsed here.
Means = Callable[[datetime], bool]
Part = tuple[str, Means]


def plain_parts(
    first: int, last: int, read: Callable[[datetime], int], names: tuple[str, ...] = ()
) -> st.SearchStrategy[Part]:
    """One value, a range that may run over the end, or steps."""
    values = st.integers(first, last)

    def spelled(value: int) -> st.SearchStrategy[str]:
        named = [names[value - first], names[value - first].lower()] if names else []
        return st.sampled_from([str(value), *named])

    def one(value: int) -> st.SearchStrategy[Part]:
        return spelled(value).map(lambda text: (text, lambda at: read(at) == value))

    def between(ends: tuple[int, int]) -> st.SearchStrategy[Part]:
        start, end = ends

        def inside(at: datetime) -> bool:
            value = read(at)
            return start <= value <= end if start <= end else value >= start or value <= end

        return st.tuples(spelled(start), spelled(end)).map(lambda two: ("-".join(two), inside))

    def steps(given: tuple[int, int]) -> st.SearchStrategy[Part]:
        start, step = given
        return st.just(
            (
                f"{start}/{step}",
                lambda at: read(at) >= start and (read(at) - start) % step == 0,
            )
        )

    return st.one_of(
        values.flatmap(one),
        st.tuples(values, values).flatmap(between),
        st.tuples(values, st.integers(1, last)).flatmap(steps),
    )


def listed(part: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    return st.lists(part, min_size=1, max_size=3).map(
        lambda parts: (
            ",".join(text for text, _ in parts),
            lambda at: any(means(at) for _, means in parts),
        )
    )


def whole(part: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    return st.one_of(st.just(("*", lambda at: True)), listed(part))


def last_day(at: datetime) -> int:
    day = at
    while (day + timedelta(days=1)).month == at.month:
        day += timedelta(days=1)
    return day.day


def nearest_working_day(at: datetime, day: int) -> bool:
    """Whether this is the working day nearest to that one, looked for inside the month."""
    if not 1 <= day <= last_day(at):
        return False
    for step in (0, -1, 1, -2, 2):
        if 1 <= day + step <= last_day(at) and at.replace(day=day + step).weekday() < 5:
            return at.day == day + step
    return False


def day_of_week(at: datetime) -> int:
    return at.isoweekday() % 7 + 1


def nth_of_week(at: datetime) -> int:
    return sum(1 for back in range(5) if (at - timedelta(days=7 * back)).month == at.month)


month_days = st.one_of(
    plain_parts(1, 31, lambda at: at.day),
    st.just(("L", lambda at: at.day == last_day(at))),
    st.integers(1, 30).map(lambda n: (f"L-{n}", lambda at: at.day == last_day(at) - n)),
    st.integers(1, 31).map(lambda n: (f"{n}W", lambda at: nearest_working_day(at, n))),
    st.just(("LW", lambda at: nearest_working_day(at, last_day(at)))),
)
week_days = st.one_of(
    plain_parts(1, 7, day_of_week, DAYS),
    st.integers(1, 7).map(
        lambda n: (
            f"{n}L",
            lambda at: day_of_week(at) == n and (at + timedelta(days=7)).month != at.month,
        )
    ),
    st.tuples(st.integers(1, 7), st.integers(1, 5)).map(
        lambda two: (
            f"{DAYS[two[0] - 1]}#{two[1]}",
            lambda at: day_of_week(at) == two[0] and nth_of_week(at) == two[1],
        )
    ),
)
days = st.one_of(
    st.just((("*", "?"), lambda at: True)),
    listed(month_days).map(lambda part: ((part[0], "?"), part[1])),
    listed(week_days).map(lambda part: (("?", part[0]), part[1])),
)


YEARS: dict[str, Means] = {
    "": lambda at: True,
    " *": lambda at: True,
    " 2024-2099": lambda at: at.year >= 2024,
    " 2025/2": lambda at: at.year % 2 == 1 and at.year >= 2025,
    " 2026": lambda at: at.year == 2026,
}


@st.composite
def expressions(draw: st.DrawFn) -> tuple[str, Means, Means, Means, Means]:
    """An expression, and what it says of day, hour, minute and second."""
    second = draw(whole(plain_parts(0, 59, lambda at: at.second)))
    minute = draw(whole(plain_parts(0, 59, lambda at: at.minute)))
    hour = draw(whole(plain_parts(0, 23, lambda at: at.hour)))
    month = draw(whole(plain_parts(1, 12, lambda at: at.month, MONTHS)))
    (in_month, in_week), of_day = draw(days)
    text = f"{second[0]} {minute[0]} {hour[0]} {in_month} {month[0]} {in_week}"
    year = draw(st.sampled_from(list(YEARS)))

    def day(at: datetime) -> bool:
        return month[1](at) and of_day(at) and YEARS[year](at)

    return text + year, day, hour[1], minute[1], second[1]


def first_after(moment: datetime, means: tuple[Means, Means, Means, Means]) -> datetime | None:
    """Steps through days, then hours, minutes and seconds, until everything holds."""
    day, hour, minute, second = means
    at = moment.replace(microsecond=0) + timedelta(seconds=1)
    while at < moment + HORIZON:
        if not day(at):
            at = at.replace(hour=0, minute=0, second=0) + timedelta(days=1)
        elif not hour(at):
            at = at.replace(minute=0, second=0) + timedelta(hours=1)
        elif not minute(at):
            at = at.replace(second=0) + timedelta(minutes=1)
        elif not second(at):
            at += timedelta(seconds=1)
        else:
            return at
    return None


starts = st.datetimes(datetime(2023, 12, 1), datetime(2028, 3, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)


@settings(max_examples=250, deadline=None)
@given(expression=expressions(), start=starts)
def test_the_next_moment_is_the_first_that_time_comes_to(
    expression: tuple[str, Means, Means, Means, Means], start: datetime
) -> None:
    text, *means = expression
    found = read_schedule(text).next_after(start)
    wanted = first_after(start, tuple(means))  # type: ignore[arg-type]
    if wanted is None:
        assert found is None or found >= start + HORIZON - timedelta(seconds=1), text
    else:
        assert found == wanted, text


@settings(max_examples=150, deadline=None)
@given(
    expression=expressions(),
    start=starts,
    waited=st.integers(0, 400_000),
    learned=st.floats(0, 1),
    ends=st.one_of(st.none(), st.integers(1, 500_000)),
)
def test_news_are_due_at_the_first_moment_after_they_were_learned(
    expression: tuple[str, Means, Means, Means, Means],
    start: datetime,
    waited: int,
    learned: float,
    ends: int | None,
) -> None:
    """However late they are found: what should have been told before now is told at once."""
    schedule = read_schedule(expression[0])
    now = start + timedelta(seconds=waited)
    known_at = start + timedelta(seconds=int(waited * learned))
    end_at = start + timedelta(seconds=ends) if ends else None
    if end_at is not None and known_at >= end_at:
        return
    found = moments(Frequency(schedule=schedule, end_at=end_at), start, now)
    assert found is not None
    told_at = now if known_at < found.last else found.next
    wanted = schedule.next_after(known_at)
    if wanted is None or (end_at is not None and wanted > end_at):
        assert told_at is None
    else:
        assert told_at == max(wanted, now)
