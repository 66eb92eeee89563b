"""Rules, holds and runs as plain records."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal

import msgspec

DataClass = Literal[
    "delivery_bytes",
    "record_versions",
    "ended_enrolments",
    "withdrawn",
    "search_answers",
    "told_elsewhere",
    "case_notes",
    "closed_findings",
    "help_visits",
]
Disposal = Literal["delete", "pseudonymise"]
HoldKind = Literal["person", "programme", "class"]

CLASSES: Final[dict[DataClass, str]] = {
    "delivery_bytes": "Bytes of deliveries as they arrived, after they were taken in.",
    "record_versions": "What a record said before, after it was learned.",
    "ended_enrolments": "The person behind an enrolment that ended, after its end.",
    "withdrawn": "What stood until a delivery was voided, after it was voided.",
    "search_answers": "Requests for records and their answers, after they were received.",
    "told_elsewhere": "What other registries told about people, after it was told.",
    "case_notes": "Notes and letters of cases, after the case was closed.",
    "closed_findings": "Findings of checks, after they were closed.",
    "help_visits": "Visits at the help desk with requests and statements, after their end.",
}
"""Every class of data that a rule can be made for, with what it is and from when days count."""

FIXED: Final[dict[str, str]] = {
    "audit trail and ledger of questions": "never disposed of by a rule",
    "numbers of people that an asker asked about (budgets)": "2 days",
    "trace of refused messages": "14 days",
    "sent messages": "as many days after delivery as IBR_CALLBACK_DAYS says; given up: a year",
    "frozen figures and releases": "kept; they hold no person",
}
"""What is kept by other parts of the registry, with their own times."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """How long one class is kept; `keep_days` None: as long as no rule says otherwise."""

    rule_no: int
    data_class: DataClass
    keep_days: int | None
    disposal: Disposal
    legal_basis: str
    asked_by_name: str | None
    set_by_name: str | None
    set_at: datetime


class WantedRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as somebody wants it."""

    data_class: DataClass
    keep_days: int | None
    disposal: Disposal
    legal_basis: str


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """What may not be disposed of; never of whom, where it holds a person."""

    hold_id: int
    kind: HoldKind
    programme: str | None
    data_class: str | None
    records: int
    reason: str
    until: date | None
    placed_by_name: str | None
    placed_at: datetime
    lifted_by_name: str | None
    lifted_at: datetime | None
    lifted_why: str | None

    def counts_on(self, day: date) -> bool:
        """Whether it holds on that day."""
        return self.lifted_at is None and (self.until is None or self.until >= day)


class Disposed(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did with one class."""

    data_class: DataClass
    rule_no: int
    through: datetime
    since: datetime | None
    disposed: int
    held: int


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One night; without an end where it was interrupted."""

    run_no: int
    started_at: datetime
    ended_at: datetime | None
    classes: tuple[Disposed, ...]
