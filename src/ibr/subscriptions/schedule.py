"""When a subscriber wants to hear: a Quartz cron expression, and its next moment; pure.

Six or seven fields: seconds, minutes, hours, day of month, month, day of week and, where wanted,
year. Fields take values, names, lists, ranges, steps, `*` and, for days, `?`, `L`, `L-n`, `W`,
`LW`, `nL` and `n#m`. Sunday is 1. A range whose end lies before its start runs over the end: 22-2
are the hours from ten in the evening to two.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, NoReturn

import msgspec

from ibr.errors import NotUnderstood

_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                  "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")  # fmt: skip
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_LONGEST: Final = 200
# A date such as "Monday, 29 February" returns after 40 years at the latest.
_YEARS_AHEAD: Final = 45
_SATURDAY: Final = 7
_SUNDAY: Final = 1


class _Field(msgspec.Struct, frozen=True):
    """One field: what it is called, the values it takes, and names for them."""

    name: str
    first: int
    last: int
    names: tuple[str, ...] = ()


_SECONDS: Final = _Field("seconds", 0, 59)
_MINUTES: Final = _Field("minutes", 0, 59)
_HOURS: Final = _Field("hours", 0, 23)
_DAY_OF_MONTH: Final = _Field("day of month", 1, 31)
_MONTH: Final = _Field("month", 1, 12, _MONTHS)
_DAY_OF_WEEK: Final = _Field("day of week", 1, 7, _DAYS)
_YEAR: Final = _Field("year", 1970, 2099)
_FIELDS: Final = (_SECONDS, _MINUTES, _HOURS, _DAY_OF_MONTH, _MONTH, _DAY_OF_WEEK, _YEAR)


class DayRule(msgspec.Struct, frozen=True, order=True):
    """Days of a month that are not simply numbers.

    `last`: the last day, `number` days before it. `weekday`: the working day nearest to day
    `number` of the same month. `last_weekday`: the same, nearest to the last day less `number`.
    `last_of`: the last day of week `number`. `nth`: the `nth` day of week `number`.
    """

    kind: Literal["last", "weekday", "last_weekday", "last_of", "nth"]
    number: int
    nth: int = 0


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """A cron expression as what it means: two spellings of the same moments are equal.

    Without `days`, `weekdays` and `rules` every day counts; without `years` every year.
    """

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: tuple[int, ...]
    days: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = ()
    rules: tuple[DayRule, ...] = ()
    years: tuple[int, ...] = ()

    def next_after(self, moment: datetime, offset: timedelta = timedelta(0)) -> datetime | None:
        """The first moment later than `moment`, by a clock `offset` ahead of UTC; None when the
        schedule has come to its end."""
        local = moment.astimezone(UTC).replace(tzinfo=None) + offset
        start = local.replace(microsecond=0) + timedelta(seconds=1)
        for day in self._days_from(start.date()):
            found = self._time_from(start.time() if day == start.date() else time())
            if found is not None:
                return (datetime.combine(day, found) - offset).replace(tzinfo=UTC)
        return None

    def _days_from(self, first: date) -> Iterator[date]:
        """Every day of the schedule from this one on."""
        for year in range(first.year, min(first.year + _YEARS_AHEAD, 9998) + 1):
            if self.years and year not in self.years:
                continue
            for month in self.months:
                if (year, month) < (first.year, first.month):
                    continue
                for number in sorted(self.days_of(year, month)):
                    day = date(year, month, number)
                    if day >= first:
                        yield day

    def days_of(self, year: int, month: int) -> set[int]:
        """The numbers of the schedule's days in one month."""
        weekday, length = monthrange(year, month)
        if not (self.days or self.weekdays or self.rules):
            return set(range(1, length + 1))
        # Python's Monday is 0, Quartz's Sunday is 1.
        first = (weekday + 1) % 7 + 1
        found = {day for day in self.days if day <= length}
        found |= {day for day in range(1, length + 1) if (first + day - 2) % 7 + 1 in self.weekdays}
        found |= {day for rule in self.rules if (day := _day_by(rule, first, length))}
        return found

    def _time_from(self, start: time) -> time | None:
        """The first time of the day that is not before `start`."""
        for hour in self.hours[bisect_left(self.hours, start.hour) :]:
            minutes = self.minutes
            if hour == start.hour:
                minutes = minutes[bisect_left(minutes, start.minute) :]
            for minute in minutes:
                seconds = self.seconds
                if (hour, minute) == (start.hour, start.minute):
                    seconds = seconds[bisect_left(seconds, start.second) :]
                if seconds:
                    return time(hour, minute, seconds[0])
        return None


def _day_by(rule: DayRule, first: int, length: int) -> int | None:
    """The day that a rule names in a month of this length whose first day is this day of week."""

    def weekday(day: int) -> int:
        return (first + day - 2) % 7 + 1

    if rule.kind == "nth":
        day = 1 + (rule.number - first) % 7 + 7 * (rule.nth - 1)
        return day if day <= length else None
    if rule.kind == "last_of":
        return length - (weekday(length) - rule.number) % 7
    day = rule.number if rule.kind == "weekday" else length - rule.number
    if not 1 <= day <= length:
        return None
    if rule.kind == "last":
        return day
    # Never into another month: a Saturday the 1st gives way to Monday, a last Sunday to Friday.
    if weekday(day) == _SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday(day) == _SUNDAY:
        return day + 1 if day < length else day - 2
    return day


