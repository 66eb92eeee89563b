"""Findings as they are kept, and what a run of checks did."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final, Literal

import msgspec

Why = Literal["no_longer_found", "rule_changed", "exempt", "person_changed", "decided"]
WHY: Final[tuple[Why, ...]] = (
    "no_longer_found",
    "rule_changed",
    "exempt",
    "person_changed",
    "decided",
)


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What a run found and what came of it.

    `settled` were found and left alone because people have decided about them; `merged` is false
    where the findings already rest on a newer snapshot, so that this run only looked again.
    """

    found: int = 0
    opened: int = 0
    still: int = 0
    closed: int = 0
    exempt: int = 0
    settled: int = 0
    merged: bool = True


class CheckRun(msgspec.Struct, frozen=True, kw_only=True):
    """One check on one snapshot."""

    run_no: int
    snapshot_no: int
    check_code: str
    check_version: int
    period_from: date
    period_to: date
    state: Literal["done", "failed", "partial"]
    counts: Counts
    digest: str
    seconds: float
    under_way: dict[str, Any] = {}
    """What was not read to the end when the snapshot was taken; empty where nothing was."""
    reason: str | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding with the programmes by code; `facts` are what its sentence is made of."""

    finding_id: int
    check_code: str
    check_version: int
    severity: int
    programme: str | None
    other_programme: str | None
    person_id: int | None
    record_id: int | None
    other_record: int | None
    area_code: str | None
    facts: dict[str, Any]
    first_day: date | None
    last_day: date | None
    money_minor: int | None
    currency: str | None
    found_at: datetime
    first_run: int
    last_run: int
    snapshot_no: int
    as_known_at: datetime
    vintages: dict[str, Any]
    case_id: int | None
    closed_at: datetime | None = None
    closed_reason: Why | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which findings a list shows."""

    check: str | None = None
    programme: str | None = None
    severity: int | None = None
    area: str | None = None
    closed: bool = False


class Exemption(msgspec.Struct, frozen=True, kw_only=True):
    """Who or what is lawfully exempt from a check."""

    exemption_no: int
    check_code: str
    programme: str | None
    finding_id: int | None
    by_number: bool
    reason: str
    legal_reference: str | None
    valid_from: date
    valid_to: date | None
    entered_by: str
    entered_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    case_id: int | None
