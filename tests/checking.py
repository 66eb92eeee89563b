"""Checks made for tests: what they find is said by the test, on a real snapshot."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

from ibr.overlaps.checks.model import Check, Found, Parameters, Period
from ibr.overlaps.findings.due import alone
from ibr.overlaps.findings.model import CheckRun
from ibr.overlaps.findings.run_checks import run_checks
from ibr.overlaps.snapshot.model import Snapshot
from tests.snapshots import AT, Desk

YEAR = Period(date(2025, 12, 1), date(2026, 11, 20))


class Limits(Parameters):
    """No parameter but one."""

    least: int = 0


def found(subject: str, programme_id: int, **further: Any) -> Found:
    return Found(
        subject=subject,
        severity=further.pop("severity", 2),
        programme_id=programme_id,
        first_day=further.pop("first_day", date(2026, 5, 1)),
        last_day=further.pop("last_day", date(2026, 6, 30)),
        facts=further.pop("facts", {"months": 2}),
        **further,
    )


def check_that_finds(*what: Found, code: str = "T01", version: int = 1) -> Check:
    """A check whose statement gives these findings back."""

    def sql(_limits: Limits, _period: Period) -> str:
        if not what:
            return f"select * from ({_row(found('none', 0))}) where false"
        return " union all ".join(map(_row, what))

    return Check(
        code=code,
        version=version,
        title="A check of tests",
        about="Finds what a test says.",
        rule="What the test says.",
        safeguards="None.",
        tables=("record",),
        parameters=Limits,
        sql=sql,
        plain=lambda _tables, _limits, _period: list(what),
        explain=lambda facts, say: say("%(months)s months.") % facts,
    )


def _row(each: Found) -> str:
    def text(value: object) -> str:
        return "null" if value is None else f"'{value}'"

    facts = ", ".join(f"'{name}': {value}" for name, value in each.facts.items())
    return (
        f"select {text(each.subject)} as subject, {each.severity} as severity, "
        f"{each.programme_id} as programme_id, {text(each.first_day)}::date as first_day, "
        f"{text(each.last_day)}::date as last_day, {text(each.person_id)}::bigint as person_id, "
        f"{text(each.record_id)}::bigint as record_id, "
        f"{text(each.money_minor)}::bigint as money_minor, {{{facts}}} as facts"
    )


class Checking:
    """Runs checks on a desk's snapshots."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def run(
        self, snapshot: Snapshot, *checks: Check, at: datetime = AT, period: Period = YEAR
    ) -> list[CheckRun]:
        return self.desk.door.run(self.running(snapshot, *checks, at=at, period=period))

    async def running(
        self, snapshot: Snapshot, *checks: Check, at: datetime = AT, period: Period = YEAR
    ) -> list[CheckRun]:
        programmes = await self.desk._programmes()
        async with alone(self.desk.database):
            return await run_checks(
                self.desk.database,
                programmes,
                Path(self.desk.folder),
                snapshot,
                checks,
                at=at,
                period=period,
            )

    def findings(self) -> list[dict[str, Any]]:
        rows = self.desk.door.owner("select * from finding order by finding_id")
        return [dict(row) for row in rows]

    def open(self) -> int:
        return sum(each["closed_at"] is None for each in self.findings())

    def reasons(self) -> list[str]:
        return [each["closed_reason"] for each in self.findings() if each["closed_at"] is not None]

    def reasons_by_person(self) -> dict[int, str]:
        return {each["person_id"]: each["closed_reason"] for each in self.findings()}