def read_schedule(text: object) -> Schedule:
    """The schedule of a Quartz cron expression; NotUnderstood says which field is at fault."""
    if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST:
        _refuse("write a Quartz cron expression, for example 0 0 6 ? * MON-FRI.")
    parts = text.upper().split()
    if len(parts) not in (6, 7):
        _refuse(
            f"it has {len(parts)} fields and needs 6 or 7: seconds, minutes, hours, day of month, "
            "month, day of week and, if you like, year."
        )
    if not text.isascii():
        _refuse("it holds letters that no cron expression has.")
    days, weekdays, rules = _read_days(parts[3], parts[5])
    return Schedule(
        seconds=_read_plain(_SECONDS, parts[0]),
        minutes=_read_plain(_MINUTES, parts[1]),
        hours=_read_plain(_HOURS, parts[2]),
        months=_read_plain(_MONTH, parts[4]),
        days=days,
        weekdays=weekdays,
        rules=rules,
        years=() if len(parts) == 6 or parts[6] == "*" else _read_plain(_YEAR, parts[6]),
    )


def _refuse(reason: str, field: _Field | None = None) -> NoReturn:
    where = f"frequency.frequency, {field.name}: " if field else "frequency.frequency: "
    raise NotUnderstood("subscription.schedule", where + reason, field="frequency.frequency")


def _read_plain(field: _Field, text: str) -> tuple[int, ...]:
    """The values of a field without the special letters of days."""
    if "?" in text:
        _refuse("? stands for a day only.", field)
    return tuple(sorted({value for part in text.split(",") for value in _values(field, part)}))


def _read_days(
    month_days: str, week_days: str
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[DayRule, ...]]:
    """Both day fields. One of them says nothing: Quartz writes `?` for it, and `*` is read so."""
    silent = [text in ("?", "*") for text in (month_days, week_days)]
    if month_days == week_days == "?":
        _refuse("? stands for the day of month or the day of week, not for both.")
    if not any(silent):
        _refuse("give the day of month or the day of week, and ? for the other one.")
    rules: set[DayRule] = set()
    days = set() if silent[0] else _read_list(_DAY_OF_MONTH, month_days, rules)
    weekdays = set() if silent[1] else _read_list(_DAY_OF_WEEK, week_days, rules)
    # Every day written out means the same as *.
    if len(days) == _DAY_OF_MONTH.last or len(weekdays) == _DAY_OF_WEEK.last:
        return (), (), ()
    return tuple(sorted(days)), tuple(sorted(weekdays)), tuple(sorted(rules))


def _read_list(field: _Field, text: str, rules: set[DayRule]) -> set[int]:
    """The numbers of a day field; what is not simply a number goes to `rules`."""
    found: set[int] = set()
    for part in text.split(","):
        rule = (_month_rule if field is _DAY_OF_MONTH else _week_rule)(part)
        if isinstance(rule, int):
            found.add(rule)
        elif rule is not None:
            rules.add(rule)
        else:
            found.update(_values(field, part))
    return found


def _month_rule(part: str) -> DayRule | None:
    """L, L-3, LW, L-3W or 15W; None for anything without these letters."""
    last = re.fullmatch(r"L(?:-(\d{1,2}))?(W?)", part)
    if last:
        before = int(last[1] or 0)
        if before > 30:
            _refuse("L-n takes at most 30 days before the last one.", _DAY_OF_MONTH)
        return DayRule("last_weekday" if last[2] else "last", before)
    near = re.fullmatch(r"(\d{1,2})W", part)
    if near:
        return DayRule("weekday", _value(_DAY_OF_MONTH, near[1]))
    if "L" in part or "W" in part:
        _refuse("L and W are written L, L-3, LW or 15W.", _DAY_OF_MONTH)
    return None


def _week_rule(part: str) -> DayRule | int | None:
    """L, 6L or 6#3; None for anything without these signs."""
    if part == "L":
        return _SATURDAY
    last = re.fullmatch(r"(\d|[A-Z]{3})L", part)
    if last:
        return DayRule("last_of", _value(_DAY_OF_WEEK, last[1]))
    if "#" in part:
        nth = re.fullmatch(r"(\d|[A-Z]{3})#(\d)", part)
        if not nth or not 1 <= int(nth[2]) <= 5:
            _refuse(
                "# is written 6#3, the third Friday; the second number is 1 to 5.",
                field=_DAY_OF_WEEK,
            )
        return DayRule("nth", _value(_DAY_OF_WEEK, nth[1]), int(nth[2]))
    return None


def _values(field: _Field, part: str) -> Iterator[int]:
    """The values of one part of a list: a value, a range or *, each with a step or without."""
    span, slash, step_text = part.partition("/")
    step = 1
    if slash:
        if not step_text.isdecimal() or not 1 <= int(step_text[:6]) <= field.last:
            _refuse(f"the step after / is a number from 1 to {field.last}.", field)
        step = int(step_text)
    start_text, dash, end_text = span.partition("-")
    if span in ("*", "") and (slash or span):
        start, end = field.first, field.last
    elif dash:
        start, end = _value(field, start_text), _value(field, end_text)
    else:
        start = _value(field, span)
        end = field.last if slash else start
    if end < start:
        if field is _YEAR:
            _refuse("the later year stands second.", field)
        end += field.last - field.first + 1
    for value in range(start, end + 1, step):
        yield value if value <= field.last else value - field.last + field.first - 1


def _value(field: _Field, text: str) -> int:
    if text in field.names:
        return field.names.index(text) + field.first
    if not re.fullmatch(r"\d{1,4}", text) or not field.first <= int(text) <= field.last:
        named = f", or {field.names[0]} to {field.names[-1]}" if field.names else ""
        _refuse(f"values are {field.first} to {field.last}{named}.", field)
    return int(text)
