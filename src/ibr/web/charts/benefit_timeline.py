"""What a person received: months across, one row for each record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from markupsafe import Markup

from ibr.periods import Month, month_of
from ibr.questions.person_record import RecordSeen
from ibr.web.charts.svg import Frame, picture
from ibr.web.written import Written

WIDTH = 720
MONTHS = 24
_START, _END, _TOP, _ROW = 6, 714, 34, 62


class Row(msgspec.Struct, frozen=True):
    """One record's months: how many benefits in each, and when it was enrolled and ended."""

    name: str
    months: dict[Month, int]
    first: Month | None
    last: Month | None


def rows_of(records: Sequence[RecordSeen], written: Written, ended: frozenset[int]) -> list[Row]:
    """A row for each record; enrolment runs on unless its status is one of `ended`."""
    rows = []
    for seen in records:
        months: dict[Month, int] = {}
        for benefit in seen.benefits:
            month = month_of(benefit.given_at.astimezone(UTC).date())
            months[month] = months.get(month, 0) + 1
        record = seen.record
        begun = record.enrolled_at or min((each.changed_at for each in seen.changes), default=None)
        rows.append(
            Row(
                written.name(seen.programme.names, seen.programme.code),
                months,
                month_of(begun.date()) if begun else None,
                month_of(record.status_at.date()) if record.status in ended else None,
            )
        )
    return rows


def span(rows: Sequence[Row], at: datetime) -> list[Month]:
    """The months shown: two years up to the newest that anything happened in, or this one."""
    newest = max([month_of(at.date()), *(month for row in rows for month in row.months)])
    newest = min(newest, month_of(at.date()).plus(1))
    return [newest.plus(step) for step in range(1 - MONTHS, 1)]


def benefit_timeline(
    key: str, rows: Sequence[Row], at: datetime, title: str, about: str, *, written: Written
) -> Markup:
    """A line for the enrolment, a mark for each month with a benefit."""
    frame = Frame(WIDTH, written.language.mirrored)
    months = span(rows, at)
    width = (_END - _START) / MONTHS
    height = _TOP + len(rows) * _ROW + 6
    drawn = []
    for number, month in enumerate(months):
        x = _START + number * width
        if month.month == 1:
            drawn.append(frame.line(x, 20, x, height - 6, class_="grid"))
        if month.month in (1, 7):
            kind = "axis" if month.month == 1 else "axis minor"
            drawn.append(frame.text(x + 4, 16, written.short_month(month), class_=kind))
    for number, row in enumerate(rows):
        drawn += _row(frame, row, _TOP + number * _ROW, months, width, written=written)
    return picture(key, WIDTH, height, title, about, *drawn)


def _row(
    frame: Frame, row: Row, y: float, months: Sequence[Month], width: float, *, written: Written
) -> list[Markup]:
    drawn = [frame.text(_START + 2, y + 18, row.name, class_="row-name")]
    middle = y + 40
    first = max(row.first or months[0], months[0])
    last = min(row.last or months[-1], months[-1])
    if row.first is not None and first <= last:
        x1 = _START + months.index(first) * width
        x2 = _START + (months.index(last) + 1) * width
        drawn.append(frame.line(x1 + 2, middle, x2 - 2, middle, class_="enrolled"))
    size = min(width * 0.62, 18)
    for number, month in enumerate(months):
        if row.months.get(month):
            x = _START + number * width + (width - size) / 2
            told = f"{row.name}, {written.month(month)}: {written.count(row.months[month])}"
            drawn.append(
                frame.box(x, middle - size / 2, size, size, rx="3", class_="given", title=told)
            )
    return drawn
