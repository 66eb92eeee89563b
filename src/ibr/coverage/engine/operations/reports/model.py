"""A programme's reporting: how often, until when, and what came."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import msgspec

from ibr.periods import Month

_ONE_DAY = timedelta(days=1)


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What was entered of a programme's reports: from a month on, every so many months, until so
    many days after. Cycles are counted from `first_month`; of 0 months none is due."""

    first_month: Month
    cycle_months: int
    report_days: int


class Reporter(msgspec.Struct, frozen=True, kw_only=True):
    """A programme as far as its reports go.

    A report is due for every cycle of so many months, `report_days` after its last day, as the
    catalogue says, until `terms` say otherwise: those are in the order of their first months.
    `pay_day` is the day of the month until which benefits are due, where the catalogue says it.
    """

    programme_id: int
    code: str
    cycle_months: int = 1
    report_days: int = 15
    pay_day: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    known_at: datetime
    terms: tuple[Terms, ...] = ()


class Arrived(msgspec.Struct, frozen=True):
    """The first delivery with records of a programme that speaks for a month."""

    programme_id: int
    month: Month
    first_at: datetime


class Cycle(msgspec.Struct, frozen=True, order=True):
    """The months that one report is about: the first and the last, both within."""

    first: Month
    last: Month

    @property
    def last_day(self) -> date:
        return self.last.plus(1).first - _ONE_DAY

    def covers(self, month: Month) -> bool:
        return self.first <= month <= self.last

    def has_ended(self, at: datetime) -> bool:
        return self.last.plus(1).start <= at


class Report(msgspec.Struct, frozen=True):
    """A report that was due: for which cycle, until when, and when the first of it came."""

    programme: Reporter
    cycle: Cycle
    first_at: datetime | None
    report_days: int

    @property
    def due_on(self) -> date:
        """The last day on which it is in time."""
        return self.cycle.last_day + timedelta(days=self.report_days)

    @property
    def late_from(self) -> datetime:
        """The first moment at which it is late."""
        return datetime.combine(self.due_on + _ONE_DAY, time(), UTC)

    @property
    def on_time(self) -> bool:
        return self.first_at is not None and self.first_at < self.late_from

    @property
    def lag_days(self) -> int | None:
        """Days from the last day of the cycle to the day on which it came."""
        if self.first_at is None:
            return None
        return (self.first_at.astimezone(UTC).date() - self.cycle.last_day).days


class Late(msgspec.Struct, frozen=True, kw_only=True):
    """A report that is missing after its last day."""

    programme_id: int
    code: str
    first_month: str
    last_month: str
    due_on: date
    days: int
    """Days since it was due."""
    last_at: datetime | None
    """When the programme's newest report came; empty where none ever did."""
