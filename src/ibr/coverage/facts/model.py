"""What the facts of a period are: programmes as they are counted, and the file with its digest."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

FAMILY: Final = (4, 5)
"""Functions of benefits for children and families: maternity, paternity, children; family."""
CHILD_BELOW: Final = 18
"""Somebody younger is a child."""


class Rule(msgspec.Struct, frozen=True):
    """A row of programme_rule that figures need, with the days on which it holds."""

    kind: str
    value: dict[str, Any]
    valid_from: date
    valid_to: date | None

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class FactProgramme(msgspec.Struct, frozen=True, kw_only=True):
    """A programme as figures count it."""

    programme_id: int
    code: str
    functions: tuple[int, ...] = ()
    benefit_type: int | None = None
    currency: str | None = None
    cycle_months: int = 1
    contribution_type: int | None = None
    rules: tuple[Rule, ...] = ()


class FactsFile(msgspec.Struct, frozen=True):
    """A file of facts as it stands on the disk: one period, as one snapshot knew it."""

    period: str
    path: Path
    sha256: str
    bytes: int
    rows: int
