"""What every programme sends in every cycle, in order of time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from ibr.demo.benefits import PAY_DAYS, Benefit, benefits_of, is_due, pay_day, reports_in
from ibr.demo.country import Country
from ibr.demo.enrolments import DECEASED, GRADUATED, Enrolment
from ibr.demo.programmes import HABITS, NEVER_SENT, Programme
from ibr.demo.records import CONTEXT, Record, described, moment, programme_part, record_urn
from ibr.demo.refused import refused_records
from ibr.demo.timeline import MONTHS, index_of, month_at

_LATE = 0.05


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One programme's message of one cycle. Records share their unchanged parts: do not alter."""

    programme: str
    sender_id: str
    cycle: str
    timestamp: datetime
    records: list[Record]


def deliveries(
    country: Country, months: int = MONTHS, *, bad_records: bool = True
) -> Iterator[Delivery]:
    """The deliveries of the window's last `months` months, by cycle and then programme.

    A programme's first delivery carries everybody it then knows; the later ones carry who
    received something and whose record or status changed since the delivery before; only
    public works list their whole roster every time.
    """
    reporters = [_Reporter(country, programme) for programme in country.programmes]
    for month in range(MONTHS - months, MONTHS):
        for reporter in reporters:
            programme = reporter.programme
            cycle = str(month_at(month))
            if not reports_in(programme, month) or (programme.code, cycle) in NEVER_SENT:
                continue
            records = reporter.report(month)
            if bad_records:
                _mix(country, programme, month, records)
            yield Delivery(
                programme=programme.code,
                sender_id=programme.sender_id,
                cycle=cycle,
                timestamp=_timestamp(country.seed, programme, month),
                records=records,
            )


def _mix(country: Country, programme: Programme, month: int, records: list[Record]) -> None:
    rng = random.Random(f"{country.seed}:places:{programme.code}:{month}")
    for refused in refused_records(country, programme, month):
        records.insert(rng.randint(0, len(records)), refused.record)


def _timestamp(seed: int, programme: Programme, month: int) -> datetime:
    """A few days after the month's end; now and then weeks late, though never at the very end."""
    rng = random.Random(f"{seed}:sent:{programme.code}:{month}")
    days = rng.randint(1, 6)
    if rng.random() < _LATE and month < MONTHS - 2:
        days += rng.randint(14, 40)
    seconds = rng.randint(7 * 3600, 19 * 3600)
    return month_at(month + 1).start + timedelta(days=days, seconds=seconds)


class _Reporter:
    """One programme's export: knows what was sent before, keeps descriptions between cycles."""

    def __init__(self, country: Country, programme: Programme) -> None:
        self.programme = programme
        self._country = country
        self._part = programme_part(programme)
        self._sent = -1_000_000
        """The month of the delivery before this one; long ago for the first."""
        self._known = [_Known(each) for each in country.enrolments[programme.code]]

    def report(self, month: int) -> list[Record]:
        code = self.programme.code
        rng = random.Random(f"{self._country.seed}:paid:{code}:{month}")
        day = pay_day(code, month)
        moments = [moment(day + timedelta(days=later)) for later in range(PAY_DAYS)]
        first, before = self._sent < 0, month - self.programme.cycle_months
        roster = HABITS[code].whole_roster
        records = []
        for known in self._known:
            enrolment = known.enrolment
            if known.started > month:
                continue
            # Every enrolment draws its luck in every cycle, whatever the first cycle was.
            benefits: list[Benefit] = []
            if is_due(enrolment, month, day):
                benefits = benefits_of(enrolment, self.programme, day, moments, rng)
            gone = known.ended is not None and known.ended <= before
            if first and gone:
                continue
            rewritten = any(self._sent < change <= month for change in known.rewritten)
            news = benefits or rewritten or known.status_changed(self._sent, month)
            if not news and (gone or not roster):
                continue
            if known.body is None or rewritten:
                known.body = described(
                    self._country.seed, enrolment, month, self._country.districts
                )
                known.urn = record_urn(self._country.seed, code, enrolment.number)
            records.append(self._record(known, month, benefits))
        self._sent = month
        return records

    def _record(self, known: _Known, month: int, benefits: list[Benefit]) -> Record:
        if known.written_until != month and known.status_changed(known.written_until, month):
            told = [(day, code) for day, code in known.enrolment.statuses if index_of(day) <= month]
            known.status, known.dates = told[-1][1], [moment(day) for day, _ in told]
        known.written_until = month
        return {
            "@context": CONTEXT,
            "@type": "Beneficiary",
            "@id": known.urn,
            **(known.body or {}),
            "programme_identifier": self._part,
            "enrollment_date": known.enrolled,
            "enrollment_status": known.status,
            "status_change_date": known.dates,
            "benefits": benefits,
        }


class _Known:
    """An enrolment with what the export has worked out about it."""

    __slots__ = (
        "body", "changes", "dates", "ended", "enrolled", "enrolment", "rewritten", "started",
        "status", "urn", "written_until",
    )  # fmt: skip

    def __init__(self, enrolment: Enrolment) -> None:
        self.enrolment = enrolment
        self.started = index_of(enrolment.start)
        self.changes = [index_of(day) for day, _ in enrolment.statuses]
        ends = [index_of(day) for day, code in enrolment.statuses if code in (DECEASED, GRADUATED)]
        self.ended = ends[0] if ends else None
        self.rewritten = sorted(enrolment.rewritten())
        self.enrolled = moment(enrolment.start)
        self.body: Record | None = None
        self.urn = ""
        self.status = ""
        self.dates: list[str] = []
        self.written_until = -1_000_000

    def status_changed(self, since: int, month: int) -> bool:
        return any(since < change <= month for change in self.changes)
