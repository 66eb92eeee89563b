"""Which reports are due for which months: pure, from the catalogue and from what has come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from ibr.coverage.engine.operations.reports.model import Arrived, Cycle, Late, Report, Reporter
from ibr.coverage.figures.model import Completeness
from ibr.periods import Month, month_of


def number_of(month: Month) -> int:
    """Months since year 0, to count with."""
    return month.year * 12 + month.month - 1


class Calendar:
    """One programme's reports, from when and in which step, with what has come of them.

    The catalogue says how many months a cycle has and not in which month one ends. So most of the
    reports that came set the step; of as many the newest, and where none came the calendar year.
    """

    def __init__(self, programme: Reporter, arrived: Sequence[Arrived]) -> None:
        self.programme = programme
        self._length = max(1, programme.cycle_months)
        self._first_at: dict[int, datetime] = {}
        for each in arrived:
            number = number_of(each.month)
            self._first_at[number] = min(each.first_at, self._first_at.get(number, each.first_at))
        self._step = self._learn_step()
        self.begins = self._begin()
        self.last_at = max(self._first_at.values(), default=None)

    def _learn_step(self) -> int:
        """The rest that the number of a cycle's last month leaves."""
        rests = Counter(number % self._length for number in self._first_at)
        if not rests:
            return self._length - 1
        most = max(rests.values())
        newest = {number % self._length: number for number in sorted(self._first_at)}
        return max((rest for rest in rests if rests[rest] == most), key=lambda rest: newest[rest])

    def _begin(self) -> Month:
        """The first month that is reported on: the programme's first, or where that is not known
        the first that it reported for, or in which the catalogue had it."""
        if self.programme.valid_from is not None:
            return month_of(self.programme.valid_from)
        known = number_of(month_of(self.programme.known_at.date()))
        number = min([known, *self._first_at])
        return Month(number // 12, number % 12 + 1)

    def cycle_of(self, month: Month) -> Cycle:
        """The cycle that a month lies in."""
        wait = (self._step - number_of(month)) % self._length
        last = month.plus(wait)
        return Cycle(last.plus(1 - self._length), last)

    def runs_in(self, month: Month) -> bool:
        """Whether the programme is there in a month."""
        ends = self.programme.valid_to
        return month >= self.begins and (ends is None or month <= month_of(ends))

    def report_for(self, month: Month, at: datetime) -> Report | None:
        """The report that a month is in; None where none is due yet, or ever."""
        cycle = self.cycle_of(month)
        if not self.runs_in(month) or not cycle.has_ended(at):
            return None
        months = range(number_of(cycle.first), number_of(cycle.last) + 1)
        came = [self._first_at[number] for number in months if number in self._first_at]
        return Report(self.programme, cycle, min(came, default=None))


def calendars(programmes: Iterable[Reporter], arrived: Iterable[Arrived]) -> list[Calendar]:
    """The calendar of each programme, by its code."""
    by_programme: dict[int, list[Arrived]] = {}
    for each in arrived:
        by_programme.setdefault(each.programme_id, []).append(each)
    return [
        Calendar(programme, by_programme.get(programme.programme_id, []))
        for programme in sorted(programmes, key=lambda each: each.code)
    ]


def reports_of(known: Sequence[Calendar], month: Month, at: datetime) -> list[Report]:
    """The reports that a month is in, of every programme that has one due."""
    return [report for each in known if (report := each.report_for(month, at)) is not None]


def how_complete(reports: Sequence[Report]) -> dict[str | None, Completeness]:
    """By code of the programme, and by None of all together; nothing where none was due."""
    if not reports:
        return {}
    found: dict[str | None, Completeness] = {
        each.programme.code: Completeness(int(each.first_at is not None), 1) for each in reports
    }
    received = sum(each.first_at is not None for each in reports)
    return {None: Completeness(received, len(reports)), **found}


def late_of(known: Sequence[Calendar], at: datetime, months: int) -> list[Late]:
    """The reports on the last so many months that are missing after their last day, those that
    are missing for longest first."""
    last = month_of(at.date())
    found: Mapping[tuple[str, Cycle], Late] = {
        (report.programme.code, report.cycle): Late(
            programme_id=report.programme.programme_id,
            code=report.programme.code,
            first_month=str(report.cycle.first),
            last_month=str(report.cycle.last),
            due_on=report.due_on,
            days=(at.date() - report.due_on).days,
            last_at=calendar.last_at,
        )
        for calendar in known
        for back in range(months + 1)
        if (report := calendar.report_for(last.plus(-back), at)) is not None
        and report.first_at is None
        and report.late_from <= at
    }
    return sorted(found.values(), key=lambda each: (-each.days, each.code))
