"""A reminder that is due, and a letter that waits to be sent."""

from __future__ import annotations

from datetime import date

import msgspec

from ibr.coverage.engine.operations.reports.model import Cycle
from ibr.reporting.model import Step


class DueStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step that is to be taken for a report: once, whoever is named meanwhile."""

    programme_id: int
    code: str
    cycle: Cycle
    due_on: date
    step: Step


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A letter that this process may send now; `attempts` is the number of this try."""

    programme_id: int
    last_month: str
    first_month: str
    step: Step
    due_on: date
    message_id: str
    attempts: int
