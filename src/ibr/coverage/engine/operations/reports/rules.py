"""Which reports are due for which months: pure, from the catalogue and from what has come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from ibr.coverage.engine.operations.reports.model import (
    Arrived,
    Cycle,
    Late,
    Report,
    Reporter,
    Terms,
)
from ibr.coverage.figures.model import Completeness, NotReported
from ibr.periods import Month, month_of


def number_of(month: Month) -> int:
    """Months since year 0, to count with."""
    return month.year * 12 + month.month - 1


class Calendar:
    """One programme's reports, from when and in which step, with what has come of them.

    Terms that were entered count their cycles from their first month. Before them the catalogue
    says how many months a cycle has and not in which month one ends. So most of the reports that
    came set the step; of as many the newest, and where none came the calendar year. Where new
    terms begin, the cycle before them ends.
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
        entered = [each.first_month for each in self.programme.terms if each.cycle_months]
        if self.programme.valid_from is not None:
            return min([month_of(self.programme.valid_from), *entered])
        known = number_of(month_of(self.programme.known_at.date()))
        number = min([known, *self._first_at])
        return min([Month(number // 12, number % 12 + 1), *entered])

    def terms_on(self, month: Month) -> Terms | None:
        """What was entered for a month; None where the catalogue alone says it."""
        held = [each for each in self.programme.terms if each.first_month <= month]
        return held[-1] if held else None

    def cycle_of(self, month: Month) -> Cycle:
        """The cycle that a month lies in."""
        terms = self.terms_on(month)
        if terms is None:
            last = month.plus((self._step - number_of(month)) % self._length)
            first = last.plus(1 - self._length)
        else:
            length = max(1, terms.cycle_months)
            into = (number_of(month) - number_of(terms.first_month)) % length
            first = month.plus(-into)
            last = first.plus(length - 1)
        later = [e.first_month for e in self.programme.terms if month < e.first_month <= last]
        return Cycle(first, later[0].plus(-1) if later else last)

    def runs_in(self, month: Month) -> bool:
        """Whether the programme is there in a month."""
        ends = self.programme.valid_to
        if month < self.begins or (ends is not None and month > month_of(ends)):
            return False
        terms = self.terms_on(month)
        return terms is None or terms.cycle_months > 0

    def report_for(self, month: Month, at: datetime) -> Report | None:
        """The report that a month is in; None where none is due yet, or ever."""
        cycle = self.cycle_of(month)
        if not self.runs_in(month) or not cycle.has_ended(at):
            return None
        months = range(number_of(cycle.first), number_of(cycle.last) + 1)
        came = [self._first_at[number] for number in months if number in self._first_at]
        terms = self.terms_on(month)
        days = self.programme.report_days if terms is None else terms.report_days
        return Report(self.programme, cycle, min(came, default=None), days)

    def newest(self, at: datetime, count: int, most_months: int = 150) -> list[Report]:
        """The last so many reports that are due or have been, the newest first."""
        found: list[Report] = []
        month = month_of(at.date())
        for _ in range(most_months):
            if len(found) == count or month < self.begins:
                break
            report = self.report_for(month, at)
            if report is not None:
                found.append(report)
            month = month.plus(-1) if report is None else report.cycle.first.plus(-1)
        return found


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


def not_reported(reports: Sequence[Report]) -> tuple[NotReported, ...]:
    """Whose reports had not come, of those that completeness counts as due."""
    return tuple(
        NotReported(each.programme.code, each.due_on) for each in reports if each.first_at is None
    )


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
