"""A programme's reports as people see them: when due, what came, how whole it is."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal

import msgspec

from ibr.coverage.engine.operations.reports.model import Cycle, Late
from ibr.periods import Month

State = Literal["on_time", "late", "awaited", "missing"]
Step = Literal["before", "late", "escalation"]
Mail = Literal["waiting", "sent", "given_up", "none"]
Language = Literal["en", "fr"]
STEPS: Final[tuple[Step, ...]] = ("before", "late", "escalation")
LANGUAGES: Final[tuple[Language, ...]] = ("en", "fr")
CYCLES: Final = (0, 1, 2, 3, 4, 6, 12)
"""Months of a cycle that can be chosen; of none no report is due."""


class RuleEntered(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody entered of a programme's reports, and until when it stood."""

    first_month: str
    cycle_months: int
    report_days: int
    known_at: datetime
    replaced_at: datetime | None
    changed_by: str


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to remind of a programme's reports, in which language, and how soon."""

    email: str
    escalation_email: str | None = None
    language: Language = "en"
    before_days: int = 3
    escalation_days: int = 14


class ContactEntered(msgspec.Struct, frozen=True, kw_only=True):
    """The same as it was entered."""

    contact: Contact
    known_at: datetime
    replaced_at: datetime | None
    changed_by: str


class MonthSums(msgspec.Struct, frozen=True, kw_only=True):
    """What a programme's deliveries that speak for one month, or for a cycle, add up to.

    `records` and `refused` are of deliveries about this programme alone; `shared` says that others
    speak of it as well. `differing` are deliveries whose control totals did not agree, `gaps`
    numbers of the sequence that are not there, `waiting` deliveries that came and do not count yet.
    """

    first_at: datetime | None = None
    last_at: datetime | None = None
    deliveries: int = 0
    newest: int | None = None
    records: int = 0
    refused: int = 0
    shared: bool = False
    differing: int = 0
    gaps: int = 0
    waiting: int = 0


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One report of one programme."""

    cycle: Cycle
    due_on: date
    state: State
    first_at: datetime | None
    sums: MonthSums

    @property
    def complete(self) -> bool | None:
        """Whether control totals agree, every number of the sequence is there, and nothing waits;
        None where nothing came."""
        if self.first_at is None:
            return None
        return not (self.sums.differing or self.sums.gaps or self.sums.waiting)

    @property
    def accepted(self) -> float | None:
        """The share of the records sent that was taken in; None where there were none."""
        if not self.sums.records:
            return None
        return (self.sums.records - self.sums.refused) / self.sums.records


class Reminder(msgspec.Struct, frozen=True, kw_only=True):
    """A step of reminding that was taken."""

    programme_id: int
    last_month: str
    step: Step
    first_month: str
    due_on: date
    made_at: datetime
    mail: Mail
    attempts: int
    sent_at: datetime | None
    outcome: str | None
    told: int


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """How one programme reports: its terms now, its last reports, what is due next."""

    programme_id: int
    code: str
    names: dict[str, str]
    cycle_months: int
    report_days: int
    entered: bool
    """Whether somebody entered when it reports; else the catalogue says so."""
    slots: tuple[Slot, ...]
    next: tuple[Cycle, date] | None
    """The cycle under way and the last day of its report."""
    reminders: tuple[Reminder, ...] = ()

    def reminded(self, slot: Slot) -> list[Reminder]:
        """The steps that were taken for a report."""
        return [each for each in self.reminders if each.last_month == str(slot.cycle.last)]


class Feeds(msgspec.Struct, frozen=True):
    """How the programmes in reach report, and which reports are missing after their last day."""

    feeds: list[Feed]
    late: list[Late]

    def feed(self, code: str) -> Feed | None:
        return next((each for each in self.feeds if each.code == code), None)


class MonthKey(msgspec.Struct, frozen=True):
    """A programme and a month that deliveries speak for."""

    programme_id: int
    month: Month
