"""A programme: what it is called, who runs it, what it gives and to whom."""

from __future__ import annotations

import msgspec


class Programme(msgspec.Struct, kw_only=True, frozen=True):
    """A programme in the catalogue; codes are the standard's (digest.md 5.2, 6.1)."""

    code: str
    names: dict[str, str]
    descriptions: dict[str, str] = {}
    institution: str | None = None
    institution_type: int | None = None
    legal_status: int | None = None
    functions: tuple[int, ...] = ()
    contribution_type: int | None = None
    programme_type: int | None = None
    assistance_unit: int | None = None
    benefit_type: int | None = None
    currency: str | None = None
    suspended_counts: bool = False
    cycle_months: int = 1
    report_days: int = 15
    """Days after the end of a cycle within which its report is due."""
    pay_day: int | None = None
    """Day of the month until which benefits are due, where a rule says so."""
