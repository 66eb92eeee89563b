"""Small histories of reports, cases and decisions, drawn by a seed, in a database of tests."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import asyncpg

Row = dict[str, Any]
CODES: Final = {1: "OAP", 2: "FOOD", 3: "PCT", 4: "SCH"}
BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
AT: Final = datetime(2026, 9, 20, 6, 30, tzinfo=UTC)
"""In the middle of a month: what comes after is there too, and is not to be counted."""
_OUTCOMES: Final = (
    "error_claimant", "error_official", "error_data", "fraud_suspicion", "corruption_suspicion",
    "not_confirmed", "data_corrected", "lawful_exception",
)  # fmt: skip
# In the order in which they can be filled.
_TABLES: Final = (
    "programme", "delivery", "refused_record", "overlap_case", "case_step", "case_money",
    "finding", "snapshot", "enrolled_people", "link_decision",
)  # fmt: skip
_JSON: Final = {"names", "before", "facts", "files", "rows", "vintages", "warnings"}


class History:
    """Rows by table. A fifth programme is there, is reported on, and is nobody's question."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.tables: dict[str, list[Row]] = {name: [] for name in _TABLES}
        for number, code in (*CODES.items(), (5, "OTHER")):
            self._programme(number, code)
        for number in range(1, self.rng.randint(4, 60)):
            self._delivery(number)
        for number in range(1, self.rng.randint(3, 50)):
            self._case(number)
        if self.rng.random() < 0.8:
            self._people()
        for number in range(1, self.rng.randint(2, 60)):
            self._decision(number)

    def add(self, table: str, **row: Any) -> Row:
        self.tables[table].append(row)
        return row

    def moment(self, first: datetime = BEGIN, days: int = 300) -> datetime:
        """A moment; now and then the very first of a day, or of a month."""
        found = first + timedelta(seconds=self.rng.randint(0, days * 86_400))
        if self.rng.random() < 0.15:
            found = found.replace(hour=0, minute=0, second=0)
        return (
            found.replace(day=1)
            if self.rng.random() < 0.05 and found.day > 1 and (found.replace(day=1) >= first)
            else found
        )

    def _programme(self, number: int, code: str) -> None:
        rng = self.rng
        first = rng.choice([None, None, date(2026, 2, 10), date(2025, 11, 1)])
        self.add(
            "programme", programme_id=number, code=code, names={"en": code},
            cycle_months=rng.choice([1, 1, 2, 3, 5]), report_days=rng.choice([0, 5, 15, 40]),
            valid_from=first,
            valid_to=rng.choice([None, None, date(2026, 6, 15)]),
            known_at=rng.choice([BEGIN, datetime(2026, 5, 5, tzinfo=UTC)]),
        )  # fmt: skip

    def _delivery(self, number: int) -> None:
        rng = self.rng
        received = self.moment()
        month = received - timedelta(days=rng.choice([5, 20, 35, 70]))
        several = rng.sample(range(1, 6), rng.choice([0, 1, 1, 1, 1, 1, 2, 3]))
        records = rng.choice([0, 1, 20, 1000])
        refused = rng.randint(0, min(records, 6))
        done = rng.random() < 0.9
        self.add(
            "delivery", delivery_id=number, partner_id=1, programme_ids=sorted(several),
            message_key=b"", door="message",
            cycle=rng.choice([f"{month:%Y-%m}", f"{month:%Y-%m}", None, "2026-13"]),
            mode=rng.choice(["delta", "delta", "delta", "initial", "correction", "void"]),
            as_of=received - timedelta(days=rng.randint(0, 3)), body_digest=b"", body_bytes=1,
            control_total=rng.choice([None, records, records, records + 3]),
            state="done" if done else "received", records=records, refused=refused,
            received_at=received,
            done_at=received + timedelta(minutes=rng.choice([0, 1, 5000])) if done else None,
        )  # fmt: skip
        for item in range(refused):
            self.add(
                "refused_record", delivery_id=number, item_no=item, reference_id="r",
                field=rng.choice([None, "member.sex", "benefit_value"]), code="record.field",
                reason="Mend it.",
            )  # fmt: skip

    def _case(self, number: int) -> None:
        rng = self.rng
        opened = self.moment()
        ended = opened + timedelta(days=rng.randint(0, 150), hours=rng.randint(0, 23))
        state = rng.choice(
            ["triage", "appeal_window", "effective", "closed", "closed", "withdrawn"]
        )
        over = state in ("closed", "withdrawn")
        decided = state in ("appeal_window", "effective") or (over and rng.random() < 0.8)
        proposed = decided or rng.random() < 0.2
        holds = rng.random() < 0.5
        held = self.moment(opened, 60) if holds else None
        until = held + timedelta(days=rng.randint(1, 40)) if held else None
        known = rng.random() < 0.8
        programme = rng.randint(1, 5)
        case = self.add(
            "overlap_case", case_id=number, programme_id=programme, checks=["K01"], severity=1,
            # Of several open cases of one programme each is about somebody else.
            person_id=100 + number // 3 * 5 + programme if known and over else None,
            record_id=None if known and over else number, sex=rng.randint(0, 3),
            birth_year=rng.choice([None, 1930, 1946, 1947, 1990, 2026, 2027]),
            region_code=rng.choice([None, "R1", "R2"]), state=state, step_no=1,
            opened_at=opened, since=opened,
            due_at=None if over else opened + timedelta(days=rng.randint(1, 200)),
            decided_at=opened + (ended - opened) * rng.random() if decided else None,
            outcome=rng.choice(_OUTCOMES) if proposed else None,
            appeal=rng.choice([None, "lodged", "upheld", "rejected"]) if decided else None,
            hold_from=held, hold_until=until,
            hold_ended_at=None if until is None or rng.random() < 0.4 else held
            + (until - held) * rng.choice([0, 0.5, 1]),
            closed_at=ended if over else None,
        )  # fmt: skip
        self._steps(case)
        for _ in range(rng.choice([0, 1, 3])):
            self._money(case)
        for check in rng.sample(["K01", "K06", "K07"], rng.randint(0, 3)):
            for twice in range(rng.choice([1, 2])):
                self.add(
                    "finding", check_code=check, same_as=f"{number}{twice}".encode(),
                    check_version=1 + twice, severity=1, programme_id=programme, facts={},
                    first_run=1, last_run=1, found_at=opened, case_id=number,
                )  # fmt: skip

    def _steps(self, case: Row) -> None:
        rng, at = self.rng, case["opened_at"]
        for number in range(1, rng.randint(1, 6)):
            due = rng.choice([None, at + timedelta(days=rng.randint(0, 60))])
            self.add(
                "case_step", case_id=case["case_id"], step_no=number,
                programme_id=case["programme_id"], action="note", from_state="triage",
                to_state="triage", actor_kind="registry", at=at, evidence=b"",
                before={"due_at": None if due is None else due.isoformat()},
            )  # fmt: skip
            # Two steps may be of one moment.
            at += timedelta(days=rng.choice([0, 0, 1, 20, 50]))

    def _money(self, case: Row) -> None:
        rng = self.rng
        confirmed = rng.random() < 0.8
        self.add(
            "case_money", case_id=case["case_id"], programme_id=case["programme_id"],
            kind=rng.choice(["stopped", "recovered", "restored"]),
            amount_minor=rng.randint(1, 99_999), currency=rng.choice(["KES", "JPY"]),
            first_day=date(2026, 1, 1), last_day=date(2026, 2, 1), entered_by=1,
            entered_at=case["opened_at"], confirmed_by=2 if confirmed else None,
            confirmed_at=self.moment() if confirmed else None,
        )  # fmt: skip

    def _people(self) -> None:
        self.add("snapshot", snapshot_no=1, as_known_at=BEGIN, through_change=1, files={},
                 rows={}, vintages={})  # fmt: skip
        groups = {"sex": ["0", "1", "2"], "region": ["R1", "R3", ""],
                  "birth_year": ["1931", "1946", "2026", ""]}  # fmt: skip
        for programme in range(1, 6):
            for what, which in groups.items():
                for each in self.rng.sample(which, self.rng.randint(1, len(which))):
                    self.add("enrolled_people", snapshot_no=1, programme_id=programme, what=what,
                             which=each, persons=self.rng.randint(1, 5000))  # fmt: skip

    def _decision(self, number: int) -> None:
        rng = self.rng
        pair = rng.randint(1, 12)
        self.add(
            "link_decision", decision_no=number, low_record=pair, low_no=0, high_record=pair + 50,
            high_no=0, decision=rng.choice(["same", "same", "different", "unsure", "withdrawn"]),
            opinion=rng.choice([1, 1, 2]), reason_code="x", decided_by=1,
            decided_at=BEGIN + timedelta(days=5 * number, hours=rng.randint(0, 23)),
            four_eyes=rng.random() < 0.3,
        )  # fmt: skip

    async def put(self, connection: asyncpg.Connection) -> None:
        """Makes these rows the only ones of their tables. The connection is the owner's."""
        await empty(connection)
        for table in _TABLES:
            for row in self.tables[table]:
                await insert(connection, table, row)

    def plain(self) -> dict[str, list[Row]]:
        """The rows as a statement reads them."""
        return {
            name: [
                {key: json.dumps(value) if key in _JSON else value for key, value in row.items()}
                for row in rows
            ]
            for name, rows in self.tables.items()
        }


async def empty(connection: asyncpg.Connection) -> None:
    await connection.execute(
        "truncate " + ", ".join(f"ibr.{name}" for name in reversed(_TABLES)) + " cascade"
    )


async def insert(connection: asyncpg.Connection, table: str, row: Row) -> None:
    names: Sequence[str] = list(row)
    marks = [
        f"${number}" + ("::text::jsonb" if name in _JSON else "")
        for number, name in enumerate(names, 1)
    ]
    identity = "overriding system value " if table in _NUMBERED else ""
    await connection.execute(
        f"insert into ibr.{table} ({', '.join(names)}) {identity}values ({', '.join(marks)})",
        *(json.dumps(row[name]) if name in _JSON else row[name] for name in names),
    )


_NUMBERED: Final = {"overlap_case", "snapshot", "link_decision", "programme"}
