"""R5, Q1 to Q3, P1 and P2 in plain Python, from the definitions and not from the statements."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from ibr.codelists.identifier_types import OF_A_CONTACT, OF_A_GROUP, OF_A_PROGRAMME
from ibr.coverage.engine.operations.reports.model import Reporter
from ibr.periods import Month

Row = dict[str, Any]
Figures = dict[tuple[str, str, tuple[str, ...]], tuple[int, int]]
"""Indicator, breakdown and key with numerator and denominator."""


def last_day(month: Month) -> date:
    return month.plus(1).first - timedelta(days=1)


def holds(row: Row, day: date, first: str = "first_day", last: str = "last_day") -> bool:
    return row[first] <= day and (row[last] is None or day <= row[last])


class PlainRecords:
    """A snapshot's tables as rows; what is asked is worked out by looking through all of them."""

    def __init__(self, tables: dict[str, list[Row]], reporters: Sequence[Reporter]) -> None:
        self.tables = tables
        self.reporters = {each.programme_id: each for each in reporters}

    def own(self, record: Row) -> Row | None:
        """Whose record it is: of a group its head, else whoever is named first."""
        named = [
            each
            for each in self.tables["appearance"]
            if each["record_id"] == record["record_id"] and each["member_no"] is not None
        ]
        chief = "is_own" if record["unit"] == 1 else "is_head"
        named.sort(key=lambda each: (not each[chief], each["member_no"], each["appearance_no"]))
        return named[0] if named else None

    def person(self, record: Row) -> Any:
        own = self.own(record)
        return ("nobody", record["record_id"]) if own is None else own["person_id"]

    def enrolled(self, day: date, what: str = "enrolled") -> list[Row]:
        there = {
            span["record_id"] for span in self.tables["span"] if span[what] and holds(span, day)
        }
        return [
            record
            for record in self.tables["record"]
            if record["record_id"] in there and record["programme_id"] in self.reporters
        ]

    def code(self, record: Row) -> str:
        return self.reporters[record["programme_id"]].code

    def figures(self, month: Month, copies: Sequence[tuple[int, int, str]]) -> Figures:
        found: Figures = {}
        records = self.enrolled(last_day(month))
        by_code: dict[str, list[Row]] = defaultdict(list)
        for record in records:
            by_code[self.code(record)].append(record)
        found |= self._of(records, "", (), copies)
        for code, own in by_code.items():
            found |= self._of(own, "programme", (code,), copies)
        found |= self._due(month) | self._paid(month)
        return found

    def _of(
        self,
        records: list[Row],
        breakdown: str,
        key: tuple[str, ...],
        copies: Sequence[tuple[int, int, str]],
    ) -> Figures:
        found: Figures = {}
        if not records:
            return found
        field, part = (f"{breakdown}*{name}".strip("*") for name in ("field", "part"))
        for name in FIELDS:
            due = [each for each in records if name != "group_size" or each["unit"] != 1]
            if due:
                said = sum(self._says(each, name) for each in due)
                found["R5", field, (*key, name)] = said, len(due)
        people = {self.person(each) for each in records}
        for name, who in self._known().items():
            found["Q1", part, (*key, name)] = len(people & who), len(people)
        waiting = {
            each[name]
            for each in self.tables["link_open"]
            for name in ("low_person", "high_person")
        }
        found["Q2", breakdown, key] = len(people & waiting), len(people)
        found["Q3", breakdown, key] = self._copied(records, copies), len(records)
        return found

    def _says(self, record: Row, name: str) -> bool:
        own = self.own(record) or {}
        [enrolment] = [
            each for each in self.tables["enrolment"] if each["record_id"] == record["record_id"]
        ]
        return {
            "sex": own.get("sex") not in (None, 0),
            "birth_date": own.get("birth_precision") == 3,
            "is_disabled": own.get("is_disabled") is not None,
            "region_code": bool(record["region_code"]),
            "sub_region_code": bool(record["district_code"]),
            "group_size": bool(record["group_size"]),
            "enrollment_date": enrolment["enrolled_on"] is not None,
            "enrollment_status": enrolment["status_on"] is not None,
        }[name]

    def _known(self) -> dict[str, set[Any]]:
        whose = {
            (each["record_id"], each["appearance_no"]): each["person_id"]
            for each in self.tables["appearance"]
        }
        present, foundational = set(), set()
        for each in self.tables["number"]:
            person = whose.get((each["record_id"], each["appearance_no"]))
            if each["tie"] or each["kind"] in (*OF_A_PROGRAMME, *OF_A_GROUP, *OF_A_CONTACT):
                continue
            present.add(person)
            if each["kind"] == "UIN":
                foundational.add(person)
        verified = {each["person_id"] for each in self.tables["told"] if each["source"] == "civil"}
        return {"present": present, "foundational": foundational, "verified": verified}

    def _copied(self, records: Iterable[Row], copies: Sequence[tuple[int, int, str]]) -> int:
        called = {(record, number): person for record, number, person in copies}
        seen: dict[tuple[int, str], int] = defaultdict(int)
        for record in records:
            own = self.own(record)
            person = called.get((record["record_id"], own["appearance_no"])) if own else None
            if person is not None:
                seen[record["programme_id"], person] += 1
        return sum(many - 1 for many in seen.values())

    def _due(self, month: Month) -> Figures:
        found: Figures = {}
        for number, reporter in self.reporters.items():
            rules = [
                each
                for each in self.tables["programme_rule"]
                if each["programme_id"] == number
                and each["kind"] == "amount"
                and "from_age" not in json.loads(each["value"])
                and holds(each, last_day(month), "valid_from", "valid_to")
            ]
            length = reporter.cycle_months
            if not rules or length > 12:
                continue
            first = month.plus(1 - length)
            at_begin = [each["record_id"] for each in self.enrolled(first.first, "active")]
            at_end = self.enrolled(last_day(month), "active")
            due = [
                each["record_id"]
                for each in at_end
                if each["programme_id"] == number and each["record_id"] in at_begin
            ]
            paid = {
                each["record_id"]
                for each in self.tables["benefit"]
                if each["programme_id"] == number
                and first.first <= each["given_on"] <= last_day(month)
            }
            if due:
                found["P1", "programme", (reporter.code,)] = len(paid & set(due)), len(due)
        return found

    def _paid(self, month: Month) -> Figures:
        found: Figures = {}
        for number, reporter in self.reporters.items():
            given = [
                each["given_on"].day
                for each in self.tables["benefit"]
                if each["programme_id"] == number
                and month.first <= each["given_on"] <= last_day(month)
            ]
            if reporter.pay_day is not None and given:
                in_time = sum(day <= reporter.pay_day for day in given)
                found["P2", "programme", (reporter.code,)] = in_time, len(given)
        return found


FIELDS = (
    "sex",
    "birth_date",
    "is_disabled",
    "region_code",
    "sub_region_code",
    "group_size",
    "enrollment_date",
    "enrollment_status",
)
